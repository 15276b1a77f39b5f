/* server/closed.h - a practice that was restored from a backup stays closed until `qip-server reconcile --open`: what was
 * merged after the backup may still be held by devices, which offer it meanwhile (server/offer.c). Until then it serves
 * nothing else.
 *
 *     DIR/<ODS>/closed.json   {"schema":"closed/1","restored":time,"backup":time,"main":commit,"index":number}
 */
#ifndef QIP_SERVER_CLOSED_H
#define QIP_SERVER_CLOSED_H

#include "server/practice.h"

struct closed {
	char restored[TIME_TEXT_MAX]; /* when */
	char backup[TIME_TEXT_MAX];   /* when the backup was made */
	struct oid main;	      /* of the backup */
	int64_t index;		      /* of its merge */
};

#define CLOSED_SENTENCE "the server was restored from a backup and is not open yet; nothing is lost, try again later"

/* Written before the practice is usable. `dir` is the practice's. */
enum status closed_write(const char *dir, const struct closed *c, struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND: the practice is open. */
enum status closed_read(struct closed *out, const char *dir, struct error *e) MUST_CHECK;
/* Open the practice, durably. */
enum status closed_remove(const char *dir, struct error *e) MUST_CHECK;
/* STATUS_CLOSED, in words for a practice, while it is closed. A practice that was seen open costs nothing to ask: none is ever closed
 * under a server. Thread-safe. */
enum status closed_check(struct practice *p, struct error *e) MUST_CHECK;

#endif
