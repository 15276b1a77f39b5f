/* client/follow.h - follow the server: take in what its refs point at, judge it, and only then move the own copies.
 *
 * The server is checked, not trusted: what it shows must go on from what it showed before, bear the signature of a server key that the root
 * endorsed, and hold this device in its registry with the key it has.
 */
#ifndef QIP_CLIENT_FOLLOW_H
#define QIP_CLIENT_FOLLOW_H

#include "client/remote.h"

/* Bring refs/heads/main to `tip`. *merges: how many merges are new; *index: the place of the log reached.
 * STATUS_UNTRUSTED: the server shows another history or one that does not hold; nothing moved. STATUS_REFUSED: this device is revoked. */
enum status follow_main(uint64_t *merges, int64_t *index, struct qip *q, struct remote *r, const struct oid *tip, struct error *e) MUST_CHECK;

/* Bring refs/kiosk/config to `tip`. */
enum status follow_config(struct qip *q, struct remote *r, const struct oid *tip, struct error *e) MUST_CHECK;

/* Take in the own branch as the server has it (a join that went on after its receipt was lost). No ref moves. */
enum status follow_own(struct qip *q, struct remote *r, const struct oid *tip, struct error *e) MUST_CHECK;

#endif
