/* client/slices.h - take the log over in slices where it is long, so that a lost link costs one slice and memory holds one.
 *
 * Each slice is judged like any part of the log, kept durably, and refs/heads/main is moved to its end: the next try goes on from there.
 */
#ifndef QIP_CLIENT_SLICES_H
#define QIP_CLIENT_SLICES_H

#include "client/follow.h"

/* Bring refs/heads/main to where the server lists it. *merges: how many merges are new, counted also on failure; *index: the place of the
 * log reached. A server that does not tell how long its log is (refs->log_merges -1) is asked for all at once. Failures as follow_log, and
 * STATUS_NETWORK, STATUS_TIMEOUT: what was taken over stays. STATUS_MALFORMED: the server's slices make no sense. */
enum status slices_follow(uint64_t *merges, int64_t *index, struct qip *q, struct remote *r, const struct remote_refs *refs, struct error *e) MUST_CHECK;

/* How many merges to ask for after a slice of `merges` that had `bytes`. */
int64_t slices_next(int64_t merges, uint64_t bytes);

#endif
