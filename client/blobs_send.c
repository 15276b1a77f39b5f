/* client/blobs_send.c - see blobs_send.h. PUT /<ODS>/blobs/<sha256>, see server/README.md. */
#include "client/blobs_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/refused_blobs.h"
#include "core/array.h"
#include "core/log.h"

struct one {
	char hex[SHA256_HEX_LEN + 1];
	int64_t at_ms;
};

struct sending {
	struct qip *q;
	struct remote *remote;
	struct one *list; /* owned; what waits, oldest first */
	size_t len, cap;
	int64_t bytes;    /* offered so far */
	struct blobs_sent done;
	struct error held_up; /* the first that the server did not take; the others go all the same */
};

/* ---- one goes ---- */

/* 410: it was erased while it was on its way. 400 and 413 speak of this one; whatever else is refused is so for all that this device brings. */
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
	if (res->status != 400 && res->status != 413)
		return st;
	blobs_put_off(s->q, hex, s->remote->server_ms);
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

static enum status send_one(struct sending *s, const char *hex, struct error *e)
{
	struct error why = {.text = ""};
	struct buf sealed = BUF_INIT;
	enum status st = STATUS_OK;

	why.status = blobs_get(&sealed, s->q, hex, &why);
	s->bytes += (int64_t)sealed.len;
	if (why.status == STATUS_OK)
		st = put(s, hex, &sealed, e);
	else if (why.status == STATUS_GONE)
		st = blobs_erase(s->q, hex, e);
	else /* told, and the others go */
		log_line(LOG_LEVEL_ERROR, "sealed bytes cannot be sent", "reason", why.text, NULL);
	if (why.status != STATUS_OK && why.status != STATUS_GONE && s->held_up.status == STATUS_OK)
		s->held_up = why;
	buf_clear(&sealed);
	return st;
}

/* ---- all that wait ---- */

static enum status list_one(void *ctx, const char *hex, int64_t at_ms, struct error *e)
{
	struct sending *s = ctx;

	if (s->len == LIMIT_BLOBS_LISTED)
		return STATUS_OK;
	if (!array_room(&s->list, &s->cap, s->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	memcpy(s->list[s->len].hex, hex, SHA256_HEX_LEN + 1);
	s->list[s->len++].at_ms = at_ms;
	return STATUS_OK;
}

static int by_age(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms) : strcmp(x->hex, y->hex);
}

static enum status send_all(struct sending *s, const struct blobs_bounds *b, struct error *e)
{
	struct refused_blobs refused = {NULL, 0, 0};
	enum status st = refused_blobs_settle(&refused, s->q, e);

	if (st == STATUS_OK)
		st = blobs_each(s->q, HOME_OUTBOX, list_one, s, e);
	if (st == STATUS_OK && s->len > 1)
		qsort(s->list, s->len, sizeof(*s->list), by_age);
	for (size_t i = 0; st == STATUS_OK && i < s->len && i < b->count && s->bytes < b->bytes; i++) {
		if (!refused_blobs_has(&refused, s->list[i].hex))
			st = send_one(s, s->list[i].hex, e);
	}
	refused_blobs_clear(&refused);
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

enum status blobs_send(struct blobs_sent *out, struct qip *q, struct remote *r, const struct blobs_bounds *b, struct error *e)
{
	struct sending s = {.q = q, .remote = r, .held_up = {.text = ""}};
	enum status st = send_all(&s, b, e);

	if (st == STATUS_OK && home_is_kiosk(q))
		blobs_tidy(q, r->server_ms);
	if (st == STATUS_OK && s.held_up.status != STATUS_OK)
		st = error_set(e, s.held_up.status, "%s", s.held_up.text);
	(void)(blobs_waiting(&s.done.waiting, q, NULL) == STATUS_OK);
	*out = s.done;
	free(s.list);
	return st;
}
