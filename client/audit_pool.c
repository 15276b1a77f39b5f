/* client/audit_pool.c - merges that wait to be judged, and the threads that judge them, each through a handle of its own.
 *
 * Where no thread or handle is to be had, and on a machine with one processor, the walker judges them itself.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/audit_internal.h"
#include "client/limits.h"

#define TAKEN_AT_ONCE 16

struct hand {
	struct audit_pool *pool;
	struct auditor auditor;
	struct audit counts;
	pthread_t thread;
};

struct audit_pool {
	struct auditor *walker;
	pthread_mutex_t mutex;
	pthread_cond_t came, went;
	struct audit_task tasks[LIMIT_AUDIT_TASKS]; /* a ring */
	size_t first, len;
	bool closing;
	struct hand hands[LIMIT_AUDIT_THREADS];
	size_t hands_len;
};

/* Several neighbours at once: they look at the same directories, which a handle keeps. */
static size_t take(struct audit_task out[TAKEN_AT_ONCE], struct audit_pool *p)
{
	size_t taken = 0;

	(void)pthread_mutex_lock(&p->mutex);
	while (p->len == 0 && !p->closing)
		(void)pthread_cond_wait(&p->came, &p->mutex);
	for (; p->len > 0 && taken < TAKEN_AT_ONCE; p->len--) {
		out[taken++] = p->tasks[p->first];
		p->first = (p->first + 1) % LIMIT_AUDIT_TASKS;
	}
	(void)pthread_cond_signal(&p->went);
	(void)pthread_mutex_unlock(&p->mutex);
	return taken;
}

static void *work(void *arg)
{
	struct hand *h = arg;
	struct audit_task tasks[TAKEN_AT_ONCE];
	size_t taken;

	while ((taken = take(tasks, h->pool)) > 0) {
		for (size_t i = 0; i < taken; i++) {
			audit_merge(&h->auditor, &tasks[i]);
			audit_task_clear(&tasks[i]);
		}
	}
	return NULL;
}

static enum status start(struct audit_pool *p)
{
	struct hand *h = &p->hands[p->hands_len];
	struct error ignored;
	enum status st;

	h->pool = p;
	h->auditor = (struct auditor){.out = &h->counts, .found = p->walker->found, .ods = p->walker->ods, .root_pin = p->walker->root_pin};
	st = repo_open(&h->auditor.repo, repo_path(p->walker->repo), &ignored);
	if (st != STATUS_OK)
		return st;
	repo_keep_recent(h->auditor.repo);
	if (pthread_create(&h->thread, NULL, work, h) != 0) {
		repo_close(h->auditor.repo);
		return STATUS_NOMEM;
	}
	p->hands_len++;
	return STATUS_OK;
}

enum status audit_pool_open(struct audit_pool **out, struct auditor *walker, struct error *e)
{
	struct audit_pool *p = calloc(1, sizeof(*p));
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = processors > LIMIT_AUDIT_THREADS ? LIMIT_AUDIT_THREADS : processors > 1 ? (size_t)processors : 0;

	if (!p)
		return error_set(e, STATUS_NOMEM, "out of memory");
	p->walker = walker;
	repo_keep_recent(walker->repo);
	(void)pthread_mutex_init(&p->mutex, NULL);
	(void)pthread_cond_init(&p->came, NULL);
	(void)pthread_cond_init(&p->went, NULL);
	while (p->hands_len < most && start(p) == STATUS_OK)
		continue;
	*out = p;
	return STATUS_OK;
}

static void judge_here(struct audit_pool *p, struct audit_task *task)
{
	struct auditor *w = p->walker;
	const struct oid main = w->main, main_tree = w->main_tree;

	audit_merge(w, task);
	w->main = main;
	w->main_tree = main_tree;
	audit_task_clear(task);
}

void audit_pool_give(struct audit_pool *p, struct audit_task *task)
{
	if (p->hands_len == 0) {
		judge_here(p, task);
		return;
	}
	(void)pthread_mutex_lock(&p->mutex);
	while (p->len == LIMIT_AUDIT_TASKS)
		(void)pthread_cond_wait(&p->went, &p->mutex);
	p->tasks[(p->first + p->len++) % LIMIT_AUDIT_TASKS] = *task;
	*task = (struct audit_task){0};
	(void)pthread_cond_signal(&p->came);
	(void)pthread_mutex_unlock(&p->mutex);
}

void audit_pool_close(struct audit_pool *p)
{
	if (!p)
		return;
	(void)pthread_mutex_lock(&p->mutex);
	p->closing = true;
	(void)pthread_cond_broadcast(&p->came);
	(void)pthread_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < p->hands_len; i++) {
		struct hand *h = &p->hands[i];

		(void)pthread_join(h->thread, NULL);
		p->walker->out->commits += h->counts.commits;
		p->walker->out->records += h->counts.records;
		p->walker->out->backdated += h->counts.backdated;
		repo_close(h->auditor.repo);
	}
	(void)pthread_cond_destroy(&p->came);
	(void)pthread_cond_destroy(&p->went);
	(void)pthread_mutex_destroy(&p->mutex);
	free(p);
}
