/* server/metrics.c - what a serving process counts. */
#include "server/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "server/push.h"

#define CLASSES 6 /* 1xx … 5xx, and 0: broken off */

static _Atomic uint64_t counts[METRICS];
static _Atomic uint64_t requests[ROUTE_KINDS][CLASSES];
static const int64_t bucket_ms[METRICS_BUCKETS] = {5, 10, 25, 50, 100, 250, 1000, 5000, 15000, 60000};
static _Atomic uint64_t pushes[METRICS_BUCKETS + 1]; /* the last: longer */
static _Atomic uint64_t pushes_ms;

static const struct {
	const char *name, *labels, *help;
} counters[METRICS] = {
#define METRICS_MEMBER(id, text, labels, help) {text, labels, help},
	METRICS_LIST(METRICS_MEMBER)
#undef METRICS_MEMBER
};

static uint64_t read_count(const _Atomic uint64_t *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

void metrics_add(enum metric m, uint64_t n)
{
	(void)atomic_fetch_add_explicit(&counts[m], n, memory_order_relaxed);
}

uint64_t metrics_get(enum metric m)
{
	return read_count(&counts[m]);
}

static enum metric outcome_of(enum status st)
{
	if (st == STATUS_OK)
		return METRIC_PUSHES_ACCEPTED;
	if (st == STATUS_EXISTS)
		return METRIC_PUSHES_AGAIN;
	if (st == STATUS_BUSY)
		return METRIC_PUSHES_BUSY;
	if (push_failed_here(st))
		return METRIC_PUSHES_FAILED;
	switch (st) {
	case STATUS_DENIED:
		return METRIC_PUSHES_POLICY;
	case STATUS_UNTRUSTED:
		return METRIC_PUSHES_SIGNATURE;
	case STATUS_MALFORMED:
	case STATUS_FORBIDDEN_FORM:
	case STATUS_INVALID:
	case STATUS_UNSUPPORTED:
		return METRIC_PUSHES_FORM;
	case STATUS_TOO_BIG:
		return METRIC_PUSHES_LIMIT;
	default:
		return METRIC_PUSHES_OTHER;
	}
}

void metrics_push(enum status outcome, int64_t ms)
{
	size_t i = 0;

	metrics_add(outcome_of(outcome), 1);
	while (i < METRICS_BUCKETS && ms > bucket_ms[i])
		i++;
	(void)atomic_fetch_add_explicit(&pushes[i], 1, memory_order_relaxed);
	(void)atomic_fetch_add_explicit(&pushes_ms, (uint64_t)(ms > 0 ? ms : 0), memory_order_relaxed);
}

void metrics_request(enum route_kind kind, unsigned code)
{
	(void)atomic_fetch_add_explicit(&requests[kind][code / 100 % CLASSES], 1, memory_order_relaxed);
}

/* ---- as text ---- */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_gauge(struct buf *out, const char *name, const char *help)
{
	head(out, name, "gauge", help);
}

void metrics_label(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, (unsigned char)*text < ' ' ? ' ' : *text);
	}
}

static void write_requests(struct buf *out)
{
	static const char *const names[] = {"broken_off", "1xx", "2xx", "3xx", "4xx", "5xx"};

	head(out, "qip_requests_total", "counter", "Requests by address and answer.");
	for (size_t kind = 0; kind < ROUTE_KINDS; kind++)
		for (size_t class = 0; class < CLASSES; class++)
			if (read_count(&requests[kind][class]))
				buf_addf(out, "qip_requests_total{route=\"%s\",answer=\"%s\"} %" PRIu64 "\n", route_name((enum route_kind)kind), names[class],
					 read_count(&requests[kind][class]));
}

static void write_pushes(struct buf *out)
{
	uint64_t sum = 0;

	head(out, "qip_push_seconds", "histogram", "From a push's last byte to its outcome.");
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		sum += read_count(&pushes[i]);
		buf_addf(out, "qip_push_seconds_bucket{le=\"%" PRId64 ".%03" PRId64 "\"} %" PRIu64 "\n", bucket_ms[i] / 1000, bucket_ms[i] % 1000, sum);
	}
	sum += read_count(&pushes[METRICS_BUCKETS]);
	buf_addf(out, "qip_push_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", sum);
	buf_addf(out, "qip_push_seconds_sum %" PRIu64 ".%03" PRIu64 "\n", read_count(&pushes_ms) / 1000, read_count(&pushes_ms) % 1000);
	buf_addf(out, "qip_push_seconds_count %" PRIu64 "\n", sum);
}

void metrics_write(struct buf *out)
{
	for (size_t i = 0; i < METRICS; i++) {
		bool labelled = counters[i].labels[0] != 0;

		if (counters[i].help[0])
			head(out, counters[i].name, "counter", counters[i].help);
		buf_addf(out, "%s%s%s%s %" PRIu64 "\n", counters[i].name, labelled ? "{" : "", counters[i].labels, labelled ? "}" : "", metrics_get((enum metric)i));
	}
	write_requests(out);
	write_pushes(out);
}
