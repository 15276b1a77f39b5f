/* server/exchange.c - one request and its answer inside libmicrohttpd. */
#include "server/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "server/metrics.h"
#include "server/plain.h"
#include "server/closed.h"
#include "server/v2.h"
#include "server/verify.h"

static int64_t monotonic_ms(const struct exchange *x)
{
	const struct env *env = x->request.service->env;

	return env->monotonic_ms(env->ctx);
}

static void rest(void *exchange)
{
	struct exchange *x = exchange;

	MHD_suspend_connection(x->connection);
}

static void wake(void *exchange)
{
	struct exchange *x = exchange;

	MHD_resume_connection(x->connection);
}

struct exchange *exchange_open(const struct service *service, struct MHD_Connection *c, const char *method,
			       const char *path)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->connection = c;
	stream_init(&x->stream, &(struct stream_taker){rest, wake, x});
	x->request.stream = &x->stream;
	x->request.service = service;
	x->request.answer = (struct answer)ANSWER_INIT;
	x->request.answer.body.dir = service->dir;
	x->started_ms = monotonic_ms(x);
	(void)snprintf(x->method, sizeof(x->method), "%s", method);
	(void)snprintf(x->path, sizeof(x->path), "%s", path);
	if (service->plain)
		route_parse_plain(&x->request.route, method, path);
	else
		route_parse(&x->request.route, method, path);
	x->handler = handler_of(x->request.route.kind);
	return x;
}

/* ---- headers ---- */

struct framing {
	int lengths, encodings;
	bool odd; /* an encoding that is not spoken here: where the body ends would be a guess */
};

static enum MHD_Result count_framing(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct framing *f = ctx;

	(void)kind;
	f->lengths += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		f->encodings++;
		f->odd = !value || strcasecmp(value, "chunked") != 0;
	}
	return MHD_YES;
}

/* libmicrohttpd takes what two readers may frame differently. */
static bool framing_is_clear(struct MHD_Connection *c)
{
	struct framing f = {.odd = false};

	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, count_framing, &f);
	return f.lengths + f.encodings <= 1 && !f.odd;
}

