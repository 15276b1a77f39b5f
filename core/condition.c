/* core/condition.c - see condition.h. */
#include "core/condition.h"

void condition_init(pthread_cond_t *out)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(out, &attr);
	(void)pthread_condattr_destroy(&attr);
}

struct timespec condition_until(int64_t wait_ms)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	if (wait_ms <= 0)
		return ts;
	ts.tv_sec += (time_t)(wait_ms / 1000);
	ts.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}
