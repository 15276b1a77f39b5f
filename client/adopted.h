/* client/adopted.h - which commits of a revoked device somebody has taken over already. */
#ifndef QIP_CLIENT_ADOPTED_H
#define QIP_CLIENT_ADOPTED_H

#include "client/kept.h"

struct adopted {
	char by[NAME_MAX_LEN + 1]; /* whose device; "": nobody's */
};

/* taken[i]: an own commit that waits, or one that the log received since (the server's time), names chain->ids[i]. */
enum status adopted_find(struct adopted *taken, const struct kept_chain *chain, struct qip *q, const char *since, struct error *e) MUST_CHECK;

#endif
