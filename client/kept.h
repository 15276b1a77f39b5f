/* client/kept.h - what a revoked device sent, in this home: its commits, checked against the device's key. */
#ifndef QIP_CLIENT_KEPT_H
#define QIP_CLIENT_KEPT_H

#include "client/home.h"

#define REF_KEPT "refs/kept/" /* and the number: the head that was shown under it */

struct kept_chain {
	struct oid *ids; /* owned; oldest first, one at least */
	size_t len;
	struct oid base; /* of the log: what they were made on */
};

/* One that the server lists. STATUS_NOT_FOUND; STATUS_CORRUPT: the server cannot read it. */
enum status kept_find(struct qip_kept *out, struct qip *q, int64_t number, struct error *e) MUST_CHECK;
/* Tell the server that this device takes it over, and which commit its last one will name. STATUS_REFUSED: another does. */
enum status kept_reserve(struct qip *q, const struct qip_kept *k, const struct oid *through, struct error *e) MUST_CHECK;

/* ---- client/kept_chain.c ---- */

/* The commits of what was fetched, down to the log. STATUS_UNTRUSTED: one is not signed by the device; STATUS_STALE: the log of this home does not
 * reach where they start; STATUS_EXISTS: the log has them. */
enum status kept_chain_load(struct kept_chain *out, struct qip *q, const struct qip_kept *k, struct error *e) MUST_CHECK;
void kept_chain_clear(struct kept_chain *c);

/* ---- client/kept_shown.c: what this home was shown, so that nothing else is taken over or dropped in its place ---- */

/* Durable. */
enum status kept_shown_note(struct qip *q, const struct qip_kept *k, struct error *e) MUST_CHECK;
/* STATUS_STALE, in words: it is not what was shown, or was not shown. */
enum status kept_shown_check(struct qip *q, const struct qip_kept *k, struct error *e) MUST_CHECK;
enum status kept_shown_forget(struct qip *q, int64_t number, struct error *e) MUST_CHECK;
/* Forget those that are not among these any more. */
enum status kept_shown_prune(struct qip *q, const int64_t *numbers, size_t len, struct error *e) MUST_CHECK;

#endif
