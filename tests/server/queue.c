#include "tests/server/queue.h"

#include <pthread.h>

#include "server/merge_queue.h"
#include "server/verify.h"

void queue_open(struct queue *q, struct world *w)
{
	*q = (struct queue){.w = w};
	assert_int_equal(server_stop(w, SIGTERM), 0);
	ok(practices_open(&q->practices, w->server, &w->config.limits, env_system(), NULL));
	ok(practices_get(&q->practice, q->practices, ODS, NULL));
	ok(jobs_open(&q->jobs, 4, NULL));
}

void queue_close(struct queue *q)
{
	jobs_close(q->jobs);
	practices_close(q->practices);
	*q = (struct queue){0};
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int told;

static void tell(struct push *p)
{
	push_clear(p);
	(void)pthread_mutex_lock(&mutex);
	told++;
	(void)pthread_cond_signal(&changed);
	(void)pthread_mutex_unlock(&mutex);
}

static void wait_until_told(int count)
{
	(void)pthread_mutex_lock(&mutex);
	while (told < count)
		(void)pthread_cond_wait(&changed, &mutex);
	(void)pthread_mutex_unlock(&mutex);
}

void queue_receive(struct push *p, const struct queue *q, const struct testdev *d, const struct oid *id)
{
	struct buf pack = BUF_INIT;

	*p = (struct push){.practice = q->practice, .device = d->name, .id = *id, .done = tell};
	ok(repo_pack_send(q->w->local, id, 1, &d->head, oid_is_zero(&d->head) ? 0 : 1, add_to_buf, &pack, NULL, NULL));
	ok(store_txn_begin(&p->txn, q->practice->history, NULL));
	ok(store_txn_feed(p->txn, pack.data, pack.len, NULL));
	ok(store_txn_received(p->txn, NULL));
	buf_clear(&pack);
}

enum status queue_judge(struct push *p, const struct queue *q)
{
	struct error e = {STATUS_OK, ""};

	ok(view_get(&p->view, q->practice, NULL));
	return verify_push(p, &e);
}

enum status queue_prepare(struct push *p, const struct queue *q, const struct testdev *d, const struct oid *id)
{
	queue_receive(p, q, d, id);
	return queue_judge(p, q);
}

static void add(struct push *pushes, int len, const struct queue *q)
{
	told = 0;
	for (int i = 0; i < len; i++)
		merge_queue_add(&pushes[i], q->jobs, env_system());
}

void queue_run(struct push *pushes, int len, const struct queue *q)
{
	struct store_lock *lock = NULL;

	ok(store_lock(&lock, q->practice->history, 1000, NULL));
	add(pushes, len, q);
	store_unlock(lock);
	wait_until_told(len);
}

void queue_add(struct push *pushes, int len, const struct queue *q)
{
	add(pushes, len, q);
	wait_until_told(len);
}

bool queue_accepted(const struct queue *q, const struct testdev *d, const struct oid *id)
{
	char ref[LIMIT_REF_BYTES];
	struct oid there;

	push_ref_name(ref, d->name);
	there = server_ref(q->w, ref);
	return oid_equal(&there, id);
}
