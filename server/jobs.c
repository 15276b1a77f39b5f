/* server/jobs.c - requests at work. */
#include "server/jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/limits.h"

struct jobs {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct job *first, **last;
	const void *owners[LIMIT_JOB_THREADS]; /* whose exclusive job runs, one slot a thread */
	pthread_t threads[LIMIT_JOB_THREADS];
	bool running[LIMIT_JOB_THREADS]; /* by slot; one that ended is joined before it starts anew */
	bool joinable[LIMIT_JOB_THREADS];
	int wanted;
	int heavy; /* that run */
	bool closing;
};

struct worker {
	struct jobs *queue;
	int slot;
};

static bool owner_busy(const struct jobs *q, const void *owner)
{
	for (int i = 0; i < LIMIT_JOB_THREADS; i++) {
		if (q->owners[i] == owner)
			return true;
	}
	return false;
}

static bool may_run(const struct jobs *q, const struct job *job)
{
	int most = q->wanted / LIMIT_HEAVY_SHARE;

	if (job->heavy && q->heavy >= (most > 1 ? most : 1))
		return false;
	return !job->exclusive || !owner_busy(q, job->exclusive);
}

/* Take the first of the lowest turn among the jobs that may run now off the queue; NULL when there is none. */
static struct job *take(struct jobs *q)
{
	struct job **best = NULL, *job = NULL;

	for (struct job **at = &q->first; *at; at = &(*at)->next) {
		if (!may_run(q, *at))
			continue;
		if (!best || (*at)->turn < (*best)->turn)
			best = at;
	}
	if (!best)
		return NULL;
	job = *best;
	*best = job->next;
	if (!job->next)
		q->last = best;
	return job;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct jobs *q = w->queue;
	int slot = w->slot;

	free(w);
	(void)pthread_mutex_lock(&q->mutex);
	for (;;) {
		struct job *job = slot < q->wanted || q->closing ? take(q) : NULL;
		bool heavy = job && job->heavy;

		if (slot >= q->wanted && !q->closing) {
			(void)pthread_cond_signal(&q->changed); /* what it was woken for is another's */
			break;
		}
		if (!job && q->closing && !q->first)
			break;
		if (!job) {
			(void)pthread_cond_wait(&q->changed, &q->mutex);
			continue;
		}
		q->owners[slot] = job->exclusive;
		q->heavy += heavy;
		if (q->first) /* who takes a job wakes the next: what waited for an owner may be more than one thread's */
			(void)pthread_cond_signal(&q->changed);
		(void)pthread_mutex_unlock(&q->mutex);
		job->run(job->arg);
		(void)pthread_mutex_lock(&q->mutex);
		q->owners[slot] = NULL;
		q->heavy -= heavy;
		if (q->closing)
			(void)pthread_cond_broadcast(&q->changed);
	}
	q->running[slot] = false;
	(void)pthread_mutex_unlock(&q->mutex);
	return NULL;
}

static enum status start(struct jobs *q, int slot)
{
	struct worker *w = malloc(sizeof(*w));
	pthread_attr_t attr;
	int failed = 0;

	if (!w)
		return STATUS_NOMEM;
	w->queue = q;
	w->slot = slot;
	if (q->joinable[slot])
		(void)pthread_join(q->threads[slot], NULL);
	q->joinable[slot] = false;
	failed = pthread_attr_init(&attr);
	if (!failed) {
		(void)pthread_attr_setstacksize(&attr, LIMIT_STACK_BYTES);
		failed = pthread_create(&q->threads[slot], &attr, work, w);
		(void)pthread_attr_destroy(&attr);
	}
	if (failed) {
		free(w);
		return STATUS_NOMEM;
	}
	q->running[slot] = q->joinable[slot] = true;
	return STATUS_OK;
}

enum status jobs_open(struct jobs **out, int threads, struct error *e)
{
	struct jobs *q = calloc(1, sizeof(*q));
	enum status st = STATUS_OK;

	if (!q)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)pthread_mutex_init(&q->mutex, NULL);
	(void)pthread_cond_init(&q->changed, NULL);
	q->last = &q->first;
	st = jobs_resize(q, threads, e);
	if (st != STATUS_OK) {
		jobs_close(q);
		return st;
	}
	*out = q;
	return STATUS_OK;
}

enum status jobs_resize(struct jobs *q, int threads, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&q->mutex);
	q->wanted = threads > LIMIT_JOB_THREADS ? LIMIT_JOB_THREADS : threads;
	for (int i = 0; st == STATUS_OK && i < q->wanted; i++) {
		if (!q->running[i])
			st = start(q, i);
	}
	(void)pthread_cond_broadcast(&q->changed);
	(void)pthread_mutex_unlock(&q->mutex);
	return st == STATUS_OK ? st : error_set(e, st, "cannot start threads");
}

void jobs_submit(struct jobs *q, struct job *job)
{
	job->next = NULL;
	job->turn = 0;
	(void)pthread_mutex_lock(&q->mutex);
	for (const struct job *at = q->first; at; at = at->next)
		job->turn += at->who && job->who && strcmp(at->who, job->who) == 0;
	*q->last = job;
	q->last = &job->next;
	(void)pthread_cond_signal(&q->changed);
	(void)pthread_mutex_unlock(&q->mutex);
}

size_t jobs_waiting(struct jobs *q)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&q->mutex);
	for (const struct job *at = q->first; at; at = at->next)
		n++;
	(void)pthread_mutex_unlock(&q->mutex);
	return n;
}

void jobs_close(struct jobs *q)
{
	if (!q)
		return;
	(void)pthread_mutex_lock(&q->mutex);
	q->closing = true;
	(void)pthread_cond_broadcast(&q->changed);
	(void)pthread_mutex_unlock(&q->mutex);
	for (int i = 0; i < LIMIT_JOB_THREADS; i++) {
		if (q->joinable[i])
			(void)pthread_join(q->threads[i], NULL);
	}
	(void)pthread_cond_destroy(&q->changed);
	(void)pthread_mutex_destroy(&q->mutex);
	free(q);
}
