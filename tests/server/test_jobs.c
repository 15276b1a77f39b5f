#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "server/jobs.h"

/* A gate that a job waits at, and what went through it. */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool open;
	int waiting, passed;
};

static struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0};

static void wait_at_gate(void *arg)
{
	(void)arg;
	(void)pthread_mutex_lock(&gate.mutex);
	gate.waiting++;
	(void)pthread_cond_broadcast(&gate.changed);
	while (!gate.open)
		(void)pthread_cond_wait(&gate.changed, &gate.mutex);
	gate.waiting--;
	gate.passed++;
	(void)pthread_cond_broadcast(&gate.changed);
	(void)pthread_mutex_unlock(&gate.mutex);
}

static void wait_until(const int *value, int wanted)
{
	(void)pthread_mutex_lock(&gate.mutex);
	while (*value < wanted)
		(void)pthread_cond_wait(&gate.changed, &gate.mutex);
	(void)pthread_mutex_unlock(&gate.mutex);
}

static void open_gate(bool open)
{
	(void)pthread_mutex_lock(&gate.mutex);
	gate.open = open;
	if (!open)
		gate.passed = 0;
	(void)pthread_cond_broadcast(&gate.changed);
	(void)pthread_mutex_unlock(&gate.mutex);
}

static void pushes_to_one_practice_wait_without_holding_up_another(void **state)
{
	static const char one = 'a', two = 'b';
	struct job same[8], other = {.run = wait_at_gate, .exclusive = &two};
	struct jobs *q = NULL;

	(void)state;
	open_gate(false);
	assert_int_equal(jobs_open(&q, 4, NULL), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		same[i] = (struct job){.run = wait_at_gate, .exclusive = &one};
		jobs_submit(q, &same[i]);
	}
	jobs_submit(q, &other);
	/* one of the first kind and the other one, though eight came before it and there are but four threads */
	wait_until(&gate.waiting, 2);
	assert_int_equal(gate.waiting, 2);
	assert_int_equal(gate.passed, 0);
	open_gate(true);
	wait_until(&gate.passed, 9);
	jobs_close(q);
}

struct order {
	struct job job;
	int number;
};
static int seen[50];
static atomic_int seen_len;

static void note_order(void *arg)
{
	seen[atomic_fetch_add(&seen_len, 1)] = ((struct order *)arg)->number;
}

static void exclusive_jobs_run_in_the_order_they_came_and_closing_waits_for_them(void **state)
{
	static const char owner = 'a';
	struct order jobs[50];
	struct jobs *q = NULL;

	(void)state;
	assert_int_equal(jobs_open(&q, 4, NULL), STATUS_OK);
	for (int i = 0; i < 50; i++) {
		jobs[i].number = i;
		jobs[i].job = (struct job){.run = note_order, .arg = &jobs[i], .exclusive = &owner};
		jobs_submit(q, &jobs[i].job);
	}
	jobs_close(q);
	assert_int_equal(seen_len, 50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(seen[i], i);
}

static void who_asks_for_much_lets_others_take_their_turn(void **state)
{
	static const char owner = 'a';
	static const int wanted[] = {0, 3, 5, 1, 4, 2};
	struct job first = {.run = wait_at_gate, .exclusive = &owner, .who = "kiosk"};
	struct order jobs[6];
	struct jobs *q = NULL;

	(void)state;
	open_gate(false);
	seen_len = 0;
	assert_int_equal(jobs_open(&q, 4, NULL), STATUS_OK);
	jobs_submit(q, &first);
	wait_until(&gate.waiting, 1);
	/* three by one asker, then two by another and one by nobody in particular */
	for (int i = 0; i < 6; i++) {
		jobs[i].number = i;
		jobs[i].job = (struct job){.run = note_order,
					   .arg = &jobs[i],
					   .exclusive = &owner,
					   .who = i < 3	  ? "kiosk"
						  : i < 5 ? "staff"
							  : NULL};
		jobs_submit(q, &jobs[i].job);
	}
	open_gate(true);
	jobs_close(q);
	assert_int_equal(seen_len, ARRAY_LEN(wanted));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		assert_int_equal(seen[i], wanted[i]);
}

static void what_takes_long_leaves_threads_for_all_else(void **state)
{
	struct job heavy[8], light = {.run = wait_at_gate};
	struct jobs *q = NULL;
	int waiting = 0;

	(void)state;
	open_gate(false);
	assert_int_equal(jobs_open(&q, 8, NULL), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LEN(heavy); i++) {
		heavy[i] = (struct job){.run = wait_at_gate, .heavy = true};
		jobs_submit(q, &heavy[i]);
	}
	wait_until(&gate.waiting, 2);
	jobs_submit(q, &light);
	wait_until(&gate.waiting, 3);
	(void)poll(NULL, 0, 20);
	(void)pthread_mutex_lock(&gate.mutex);
	waiting = gate.waiting;
	(void)pthread_mutex_unlock(&gate.mutex);
	assert_int_equal(waiting, 3); /* two that take long, though five threads do nothing */
	open_gate(true);
	wait_until(&gate.passed, 9);
	jobs_close(q);
}

/* As the host sets it while requests come: no job is lost, and no thread too many is left. */
static void threads_come_and_go(void **state)
{
	static const int counts[] = {1, 8, 2, 16, 3};
	struct job jobs[40];
	struct jobs *q = NULL;
	int waiting = 0;

	(void)state;
	open_gate(false);
	assert_int_equal(jobs_open(&q, 4, NULL), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		open_gate(false);
		assert_int_equal(jobs_resize(q, counts[i], NULL), STATUS_OK);
		for (size_t k = 0; k < ARRAY_LEN(jobs); k++) {
			jobs[k] = (struct job){.run = wait_at_gate};
			jobs_submit(q, &jobs[k]);
		}
		wait_until(&gate.waiting, counts[i]);
		(void)poll(NULL, 0, 20);
		(void)pthread_mutex_lock(&gate.mutex);
		waiting = gate.waiting;
		(void)pthread_mutex_unlock(&gate.mutex);
		assert_int_equal(waiting, counts[i]); /* nobody else takes one */
		open_gate(true);
		wait_until(&gate.passed, (int)ARRAY_LEN(jobs));
	}
	jobs_close(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pushes_to_one_practice_wait_without_holding_up_another),
		cmocka_unit_test(exclusive_jobs_run_in_the_order_they_came_and_closing_waits_for_them),
		cmocka_unit_test(who_asks_for_much_lets_others_take_their_turn),
		cmocka_unit_test(what_takes_long_leaves_threads_for_all_else),
		cmocka_unit_test(threads_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
