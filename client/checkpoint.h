/* client/checkpoint.h - checkpoints/<device>.json: how far each reader has followed the log, in its own name and in the log itself.
 *
 * So a server that shows different histories to different readers has to merge what contradicts them, or to keep a reader's checkpoint
 * back. Either is found at the next exchange.
 */
#ifndef QIP_CLIENT_CHECKPOINT_H
#define QIP_CLIENT_CHECKPOINT_H

#include "client/home.h"

/* Make this device's next checkpoint as an own commit, if it is time: once a day by the times at which the server received merges, or after
 * LIMIT_CHECKPOINT_MERGES; not while own commits wait, and not when nothing but checkpoints came since, or idle homes would answer each
 * other for ever. */
enum status checkpoint_make(bool *made, struct qip *q, struct error *e) MUST_CHECK;

#define CHECKPOINT_FOLDER "checkpoints"

/* A checkpoint that names another merge than the log does, or that the device did not sign. */
struct checkpoint_fault {
	char device[NAME_MAX_LEN + 1]; /* "" while there is none */
	int64_t index;
	struct oid said, shown;        /* shown: the log's merge of that number; zero: it ends before */
	bool is_forged;                /* whoever has the server's key made it up: it says nothing about the device */
	struct oid merge;              /* that brought it into the log, */
	int64_t merge_index;           /* and its number */
};

/* client/checkpoint_compare.c: compare all checkpoints that differ between the trees of two places, `from` (zero: none) and `tip`, with the
 * log that goes on from the one to the other. `reg` is the tip's registry. */
enum status checkpoint_compare(struct checkpoint_fault *fault, struct qip *q, const struct registry *reg, const struct oid *from,
			       const struct oid *tip, struct error *e) MUST_CHECK;

#endif
