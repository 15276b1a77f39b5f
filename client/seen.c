/* client/seen.c - what the server showed that contradicts: kept, told, settled. See seen.h. */
#include "client/seen.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/seen_file.h"

/* ---- keeping one ---- */

static enum status say(const struct seen *s, const char *ref, bool is_too_many, struct error *e)
{
	const char *kept = ref[0] ? ", and what it shows is kept as " : is_too_many ? ", and enough like it is kept already" : "";

	return error_set(e, STATUS_CONTRADICTED,
			 "%s. Nothing here was changed%s%s. Keep this copy as it is, call the ICB, and ask the server's host whether the server was restored "
			 "from a backup without \"qip-server reconcile\"; \"qip status\" shows this until somebody settles it",
			 s->text, kept, ref);
}

/* What was settled and is shown again is new. */
static cJSON *find_same(cJSON *list, const struct seen *s, const char *hex)
{
	cJSON *item = NULL;

	cJSON_ArrayForEach(item, list)
	{
		if (!json_get(item, "settled") && seen_item_is(item, "kind", s->kind) && seen_item_is(item, "commit", hex) && seen_item_is(item, "device", s->device))
			return item;
	}
	return NULL;
}

/* Is there room for one more? Each log that is kept may be a whole history, and a server can make a new one for each visit. */
static bool has_room(const cJSON *list, const struct seen *s)
{
	const cJSON *item;
	int open = 0, forks = 0;

	cJSON_ArrayForEach(item, list)
	{
		int64_t index = -1;

		if (json_get(item, "settled"))
			continue;
		open++;
		(void)json_integer(item, "merge", &index);
		forks += index == s->index && seen_item_is(item, "kind", s->kind) && seen_item_is(item, "device", s->device);
	}
	return open < LIMIT_SEEN && cJSON_GetArraySize(list) < LIMIT_SEEN_EVER && (oid_is_zero(&s->log) || forks < LIMIT_SEEN_FORKS);
}

static enum status add_found(cJSON *list, struct qip *q, const struct seen *s, const char *hex, const char *ref)
{
	enum status st = STATUS_OK;
	cJSON *item = build_object(&st);

	build_integer(&st, item, "number", cJSON_GetArraySize(list) + 1);
	build_string(&st, item, "kind", s->kind);
	build_string(&st, item, "device", s->device);
	build_integer(&st, item, "merge", s->index);
	build_string(&st, item, "commit", hex);
	build_string(&st, item, "ref", ref);
	build_string(&st, item, "text", s->text);
	build_time(&st, item, "at", state_now_ms(&q->state, q->env));
	if (st == STATUS_OK && !cJSON_AddItemToArray(list, item))
		st = STATUS_NOMEM;
	if (st != STATUS_OK)
		cJSON_Delete(item);
	return st;
}

/* Its log first, so that what the list names is there. */
static enum status keep(char ref[HOME_REF_MAX], struct qip *q, const struct seen *s, struct error *e)
{
	enum status st = STATUS_OK;

	if (oid_is_zero(&s->log))
		return STATUS_OK;
	if (s->in)
		st = repo_intake_keep(s->in, e);
	return st == STATUS_OK ? home_keep(ref, q, REF_SEEN, &s->log, e) : st;
}

enum status seen_contradiction(struct qip *q, const struct seen *s, struct error *e)
{
	char hex[OID_HEX_LEN + 1], ref[HOME_REF_MAX] = "";
	cJSON *file = NULL, *list = NULL;
	const cJSON *same = NULL;
	bool is_too_many = false;
	struct error why = {0};
	enum status st = seen_file_load(&file, q, &why);

	oid_hex(hex, &s->shown);
	if (st == STATUS_OK) {
		list = seen_file_list(file, "found");
		st = list ? STATUS_OK : error_set(&why, STATUS_NOMEM, "out of memory");
	}
	same = find_same(list, s, hex);
	if (same) {
		seen_item_text(ref, sizeof(ref), same, "ref");
	} else if (st == STATUS_OK && has_room(list, s)) {
		st = keep(ref, q, s, &why);
		if (st == STATUS_OK)
			st = seen_file_save(q, file, add_found(list, q, s, hex, ref), &why);
	} else {
		is_too_many = true;
	}
	cJSON_Delete(file);
	return st == STATUS_OK ? say(s, ref, is_too_many, e) : error_set(e, st, "%s. This could not be kept: %s", s->text, why.text);
}

