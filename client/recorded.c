/* client/recorded.c - when an answer was recorded. */
#include "client/recorded.h"

#define DRIFT_PARTS 5000        /* a machine's own clock gains or loses less than one part of so many: 200 ppm */
#define BELIEVED_AHEAD_MS 60000 /* of the server's clock */

static int64_t drift_ms(int64_t since_ms)
{
	return (since_ms < 0 ? -since_ms : since_ms) / DRIFT_PARTS;
}

void recorded_work_out(struct recorded *out, const struct journal_record *record, const struct state *s, int64_t not_before_ms, int64_t now_ms)
{
	const struct anchor *a = state_find_anchor(s, record->boot_id);
	struct recorded r = {.at_ms = record->wall_ms, .earliest_ms = record->wall_ms, .latest_ms = record->wall_ms};

	if (record->quality == CLOCK_SYNCHRONISED && record->wall_ms <= now_ms + BELIEVED_AHEAD_MS) {
		r.quality = CLOCK_SYNCHRONISED;
	} else if (a) {
		r.quality = CLOCK_ESTIMATED;
		r.at_ms = a->server_ms - (a->monotonic_ms - record->monotonic_ms);
		r.earliest_ms = r.at_ms - a->error_ms - drift_ms(a->monotonic_ms - record->monotonic_ms);
		r.latest_ms = r.at_ms + a->error_ms + drift_ms(a->monotonic_ms - record->monotonic_ms);
	} else {
		r.quality = CLOCK_UNKNOWN;
		r.earliest_ms = not_before_ms <= now_ms ? not_before_ms : RECORDED_FLOOR_MS; /* else a clock was set back: nothing is sure */
		r.latest_ms = now_ms;
	}
	*out = r;
}
