/* client/kept.h - what a revoked device sent, in this home: its commits, checked against the device's key. */
#ifndef QIP_CLIENT_KEPT_H
#define QIP_CLIENT_KEPT_H

#include "client/home.h"

#define REF_KEPT "refs/kept/" /* and the number: what was fetched of it */

struct kept_chain {
	struct oid *ids; /* owned; oldest first, one at least */
	size_t len;
};

/* The commits of what was fetched, down to the log. STATUS_UNTRUSTED: one is not signed by the device; STATUS_STALE: the log of this home does not
 * reach where they start. */
enum status kept_chain_load(struct kept_chain *out, struct qip *q, const struct qip_kept *k, struct error *e) MUST_CHECK;
void kept_chain_clear(struct kept_chain *c);

#endif
