/* server/handshakes.c - see handshakes.h. */
#include "server/handshakes.h"

#include <stdlib.h>
#include <time.h>

#include "server/limits.h"

static int64_t now_us(clockid_t clock)
{
	struct timespec t = {0};

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(const struct tunnel_shared *s)
{
	return s->options->env->monotonic_ms(s->options->env->ctx);
}

static int by_cost(const void *a, const void *b)
{
	const struct tunnel *const *x = a, *const *y = b;
	int64_t difference = (*x)->caller->busy_us - (*y)->caller->busy_us;

	return (difference > 0) - (difference < 0);
}

static bool is_heavy(const struct tunnel *t)
{
	return t->caller->busy_us > LIMIT_HEAVY_US;
}

void handshakes_heard(struct handshakes *h, const struct tunnel *t, int64_t at_ms)
{
	if (!is_heavy(t))
		h->others_ms = at_ms;
}

/* It has had its share, and others are there. */
static bool must_wait(const struct handshakes *h, const struct tunnel_shared *shared, const struct tunnel *t)
{
	return is_heavy(t) && h->others_ms > 0 && now_ms(shared) - h->others_ms < LIMIT_OTHERS_MS && now_us(CLOCK_MONOTONIC) < h->heavy_until_us;
}

static int64_t step(struct handshakes *h, struct tunnel_shared *shared, struct tunnel *t)
{
	int64_t before_us = now_us(CLOCK_THREAD_CPUTIME_ID), cost_us = 0;

	tunnel_step(t, shared, now_ms(shared));
	cost_us = now_us(CLOCK_THREAD_CPUTIME_ID) - before_us;
	if (is_heavy(t))
		h->heavy_until_us = now_us(CLOCK_MONOTONIC) + LIMIT_HEAVY_PAUSE * cost_us;
	t->caller->busy_us += cost_us;
	return cost_us;
}

bool handshakes_step(struct handshakes *h, struct tunnel_shared *shared, struct tunnel **waiting, size_t len)
{
	int64_t cost_us = 0;
	size_t done = 0;

	qsort(waiting, len, sizeof(struct tunnel *), by_cost);
	for (; done < len && cost_us < LIMIT_HANDSHAKES_US && !must_wait(h, shared, waiting[done]); done++)
		cost_us += step(h, shared, waiting[done]);
	return done > 0;
}
