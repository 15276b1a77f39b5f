/* client/kept.c - see kept.h: asking the server for what it keeps aside of revoked devices. */
#include "client/kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/remote.h"

#define KEPT_TYPE "application/x-qip-kept"

static const struct repo_limits kept_limits = {
	.pack_bytes = LIMIT_KEPT_BYTES,
	.objects = LIMIT_SLICE_OBJECTS,
	.object_bytes = LIMIT_OBJECT_BYTES,
	.inflated_bytes = 64u * LIMIT_KEPT_BYTES,
	.delta_depth = 250,
};

/* ---- asking ---- */

static enum status check_manager(const struct qip *q, struct error *e)
{
	if (q->identity.role == ROLE_MANAGER)
		return STATUS_OK;
	return error_set(e, STATUS_DENIED, "what revoked devices sent is for managers; the device %s has the role %s", q->identity.device,
			 role_text(q->identity.role));
}

/* One question as JSON, and its answer as JSON. */
static enum status ask(cJSON **answer, struct qip *q, const char *what, const cJSON *asked, struct error *e)
{
	struct remote r = {0};
	struct buf body = BUF_INIT;
	const struct remote_question question = {.ods = q->identity.ods, .what = what, .body = &body, .call_ms = LIMIT_CALL_MS};
	enum status st = check_manager(q, e);

	if (st == STATUS_OK && json_canonical(&body, asked) != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = remote_open(&r, q, true, e);
	if (st == STATUS_OK) {
		st = remote_ask(answer, &r, &question, e);
		remote_end(&r, q);
	}
	buf_clear(&body);
	return st;
}

static bool read_one(struct qip_kept *out, const cJSON *item)
{
	const char *device = json_string(item, "device"), *head = json_string(item, "head"), *received = json_string(item, "received"),
		   *by = json_string(json_get(item, "taken"), "by");
	struct qip_kept k = {0};
	struct oid id;

	if (!json_integer(item, "number", &k.number) || !json_integer(item, "commits", &k.commits) || !device || !name_valid(device) || !head ||
	    oid_parse(&id, head, strlen(head)) != STATUS_OK || !received || strlen(received) >= sizeof(k.received))
		return false;
	(void)snprintf(k.device, sizeof(k.device), "%.40s", device);
	(void)snprintf(k.head, sizeof(k.head), "%.40s", head);
	memcpy(k.received, received, strlen(received) + 1);
	if (by && name_valid(by))
		(void)snprintf(k.taken_by, sizeof(k.taken_by), "%.40s", by);
	*out = k;
	return true;
}

static bool read_unreadable(struct qip_kept *out, const cJSON *item)
{
	const char *why = json_string(item, "why");
	struct qip_kept k = {0};

	if (!json_integer(item, "number", &k.number) || !why)
		return false;
	http_clean_text(k.unreadable, sizeof(k.unreadable), why, strlen(why));
	*out = k;
	return true;
}

struct listing {
	qip_kept_visit visit;
	void *ctx;
	int64_t numbers[LIMIT_KEPT_LISTED];
	size_t len;
};

static enum status visit_all(struct listing *l, const cJSON *items, bool (*read)(struct qip_kept *, const cJSON *), struct error *e)
{
	const cJSON *item;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(item, items) {
		struct qip_kept k;

		if (st != STATUS_OK || !read(&k, item))
			continue;
		if (l->len == LIMIT_KEPT_LISTED)
			return error_set(e, STATUS_TOO_BIG, "the server keeps more aside than it may");
		l->numbers[l->len++] = k.number;
		st = l->visit(l->ctx, &k, e);
	}
	return st;
}

enum status qip_kept_each(struct qip *q, qip_kept_visit visit, void *ctx, struct error *e)
{
	struct listing l = {.visit = visit, .ctx = ctx};
	cJSON *asked = cJSON_CreateObject(), *answer = NULL;
	enum status st = ask(&answer, q, "quarantine/list", asked, e);

	if (st == STATUS_OK)
		st = visit_all(&l, json_get(answer, "kept"), read_one, e);
	if (st == STATUS_OK)
		st = visit_all(&l, json_get(answer, "unreadable"), read_unreadable, e);
	if (st == STATUS_OK)
		st = kept_shown_prune(q, l.numbers, l.len, e);
	cJSON_Delete(asked);
	cJSON_Delete(answer);
	return st;
}

struct finding {
	int64_t number;
	struct qip_kept kept;
	bool found;
};

static enum status find_one(void *ctx, const struct qip_kept *k, struct error *e)
{
	struct finding *f = ctx;

	(void)e;
	if (k->number == f->number) {
		f->kept = *k;
		f->found = true;
	}
	return STATUS_OK;
}

enum status kept_find(struct qip_kept *out, struct qip *q, int64_t number, struct error *e)
{
	struct finding f = {.number = number};
	enum status st = qip_kept_each(q, find_one, &f, e);

	if (st == STATUS_OK && !f.found)
		return error_set(e, STATUS_NOT_FOUND, "nothing is kept aside under No %" PRId64 " (any more)", number);
	if (st == STATUS_OK && f.kept.unreadable[0])
		return error_set(e, STATUS_CORRUPT, "the server cannot read No %" PRId64 " (%s): whoever runs it finds it with qip-server fsck, and can remove it",
				 number, f.kept.unreadable);
	if (st == STATUS_OK)
		*out = f.kept;
	return st;
}

/* A question to take it over, which ends at `through`; or to drop it, which has none. */
struct taking {
	struct oid main, through; /* how far this home knows the log; the last that is made again */
};

static enum status add_oid(cJSON *asked, const char *name, const struct oid *id)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	return json_set_string(asked, name, hex);
}

