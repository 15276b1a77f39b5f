/* kiosk/agent.c - the background thread that syncs. Nudges and time enter; syncs and one log line for each leave. */
#include "kiosk/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/condition.h"
#include "core/log.h"
#include "kiosk/thread.h"

#define STACK_BYTES (512 * 1024) /* libgit2 and mbedTLS run on it */

struct agent {
	struct agent_options options;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct schedule schedule;
	bool nudged, network, stopping, ended;
	char failure[ERROR_TEXT_MAX];
};

static int64_t now_ms(const struct agent *a)
{
	return a->options.env->monotonic_ms(a->options.env->ctx);
}

static uint32_t jitter(const struct agent *a)
{
	uint8_t bytes[4] = {0};

	if (a->options.env->random(a->options.env->ctx, bytes, sizeof(bytes)) != STATUS_OK)
		return 0;
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What happened while the lock was free; waits if nothing did. Called with the lock held. */
static enum schedule_event await_event(struct agent *a)
{
	int64_t sleep_ms = a->schedule.due_ms - now_ms(a);
	struct timespec until = condition_until(sleep_ms);

	while (!a->stopping && !a->nudged && !a->network && pthread_cond_timedwait(&a->changed, &a->lock, &until) != ETIMEDOUT)
		;
	if (a->stopping)
		return SCHEDULE_STOP;
	if (a->nudged) {
		a->nudged = false;
		return SCHEDULE_ANSWER;
	}
	if (a->network) {
		a->network = false;
		return SCHEDULE_NETWORK;
	}
	return SCHEDULE_WAKE;
}

static void log_outcome(enum status st, uint64_t sent, int64_t next_ms, const struct error *e)
{
	char next[24], count[24];

	(void)snprintf(next, sizeof(next), "%" PRId64, next_ms / 1000);
	(void)snprintf(count, sizeof(count), "%" PRIu64, sent);
	if (st == STATUS_OK)
		log_line(LOG_LEVEL_INFO, "synced", "answers", count, "next_s", next, NULL);
	else
		log_line(LOG_LEVEL_WARN, "sync failed", "error", e->text[0] ? e->text : status_text(st), "next_s", next, NULL);
}

/* Called with the lock held, which is free while the sync goes on. */
static enum schedule_event sync_once(struct agent *a)
{
	struct error e = {.text = ""};
	uint64_t sent = 0;
	enum status st = STATUS_OK;
	enum schedule_event outcome = SCHEDULE_FAILED;

	(void)pthread_mutex_unlock(&a->lock);
	st = a->options.sync(a->options.ctx, &sent, &e);
	(void)pthread_mutex_lock(&a->lock);
	if (a->nudged) {
		a->nudged = false;
		(void)schedule_step(&a->schedule, SCHEDULE_ANSWER, now_ms(a), 0);
	}
	if (a->network) {
		a->network = false;
		(void)schedule_step(&a->schedule, SCHEDULE_NETWORK, now_ms(a), 0);
	}
	if (st == STATUS_OK)
		outcome = SCHEDULE_SYNCED;
	(void)snprintf(a->failure, sizeof(a->failure), "%s", st == STATUS_OK ? "" : e.text[0] ? e.text : status_text(st));
	(void)schedule_step(&a->schedule, outcome, now_ms(a), jitter(a));
	log_outcome(st, sent, a->schedule.due_ms - now_ms(a), &e);
	return a->stopping ? SCHEDULE_STOP : SCHEDULE_WAKE;
}

static void *run(void *arg)
{
	struct agent *a = arg;
	enum schedule_event event = SCHEDULE_WAKE;
	enum schedule_action action = SCHEDULE_SLEEP;

	(void)pthread_mutex_lock(&a->lock);
	while ((action = schedule_step(&a->schedule, event, now_ms(a), jitter(a))) != SCHEDULE_EXIT)
		event = action == SCHEDULE_SYNC ? sync_once(a) : await_event(a);
	a->ended = true;
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void free_agent(struct agent *a)
{
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}

enum status agent_start(struct agent **out, const struct agent_options *o, struct error *e)
{
	struct agent *a = calloc(1, sizeof(*a));
	int failed = 0;

	if (!a)
		return error_set(e, STATUS_NOMEM, "no memory to sync in the background");
	a->options = *o;
	condition_init(&a->changed);
	(void)pthread_mutex_init(&a->lock, NULL);
	schedule_init(&a->schedule, o->every_ms, now_ms(a));
	failed = thread_start(&a->thread, STACK_BYTES, run, a);
	if (failed) {
		free_agent(a);
		return error_set_errno(e, failed, "cannot sync in the background");
	}
	*out = a;
	return STATUS_OK;
}

static void tell(struct agent *a, bool *what)
{
	(void)pthread_mutex_lock(&a->lock);
	*what = true;
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
}

void agent_nudge(struct agent *a)
{
	tell(a, &a->nudged);
}

void agent_network(struct agent *a)
{
	tell(a, &a->network);
}

void agent_failure(struct agent *a, char out[ERROR_TEXT_MAX])
{
	(void)pthread_mutex_lock(&a->lock);
	memcpy(out, a->failure, ERROR_TEXT_MAX);
	(void)pthread_mutex_unlock(&a->lock);
}

bool agent_stop(struct agent *a, int wait_ms)
{
	struct timespec until = condition_until(wait_ms);
	bool ended = false;

	(void)pthread_mutex_lock(&a->lock);
	a->stopping = true;
	(void)pthread_cond_broadcast(&a->changed);
	while (!a->ended && pthread_cond_timedwait(&a->changed, &a->lock, &until) != ETIMEDOUT)
		;
	ended = a->ended;
	(void)pthread_mutex_unlock(&a->lock);
	if (!ended)
		return false;
	(void)pthread_join(a->thread, NULL);
	free_agent(a);
	return true;
}
