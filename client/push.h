/* client/push.h - stage 4 of 9: what is committed reaches the server.
 *
 * Enters: the own branch's new tip, and the tip that the server had. Leaves: the server's receipt, which it gives after its fsync, or its refusal.
 * Git's receive-pack over HTTP in one request. Pushing the same again is harmless: the old tip is compared by the server.
 */
#ifndef QIP_CLIENT_PUSH_H
#define QIP_CLIENT_PUSH_H

#include "client/remote.h"

#define PUSH_REASON_MAX 800 /* fits a void record's reason */

/* A refusal that names a commit, in the server's words. */
struct push_refusal {
	struct oid commit;        /* zero: the head as a whole */
	char path[TREE_PATH_MAX]; /* "": the commit as a whole */
	char reason[PUSH_REASON_MAX];
};

enum push_outcome {
	PUSH_ACCEPTED,
	PUSH_REFUSED, /* *refusal says what */
	PUSH_MOVED,   /* the server's tip is neither the old nor the new one: *tip */
};

/* Move `ref` from old_id (zero: it is new) to new_id; the pack holds what is reachable from new_id and not from old_id or `known`.
 * After any doubt (a lost receipt, a refusal because the tip is there already) the server is asked where its tip stands; *tip is that.
 * STATUS_OK: *outcome holds. Otherwise the outcome is not known: ask again later. */
enum status push_ref(enum push_outcome *outcome, struct oid *tip, struct push_refusal *refusal, struct remote *r, struct qip *q,
		     const struct oid *old_id, const struct oid *new_id, const struct oid *known, struct error *e) MUST_CHECK;

/* Read a report-status: STATUS_OK accepted; STATUS_REFUSED with *refusal. Apart for tests. */
enum status push_parse_report(struct push_refusal *refusal, const char *ref, const char *bytes, size_t len, struct error *e) MUST_CHECK;

#endif
