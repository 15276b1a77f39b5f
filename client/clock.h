/* client/clock.h - what the server's clock says of this kiosk's, as a signed record: how the times of its answers were worked out is then in the
 * history for everybody, and not in this home alone.
 */
#ifndef QIP_CLIENT_CLOCK_H
#define QIP_CLIENT_CLOCK_H

#include "client/home.h"

#define CLOCK_DRIFT_MS 5000                    /* that a clock may be off before it is worth a word */
#define CLOCK_AGAIN_MS (INT64_C(86400) * 1000) /* at most one record in so long of one boot */

/* Pure. Is there something to say about this boot, whose anchor is `now`, after `noted`, the last that went into a record (empty boot: none)?
 * Once in each boot if the own clock is not synchronised or was off at that moment; again when the server's clock and the time since boot drift
 * apart, a day later at the earliest. */
bool clock_is_due(const struct anchor *now, const struct anchor *noted, enum clock_quality quality, int64_t own_ms);

/* If it is due, commit clock/<device>/… on the own branch, durably, in a commit of its own: one that a server does not take must not concern an
 * answer. *noted, whether it did. The state is told, and saved by the caller at the visit's end: at worst a record is made twice. */
enum status clock_note(bool *noted, struct qip *q, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
