/* client/http.c - a small HTTP/1.1 client over any transport; http_parser reads the answers. */
#include "client/http.h"

#include <ctype.h>
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "client/limits.h"

#define READ_BYTES 16384

struct http {
	const struct http_transport *transport;
	void *ctx;
	void *conn;     /* NULL while not connected */
	bool kept;      /* conn has carried an answer before */
	char authority[300];
};

/* One answer on its way in. */
struct reading {
	http_parser parser;
	const struct http_request *req;
	struct http_response *res;
	struct buf name, value; /* of the header being read */
	bool in_value;
	size_t header_bytes;
	uint64_t body_bytes;
	bool complete, keep;
	enum status st;         /* why a callback stopped the parser */
	struct error *e;
};

static int64_t clock_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ms for the next read or write; STATUS_TIMEOUT when the call's time is over. */
static enum status time_left(int *ms, int64_t end_ms, struct error *e)
{
	int64_t left = end_ms - clock_ms();

	if (left <= 0)
		return error_set(e, STATUS_TIMEOUT, "the server took too long: try again");
	*ms = left < LIMIT_IDLE_MS ? (int)left : LIMIT_IDLE_MS;
	return STATUS_OK;
}

static int stop(struct reading *r, enum status st, const char *what)
{
	r->st = error_set(r->e, st, "the server's answer %s", what);
	return 1;
}

static void take_type(struct http_response *res, const char *value)
{
	size_t len = strcspn(value, "; \t");

	if (len >= sizeof(res->content_type))
		return;
	for (size_t i = 0; i < len; i++)
		res->content_type[i] = (char)tolower((unsigned char)value[i]);
	res->content_type[len] = '\0';
}

static void take_device(struct http_response *res, const char *value)
{
	res->device = strcmp(value, "unknown") == 0 ? HTTP_DEVICE_UNKNOWN : strcmp(value, "ended") == 0 ? HTTP_DEVICE_ENDED : HTTP_DEVICE_UNSAID;
}

static void end_header(struct reading *r)
{
	if (strcasecmp(buf_text(&r->name), "content-type") == 0)
		take_type(r->res, buf_text(&r->value));
	else if (strcasecmp(buf_text(&r->name), "date") == 0 && http_date_parse(&r->res->date_ms, buf_text(&r->value)) != STATUS_OK)
		r->res->date_ms = 0;
	else if (strcasecmp(buf_text(&r->name), "qip-practice") == 0)
		r->res->closed = strcmp(buf_text(&r->value), "closed") == 0;
	else if (strcasecmp(buf_text(&r->name), "qip-device") == 0)
		take_device(r->res, buf_text(&r->value));
	buf_reset(&r->name);
	buf_reset(&r->value);
	r->in_value = false;
}

static int on_header(struct reading *r, struct buf *part, const char *at, size_t len)
{
	r->header_bytes += len;
	if (r->header_bytes > LIMIT_HEADERS_BYTES)
		return stop(r, STATUS_TOO_BIG, "has too many headers");
	buf_add(part, at, len);
	return buf_ok(part) ? 0 : stop(r, STATUS_NOMEM, "does not fit into memory");
}

static int on_header_field(http_parser *p, const char *at, size_t len)
{
	struct reading *r = p->data;

	if (r->in_value)
		end_header(r);
	return on_header(r, &r->name, at, len);
}

static int on_header_value(http_parser *p, const char *at, size_t len)
{
	struct reading *r = p->data;

	r->in_value = true;
	return on_header(r, &r->value, at, len);
}

static int on_headers_complete(http_parser *p)
{
	struct reading *r = p->data;

	end_header(r);
	r->res->status = p->status_code;
	return 0;
}

static int on_body(http_parser *p, const char *at, size_t len)
{
	struct reading *r = p->data;
	bool ok = r->res->status == 200;
	uint64_t max = ok ? r->req->max_bytes : LIMIT_REFUSAL_BYTES;

	r->body_bytes += len;
	if (r->body_bytes > max && !ok)
		return 0; /* enough to know why; the rest is dropped, and the call's deadline ends it */
	if (r->body_bytes > max)
		return stop(r, STATUS_TOO_BIG, "is larger than expected");
	if (ok && r->req->sink) {
		r->st = r->req->sink(r->req->sink_ctx, at, len, r->e);
		return r->st == STATUS_OK ? 0 : 1;
	}
	buf_add(&r->res->body, at, len);
	return buf_ok(&r->res->body) ? 0 : stop(r, STATUS_NOMEM, "does not fit into memory");
}

