/* server/upkeep.c - work that no request waits for. */
#include "server/upkeep.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/condition.h"
#include "core/log.h"
#include "server/derive.h"
#include "server/erasures.h"
#include "server/heap.h"
#include "server/kept.h"

struct upkeep {
	pthread_mutex_t mutex; /* guards all but stop, and practices' upkeep */
	pthread_cond_t changed;
	struct practice *first, **last;
	struct practice *failed; /* to be tried again */
	int64_t retry_ms;	 /* monotonic; when */
	struct practice *pushed; /* the first to be pushed to since the server was at rest; NULL while it is */
	int64_t rest_ms;	 /* monotonic; when it will be, if nothing more comes */
	const struct env *env;
	pthread_t thread;
	bool started;
	atomic_bool stop;
};

static void log_outcome(const struct practice *p, enum status st, size_t joined, const struct error *e)
{
	char count[24];

	(void)snprintf(count, sizeof(count), "%zu", joined);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "packs could not be joined", "practice", p->ods, "reason", e->text, NULL);
	else if (joined)
		log_line(LOG_LEVEL_INFO, "packs joined", "practice", p->ods, "packs", count, NULL);
}

/* False: something is left to do. */
static bool look_after(struct upkeep *u, struct practice *p)
{
	struct error e = {STATUS_OK, ""};
	size_t joined = 0;
	enum status st = store_consolidate(&joined, p->history, &u->stop, &e);

	if (!atomic_load(&u->stop))
		log_outcome(p, st, joined, &e);
	if (joined)
		heap_trim(); /* joining takes some 200 bytes an object */
	kept_expire(p, u->env->now_ms(u->env->ctx));
	st = derive_catch_up(p, u->env, &e);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "derived refs lag behind", "practice", p->ods, "reason", e.text, NULL);
	st = erasures_catch_up(p, &e);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "erasures will be carried out later", "practice", p->ods, "reason", e.text, NULL);
	return !atomic_load(&p->lags) && !atomic_load(&p->unerased);
}

static void put(struct upkeep *u, struct practice *p)
{
	p->upkeep.next = NULL;
	p->upkeep.waits = true;
	*u->last = p;
	u->last = &p->upkeep.next;
}

static struct practice *take(struct upkeep *u)
{
	struct practice *p = u->first;

	if (!p)
		return NULL;
	u->first = p->upkeep.next;
	if (!u->first)
		u->last = &u->first;
	p->upkeep.next = NULL;
	p->upkeep.waits = false;
	return p;
}

static int64_t monotonic_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void put_failed(struct upkeep *u)
{
	while (u->failed) {
		struct practice *p = u->failed;

		u->failed = p->upkeep.next;
		put(u, p);
	}
}

static void come_to_rest(struct upkeep *u)
{
	struct store_history *any = u->pushed->history;

	u->pushed = NULL;
	(void)pthread_mutex_unlock(&u->mutex);
	store_rest(any);
	heap_trim();
	(void)pthread_mutex_lock(&u->mutex);
}

/* Until something comes, what failed is due again, or nothing has come for a while. */
static void wait_for_work(struct upkeep *u)
{
	int64_t until_ms = u->failed ? u->retry_ms : INT64_MAX, now_ms = 0;
	struct timespec until = {0};

	if (u->pushed && u->rest_ms < until_ms)
		until_ms = u->rest_ms;
	if (until_ms == INT64_MAX) {
		(void)pthread_cond_wait(&u->changed, &u->mutex);
		return;
	}
	until = condition_until(until_ms - monotonic_ms());
	(void)pthread_cond_timedwait(&u->changed, &u->mutex, &until);
	now_ms = monotonic_ms();
	if (u->failed && now_ms >= u->retry_ms)
		put_failed(u);
	if (u->pushed && now_ms >= u->rest_ms)
		come_to_rest(u);
}

static void *work(void *arg)
{
	struct upkeep *u = arg;

	(void)pthread_mutex_lock(&u->mutex);
	while (!atomic_load(&u->stop)) {
		struct practice *p = take(u);
		bool done = false;

		if (!p) {
			wait_for_work(u);
			continue;
		}
		(void)pthread_mutex_unlock(&u->mutex);
		done = look_after(u, p);
		(void)pthread_mutex_lock(&u->mutex);
		if (!done && !p->upkeep.waits) {
			if (!u->failed)
				u->retry_ms = monotonic_ms() + LIMIT_UPKEEP_RETRY_MS;
			p->upkeep.waits = true;
			p->upkeep.next = u->failed;
			u->failed = p;
		}
	}
	(void)pthread_mutex_unlock(&u->mutex);
	return NULL;
}

enum status upkeep_open(struct upkeep **out, const struct env *env, struct error *e)
{
	struct upkeep *u = calloc(1, sizeof(*u));
	pthread_attr_t attr;

	if (!u)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)pthread_mutex_init(&u->mutex, NULL);
	condition_init(&u->changed);
	u->env = env;
	atomic_init(&u->stop, false);
	u->last = &u->first;
	if (pthread_attr_init(&attr) == 0) {
		(void)pthread_attr_setstacksize(&attr, LIMIT_STACK_BYTES);
		u->started = pthread_create(&u->thread, &attr, work, u) == 0;
		(void)pthread_attr_destroy(&attr);
	}
	if (!u->started) {
		upkeep_close(u);
		return error_set(e, STATUS_NOMEM, "cannot start threads");
	}
	*out = u;
	return STATUS_OK;
}

void upkeep_pushed(struct upkeep *u, struct practice *p)
{
	struct practice_upkeep *k = &p->upkeep;

	if (!u)
		return;
	(void)pthread_mutex_lock(&u->mutex);
	u->rest_ms = monotonic_ms() + LIMIT_REST_MS;
	if (!u->pushed) {
		u->pushed = p;
		(void)pthread_cond_signal(&u->changed);
	}
	/* the first push after a start is looked after, too: many packs may be left from before */
	if ((k->pushes++ == 0 || k->pushes % LIMIT_UPKEEP_PUSHES == 0 || atomic_load(&p->lags) || atomic_load(&p->unerased)) && !k->waits) {
		put(u, p);
		(void)pthread_cond_signal(&u->changed);
	}
	(void)pthread_mutex_unlock(&u->mutex);
}

void upkeep_close(struct upkeep *u)
{
	if (!u)
		return;
	(void)pthread_mutex_lock(&u->mutex);
	atomic_store(&u->stop, true);
	(void)pthread_cond_broadcast(&u->changed);
	(void)pthread_mutex_unlock(&u->mutex);
	if (u->started)
		(void)pthread_join(u->thread, NULL);
	(void)pthread_cond_destroy(&u->changed);
	(void)pthread_mutex_destroy(&u->mutex);
	free(u);
}
