/* server/link.h - one link of a practice's log: M0, or a merge with its number. What the server wrote itself is believed by its
 * signature alone; whether the merge follows from its parents is the audit's to say. */
#ifndef QIP_SERVER_LINK_H
#define QIP_SERVER_LINK_H

#include "core/head.h"

struct link {
	struct oid id, tree;
	struct oid parent, head; /* zero for M0 */
	int64_t index;		 /* 0 for M0 */
	char device[NAME_MAX_LEN + 1];
};

/* STATUS_CORRUPT when it is missing or no merge of a log. */
enum status link_read(struct link *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;
/* The same, and signed by this key. STATUS_UNTRUSTED. */
enum status link_check(struct link *out, struct repo *r, const struct oid *id, const struct key *server, struct error *e) MUST_CHECK;
/* True if the commit is signed by this key; the kiosk configuration's commits are no links. */
bool link_signed(const struct commit *c, const struct key *server);

#endif
