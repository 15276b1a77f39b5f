/* server/milestones.h - which commit of a practice's log has which number.
 *
 *     milestones_at(&id, p->milestones, view, reader, 4096, &e); milestones_number(&number, p->milestones, view,
 * reader, &id, &e);
 *
 * The ids of some merges are remembered while the server runs. The first question about a log walks it once; later
 * ones read at most MILESTONES_STEP commits, however long it is.
 */
#ifndef QIP_SERVER_MILESTONES_H
#define QIP_SERVER_MILESTONES_H

#include "server/view.h"

#define MILESTONES_STEP 256 /* merges between two that are remembered */

struct milestones;

enum status milestones_open(struct milestones **out, struct error *e) MUST_CHECK;
void milestones_close(struct milestones *m);

/* The merge of that number on the log that ends at `v`; 0 is the log's start. Thread-safe, the reader is the caller's.
 * STATUS_NOT_FOUND: the log has not got so far. */
enum status milestones_at(struct oid *out, struct milestones *m, const struct view *v, struct repo *reader,
			  int64_t number, struct error *e) MUST_CHECK;
/* The number of a commit. STATUS_NOT_FOUND: it is none of the log's. */
enum status milestones_number(int64_t *out, struct milestones *m, const struct view *v, struct repo *reader,
			      const struct oid *id, struct error *e) MUST_CHECK;

#endif
