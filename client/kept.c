/* client/kept.c - see kept.h: asking the server for what it keeps aside of revoked devices. */
#include "client/kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/remote.h"
#include "core/head.h"

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
	const char *device = json_string(item, "device"), *head = json_string(item, "head"), *received = json_string(item, "received");
	struct qip_kept k = {0};
	struct oid id;

	if (!json_integer(item, "number", &k.number) || !json_integer(item, "commits", &k.commits) || !device || !name_valid(device) || !head ||
	    oid_parse(&id, head, strlen(head)) != STATUS_OK || !received || strlen(received) >= sizeof(k.received))
		return false;
	(void)snprintf(k.device, sizeof(k.device), "%.40s", device);
	(void)snprintf(k.head, sizeof(k.head), "%.40s", head);
	memcpy(k.received, received, strlen(received) + 1);
	*out = k;
	return true;
}

enum status qip_kept_each(struct qip *q, qip_kept_visit visit, void *ctx, struct error *e)
{
	cJSON *asked = cJSON_CreateObject(), *answer = NULL;
	const cJSON *item;
	struct qip_kept k;
	enum status st = ask(&answer, q, "quarantine/list", asked, e);

	cJSON_ArrayForEach(item, json_get(answer, "kept"))
	{
		if (st == STATUS_OK && read_one(&k, item))
			st = visit(ctx, &k, e);
	}
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

static enum status find(struct qip_kept *out, struct qip *q, int64_t number, struct error *e)
{
	struct finding f = {.number = number};
	enum status st = qip_kept_each(q, find_one, &f, e);

	if (st == STATUS_OK && !f.found)
		return error_set(e, STATUS_NOT_FOUND, "nothing is kept aside under No %" PRId64 " (any more)", number);
	if (st == STATUS_OK)
		*out = f.kept;
	return st;
}

enum status qip_kept_drop(struct qip *q, int64_t number, struct error *e)
{
	cJSON *asked = cJSON_CreateObject(), *answer = NULL;
	struct qip_kept k;
	enum status st = find(&k, q, number, e);

