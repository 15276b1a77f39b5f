/* client/chain.h - own commits that the server has not accepted yet. */
#ifndef QIP_CLIENT_CHAIN_H
#define QIP_CLIENT_CHAIN_H

#include "client/home.h"

struct chain {
	struct oid base; /* the commit that the oldest builds on: the accepted head, or a merge of the log */
	struct oid *ids; /* owned; oldest first */
	size_t len;
};

/* From refs/qip/work back to the accepted head or to the log. STATUS_CORRUPT when neither is reached. */
enum status chain_load(struct chain *out, struct qip *q, struct error *e) MUST_CHECK;
void chain_clear(struct chain *c);

/* How many files differ between the trees of two commits (the first may be zero). */
enum status chain_count_records(uint64_t *out, struct qip *q, const struct oid *from, const struct oid *to, struct error *e) MUST_CHECK;

#endif
