/* core/condition.h - conditions of threads whose waits no change of the wall clock cuts short or draws out. */
#ifndef QIP_CORE_CONDITION_H
#define QIP_CORE_CONDITION_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* One that pthread_cond_timedwait waits on by CLOCK_MONOTONIC. */
void condition_init(pthread_cond_t *out);
/* The end of a wait of that many ms from now; at once if negative. */
struct timespec condition_until(int64_t wait_ms);

#endif
