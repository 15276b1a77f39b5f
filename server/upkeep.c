/* server/upkeep.c - work that no request waits for. */
#include "server/upkeep.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"

struct upkeep {
	pthread_mutex_t mutex; /* guards all but stop, and practices' upkeep */
	pthread_cond_t changed;
	struct practice *first, **last;
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

static void look_after(struct upkeep *u, struct practice *p)
{
	struct error e = {STATUS_OK, ""};
	size_t joined = 0;
	enum status st = store_consolidate(&joined, p->history, &u->stop, &e);

	if (!atomic_load(&u->stop))
		log_outcome(p, st, joined, &e);
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

static void *work(void *arg)
{
	struct upkeep *u = arg;

	(void)pthread_mutex_lock(&u->mutex);
	while (!atomic_load(&u->stop)) {
		struct practice *p = take(u);

		if (!p) {
			(void)pthread_cond_wait(&u->changed, &u->mutex);
			continue;
		}
		(void)pthread_mutex_unlock(&u->mutex);
		look_after(u, p);
		(void)pthread_mutex_lock(&u->mutex);
	}
	(void)pthread_mutex_unlock(&u->mutex);
	return NULL;
}

enum status upkeep_open(struct upkeep **out, struct error *e)
{
	struct upkeep *u = calloc(1, sizeof(*u));
	pthread_attr_t attr;

	if (!u)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)pthread_mutex_init(&u->mutex, NULL);
	(void)pthread_cond_init(&u->changed, NULL);
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
	if ((k->pushes++ == 0 || k->pushes % LIMIT_UPKEEP_PUSHES == 0) && !k->waits) {
		k->waits = true;
		*u->last = p;
		u->last = &k->next;
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
