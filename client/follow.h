/* client/follow.h - follow the server: take in what its refs point at, judge it, and only then move the own copies.
 *
 * The server is checked, not trusted: what it shows must go on from what it showed before, bear the signature of a server key that the root
 * endorsed, and hold this device in its registry with the key it has.
 */
#ifndef QIP_CLIENT_FOLLOW_H
#define QIP_CLIENT_FOLLOW_H

#include "client/fetch.h"

/* A part of the log, behind what is here. */
struct follow_part {
	struct oid to;    /* the merge that it ends with */
	int64_t number;   /* which the server says that it is; -1: it did not say */
	bool last;        /* where the log ends now: this device must be in the registry by then */
	const struct repo_limits *limits;
	uint64_t merges;  /* out: how many are new */
	int64_t index;    /* out: the number of the one it ends with */
	uint64_t bytes;   /* out: what came over the line */
};

/* Bring refs/heads/main to part->to. STATUS_UNTRUSTED: what the server shows does not hold; nothing moved. STATUS_CONTRADICTED: it holds, and
 * is another history than it showed before or to others; nothing moved, and it is kept as evidence (client/seen.h).
 * STATUS_REFUSED: this device is revoked. STATUS_TOO_BIG: over the limits. */
enum status follow_log(struct follow_part *part, struct qip *q, struct remote *r, struct error *e) MUST_CHECK;

/* Bring refs/kiosk/config to `tip`. */
enum status follow_config(struct qip *q, struct remote *r, const struct oid *tip, struct error *e) MUST_CHECK;

/* Take in the own branch as the server has it (a join that went on after its receipt was lost). No ref moves. */
enum status follow_own(struct qip *q, struct remote *r, const struct oid *tip, struct error *e) MUST_CHECK;

#endif
