/* server/link.h - one link of a practice's log: M0, or a merge with its number. What the server wrote itself is believed by its
 * signature alone; whether the merge follows from its parents is the audit's to say. */
#ifndef QIP_SERVER_LINK_H
#define QIP_SERVER_LINK_H

#include "core/head.h"
#include "core/server_chain.h"

struct link {
	struct oid id, tree;
	struct oid parent, head; /* zero for M0 */
	int64_t index;		 /* 0 for M0 */
	char device[NAME_MAX_LEN + 1];
};

/* STATUS_CORRUPT when it is missing or no merge of a log. */
enum status link_read(struct link *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;

/* Whose signatures count along a chain of the server's commits, from its end back: the keys of the practice at each place; where it has not begun,
 * the server's own alone. */
struct link_signers {
	struct server_chain chain;
	const struct key *own; /* borrowed; NULL where the practice has keys, or the server none */
};
/* reg: whose root key says which; NULL where the practice has not begun. Ends by server_chain_clear(&s->chain). */
void link_signers_begin(struct link_signers *out, struct repo *r, const struct registry *reg, const struct key *own);
/* True if one of them signed the commit; the kiosk configuration's commits are no links. What reading the keys fails with. */
enum status link_signed(bool *out, struct link_signers *s, const struct commit *c, struct error *e) MUST_CHECK;
/* As link_read, and signed by one of them. STATUS_UNTRUSTED. */
enum status link_check(struct link *out, struct repo *r, const struct oid *id, struct link_signers *s, struct error *e) MUST_CHECK;

#endif
