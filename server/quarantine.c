/* server/quarantine.c - POST /<ODS>/quarantine/…: what revoked devices still had to say, for managers to look at.
 *
 *     list  {} → {"kept": [{number, device, head, received, commits, taken: {by, at}}], "unreadable": [{number, why}]}
 *     get   {"number", "head"} → the kept file, see kept.h
 *     take  {"number", "head", "main"} → {"taken": number}: nobody else takes it over until this device has synced; 409 to who does not know
 *           all that managers have sent, for it may hold this
 *     drop  {"number", "head"} → {"dropped": number}
 *
 * The head binds a question to what its manager was shown: 409 if it is another.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/kept.h"
#include "server/link.h"
#include "server/request.h"
#include "server/verify.h"

static enum status check_manager(const struct request *r, struct error *e)
{
	if (r->who.role == ROLE_MANAGER && r->who.standing == STANDING_MEMBER)
		return STATUS_OK;
	return error_set(e, STATUS_DENIED, "what revoked devices sent is for managers of %s alone", r->practice->ods);
}

/* ---- list ---- */

struct listing {
	struct practice *practice;
	cJSON *kept, *unreadable; /* owned */
};

static enum status add_taken(cJSON *item, const struct practice *p, int64_t number, struct error *e)
{
	struct kept_taken t;
	cJSON *taken = NULL;
	enum status st = kept_taken_read(&t, p, number, NULL);

	if (st != STATUS_OK) /* a damaged one is told to who takes it over */
		return STATUS_OK;
	taken = cJSON_CreateObject();
	st = json_set_string(taken, "by", t.by);
	if (st == STATUS_OK)
		st = json_set_string(taken, "at", t.at);
	if (st == STATUS_OK)
		return json_set(item, "taken", taken);
	cJSON_Delete(taken);
	return error_set(e, st, "out of memory");
}

/* By number: names of files are in another order. */
static enum status insert(cJSON *list, cJSON *item, int64_t number, struct error *e)
{
	const cJSON *other;
	int at = 0;

