/* client/retry.h - a refused edit on its way back: made again, sent, done; or refused again.
 *
 * Its note says how far it is (enum qip_refusal_state). "making" is written before the new commit and "made" after it, so that after an
 * interruption the practice itself is asked whether anything is left to make; claims keep their ids, and that tells. All of it under the
 * home's lock.
 */
#ifndef QIP_CLIENT_RETRY_H
#define QIP_CLIENT_RETRY_H

#include "client/home.h"

/* Before a sync remakes or sends anything: find out how far retries that were cut short came. What fails in these three is logged: it
 * costs a word in a list, and must not keep anybody from syncing. */
void retry_recover(struct qip *q);
/* Nothing waits to be sent any more: what was made again has been accepted. */
void retry_settle(struct qip *q);
/* The server refused `commit`, which is kept under `number`. If that was an earlier refusal's retry, the earlier note says so. */
void retry_refused_again(struct qip *q, int number, const struct oid *commit);

#endif
