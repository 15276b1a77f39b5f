/* server/metrics.c - what a serving process counts. */
#include "server/metrics.h"

#include <stdatomic.h>

static _Atomic uint64_t counts[METRICS];

void metrics_add(enum metric m, uint64_t n)
{
	(void)atomic_fetch_add_explicit(&counts[m], n, memory_order_relaxed);
}

uint64_t metrics_get(enum metric m)
{
	return atomic_load_explicit(&counts[m], memory_order_relaxed);
}
