/* server/quarantine_keep.c - POST /<ODS>/quarantine/keep: what a revoked device still has to say is set aside.
 *
 *     a packet "head <commit>", a flush, the pack of what the log lacks → {"kept": number}
 *     without a pack: is that head kept? → {"kept": number}, 0 where it is not
 *
 * Nothing of it enters the history: the pack is judged in a transaction that ends without a commit, as the device's pushes were while it belonged to
 * the practice. Whether what it says is true is for whoever adopts it to judge.
 */
#include <stdlib.h>
#include <string.h>

#include "core/head.h"
#include "core/pkt.h"
#include "server/kept.h"
#include "server/request.h"
#include "server/verify.h"

struct keeping {
	struct request *r;
	const struct device *device; /* borrowed from the request's view */
	struct kept kept;
	struct oid *commits; /* owned; the head's own, newest first */
	struct oid base;     /* of the log */
	struct store_txn *txn;
	bool was_there;
	struct kept_parts parts; /* what is kept already and is part of it */
};

static enum status find_device(struct keeping *k, struct error *e)
{
	struct request *r = k->r;
	const struct tls_peer *peer = &r->peer;
	const struct registry *reg = NULL;
	enum status st = STATUS_OK;

	if (!peer->present || strcmp(peer->ods, r->practice->ods) != 0 || !name_valid(peer->device))
		return error_set(e, STATUS_DENIED, "a certificate of a device of %s is needed here", r->practice->ods);
	if (!r->view)
		st = view_get(&r->view, r->practice, e);
	if (st != STATUS_OK)
		return st;
	reg = view_registry(r->view);
	k->device = reg ? registry_find(reg, peer->device) : NULL;
	if (!k->device || !k->device->revoked || strcmp(k->device->key_ssh, peer->key) != 0)
		return error_set(e, STATUS_DENIED, "only what a revoked device holds is kept aside; %s syncs as ever", peer->device);
	memcpy(k->kept.device, peer->device, strlen(peer->device) + 1); /* a valid name fits */
	return STATUS_OK;
}

static void release_keep(struct request *r)
{
	kept_place_leave(r->work);
	r->work = NULL;
}

/* Before a body is taken: who sends it, and whether there is room for it. */
static void begin_keep(struct request *r)
{
	struct keeping k = {.r = r};
	struct error e = {STATUS_OK, ""};
	char *place = NULL;

	e.status = find_device(&k, &e);
	if (e.status == STATUS_OK)
		e.status = kept_check_room(r->practice, k.kept.device, &e);
	if (e.status == STATUS_OK)
		e.status = kept_place_take(&place, r->practice, k.kept.device, &e);
	if (e.status == STATUS_OK)
		r->work = place;
	else
		answer_json_error(&r->answer, &e);
}

/* ---- judging ---- */

/* *used: where the pack begins. */
static enum status read_head(struct keeping *k, size_t *used, struct error *e)
{
	const struct buf *body = &k->r->collected;
	struct pkt p = {0};
	size_t len = 0;
	enum status st = pkt_next(&p, buf_text(body), body->len, used);

	len = p.len > 0 && p.bytes[p.len - 1] == '\n' ? p.len - 1 : p.len;
	if (st == STATUS_OK && (p.kind != PKT_DATA || len != 5 + OID_HEX_LEN || memcmp(p.bytes, "head ", 5) != 0))
		st = STATUS_MALFORMED;
	if (st == STATUS_OK)
		st = oid_parse(&k->kept.head, p.bytes + 5, OID_HEX_LEN);
	if (st == STATUS_OK)
		st = pkt_next(&p, buf_text(body), body->len, used);
	if (st != STATUS_OK || p.kind != PKT_FLUSH)
		return error_set(e, STATUS_MALFORMED, "what is to be kept begins with a packet that names its head, and a flush");
	return STATUS_OK;
}

/* By the rules that held while the device belonged to the practice: a manager who takes it over puts their name to it. */
static enum status judge_head(struct keeping *k, struct repo *repo, struct error *e)
{
	const struct limits *l = k->r->service->limits;
	const struct head_limits granted = {.commits = LIMIT_KEPT_COMMITS, .paths = (size_t)l->push_paths, .depth = (size_t)l->tree_depth};
	const struct view *v = k->r->view;
	struct head_context ctx = {.repo = repo,
				   .ods = k->r->practice->ods,
				   .main = v->end.commit,
				   .main_tree = v->end.tree,
				   .registry = view_registry(v),
				   .device = k->kept.device,
				   .though_revoked = true,
				   .limits = &granted};
	struct push own = {.practice = k->r->practice, .device = k->kept.device};
	struct head_fault fault;
	struct head head;
	enum status st = verify_last(&ctx.last, &own, e);

	if (st == STATUS_OK)
		st = head_check(&head, &fault, &ctx, &k->kept.head, e);
	if (st != STATUS_OK)
		return st;
	k->kept.commits = (int64_t)head.commits;
	k->base = head.base;
	return STATUS_OK;
}

/* The head's own commits, newest first. */
static enum status collect(struct keeping *k, struct repo *repo, struct error *e)
{
	struct oid at = k->kept.head;
	enum status st = STATUS_OK;

	for (int64_t i = 0; st == STATUS_OK && i < k->kept.commits; i++) {
		struct commit c = COMMIT_INIT;

		k->commits[i] = at;
		st = repo_commit_read(&c, repo, &at, e);
		if (st == STATUS_OK && c.parents_len > 0)
			at = c.parents[0];
		commit_clear(&c);
	}
	return st;
}

