/* server/erasures.h - erasing for good what the log asks for: derived work of stage 8, like the refs of
 * server/derive.h. Both need the practice's lock, and a main that is durable: what is erased does not come back with an
 * older one. */
#ifndef QIP_SERVER_ERASURES_H
#define QIP_SERVER_ERASURES_H

#include "server/practice.h"

/* Delete the blobs that the records below erasures/ of `main_tree` name, durably, and take none of them again. What was
 * carried out before is passed over, across restarts too: cost follows the new records. */
enum status erasures_carry_out(struct practice *p, struct repo *r, const struct oid *main_tree,
			       struct error *e) MUST_CHECK;
/* What failed is tried again; nothing to do is STATUS_OK. Takes the lock itself. */
enum status erasures_catch_up(struct practice *p, struct error *e) MUST_CHECK;
/* The same at start: a crash may have come between main's move and the erasing, or blobs come back from a backup; also into a folder that knows that they
 * were erased. */
enum status erasures_repair(struct practice *p, const struct oid *main_tree, struct error *e) MUST_CHECK;

#endif
