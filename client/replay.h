/* client/replay.h - own edits made anew on another commit than they were made on. */
#ifndef QIP_CLIENT_REPLAY_H
#define QIP_CLIENT_REPLAY_H

#include "client/home.h"

/* Make the own commit `id` anew on `tip`, by merging what it changed, so that only claims are removed that it saw; staged. *tip and *tip_tree
 * go on to it, or stay if nothing of it is left. Of this device's own claims in a field that it set, the one that it made stays. What it says in checkpoints/ is
 * left out. */
enum status replay_commit(struct oid *tip, struct oid *tip_tree, struct qip *q, const struct oid *id, struct error *e) MUST_CHECK;
/* The first line of its message. */
void replay_subject(char *out, size_t size, const struct commit *c);

#endif
