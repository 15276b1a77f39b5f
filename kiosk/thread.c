/* kiosk/thread.c - a thread with a stack of no more than it needs. A function enters; it runs when this leaves. */
#include "kiosk/thread.h"

int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attr;
	int failed = pthread_attr_init(&attr);

	if (failed)
		return failed;
	failed = pthread_attr_setstacksize(&attr, stack_bytes);
	if (!failed)
		failed = pthread_create(out, &attr, run, arg);
	(void)pthread_attr_destroy(&attr);
	return failed;
}
