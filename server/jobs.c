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
	int started;
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

/* Take the first of the lowest turn among the jobs that may run now off the queue; NULL when there is none. */
static struct job *take(struct jobs *q)
{
	struct job **best = NULL, *job = NULL;

	for (struct job **at = &q->first; *at; at = &(*at)->next) {
		if ((*at)->exclusive && owner_busy(q, (*at)->exclusive))
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
		struct job *job = take(q);

		if (!job && q->closing && !q->first)
			break;
		if (!job) {
			(void)pthread_cond_wait(&q->changed, &q->mutex);
			continue;
		}
		q->owners[slot] = job->exclusive;
		if (q->first) /* who takes a job wakes the next: what waited for an owner may be more than one thread's */
			(void)pthread_cond_signal(&q->changed);
		(void)pthread_mutex_unlock(&q->mutex);
		job->run(job->arg);
		(void)pthread_mutex_lock(&q->mutex);
		q->owners[slot] = NULL;
		if (q->closing)
			(void)pthread_cond_broadcast(&q->changed);
	}
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
	q->started++;
	return STATUS_OK;
}

enum status jobs_open(struct jobs **out, int threads, struct error *e)
{
	struct jobs *q = calloc(1, sizeof(*q));
	enum status st = STATUS_OK;

	if (!q)
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (threads > LIMIT_JOB_THREADS)
		threads = LIMIT_JOB_THREADS;
	(void)pthread_mutex_init(&q->mutex, NULL);
	(void)pthread_cond_init(&q->changed, NULL);
	q->last = &q->first;
	while (st == STATUS_OK && q->started < threads)
		st = start(q, q->started);
	if (st != STATUS_OK) {
		jobs_close(q);
		return error_set(e, st, "cannot start threads");
	}
	*out = q;
	return STATUS_OK;
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

void jobs_close(struct jobs *q)
{
	if (!q)
		return;
	(void)pthread_mutex_lock(&q->mutex);
	q->closing = true;
	(void)pthread_cond_broadcast(&q->changed);
	(void)pthread_mutex_unlock(&q->mutex);
	for (int i = 0; i < q->started; i++)
		(void)pthread_join(q->threads[i], NULL);
	(void)pthread_cond_destroy(&q->changed);
	(void)pthread_mutex_destroy(&q->mutex);
	free(q);
}
