/* server/quarantine.c - POST /<ODS>/quarantine/…: what revoked devices still had to say, for managers to look at.
 *
 *     list  {} → {"kept": [{number, device, head, received, commits, taken: {by, at}}], "unreadable": [{number, why}]}
 *     get   {"number", "head"} → the kept file, see kept.h
 *     take  {"number", "head", "main", "through"} → {"taken": number}: nobody else takes it over, or what may hold the same, until the log holds
 *           what this device makes of the commit `through`, its last; 409 to who does not know all that managers have sent, for it may hold this
 *     drop  {"number", "head"} → {"dropped": number}; 409 while it is on its way into the log
 *
 * The head binds a question to what its manager was shown: 409 if it is another.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/kept.h"
#include "server/request.h"

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
	struct kept found; /* number 0: not found */
};

static enum status find_named(void *ctx, const struct kept *k, struct error *e)
{
	struct naming *n = ctx;

	(void)e;
	if (k->number == n->number)
		n->found = *k;
	return STATUS_OK;
}

static enum status find_asked(struct kept *out, struct request *r, const cJSON *asked, struct error *e)
{
	const char *head = json_string(asked, "head");
	struct naming n = {.number = 0};
	enum status st = check_manager(r, e);

	if (st == STATUS_OK && (!json_integer(asked, "number", &n.number) || !head || oid_parse(&n.head, head, strlen(head)) != STATUS_OK))
		st = error_set(e, STATUS_MALFORMED, "\"number\" and \"head\" say which is meant");
	if (st == STATUS_OK)
		st = kept_each(r->practice, find_named, NULL, &n, e);
	if (st == STATUS_OK && n.found.number == 0)
		st = error_set(e, STATUS_NOT_FOUND, "nothing is kept aside under the number %" PRId64 " any more", n.number);
	if (st == STATUS_OK && !oid_equal(&n.found.head, &n.head))
		st = error_set(e, STATUS_STALE, "No %" PRId64 " is another than the one that was looked at; look again: qip adopt show %" PRId64, n.number,
			       n.number);
	if (st == STATUS_OK)
		*out = n.found;
	return st;
}

/* Everything that is asked of who takes over or drops: *asker holds the log as it stands now, to be given back. */
static enum status asker_open(struct kept_asker *asker, struct request *r, struct error *e)
{
	struct view *now = NULL; /* the request's is older than this turn */
	enum status st = view_get(&now, r->practice, e);

	if (st != STATUS_OK)
		return st;
	asker->practice = r->practice;
	asker->view = now;
	asker->device = r->who.device;
	asker->push_commits = r->service->limits->push_commits;
	return STATUS_OK;
}

static enum status drop(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	struct kept_asker asker = {.device = NULL};
	struct kept k;
	enum status st = find_asked(&k, r, asked, e);

	if (st == STATUS_OK)
		st = asker_open(&asker, r, e);
	if (st != STATUS_OK)
		return st;
	st = kept_check_idle(&asker, &k, e);
	view_put(asker.view);
	if (st == STATUS_OK)
		st = kept_remove(r->practice, k.number, e);
	return st == STATUS_OK ? json_set_integer(answer, "dropped", k.number) : st;
}

/* ---- take ---- */

/* An older program does not say `through`. */
static enum status read_taking(struct oid *main, struct oid *through, const cJSON *asked, struct error *e)
{
	const char *text = json_string(asked, "main"), *last = json_string(asked, "through");

	if (!text || oid_parse(main, text, strlen(text)) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "\"main\" says how far the log is known");
	if (last && oid_parse(through, last, strlen(last)) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "\"through\" is no commit");
	return STATUS_OK;
}

static enum status take(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	const struct env *env = r->service->env;
	struct kept_asker asker = {.device = NULL};
	struct kept_taken own = {.by = ""};
	struct kept k;
	enum status st = find_asked(&k, r, asked, e);

	if (st == STATUS_OK)
		st = read_taking(&asker.main, &own.through, asked, e);
	if (st == STATUS_OK)
		st = asker_open(&asker, r, e);
	if (st != STATUS_OK)
		return st;
	st = kept_check_free(&asker, &k, e);
	own.since = asker.view->end.index;
	view_put(asker.view);
	if (st == STATUS_OK)
		st = kept_last_head(&own.last, r->practice, r->who.device, e);
	memcpy(own.by, r->who.device, sizeof(own.by));
	time_format(own.at, env->now_ms(env->ctx));
	if (st == STATUS_OK)
		st = kept_taken_write(&own, r->practice, k.number, e);
	return st == STATUS_OK ? json_set_integer(answer, "taken", k.number) : st;
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
	struct kept k;
	cJSON *asked = NULL;

	e.status = json_parse(&asked, buf_text(&r->collected), r->collected.len, &e);
	if (e.status == STATUS_OK)
		e.status = find_asked(&k, r, asked, &e);
	if (e.status == STATUS_OK)
		e.status = kept_read(&bytes, r->practice, k.number, &e);
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