static int on_message_complete(http_parser *p)
{
	struct reading *r = p->data;

	if (p->status_code / 100 == 1)
		return 0; /* "100 Continue": the answer itself comes next */
	r->complete = true;
	r->keep = http_should_keep_alive(p) != 0;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings parser_settings = {
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void disconnect(struct http *h)
{
	if (h->conn)
		h->transport->close(h->ctx, h->conn);
	h->conn = NULL;
	h->kept = false;
}

static enum status feed(struct reading *r, const char *bytes, size_t len)
{
	size_t used = http_parser_execute(&r->parser, &parser_settings, bytes, len);

	if (r->st != STATUS_OK)
		return r->st;
	if (r->complete) {
		if (used < len)
			r->keep = false; /* bytes that nobody asked for: not a connection to go on with */
		return STATUS_OK;
	}
	if (len == 0)
		return error_set(r->e, STATUS_NETWORK, "the server closed the connection in the middle of its answer: try again");
	if (HTTP_PARSER_ERRNO(&r->parser) != HPE_OK)
		return error_set(r->e, STATUS_MALFORMED, "the server's answer is no HTTP (%s): is the address right?",
				 http_errno_name(HTTP_PARSER_ERRNO(&r->parser)));
	return STATUS_OK;
}

/* Read one answer. *any: at least one byte of it came. */
static enum status read_answer(struct http *h, struct reading *r, int64_t start_ms, bool *any, struct error *e)
{
	enum status st = STATUS_OK;
	char *chunk = malloc(READ_BYTES);

	if (!chunk)
		return error_set(e, STATUS_NOMEM, "out of memory");
	while (!r->complete) {
		size_t n = READ_BYTES;
		int ms = 0;

		st = time_left(&ms, start_ms + r->req->call_ms, e);
		if (st == STATUS_OK)
			st = h->transport->read(h->conn, chunk, &n, ms, e);
		if (st == STATUS_OK && n == 0 && !*any)
			st = error_set(e, STATUS_NETWORK, "the server closed the connection without an answer: try again");
		if (st != STATUS_OK)
			break;
		if (!*any)
			r->res->elapsed_ms = clock_ms() - start_ms;
		*any = true;
		st = feed(r, chunk, n);
		if (st != STATUS_OK)
			break;
	}
	free(chunk);
	return st;
}

static enum status write_request(struct http *h, const struct http_request *req, int64_t start_ms, struct error *e)
{
	struct buf head = BUF_INIT;
	enum status st = STATUS_OK;
	int ms = 0;

	buf_addf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: qip/" QIP_VERSION "\r\n", req->method, req->path, h->authority);
	if (req->accept)
		buf_addf(&head, "Accept: %s\r\n", req->accept);
	if (req->body)
		buf_addf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", req->content_type, req->body_len);
	buf_adds(&head, "\r\n");
	if (req->body_len <= READ_BYTES)
		buf_add(&head, req->body, req->body_len); /* one write, one packet */
	if (!buf_ok(&head)) {
		st = error_set(e, STATUS_NOMEM, "out of memory");
		goto done;
	}
	st = time_left(&ms, start_ms + req->call_ms, e);
	if (st == STATUS_OK)
		st = h->transport->write(h->conn, head.data, head.len, ms, e);
	for (size_t at = 0; st == STATUS_OK && req->body_len > READ_BYTES && at < req->body_len; at += READ_BYTES) {
		size_t part = req->body_len - at < READ_BYTES ? req->body_len - at : READ_BYTES;

		st = time_left(&ms, start_ms + req->call_ms, e);
		if (st == STATUS_OK)
			st = h->transport->write(h->conn, (const char *)req->body + at, part, ms, e);
	}
done:
	buf_clear(&head);
	return st;
}

static enum status exchange(struct http *h, const struct http_request *req, struct http_response *res, bool *any, struct error *e)
{
	struct reading r = {.req = req, .res = res, .e = e};
	int64_t start_ms = clock_ms();
	enum status st = STATUS_OK, written = STATUS_OK;
	struct error write_error = {0};

	http_parser_init(&r.parser, HTTP_RESPONSE);
	r.parser.data = &r;
	written = write_request(h, req, start_ms, &write_error);
	if (written == STATUS_OK && req->meanwhile)
		req->meanwhile(req->meanwhile_ctx);
	if (written == STATUS_TIMEOUT || written == STATUS_NOMEM)
		st = error_set(e, written, "%s", write_error.text);
	else /* a server that refuses a body stops reading it, but may have said why */
		st = read_answer(h, &r, start_ms, any, e);
	if (st != STATUS_OK && written != STATUS_OK)
		st = error_set(e, written, "%s", write_error.text);
	if (st != STATUS_OK || written != STATUS_OK || !r.keep)
		disconnect(h);
	else
		h->kept = true;
	buf_clear(&r.name);
	buf_clear(&r.value);
	return st;
}

enum status http_call(struct http *h, const struct http_request *req, struct http_response *out, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	enum status st = STATUS_OK;
	bool was_kept = false, any = false;

	for (int attempt = 0; attempt < 2; attempt++) {
		if (!h->conn) {
			st = h->transport->connect(&h->conn, h->ctx, LIMIT_CONNECT_MS, e);
			if (st != STATUS_OK)
				break;
		}
		was_kept = h->kept;
		any = false;
		st = exchange(h, req, &res, &any, e);
		if (st != STATUS_NETWORK || !was_kept || any)
			break; /* only a kept connection that had been closed meanwhile is worth a second try */
		http_response_clear(&res);
	}
	if (st != STATUS_OK) {
		http_response_clear(&res);
		return st;
	}
	*out = res;
	return STATUS_OK;
}

void http_response_clear(struct http_response *res)
{
	buf_clear(&res->body);
	*res = (struct http_response)HTTP_RESPONSE_INIT;
}

enum status http_open(struct http **out, const struct http_transport *transport, void *ctx, const char *authority, struct error *e)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (snprintf(h->authority, sizeof(h->authority), "%s", authority) >= (int)sizeof(h->authority)) {
		free(h);
		return error_set(e, STATUS_USAGE, "the server's address is too long");
	}
	h->transport = transport;
	h->ctx = ctx;
	*out = h;
	return STATUS_OK;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	disconnect(h);
	free(h);
}
