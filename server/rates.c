/* server/rates.c - how much each device of a practice may send in an hour. */
#include "server/rates.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/registry.h"

#define HOUR_MS INT64_C(3600000)

/* What is left, in units of which one push, or one byte, has HOUR_MS: so a limit of n an hour gives n units each millisecond. */
struct rate {
	char device[NAME_MAX_LEN + 1];
	int64_t pushes, bytes;
	int64_t at_ms;
};

struct rates {
	pthread_mutex_t mutex;
	struct rate *list;
	size_t len, cap;
};

enum status rates_open(struct rates **out, struct error *e)
{
	struct rates *r = calloc(1, sizeof(*r));

	if (!r || pthread_mutex_init(&r->mutex, NULL)) {
		free(r);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	*out = r;
	return STATUS_OK;
}

void rates_close(struct rates *r)
{
	if (!r)
		return;
	free(r->list);
	(void)pthread_mutex_destroy(&r->mutex);
	free(r);
}

static struct rate *find(const struct rates *r, const char *device)
{
	for (size_t i = 0; i < r->len; i++)
		if (strcmp(r->list[i].device, device) == 0)
			return &r->list[i];
	return NULL;
}

static struct rate *add(struct rates *r, const char *device, const struct rates_limits *l, int64_t now_ms)
{
	struct rate *rate = NULL;

	if (!array_room(&r->list, &r->cap, r->len))
		return NULL;
	rate = &r->list[r->len++];
	*rate = (struct rate){.pushes = l->pushes_hour * HOUR_MS, .bytes = l->bytes_hour * HOUR_MS, .at_ms = now_ms};
	(void)snprintf(rate->device, sizeof(rate->device), "%s", device);
	return rate;
}

static int64_t filled(int64_t left, int64_t per_hour, int64_t passed_ms)
{
	int64_t most = per_hour * HOUR_MS;

	return passed_ms >= (most - left) / per_hour ? most : left + passed_ms * per_hour;
}

static void fill(struct rate *rate, const struct rates_limits *l, int64_t now_ms)
{
	int64_t passed_ms = now_ms - rate->at_ms;

	if (passed_ms < 0)
		passed_ms = 0;
	rate->pushes = filled(rate->pushes, l->pushes_hour, passed_ms);
	rate->bytes = filled(rate->bytes, l->bytes_hour, passed_ms);
	rate->at_ms = now_ms;
}

/* Until there are so many units. */
static int64_t wait_s(int64_t left, int64_t wanted, int64_t per_hour)
{
	return left >= wanted ? 0 : ((wanted - left) / per_hour) / 1000 + 1;
}

static enum status judge(int64_t *out, const struct rate *rate, int64_t cost, const struct rates_limits *l, struct error *e)
{
	int64_t pushes_s = wait_s(rate->pushes, cost, l->pushes_hour), bytes_s = wait_s(rate->bytes, 1, l->bytes_hour);

	if (pushes_s == 0 && bytes_s == 0)
		return STATUS_OK;
	*out = pushes_s > bytes_s ? pushes_s : bytes_s;
	if (pushes_s > bytes_s)
		return error_set(e, STATUS_DENIED, "this device has sent more than %" PRId64 " times in an hour; nothing is lost, it may again in %" PRId64 " seconds",
				 l->pushes_hour, *out);
	return error_set(e, STATUS_DENIED, "this device has sent more than %" PRId64 " MiB in an hour; nothing is lost, it may again in %" PRId64 " seconds",
			 l->bytes_hour >> 20, *out);
}

enum status rates_take(int64_t *out, struct rates *r, const char *device, enum rates_kind kind, const struct rates_limits *l, int64_t now_ms,
		       struct error *e)
{
	const int64_t cost = kind == RATES_PUSH ? HOUR_MS : HOUR_MS / 10;
	struct rate *rate = NULL;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&r->mutex);
	rate = find(r, device);
	if (!rate)
		rate = add(r, device, l, now_ms);
	if (rate) {
		fill(rate, l, now_ms);
		st = judge(out, rate, cost, l, e);
		if (st == STATUS_OK)
			rate->pushes -= cost;
	} else {
		st = error_set(e, STATUS_NOMEM, "out of memory");
	}
	(void)pthread_mutex_unlock(&r->mutex);
	return st;
}

void rates_spend(struct rates *r, const char *device, uint64_t bytes)
{
	struct rate *rate = NULL;

	(void)pthread_mutex_lock(&r->mutex);
	rate = find(r, device);
	if (rate && bytes < (uint64_t)(INT64_MAX / HOUR_MS / 4) && rate->bytes > INT64_MIN / 4)
		rate->bytes -= (int64_t)bytes * HOUR_MS;
	(void)pthread_mutex_unlock(&r->mutex);
}