static enum status ask_about(struct qip *q, const char *what, const struct qip_kept *k, const struct taking *taking, struct error *e)
{
	cJSON *asked = cJSON_CreateObject(), *answer = NULL;
	enum status st = json_set_integer(asked, "number", k->number);

	if (st == STATUS_OK)
		st = json_set_string(asked, "head", k->head);
	if (st == STATUS_OK && taking)
		st = add_oid(asked, "main", &taking->main);
	if (st == STATUS_OK && taking)
		st = add_oid(asked, "through", &taking->through);
	st = st == STATUS_OK ? ask(&answer, q, what, asked, e) : error_set(e, st, "out of memory");
	cJSON_Delete(asked);
	cJSON_Delete(answer);
	return st;
}

enum status kept_reserve(struct qip *q, const struct qip_kept *k, const struct oid *through, struct error *e)
{
	struct taking taking = {.through = *through};
	enum status st = home_ref(&taking.main, q, REF_MAIN, e);

	return st == STATUS_OK ? ask_about(q, "quarantine/take", k, &taking, e) : st;
}

enum status qip_kept_drop(struct qip *q, int64_t number, const char *head, struct error *e)
{
	struct qip_kept k;
	enum status st = kept_find(&k, q, number, e);

	if (st == STATUS_OK && !head)
		st = kept_shown_check(q, &k, e);
	else if (st == STATUS_OK && strcmp(head, k.head) != 0)
		st = error_set(e, STATUS_STALE, "No %" PRId64 " is not %s but %s", number, head, k.head);
	if (st == STATUS_OK)
		st = ask_about(q, "quarantine/drop", &k, NULL, e);
	return st == STATUS_OK ? kept_shown_forget(q, number, e) : st;
}

/* ---- fetching ---- */

/* What the server keeps is a line about it, and the pack behind that. */
static enum status download(struct buf *out, struct qip *q, const struct qip_kept *k, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	struct remote r = {0};
	char path[64], body[128];
	struct http_request req = {.method = "POST", .path = path, .accept = KEPT_TYPE, .content_type = "application/json", .body = body,
				   .max_bytes = LIMIT_KEPT_BYTES, .call_ms = LIMIT_PACK_MS};
	enum status st = remote_open(&r, q, true, e);

	(void)snprintf(path, sizeof(path), "/%s/quarantine/get", q->identity.ods);
	(void)snprintf(body, sizeof(body), "{\"head\":\"%s\",\"number\":%" PRId64 "}", k->head, k->number);
	req.body_len = strlen(body);
	if (st == STATUS_OK) {
		st = remote_call(&r, &req, KEPT_TYPE, &res, e);
		remote_end(&r, q);
	}
	if (st == STATUS_OK) {
		buf_add(out, res.body.data, res.body.len);
		st = buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	}
	http_response_clear(&res);
	return st;
}

/* Nothing of it is kept here unless the revoked device could have sent it. */
static enum status take_in(struct qip *q, const struct qip_kept *k, const struct buf *file, struct error *e)
{
	const char *line = file->len ? memchr(file->data, '\n', file->len) : NULL;
	size_t at = line ? (size_t)(line - buf_text(file)) + 1 : 0;
	struct repo_intake *in = NULL;
	struct kept_chain chain = {0};
	struct oid head;
	enum status st = line ? oid_parse(&head, k->head, OID_HEX_LEN) : error_set(e, STATUS_MALFORMED, "what the server keeps is damaged");

	if (st == STATUS_OK)
		st = repo_intake_begin(&in, q->repo, &kept_limits, e);
	if (st == STATUS_OK)
		st = repo_intake_feed(in, file->data + at, file->len - at, e);
	if (st == STATUS_OK)
		st = repo_intake_finish(in, e);
	if (st == STATUS_OK)
		st = kept_chain_load(&chain, q, k, e);
	if (st == STATUS_OK)
		st = repo_intake_only(in, &head, e);
	if (st == STATUS_OK)
		st = repo_intake_keep(in, e);
	if (in)
		repo_intake_close(in);
	kept_chain_clear(&chain);
	return st;
}

enum status qip_kept_fetch(struct qip_kept *out, struct qip *q, int64_t number, struct error *e)
{
	struct buf file = BUF_INIT;
	struct kept_chain chain = {0};
	struct qip_kept k;
	struct oid head;
	enum status st = kept_find(&k, q, number, e);

	if (st == STATUS_OK)
		st = oid_parse(&head, k.head, OID_HEX_LEN);
	if (st == STATUS_OK && !repo_has(q->repo, &head)) {
		st = download(&file, q, &k, e);
		if (st == STATUS_OK)
			st = take_in(q, &k, &file, e);
	} else if (st == STATUS_OK) {
		st = kept_chain_load(&chain, q, &k, e);
	}
	if (st == STATUS_OK)
		st = kept_shown_note(q, &k, e);
	buf_clear(&file);
	kept_chain_clear(&chain);
	if (st == STATUS_OK)
		*out = k;
	return st;
}