static const char *header(const struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

/* Parameters behind the type ("; charset=utf-8") are passed over. */
static bool content_is(const char *value, const char *type)
{
	size_t len = strlen(type);

	return value && strncasecmp(value, type, len) == 0 &&
	       (value[len] == 0 || value[len] == ';' || value[len] == ' ');
}

static uint64_t max_bytes(const struct exchange *x)
{
	const struct limits *limits = x->request.service->limits;

	if (x->handler->takes_blob)
		return (uint64_t)limits->blob_bytes;
	return x->handler->max_bytes + (x->handler->takes_pack ? (uint64_t)limits->push_bytes : 0);
}

static bool length_is_within(const struct exchange *x)
{
	const char *text = header(x, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return !text || strtoull(text, NULL, 10) <= max_bytes(x);
}

/* Everything that speaks against the request before anybody is asked. */
static enum status check_headers(struct exchange *x, struct error *e)
{
	const struct route *route = &x->request.route;

	if (!framing_is_clear(x->connection))
		return error_set(e, STATUS_MALFORMED,
				 "a request has one Content-Length or one Transfer-Encoding: chunked");
	if (!x->handler)
		return error_set(e, STATUS_NOT_FOUND, "there is nothing at this address; %s",
				 x->request.service->plain
					 ? "repositories are served by git's smart protocol alone"
					 : "a practice's history is at /<ODS>/history.git");
	if (!route->method_ok)
		return error_set(e, STATUS_USAGE, "this address takes %s", route->method);
	if (route->content && !content_is(header(x, MHD_HTTP_HEADER_CONTENT_TYPE), route->content))
		return error_set(e, STATUS_UNSUPPORTED, "this address takes a body of the type %s", route->content);
	if (x->handler->feed && !length_is_within(x))
		return error_set(e, STATUS_TOO_BIG, "the request is larger than %llu bytes",
				 (unsigned long long)max_bytes(x));
	return STATUS_OK;
}

static enum status find_repository(struct request *r, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = plain_find(path, r->service->dir, r->route.repository, e);

	if (st != STATUS_OK)
		return st;
	r->repository = strdup(path);
	return r->repository ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

/* The answer is there if it may not. */
static enum status take_rate(struct exchange *x, struct error *e)
{
	struct request *r = &x->request;
	const struct limits *l = r->service->limits;
	const struct rates_limits limits = {.pushes_hour = l->device_pushes_hour, .bytes_hour = l->device_bytes_hour};
	enum status st = rates_take(&r->answer.retry_s, r->practice->rates, r->who.device, x->handler->rate, &limits, x->started_ms, e);

	x->counted = st == STATUS_OK;
	if (st != STATUS_DENIED)
		return st;
	metrics_add(METRIC_REFUSED_RATE, 1);
	answer_text(&r->answer, 429, "%s", e->text);
	return STATUS_OK;
}

static enum status begin(struct exchange *x, struct error *e)
{
	struct request *r = &x->request;
	enum status st = check_headers(x, e);

	if (st == STATUS_OK && x->handler->feed)
		st = body_begin(&r->body, header(x, MHD_HTTP_HEADER_CONTENT_ENCODING), max_bytes(x),
				x->handler->feed, r, e);
	if (st == STATUS_OK && r->route.ods[0])
		st = practices_get(&r->practice, r->service->practices, r->route.ods, e);
	if (st == STATUS_OK && r->route.repository[0])
		st = find_repository(r, e);
	if (st == STATUS_OK && r->practice && !x->handler->serves_closed)
		st = closed_check(r->practice, e);
	if (st == STATUS_OK && x->handler->needs_peer) {
		st = view_get(&r->view, r->practice, e);
		if (st == STATUS_OK)
			st = verify_peer(&r->who, r->practice, r->view, &r->peer, e);
		if (st == STATUS_DENIED)
			r->answer.device = verify_refusal(r->practice, r->view, &r->peer);
	}
	if (st == STATUS_OK && x->handler->rate != RATES_NOTHING)
		st = take_rate(x, e);
	return st;
}

void exchange_refuse(struct exchange *x, const struct error *e)
{
	struct answer *a = &x->request.answer;

	if (x->request.route.content && strcmp(x->request.route.content, ANSWER_JSON) == 0)
		answer_json_error(a, e);
	else
		answer_error(a, e);
	if (e->status == STATUS_USAGE)
		a->allow = x->request.route.method;
}

void exchange_begin(struct exchange *x, const struct tls_peer *peer)
{
	struct request *r = &x->request;
	struct error e = {STATUS_OK, ""};

	r->peer = *peer;
	r->git_service = MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, "service");
	r->git_v2 = v2_is_asked_for(header(x, "Git-Protocol"));
	e.status = begin(x, &e);
	if (e.status != STATUS_OK)
		exchange_refuse(x, &e);
	else if (x->handler->begin && !r->answer.code)
		x->handler->begin(r);
}

/* ---- the answer ---- */

static ssize_t take(void *exchange, uint64_t at, char *out, size_t max)
{
	struct exchange *x = exchange;
	size_t len = 0;

	switch (stream_take(&len, &x->stream, at, out, max)) {
	case STREAM_BYTES:
		return (ssize_t)len;
	case STREAM_LATER:
		return 0;
	case STREAM_END:
		return MHD_CONTENT_READER_END_OF_STREAM;
	case STREAM_BROKEN:
		break;
	}
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(struct exchange *x)
{
	struct MHD_Response *response = NULL;
	struct answer *a = &x->request.answer;
	struct buf *memory = &a->body.memory;

	if (stream_is_on(&x->stream))
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LIMIT_HTTP_MEMORY_BYTES, take, x, NULL);
	if (a->body.fd >= 0) {
		response = MHD_create_response_from_fd64(a->body.len, a->body.fd);
		if (response)
			a->body.fd = -1; /* the response closes it */
		return response;
	}
	return MHD_create_response_from_buffer(memory->len, memory->data ? (void *)memory->data : (void *)"",
					       MHD_RESPMEM_MUST_COPY);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	/* memory out costs a header, not the answer */
	(void)MHD_add_response_header(response, name, value);
}

enum MHD_Result exchange_send(struct exchange *x, bool last)
{
	struct answer *a = &x->request.answer;
	struct MHD_Response *response = make_response(x);
	enum MHD_Result sent = MHD_NO;

	if (!response)
		return MHD_NO;
	x->phase = PHASE_ANSWERED;
	/* in the order of git's own server: its tests compare them */
	add_header(response, MHD_HTTP_HEADER_EXPIRES, "Fri, 01 Jan 1980 00:00:00 GMT");
	add_header(response, MHD_HTTP_HEADER_PRAGMA, "no-cache");
	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache, max-age=0, must-revalidate");
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	if (a->allow)
		add_header(response, MHD_HTTP_HEADER_ALLOW, a->allow);
	if (a->code == 503)
		add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "30");
	if (a->code == 429) {
		char seconds[24];

		(void)snprintf(seconds, sizeof(seconds), "%lld", (long long)a->retry_s);
		add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	if (a->closed)
		add_header(response, "Qip-Practice", "closed");
	if (a->device)
		add_header(response, "Qip-Device", a->device);
	if (last)
		add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	sent = MHD_queue_response(x->connection, a->code, response);
	MHD_destroy_response(response);
	return sent;
}

static const char *device_of(const struct exchange *x)
{
	const struct request *r = &x->request;

	return r->who.device[0] ? r->who.device : r->peer.present ? r->peer.device : "-";
}

static const char *service_of(const struct exchange *x)
{
	static const char *const known[] = {"git-upload-pack", "git-receive-pack"};

	for (size_t i = 0; x->request.git_service && i < ARRAY_LEN(known); i++) {
		if (strcmp(x->request.git_service, known[i]) == 0)
			return known[i];
	}
	return "-";
}

static void count(const struct exchange *x, bool completed)
{
	const struct request *r = &x->request;

	metrics_request(r->route.kind, completed ? r->answer.code : 0);
	metrics_add(METRIC_RECEIVED_BYTES, r->body.received_bytes);
	if (x->counted)
		rates_spend(r->practice->rates, r->who.device, r->body.received_bytes);
	if (completed && r->practice && r->who.device[0] && r->answer.code == 200)
		atomic_store(&r->practice->last_sync_ms, monotonic_ms(x));
}

void exchange_close(struct exchange *x, bool completed)
{
	const struct answer *a = &x->request.answer;
	char status[16], ms[32], bytes[32];

	/* first of all: a refused or torn push shall leave nothing behind by the time it is logged */
	if (x->handler && x->handler->release)
		x->handler->release(&x->request);
	(void)snprintf(status, sizeof(status), "%u", a->code);
	(void)snprintf(ms, sizeof(ms), "%lld", (long long)(monotonic_ms(x) - x->started_ms));
	(void)snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)x->request.body.received_bytes);
	log_line(LOG_LEVEL_INFO, completed ? "request" : "request broken off", "device", device_of(x), "method",
		 x->method, "path", x->path, "service", service_of(x), "status", status, "ms", ms, "received", bytes, "note", a->note, NULL);
	count(x, completed);
	request_clear(&x->request);
	stream_clear(&x->stream);
	free(x);
}