/* ---- those that are kept ---- */

enum status qip_seen_each(struct qip *q, qip_seen_visit visit, void *ctx, struct error *e)
{
	cJSON *file = NULL;
	const cJSON *item = NULL;
	int number = 0;
	enum status st = seen_file_load(&file, q, e);

	cJSON_ArrayForEach(item, json_get(file, "found"))
	{
		struct qip_seen s = {.number = ++number};

		seen_item_text(s.kind, sizeof(s.kind), item, "kind");
		seen_item_text(s.device, sizeof(s.device), item, "device");
		seen_item_text(s.commit, sizeof(s.commit), item, "commit");
		seen_item_text(s.ref, sizeof(s.ref), item, "ref");
		seen_item_text(s.text, sizeof(s.text), item, "text");
		seen_item_text(s.at, sizeof(s.at), item, "at");
		seen_item_text(s.settled, sizeof(s.settled), item, "settled");
		seen_item_text(s.settled_at, sizeof(s.settled_at), item, "settled_at");
		if (st == STATUS_OK)
			st = visit(ctx, &s, e);
	}
	cJSON_Delete(file);
	return st;
}

static void wait_no_more(cJSON *stated, const char *main)
{
	for (int i = cJSON_GetArraySize(stated); i-- > 0;) {
		if (main && seen_item_is(cJSON_GetArrayItem(stated, i), "main", main))
			cJSON_DeleteItemFromArray(stated, i);
	}
}

enum status qip_seen_settle(struct qip *q, int number, const char *why, struct error *e)
{
	cJSON *file = NULL, *item = NULL;
	enum status st = seen_file_load(&file, q, e);

	if (st == STATUS_OK)
		item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(file, "found"), number - 1);
	if (st == STATUS_OK && !item)
		st = error_set(e, STATUS_NOT_FOUND, "there is no No %d among what was found; \"qip checkpoint\" shows all", number);
	if (st == STATUS_OK) {
		wait_no_more(cJSON_GetObjectItemCaseSensitive(file, "stated"), json_string(item, "commit"));
		build_string(&st, item, "settled", why);
		build_time(&st, item, "settled_at", state_now_ms(&q->state, q->env));
		st = seen_file_save(q, file, st, e);
	}
	cJSON_Delete(file);
	return st;
}

struct waiting {
	const char *kind;
	bool waits;
};

static enum status look_for_kind(void *ctx, const struct qip_seen *s, struct error *e)
{
	struct waiting *w = ctx;

	(void)e;
	w->waits = w->waits || (!s->settled[0] && strcmp(s->kind, w->kind) == 0);
	return STATUS_OK;
}

enum status seen_waits(bool *out, struct qip *q, const char *kind, struct error *e)
{
	struct waiting w = {.kind = kind};
	enum status st = qip_seen_each(q, look_for_kind, &w, e);

	if (st == STATUS_OK)
		*out = w.waits;
	return st;
}

/* ---- a restore that the server told of ---- */

enum status seen_is_restored(bool *out, struct qip *q, struct error *e)
{
	cJSON *file = NULL;
	enum status st = seen_file_load(&file, q, e);

	if (st == STATUS_OK)
		*out = cJSON_IsTrue(json_get(file, "restored"));
	cJSON_Delete(file);
	return st;
}

enum status seen_set_restored(struct qip *q, bool restored, struct error *e)
{
	cJSON *file = NULL;
	enum status st = seen_file_load(&file, q, e);

	if (st == STATUS_OK && cJSON_IsTrue(json_get(file, "restored")) != restored)
		st = seen_file_save(q, file, json_set(file, "restored", cJSON_CreateBool(restored)), e);
	cJSON_Delete(file);
	return st;
}
