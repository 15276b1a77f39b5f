/* tests/kiosk/test_agent.c - the background thread: syncs at start, after answers, tells failures, stops at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <pthread.h>

#include "kiosk/agent.h"

/* A sync that counts, fails or hangs as told. */
struct shop {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int syncs, finished;
	bool hang;
	enum status says;
	int64_t ahead_ms; /* of the real clock: the test's own way to let time pass */
	struct env env;
};

static int64_t shop_monotonic(void *ctx)
{
	const struct env *real = env_system();
	struct shop *s = ctx;
	int64_t ms = 0;

	(void)pthread_mutex_lock(&s->lock);
	ms = real->monotonic_ms(real->ctx) + s->ahead_ms;
	(void)pthread_mutex_unlock(&s->lock);
	return ms;
}

static enum status shop_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	memset(out, 0x80, len);
	return STATUS_OK;
}

static enum status shop_sync(void *ctx, uint64_t *sent, struct error *e)
{
	struct shop *s = ctx;
	enum status st = STATUS_OK;

	*sent = 1;
	(void)pthread_mutex_lock(&s->lock);
	s->syncs++;
	(void)pthread_cond_broadcast(&s->changed);
	while (s->hang)
		(void)pthread_cond_wait(&s->changed, &s->lock);
	s->finished++;
	st = s->says;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
	return st == STATUS_OK ? st : error_set(e, st, "the server is away");
}

static void open_shop(struct shop *s)
{
	memset(s, 0, sizeof(*s));
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->changed, NULL);
	s->env = *env_system();
	s->env.monotonic_ms = shop_monotonic;
	s->env.random = shop_random;
	s->env.ctx = s;
}

static void close_shop(struct shop *s)
{
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->lock);
}

static struct agent *start(struct shop *s, int64_t every_ms)
{
	struct agent *a = NULL;
	struct error e;

	assert_int_equal(agent_start(&a, &(struct agent_options){.sync = shop_sync, .ctx = s, .every_ms = every_ms, .env = &s->env}, &e), STATUS_OK);
	return a;
}

static void await_syncs(struct shop *s, int count)
{
	(void)pthread_mutex_lock(&s->lock);
	while (s->syncs < count)
		(void)pthread_cond_wait(&s->changed, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
}

static void let_time_pass(struct shop *s, int64_t ms)
{
	(void)pthread_mutex_lock(&s->lock);
	s->ahead_ms += ms;
	(void)pthread_mutex_unlock(&s->lock);
}

/* Patients answer, now and whenever the batch's time is up; without them nothing would happen for a day. */
static void answer_until_synced(struct shop *s, struct agent *a, int count)
{
	int syncs = 0;

	while (syncs < count) {
		let_time_pass(s, SCHEDULE_BATCH_MS + 1);
		agent_nudge(a);
		(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		(void)pthread_mutex_lock(&s->lock);
		syncs = s->syncs;
		(void)pthread_mutex_unlock(&s->lock);
	}
}

static void await_failure(struct agent *a, const char *words)
{
	char failure[ERROR_TEXT_MAX] = "";

	do {
		agent_failure(a, failure);
	} while (strcmp(failure, words) != 0);
}

static void syncs_at_start_again_in_time_and_stops_at_once(void **state)
{
	struct shop s;
	struct agent *a = NULL;

	(void)state;
	open_shop(&s);
	a = start(&s, 50);
	await_syncs(&s, 3);
	assert_true(agent_stop(a, 10000));
	close_shop(&s);
}

static void an_answer_wakes_it_and_waits_for_company(void **state)
{
	struct shop s;
	struct agent *a = NULL;

	(void)state;
	open_shop(&s);
	a = start(&s, SCHEDULE_EVERY_MAX_MS);
	await_syncs(&s, 1);
	answer_until_synced(&s, a, 2);
	assert_true(agent_stop(a, 10000));
	close_shop(&s);
}

static void tells_a_failure_until_a_sync_works(void **state)
{
	struct shop s;
	struct agent *a = NULL;

	(void)state;
	open_shop(&s);
	s.says = STATUS_NETWORK;
	a = start(&s, 50);
	await_failure(a, "the server is away");
	(void)pthread_mutex_lock(&s.lock);
	s.says = STATUS_OK;
	(void)pthread_mutex_unlock(&s.lock);
	await_failure(a, "");
	assert_true(agent_stop(a, 10000));
	close_shop(&s);
}

static void a_network_that_comes_back_wakes_it_after_a_failure(void **state)
{
	struct shop s;
	struct agent *a = NULL;

	(void)state;
	open_shop(&s);
	s.says = STATUS_NETWORK;
	a = start(&s, SCHEDULE_EVERY_MAX_MS);
	await_failure(a, "the server is away");
	let_time_pass(&s, SCHEDULE_RETRY_MS - SCHEDULE_NETWORK_MS); /* not yet due by itself */
	agent_network(a);
	let_time_pass(&s, SCHEDULE_NETWORK_MS + 1);
	agent_network(a);
	await_syncs(&s, 2);
	assert_true(agent_stop(a, 10000));
	close_shop(&s);
}

static void does_not_wait_for_ever_for_a_sync_that_hangs(void **state)
{
	struct shop s;
	struct agent *a = NULL;

	(void)state;
	open_shop(&s);
	s.hang = true;
	a = start(&s, 60000);
	await_syncs(&s, 1);
	assert_false(agent_stop(a, 50));
	(void)pthread_mutex_lock(&s.lock);
	s.hang = false;
	(void)pthread_cond_broadcast(&s.changed);
	(void)pthread_mutex_unlock(&s.lock);
	assert_true(agent_stop(a, 10000));
	assert_int_equal(s.finished, 1);
	close_shop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syncs_at_start_again_in_time_and_stops_at_once),
		cmocka_unit_test(an_answer_wakes_it_and_waits_for_company),
		cmocka_unit_test(tells_a_failure_until_a_sync_works),
		cmocka_unit_test(a_network_that_comes_back_wakes_it_after_a_failure),
		cmocka_unit_test(does_not_wait_for_ever_for_a_sync_that_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
