/* kiosk/schedule.c - when the kiosk syncs. Events and times enter; what to do leaves. */
#include "kiosk/schedule.h"

void schedule_init(struct schedule *s, int64_t every_ms, int64_t now_ms)
{
	*s = (struct schedule){.state = SCHEDULE_WAITING, .every_ms = every_ms, .due_ms = now_ms};
}

/* A fifth less to a fifth more. */
static int64_t spread(int64_t span_ms, uint32_t random)
{
	return span_ms - span_ms / 5 + (int64_t)((uint64_t)(span_ms / 5 * 2) * random >> 32);
}

static int64_t shorter(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t retry_after(const struct schedule *s)
{
	int64_t span_ms = shorter(SCHEDULE_RETRY_MS, s->every_ms);

	for (unsigned i = 1; i < s->failures && span_ms < SCHEDULE_RETRY_MAX_MS; i++)
		span_ms *= 2;
	return shorter(span_ms, SCHEDULE_RETRY_MAX_MS);
}

static void note_answer(struct schedule *s, int64_t now_ms)
{
	if (s->state == SCHEDULE_SYNCING)
		s->answered = true;
	else if (s->failures == 0) /* a server that is away is not asked more often because patients answer */
		s->due_ms = shorter(s->due_ms, now_ms + SCHEDULE_BATCH_MS);
}

/* It matters to who could not sync alone; and a network that comes and goes does not make more than a try a minute. */
static void note_network(struct schedule *s, int64_t now_ms, uint32_t random)
{
	int64_t due_ms = now_ms + (int64_t)((uint64_t)SCHEDULE_NETWORK_MS * random >> 32);

	if (s->state == SCHEDULE_SYNCING)
		s->network = true;
	else if (s->failures > 0)
		s->due_ms = shorter(s->due_ms, due_ms < s->began_ms + SCHEDULE_RETRY_MS ? s->began_ms + SCHEDULE_RETRY_MS : due_ms);
}

static void note_end(struct schedule *s, bool synced, int64_t now_ms, uint32_t random)
{
	s->state = SCHEDULE_WAITING;
	if (synced)
		s->failures = 0;
	else if (s->failures < UINT32_MAX)
		s->failures++;
	s->due_ms = now_ms + spread(synced ? s->every_ms : retry_after(s), random);
	if (s->answered)
		note_answer(s, now_ms);
	if (s->network)
		note_network(s, now_ms, random);
	s->answered = s->network = false;
}

enum schedule_action schedule_step(struct schedule *s, enum schedule_event event, int64_t now_ms, uint32_t random)
{
	if (event == SCHEDULE_STOP)
		s->state = SCHEDULE_STOPPED;
	if (s->state == SCHEDULE_STOPPED)
		return SCHEDULE_EXIT;
	if (event == SCHEDULE_SYNCED || event == SCHEDULE_FAILED) {
		note_end(s, event == SCHEDULE_SYNCED, now_ms, random);
		return SCHEDULE_SLEEP;
	}
	if (event == SCHEDULE_ANSWER)
		note_answer(s, now_ms);
	if (event == SCHEDULE_NETWORK)
		note_network(s, now_ms, random);
	if (s->state != SCHEDULE_WAITING || now_ms < s->due_ms)
		return SCHEDULE_SLEEP;
	s->state = SCHEDULE_SYNCING;
	s->began_ms = now_ms;
	return SCHEDULE_SYNC;
}
