/* client/recorded.h - when an answer was recorded, whatever the kiosk's clock showed. */
#ifndef QIP_CLIENT_RECORDED_H
#define QIP_CLIENT_RECORDED_H

#include "client/journal.h"
#include "client/state.h"

struct recorded {
	int64_t at_ms, earliest_ms, latest_ms;
	enum clock_quality quality;
};

#define RECORDED_FLOOR_MS INT64_C(1577836800000) /* 2020-01-01: no answer of this program is older */

/* Pure. A synchronised clock is believed unless it was ahead of the server's clock now. Else, if the server's clock is known for the record's boot, monotonic time gives an estimate, give or
 * take what is known of the error, and 200 ppm of the time between. Else the wall clock is told as it stood, between not_before_ms (something surely earlier) and now_ms
 * (the server's clock now). */
void recorded_work_out(struct recorded *out, const struct journal_record *record, const struct state *s, int64_t not_before_ms, int64_t now_ms);

#endif
