#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "core/condition.h"
#include "core/env.h"

static int64_t waited_ms(int64_t wait_ms)
{
	const struct env *env = env_system();
	int64_t begin_ms = env->monotonic_ms(env->ctx);
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t condition;
	struct timespec until = condition_until(wait_ms);
	int rc = 0;

	condition_init(&condition);
	(void)pthread_mutex_lock(&mutex);
	while (rc == 0)
		rc = pthread_cond_timedwait(&condition, &mutex, &until);
	(void)pthread_mutex_unlock(&mutex);
	(void)pthread_cond_destroy(&condition);
	assert_int_equal(rc, ETIMEDOUT);
	return env->monotonic_ms(env->ctx) - begin_ms;
}

/* By the wall's clock, on which decades have passed since the boot, it would be over at once. */
static void a_wait_goes_by_the_clock_that_nobody_sets(void **state)
{
	(void)state;
	assert_true(waited_ms(120) >= 119);
}

static void a_wait_that_is_over_takes_no_time(void **state)
{
	(void)state;
	assert_true(waited_ms(-1000000) < 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_goes_by_the_clock_that_nobody_sets),
		cmocka_unit_test(a_wait_that_is_over_takes_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
