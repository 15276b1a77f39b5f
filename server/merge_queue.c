/* server/merge_queue.c - verified pushes that wait for their practice's lock. */
#include "server/merge_queue.h"

#include <string.h>

#include "server/batch.h"
#include "server/derive.h"

static bool same_device(struct push *const *batch, size_t len, const struct push *p)
{
	for (size_t i = 0; i < len; i++) {
		if (strcmp(batch[i]->device, p->device) == 0)
			return true;
	}
	return false;
}

/* Take the next batch off the queue: in the order they came, each device once, a large push by itself. */
static size_t take_batch(struct push *batch[LIMIT_BATCH], struct merge_queue *q)
{
	struct push **at = &q->first;
	size_t len = 0;

	while (*at && len < LIMIT_BATCH) {
		struct push *p = *at;
		bool joins = store_txn_joins(p->txn);

		if (len > 0 && (!joins || same_device(batch, len, p))) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		batch[len++] = p;
		if (!joins)
			break;
	}
	for (q->last = &q->first; *q->last; q->last = &(*q->last)->next)
		;
	return len;
}

/* Those that had no turn go back to the front. */
static void put_back(struct merge_queue *q, struct push **batch, size_t len)
{
	while (len-- > 0) {
		batch[len]->next = q->first;
		if (!q->first)
			q->last = &batch[len]->next;
		q->first = batch[len];
	}
}

static struct practice *practice_of(struct merge_queue *q)
{
	struct practice *p = NULL;

	(void)pthread_mutex_lock(&q->mutex);
	p = q->first->practice;
	(void)pthread_mutex_unlock(&q->mutex);
	return p;
}

/* Whoever comes until the lock is there is in the batch. Returns how many were told their outcome by it, of those that
 * are left in `batch`. */
static size_t run_batch(struct push *batch[LIMIT_BATCH], struct merge_queue *q)
{
	struct practice *practice = practice_of(q);
	struct store_lock *lock = NULL;
	struct error e = {STATUS_OK, ""};
	size_t len = 0, done = 0;
	bool last = false;

	e.status = store_lock(&lock, practice->history, LIMIT_LOCK_MS, &e);
	(void)pthread_mutex_lock(&q->mutex);
	len = take_batch(batch, q);
	(void)pthread_mutex_unlock(&q->mutex);
	if (e.status == STATUS_OK)
		done = batch_run(batch, len, practice, q->env);
	for (; e.status != STATUS_OK && done < len; done++)
		batch[done]->outcome = e;
	(void)pthread_mutex_lock(&q->mutex);
	put_back(q, batch + done, len - done);
	last = !q->first;
	(void)pthread_mutex_unlock(&q->mutex);
	if (lock && last)
		derive_write(practice);
	store_unlock(lock);
	return done;
}

/* One batch at a time, so that other practices' jobs get their turn in between. */
static void run(void *arg)
{
	struct merge_queue *q = arg;
	struct push *batch[LIMIT_BATCH];
	size_t done = run_batch(batch, q);
	bool more = false;

	(void)pthread_mutex_lock(&q->mutex);
	more = q->first != NULL;
	q->running = more;
	(void)pthread_mutex_unlock(&q->mutex);
	if (more)
		jobs_submit(q->jobs, &q->job);
	/* a push may be gone once it is told its outcome */
	for (size_t i = 0; i < done; i++)
		batch[i]->done(batch[i]);
}

void merge_queue_add(struct push *p, struct jobs *jobs, const struct env *env)
{
	struct merge_queue *q = &p->practice->queue;
	bool start = false;

	p->next = NULL;
	(void)pthread_mutex_lock(&q->mutex);
	if (!q->first)
		q->last = &q->first;
	*q->last = p;
	q->last = &p->next;
	start = !q->running;
	if (start) {
		q->running = true;
		q->jobs = jobs;
		q->env = env;
		q->job = (struct job){.run = run, .arg = q, .exclusive = p->practice};
	}
	(void)pthread_mutex_unlock(&q->mutex);
	if (start)
		jobs_submit(jobs, &q->job);
}
