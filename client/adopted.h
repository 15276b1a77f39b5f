/* client/adopted.h - which commits of a revoked device somebody has taken over already. */
#ifndef QIP_CLIENT_ADOPTED_H
#define QIP_CLIENT_ADOPTED_H

#include "client/kept.h"

struct adopted {
	char by[NAME_MAX_LEN + 1]; /* whose device; "": nobody's */
	struct oid origin;         /* what it says: itself, or what it was made of, when its device took it over before it was revoked in turn */
};

/* taken[i]: an own commit that waits, or one that came into the log behind what the chain was made on, names the origin of chain->ids[i]. */
enum status adopted_find(struct adopted *taken, const struct kept_chain *chain, struct qip *q, struct error *e) MUST_CHECK;

#endif
