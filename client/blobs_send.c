/* client/blobs_send.c - see blobs_send.h. PUT /<ODS>/blobs/<sha256>, see server/README.md. */
#include "client/blobs_send.h"

#include <stdio.h>
#include <string.h>

#include "client/blobs.h"
#include "core/log.h"

struct sending {
	struct qip *q;
	struct remote *remote;
	struct blobs_sent done;
	struct error held_up; /* the first that the server did not take; the others go all the same */
};

/* 410: it was erased while it was on its way. */
static enum status judge(struct sending *s, const char *hex, const struct http_response *res, struct error *e)
{
	enum status st = STATUS_OK;

	if (res->date_ms > 0)
		s->remote->server_ms = res->date_ms;
	if (res->status == 200 || res->status == 201) {
		st = blobs_arrived(s->q, hex, s->remote->server_ms, e);
		s->done.sent += st == STATUS_OK;
		return st;
	}
	if (res->status == 410)
		return blobs_erase(s->q, hex, e);
	st = http_refusal(res, e);
	if (st != STATUS_TOO_BIG && st != STATUS_REFUSED)
		return st; /* it can take none now */
	if (s->held_up.status == STATUS_OK)
		s->held_up = *e;
	return STATUS_OK;
}

static enum status put(struct sending *s, const char *hex, const struct buf *sealed, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	char path[SHA256_HEX_LEN + 32];
	const struct http_request req = {
		.method = "PUT",
		.path = path,
		.accept = "text/plain",
		.content_type = "application/octet-stream",
		.body = sealed->data,
		.body_len = sealed->len,
		.max_bytes = LIMIT_JSON_BYTES,
		.call_ms = LIMIT_PACK_MS,
	};
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "/%s/blobs/%s", s->q->identity.ods, hex);
	st = http_call(s->remote->http, &req, &res, e);
	if (st == STATUS_OK)
		st = judge(s, hex, &res, e);
	http_response_clear(&res);
	return st;
}

static enum status send_one(void *ctx, const char *hex, int64_t at_ms, struct error *e)
{
	struct sending *s = ctx;
	struct error why = {.text = ""};
	struct buf sealed = BUF_INIT;
	enum status st = STATUS_OK;

	(void)at_ms;
	if (s->done.sent >= LIMIT_BLOBS_SENT)
		return STATUS_OK; /* the next visit goes on */
	why.status = blobs_get(&sealed, s->q, hex, &why);
	if (why.status == STATUS_OK)
		st = put(s, hex, &sealed, e);
	else if (why.status == STATUS_GONE)
		st = blobs_erase(s->q, hex, e);
	else /* told, and the others go */
		log_line(LOG_LEVEL_ERROR, "sealed bytes cannot be sent", "reason", why.text, NULL);
	buf_clear(&sealed);
	return st;
}

static enum status count_one(void *ctx, const char *hex, int64_t at_ms, struct error *e)
{
	(void)hex;
	(void)at_ms;
	(void)e;
	++*(uint64_t *)ctx;
	return STATUS_OK;
}

enum status blobs_waiting(uint64_t *out, struct qip *q, struct error *e)
{
	*out = 0;
	return blobs_each(q, HOME_OUTBOX, count_one, out, e);
}

enum status blobs_send(struct blobs_sent *out, struct qip *q, struct remote *r, struct error *e)
{
	struct sending s = {.q = q, .remote = r, .held_up = {.text = ""}};
	enum status st = blobs_each(q, HOME_OUTBOX, send_one, &s, e);

	if (st == STATUS_OK && s.done.sent > 0 && home_is_kiosk(q))
		blobs_tidy(q, r->server_ms);
	if (st == STATUS_OK && s.held_up.status != STATUS_OK)
		st = error_set(e, s.held_up.status, "%s", s.held_up.text);
	(void)(blobs_waiting(&s.done.waiting, q, NULL) == STATUS_OK);
	*out = s.done;
	return st;
}