static enum status judge(struct keeping *k, const void *pack, size_t len, struct error *e)
{
	struct repo *repo = NULL;
	enum status st = store_txn_begin(&k->txn, k->r->practice->history, e);

	if (st == STATUS_OK)
		st = store_txn_feed(k->txn, pack, len, e);
	if (st == STATUS_OK)
		st = store_txn_received(k->txn, e);
	repo = st == STATUS_OK ? store_txn_repo(k->txn) : NULL;
	if (st == STATUS_OK)
		st = judge_head(k, repo, e);
	if (st == STATUS_OK)
		st = collect(k, repo, e);
	if (st == STATUS_OK)
		st = repo_check_complete(repo, &k->kept.head, 1, &k->base, 1, e);
	if (st == STATUS_CORRUPT || st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_INVALID, "what is to be kept is not whole");
	return st == STATUS_OK ? store_txn_only(k->txn, &k->kept.head, e) : st;
}

/* ---- keeping ---- */

/* One whose pack has rotted is not what was sent: it is kept anew. */
static enum status find_same(void *ctx, const struct kept *other, struct error *e)
{
	struct keeping *k = ctx;
	struct buf bytes = BUF_INIT;
	struct error why = {STATUS_OK, ""};
	enum status st = STATUS_OK;

	if (!oid_equal(&other->head, &k->kept.head))
		return STATUS_OK;
	st = kept_read(&bytes, k->r->practice, other->number, &why);
	buf_clear(&bytes);
	if (st == STATUS_NOMEM)
		return error_set(e, st, "%s", why.text);
	if (st == STATUS_OK) {
		k->kept.number = other->number;
		k->was_there = true;
	}
	return STATUS_OK;
}

/* Sent before, when there was less of it, or rotten since? */
static bool is_part(const struct keeping *k, const struct kept *other)
{
	if (other->number == k->kept.number)
		return false;
	for (int64_t i = 0; i < k->kept.commits; i++)
		if (strcmp(other->device, k->kept.device) == 0 && oid_equal(&other->head, &k->commits[i]))
			return true;
	return false;
}

static enum status count_part(void *ctx, const struct kept *other, struct error *e)
{
	struct keeping *k = ctx;
	struct kept_taken taken;

	(void)e;
	if (!is_part(k, other))
		return STATUS_OK;
	k->parts.len++;
	if (kept_taken_read(&taken, k->r->practice, other->number, NULL) == STATUS_OK && strcmp(taken.at, k->parts.taken.at) > 0)
		k->parts.taken = taken;
	return STATUS_OK;
}

static enum status remove_part(void *ctx, const struct kept *other, struct error *e)
{
	const struct keeping *k = ctx;

	return is_part(k, other) ? kept_remove(k->r->practice, other->number, e) : STATUS_OK;
}

/* As new, or as what was kept before by a request that may have been cut short: then it is made sure of. */
static enum status keep_judged(struct keeping *k, const void *pack, size_t len, struct error *e)
{
	const struct env *env = k->r->service->env;
	struct practice *p = k->r->practice;
	enum status st = STATUS_OK;

	if (k->was_there)
		return kept_sync(p, e);
	st = kept_each(p, count_part, NULL, k, e);
	time_format(k->kept.received, env->now_ms(env->ctx));
	return st == STATUS_OK ? kept_add(&k->kept, p, pack, len, &k->parts, e) : st;
}

static enum status keep(struct keeping *k, struct error *e)
{
	struct request *r = k->r;
	const struct env *env = r->service->env;
	size_t used = 0;
	enum status st = find_device(k, e);

	if (st == STATUS_OK)
		st = read_head(k, &used, e);
	if (st == STATUS_OK)
		kept_expire(r->practice, env->now_ms(env->ctx));
	if (st == STATUS_OK)
		st = kept_each(r->practice, find_same, NULL, k, e);
	if (st != STATUS_OK)
		return st;
	if (used == r->collected.len) /* it was only asked after */
		return k->was_there ? kept_sync(r->practice, e) : STATUS_OK;
	k->commits = calloc(LIMIT_KEPT_COMMITS, sizeof(*k->commits));
	if (!k->commits)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = judge(k, buf_text(&r->collected) + used, r->collected.len - used, e);
	if (st == STATUS_OK)
		st = keep_judged(k, buf_text(&r->collected) + used, r->collected.len - used, e);
	if (st == STATUS_OK)
		st = kept_each(r->practice, remove_part, NULL, k, e); /* not before the whole is durable */
	if (st == STATUS_OK)
		kept_expire(r->practice, env->now_ms(env->ctx)); /* its age begins here */
	return st;
}

static void end_keep(struct request *r)
{
	struct keeping k = {.r = r};
	struct error e = {STATUS_OK, ""};
	cJSON *answer = cJSON_CreateObject();

	e.status = answer ? keep(&k, &e) : error_set(&e, STATUS_NOMEM, "out of memory");
	if (e.status == STATUS_OK)
		e.status = json_set_integer(answer, "kept", k.kept.number);
	if (e.status == STATUS_OK) {
		answer_json(&r->answer, 200, answer);
		answer_note(&r->answer, "kept aside as %lld", (long long)k.kept.number);
	} else {
		answer_json_error(&r->answer, &e);
	}
	cJSON_Delete(answer);
	store_txn_end(k.txn); /* what is kept is the file: the history gets nothing */
	free(k.commits);
}

const struct handler handler_keep = {.exclusive = true,
				     .max_bytes = LIMIT_KEPT_FILE_BYTES,
				     .begin = begin_keep,
				     .feed = request_collect,
				     .end = end_keep,
				     .release = release_keep};