	cJSON_ArrayForEach(other, list) {
		int64_t its = 0;

		at += json_integer(other, "number", &its) && its < number;
	}
	if (cJSON_InsertItemInArray(list, at, item))
		return STATUS_OK;
	cJSON_Delete(item);
	return error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status add_one(void *ctx, const struct kept *k, struct error *e)
{
	struct listing *l = ctx;
	char hex[OID_HEX_LEN + 1];
	cJSON *item = cJSON_CreateObject();
	enum status st = json_set_integer(item, "number", k->number);

	oid_hex(hex, &k->head);
	if (st == STATUS_OK)
		st = json_set_string(item, "device", k->device);
	if (st == STATUS_OK)
		st = json_set_string(item, "head", hex);
	if (st == STATUS_OK)
		st = json_set_string(item, "received", k->received);
	if (st == STATUS_OK)
		st = json_set_integer(item, "commits", k->commits);
	if (st == STATUS_OK)
		st = add_taken(item, l->practice, k->number, e);
	if (st == STATUS_OK)
		return insert(l->kept, item, k->number, e);
	cJSON_Delete(item);
	return error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status add_unreadable(void *ctx, int64_t number, const char *why, struct error *e)
{
	struct listing *l = ctx;
	cJSON *item = cJSON_CreateObject();
	enum status st = json_set_integer(item, "number", number);

	if (st == STATUS_OK)
		st = json_set_string(item, "why", why);
	if (st == STATUS_OK)
		return insert(l->unreadable, item, number, e);
	cJSON_Delete(item);
	return error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status list(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	const struct env *env = r->service->env;
	struct listing l = {r->practice, cJSON_CreateArray(), cJSON_CreateArray()};
	enum status st = check_manager(r, e);

	(void)asked;
	if (st == STATUS_OK)
		kept_expire(r->practice, env->now_ms(env->ctx));
	if (st == STATUS_OK)
		st = kept_each(r->practice, add_one, add_unreadable, &l, e);
	if (st == STATUS_OK) {
		st = json_set(answer, "kept", l.kept);
		l.kept = NULL;
	}
	if (st == STATUS_OK) {
		st = json_set(answer, "unreadable", l.unreadable);
		l.unreadable = NULL;
	}
	cJSON_Delete(l.kept);
	cJSON_Delete(l.unreadable);
	return st;
}

/* ---- one that was shown ---- */

struct naming {
	int64_t number;
	struct oid head;
	bool found, same;
};

static enum status find_named(void *ctx, const struct kept *k, struct error *e)
{
	struct naming *n = ctx;

	(void)e;
	if (k->number == n->number) {
		n->found = true;
		n->same = oid_equal(&k->head, &n->head);
	}
	return STATUS_OK;
}

static enum status find_asked(int64_t *number, struct request *r, const cJSON *asked, struct error *e)
{
	const char *head = json_string(asked, "head");
	struct naming n = {.number = 0};
	enum status st = check_manager(r, e);

	if (st == STATUS_OK && (!json_integer(asked, "number", &n.number) || !head || oid_parse(&n.head, head, strlen(head)) != STATUS_OK))
		st = error_set(e, STATUS_MALFORMED, "\"number\" and \"head\" say which is meant");
	if (st == STATUS_OK)
		st = kept_each(r->practice, find_named, NULL, &n, e);
	if (st == STATUS_OK && !n.found)
		st = error_set(e, STATUS_NOT_FOUND, "nothing is kept aside under the number %" PRId64 " any more", n.number);
	if (st == STATUS_OK && !n.same)
		st = error_set(e, STATUS_STALE, "No %" PRId64 " is another than the one that was looked at; look again: qip adopt show %" PRId64, n.number,
			       n.number);
	if (st == STATUS_OK)
		*number = n.number;
	return st;
}

static enum status drop(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	int64_t number = 0;
	enum status st = find_asked(&number, r, asked, e);

	if (st == STATUS_OK)
		st = kept_remove(r->practice, number, e);
	return st == STATUS_OK ? json_set_integer(answer, "dropped", number) : st;
}

/* ---- take ---- */

static enum status last_of(struct oid *out, struct practice *p, const char *device, struct error *e)
{
	struct push own = {.practice = p, .device = device};

	return verify_last(out, &own, e);
}

/* True if a merge may bring what a manager took over. */
static bool may_adopt(const struct view *v, const char *device)
{
	const struct device *d = registry_find(view_registry(v), device);

	return !d || d->role == ROLE_MANAGER;
}

/* The asker, who knows the log up to `main`, knows all that managers have sent: also what was taken over under another number. */
static enum status knows_all(bool *out, struct practice *p, const struct view *v, const struct oid *main, struct error *e)
{
	struct repo *repo = NULL;
	struct link l = {.id = v->end.commit, .index = v->end.index};
	bool may = false;
	enum status st = store_reader_open(&repo, p->history, e);

	for (int n = 0; st == STATUS_OK && !may && !oid_equal(&l.id, main); n++) {
		struct oid at = l.id;

		may = l.index == 0 || n == LIMIT_KEPT_UNKNOWN_MERGES;
		if (!may)
			st = link_read(&l, repo, &at, e);
		if (st == STATUS_OK && !may) {
			may = may_adopt(v, l.device);
			l.id = l.parent;
			l.index--;
		}
	}
	if (repo)
		store_reader_close(repo);
	if (st == STATUS_OK)
		*out = !may;
	return st;
}

/* Another manager's device had begun to take it over: has that arrived? What a revoked one still holds comes back as something kept. */
static enum status check_other(bool *arrived, const struct kept_taken *other, struct request *r, const struct view *v, int64_t number, struct error *e)
{
	const struct device *d = registry_find(view_registry(v), other->by);
	struct oid last;
	enum status st = STATUS_OK;

	*arrived = false;
	if (!d || d->revoked || strcmp(other->by, r->who.device) == 0)
		return STATUS_OK;
	st = last_of(&last, r->practice, other->by, e);
	if (st == STATUS_OK && oid_equal(&last, &other->last))
		return error_set(e, STATUS_STALE, "the device %s is taking No %" PRId64 " over since %s and has not synced yet; if it cannot any more, revoke it",
				 other->by, number, other->at);
	*arrived = st == STATUS_OK;
	return st;
}

/* Whoever asks knows what was taken over before, or would make it again: nothing in the log would tell the two apart. */
static enum status check_free(struct request *r, const struct view *v, int64_t number, const struct oid *main, struct error *e)
{
	struct kept_taken other;
	bool arrived = false, known = false;
	enum status st = kept_taken_read(&other, r->practice, number, e);

	if (st == STATUS_OK)
		st = check_other(&arrived, &other, r, v, number, e);
	else if (st == STATUS_NOT_FOUND)
		st = STATUS_OK;
	if (st == STATUS_OK)
		st = knows_all(&known, r->practice, v, main, e);
	if (st != STATUS_OK || known)
		return st;
	if (arrived)
		return error_set(e, STATUS_STALE, "the device %s has taken No %" PRId64 " over meanwhile: run qip sync, then look again: qip adopt show %" PRId64,
				 other.by, number, number);
	return error_set(e, STATUS_STALE, "managers have sent something since this device synced: run qip sync, then look again: qip adopt show %" PRId64, number);
}

static enum status take(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	const struct env *env = r->service->env;
	const char *text = json_string(asked, "main");
	struct kept_taken own = {.by = ""};
	struct view *now = NULL; /* the request's is older than this turn */
	struct oid main;
	int64_t number = 0;
	enum status st = find_asked(&number, r, asked, e);

	if (st == STATUS_OK && (!text || oid_parse(&main, text, strlen(text)) != STATUS_OK))
		st = error_set(e, STATUS_MALFORMED, "\"main\" says how far the log is known");
	if (st == STATUS_OK)
		st = view_get(&now, r->practice, e);
	if (st != STATUS_OK)
		return st;
	st = check_free(r, now, number, &main, e);
	view_put(now);
	if (st == STATUS_OK)
		st = last_of(&own.last, r->practice, r->who.device, e);
	memcpy(own.by, r->who.device, sizeof(own.by));
	time_format(own.at, env->now_ms(env->ctx));
	if (st == STATUS_OK)
		st = kept_taken_write(&own, r->practice, number, e);
	return st == STATUS_OK ? json_set_integer(answer, "taken", number) : st;
}

/* ---- handlers ---- */

static void end_list(struct request *r)
{
	request_end_json(r, list);
}

static void end_take(struct request *r)
{
	request_end_json(r, take);
}

static void end_drop(struct request *r)
{
	request_end_json(r, drop);
}

static void end_get(struct request *r)
{
	struct error e = {STATUS_OK, ""};
	struct buf bytes = BUF_INIT;
	int64_t number = 0;
	cJSON *asked = NULL;

	e.status = json_parse(&asked, buf_text(&r->collected), r->collected.len, &e);
	if (e.status == STATUS_OK)
		e.status = find_asked(&number, r, asked, &e);
	if (e.status == STATUS_OK)
		e.status = kept_read(&bytes, r->practice, number, &e);
	if (e.status == STATUS_OK)
		answer_bytes(&r->answer, 200, "application/x-qip-kept", &bytes);
	else
		answer_json_error(&r->answer, &e);
	cJSON_Delete(asked);
	buf_clear(&bytes);
}

const struct handler handler_kept_list = {
	.needs_peer = true, .exclusive = true, .max_bytes = LIMIT_SLICE_BYTES, .feed = request_collect, .end = end_list};
const struct handler handler_kept_get = {
	.needs_peer = true, .exclusive = true, .max_bytes = LIMIT_SLICE_BYTES, .feed = request_collect, .end = end_get};
const struct handler handler_kept_take = {
	.needs_peer = true, .exclusive = true, .max_bytes = LIMIT_SLICE_BYTES, .feed = request_collect, .end = end_take};
const struct handler handler_kept_drop = {
	.needs_peer = true, .exclusive = true, .max_bytes = LIMIT_SLICE_BYTES, .feed = request_collect, .end = end_drop};