	if (st == STATUS_OK && (json_set_integer(asked, "number", number) != STATUS_OK || json_set_string(asked, "head", k.head) != STATUS_OK))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = ask(&answer, q, "quarantine/drop", asked, e);
	cJSON_Delete(asked);
	cJSON_Delete(answer);
	return st;
}

/* ---- fetching ---- */

/* What the server keeps is a line about it, and the pack behind that. */
static enum status download(struct buf *out, struct qip *q, int64_t number, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	struct remote r = {0};
	char path[64], body[64];
	struct http_request req = {.method = "POST", .path = path, .accept = KEPT_TYPE, .content_type = "application/json", .body = body,
				   .max_bytes = LIMIT_KEPT_BYTES, .call_ms = LIMIT_PACK_MS};
	enum status st = remote_open(&r, q, true, e);

	(void)snprintf(path, sizeof(path), "/%s/quarantine/get", q->identity.ods);
	(void)snprintf(body, sizeof(body), "{\"number\":%" PRId64 "}", number);
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

/* Keep the pack, and a ref on its head: durable once this returns. */
static enum status take_in(struct qip *q, const struct qip_kept *k, const struct buf *file, struct error *e)
{
	const char *line = file->len ? memchr(file->data, '\n', file->len) : NULL;
	size_t at = line ? (size_t)(line - buf_text(file)) + 1 : 0;
	struct repo_intake *in = NULL;
	struct kept_chain chain = {0};
	char ref[HOME_REF_MAX];
	struct oid head, old;
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
	(void)snprintf(ref, sizeof(ref), REF_KEPT "%" PRId64, k->number);
	if (st == STATUS_OK)
		st = home_ref(&old, q, ref, e);
	if (st == STATUS_OK)
		st = home_move_ref(q, ref, &head, &old, e);
	if (in)
		repo_intake_close(in);
	kept_chain_clear(&chain);
	return st;
}

enum status qip_kept_fetch(struct qip_kept *out, struct qip *q, int64_t number, struct error *e)
{
	struct buf file = BUF_INIT;
	struct qip_kept k;
	struct oid head;
	enum status st = find(&k, q, number, e);

	if (st == STATUS_OK)
		st = oid_parse(&head, k.head, OID_HEX_LEN);
	if (st == STATUS_OK && !repo_has(q->repo, &head)) {
		st = download(&file, q, number, e);
		if (st == STATUS_OK)
			st = take_in(q, &k, &file, e);
	}
	buf_clear(&file);
	if (st == STATUS_OK)
		*out = k;
	return st;
}

/* ---- the chain ---- */

/* By the rules that held while the device belonged to the practice, as the server should have: what is taken over bears this device's name. */
static enum status judge(struct qip *q, const struct qip_kept *k, const struct oid *main, const struct oid *base, const struct oid *head_id,
			 struct error *e)
{
	struct head_context ctx = {.repo = q->repo, .ods = q->identity.ods, .main = *main, .device = k->device, .last = *base, .though_revoked = true};
	struct head_fault fault;
	struct head head;
	enum status st = view_registry(&ctx.registry, q, e);

	if (st == STATUS_OK)
		st = home_tree_of(&ctx.main_tree, q, main, e);
	if (st != STATUS_OK)
		return st;
	st = head_check(&head, &fault, &ctx, head_id, e);
	return st == STATUS_OK ? st : error_prefix(e, STATUS_UNTRUSTED, "No %" PRId64 " is not what %s could have sent: do not take it over", k->number, k->device);
}

static void reverse(struct kept_chain *c)
{
	for (size_t i = 0; i < c->len / 2; i++) {
		struct oid other = c->ids[i];

		c->ids[i] = c->ids[c->len - 1 - i];
		c->ids[c->len - 1 - i] = other;
	}
}

/* One step back; *done: this commit is the log's. */
static enum status step(struct oid *at, bool *done, struct kept_chain *chain, struct qip *q, const struct qip_kept *k, const struct oid *main,
			struct error *e)
{
	struct commit c = COMMIT_INIT;
	enum status st = repo_is_ancestor(done, q->repo, at, main, e);

	if (st != STATUS_OK || *done)
		return st;
	if (chain->len == LIMIT_KEPT_COMMITS)
		return error_set(e, STATUS_TOO_BIG, "more than %d edits are kept aside as No %" PRId64, LIMIT_KEPT_COMMITS, k->number);
	st = repo_commit_read(&c, q->repo, at, e);
	if (st == STATUS_OK && c.parents_len != 1)
		st = error_set(e, STATUS_INVALID, "No %" PRId64 " builds on nothing of this practice", k->number);
	if (st == STATUS_OK) {
		chain->ids[chain->len++] = *at;
		*at = c.parents[0];
	}
	commit_clear(&c);
	if (st == STATUS_OK && !repo_has(q->repo, at))
		st = error_set(e, STATUS_STALE, "No %" PRId64 " builds on what this device does not have yet; please run: qip sync", k->number);
	return st;
}

enum status kept_chain_load(struct kept_chain *out, struct qip *q, const struct qip_kept *k, struct error *e)
{
	struct kept_chain chain = {.ids = calloc(LIMIT_KEPT_COMMITS, sizeof(*chain.ids))};
	struct oid at, main;
	bool done = false;
	enum status st = chain.ids ? oid_parse(&at, k->head, OID_HEX_LEN) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		st = home_ref(&main, q, REF_MAIN, e);
	while (st == STATUS_OK && !done)
		st = step(&at, &done, &chain, q, k, &main, e);
	if (st == STATUS_OK && chain.len == 0)
		st = error_set(e, STATUS_EXISTS, "the log has all of No %" PRId64 " already", k->number);
	if (st == STATUS_OK)
		st = judge(q, k, &main, &at, &chain.ids[0], e);
	if (st != STATUS_OK) {
		free(chain.ids);
		return st;
	}
	reverse(&chain);
	*out = chain;
	return STATUS_OK;
}

void kept_chain_clear(struct kept_chain *c)
{
	free(c->ids);
	*c = (struct kept_chain){0};
}
