/* server/upkeep.c - work that no request waits for. */
#include "server/upkeep.h"

#include <stdio.h>
#include <stdlib.h> /* says which C library it is */
#include <time.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "core/log.h"
#include "server/derive.h"

struct upkeep {
	pthread_mutex_t mutex; /* guards all but stop, and practices' upkeep */
	pthread_cond_t changed;
	struct practice *first, **last;
	struct practice *failed; /* to be tried again */
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

/* Joining takes some 200 bytes an object, which glibc would keep for the next time. */
static void trim_memory(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
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
		trim_memory();
	st = derive_catch_up(p, u->env, &e);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "derived refs lag behind", "practice", p->ods, "reason", e.text, NULL);
	return !atomic_load(&p->lags);
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

/* Until something comes, or what failed is due again. */
static void wait_for_work(struct upkeep *u)
{
	struct timespec until = {0};

	if (!u->failed) {
		(void)pthread_cond_wait(&u->changed, &u->mutex);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LIMIT_UPKEEP_RETRY_MS / 1000;
	if (pthread_cond_timedwait(&u->changed, &u->mutex, &until) == 0)
		return;
	while (u->failed) {
		struct practice *p = u->failed;

		u->failed = p->upkeep.next;
		put(u, p);
	}
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
			p->upkeep.waits = true;
			p->upkeep.next = u->failed;
			u->failed = p;
		}
	}
	(void)pthread_mutex_unlock(&u->mutex);
	return NULL;
}

/* A wait that a change of the wall clock neither cuts nor draws out. */
static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &attr);
	(void)pthread_condattr_destroy(&attr);
}

enum status upkeep_open(struct upkeep **out, const struct env *env, struct error *e)
{
	struct upkeep *u = calloc(1, sizeof(*u));
	pthread_attr_t attr;

	if (!u)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)pthread_mutex_init(&u->mutex, NULL);
	init_condition(&u->changed);
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
	/* the first push after a start is looked after, too: many packs may be left from before */
	if ((k->pushes++ == 0 || k->pushes % LIMIT_UPKEEP_PUSHES == 0 || atomic_load(&p->lags)) && !k->waits) {
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
