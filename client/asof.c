/* client/asof.c - see asof.h. */
#include "client/asof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/intern.h"
#include "core/array.h"
#include "core/record_file.h"

/* A record: its members that are no slots, and the log entries seen, in one object. */
struct asof_record {
	cJSON *body; /* owned */
	bool gone;   /* the last commit to touch it removed it */
};

struct asof_claim {
	cJSON *claim; /* owned */
	size_t slot;
	bool effective; /* by the day */
	bool replaced;	/* by a claim effective by the day */
};

/* newer took the place of older; both are numbers of claims. */
struct asof_edge {
	size_t newer, older;
};

struct asof {
	struct repo *repo;
	const struct asof_options *o;
	const struct rules *rules;
	struct intern record_keys;   /* path */
	struct asof_record *records; /* owned; by number */
	size_t records_cap;
	struct intern slot_keys;   /* record number '/' slot */
	struct intern claim_keys;  /* slot number '/' claim id */
	struct asof_claim *claims; /* owned; by number */
	size_t claims_cap;
	struct asof_edge *edges; /* owned */
	size_t edges_len, edges_cap;
};

/* Whether there was room for item `len`. */
static enum status check_room(bool had, size_t len, struct error *e)
{
	if (len >= ASOF_MAX_CLAIMS)
		return error_set(e, STATUS_TOO_BIG, "the history holds more than %d edits of these records", ASOF_MAX_CLAIMS);
	return had ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

/* ---- gathering ---- */

/* The number of a claim of a slot; a new one is copied. */
static enum status add_claim(size_t *number, struct asof *a, size_t slot, const cJSON *claim, struct error *e)
{
	const char *id = json_string(claim, "id"), *effective = json_string(claim, "effective");
	char key[64];
	bool is_new;
	enum status st;

	if (!id || !effective)
		return error_set(e, STATUS_INVALID, "an edit in the history has no id or no day");
	st = check_room(array_room(&a->claims, &a->claims_cap, a->claim_keys.len), a->claim_keys.len, e);
	(void)snprintf(key, sizeof(key), "%zu/%.40s", slot, id);
	if (st == STATUS_OK)
		st = intern_add(&a->claim_keys, key, strlen(key), number, &is_new, e);
	if (st != STATUS_OK || !is_new)
		return st;
	a->claims[*number] = (struct asof_claim){
		.claim = cJSON_Duplicate(claim, true),
		.slot = slot,
		.effective = !a->o->as_of || strcmp(effective, a->o->as_of) <= 0,
	};
	return a->claims[*number].claim ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status add_edge(struct asof *a, size_t newer, size_t older, struct error *e)
{
	enum status st;

	if (newer <= older) /* numbers rise along the graph; anything else would be a circle */
		return STATUS_OK;
	st = check_room(array_room(&a->edges, &a->edges_cap, a->edges_len), a->edges_len, e);
	if (st == STATUS_OK)
		a->edges[a->edges_len++] = (struct asof_edge){newer, older};
	return st;
}

/* Claims only in `after` are edits; claims only in `before` are what they replaced. */
static enum status compare_claims(struct asof *a, size_t slot, const cJSON *before, const cJSON *after, struct error *e)
{
	size_t gone[RECORD_MAX_CLAIMS], gone_len = 0, newer;
	enum status st = STATUS_OK;
	const cJSON *claim;

	cJSON_ArrayForEach(claim, before)
	{
		if (st == STATUS_OK && !record_find_claim(after, json_string(claim, "id")) && gone_len < RECORD_MAX_CLAIMS)
			st = add_claim(&gone[gone_len++], a, slot, claim, e);
	}
	cJSON_ArrayForEach(claim, after)
	{
		if (st != STATUS_OK || record_find_claim(before, json_string(claim, "id")))
			continue;
		st = add_claim(&newer, a, slot, claim, e);
		for (size_t i = 0; i < gone_len && st == STATUS_OK; i++)
			st = add_edge(a, newer, gone[i], e);
	}
	return st;
}

static enum status gather_slots(struct asof *a, size_t record, const cJSON *before, const cJSON *after, struct error *e)
{
	cJSON *slots = record_slots(after, before);
	enum status st = slots ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	const cJSON *slot;

	cJSON_ArrayForEach(slot, slots)
	{
		char key[RECORD_SLOT_MAX + 32];
		cJSON *old = record_claims(before, slot->valuestring), *now = record_claims(after, slot->valuestring);
		size_t number;

		(void)snprintf(key, sizeof(key), "%zu/%.*s", record, RECORD_SLOT_MAX, slot->valuestring);
		if (!old || !now)
			st = error_set(e, STATUS_NOMEM, "out of memory");
		if (st == STATUS_OK)
			st = intern_add(&a->slot_keys, key, strlen(key), &number, NULL, e);
		if (st == STATUS_OK)
			st = compare_claims(a, number, old, now, e);
		cJSON_Delete(old);
		cJSON_Delete(now);
		if (st != STATUS_OK)
			break;
	}
	cJSON_Delete(slots);
	return st;
}

/* Add the entries of a log that the body does not have yet and that are effective by the day. */
static enum status gather_log(struct asof *a, cJSON *body, const char *field, const cJSON *log, struct error *e)
{
	cJSON *kept = cJSON_GetObjectItemCaseSensitive(body, field);
	const cJSON *entry;

	cJSON_ArrayForEach(entry, log)
	{
		const char *effective = json_string(entry, "effective");

		if (!effective || json_get(kept, entry->string) || (a->o->as_of && strcmp(effective, a->o->as_of) > 0))
			continue;
		if (!kept) {
			kept = cJSON_CreateObject();
			if (json_set(body, field, kept) != STATUS_OK)
				return error_set(e, STATUS_NOMEM, "out of memory");
		}
		if (json_set(kept, entry->string, cJSON_Duplicate(entry, true)) != STATUS_OK)
			return error_set(e, STATUS_NOMEM, "out of memory");
	}
	return STATUS_OK;
}

/* Members that are no fields of the type (schema, id) as they stand; logs by their entries. */
static enum status gather_body(struct asof *a, cJSON *body, const cJSON *record, struct error *e)
{
	char type[RECORD_TYPE_MAX];
	const cJSON *member;
	enum status st = STATUS_OK;

	record_type(type, record);
	cJSON_ArrayForEach(member, record)
	{
		enum field_kind kind = rules_field_kind(a->rules, type, member->string);

		if (st != STATUS_OK || strcmp(member->string, "edits") == 0 || strcmp(member->string, "conflicts") == 0)
			continue;
		if (kind == FIELD_LOG)
			st = gather_log(a, body, member->string, member, e);
		else if (kind == FIELD_NONE &&
			 json_set(body, member->string, cJSON_Duplicate(member, true)) != STATUS_OK)
			st = error_set(e, STATUS_NOMEM, "out of memory");
	}
	return st;
}

static enum status read_record(cJSON **out, struct repo *r, const struct oid *id, struct error *e)
{
	return id ? record_read(out, r, id, e) : STATUS_OK;
}

static enum status add_record(size_t *number, struct asof *a, const char *path, struct error *e)
{
	bool is_new;
	enum status st = check_room(array_room(&a->records, &a->records_cap, a->record_keys.len), a->record_keys.len, e);

	if (st == STATUS_OK)
		st = intern_add(&a->record_keys, path, strlen(path), number, &is_new, e);
	if (st != STATUS_OK || !is_new)
		return st;
	a->records[*number] = (struct asof_record){.body = cJSON_CreateObject()};
	return a->records[*number].body ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status visit_change(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id,
				struct error *e)
{
	struct asof *a = ctx;
	cJSON *before = NULL, *after = NULL;
	size_t number;
	enum status st = add_record(&number, a, path, e);

	if (st == STATUS_OK)
		st = read_record(&before, a->repo, old_id, e);
	if (st == STATUS_OK)
		st = read_record(&after, a->repo, new_id, e);
	if (st == STATUS_OK) {
		a->records[number].gone = !after;
		if (after)
			st = gather_body(a, a->records[number].body, after, e);
	}
	if (st == STATUS_OK && after)
		st = gather_slots(a, number, before, after, e);
	cJSON_Delete(before);
	cJSON_Delete(after);
	return st == STATUS_OK ? st : error_prefix(e, st, "%s/%s", a->o->folder, path);
}

/* The folder's tree in a tree; zero when there is none. */
static enum status find_folder(struct oid *out, struct asof *a, const struct oid *tree, struct error *e)
{
	bool is_dir = false;
	enum status st = STATUS_NOT_FOUND;

	if (!oid_is_zero(tree))
		st = tree_find(out, &is_dir, a->repo, tree, a->o->folder, e);
	if (st == STATUS_NOT_FOUND || (st == STATUS_OK && !is_dir)) {
		*out = (struct oid){{0}};
		st = STATUS_OK;
	}
	return st;
}

static enum status visit_step(void *ctx, const struct timeline_step *step, struct error *e)
{
	struct asof *a = ctx;
	struct oid before, after;
	enum status st = find_folder(&before, a, &step->before, e);

	if (st == STATUS_OK)
		st = find_folder(&after, a, &step->commit->tree, e);
	if (st != STATUS_OK || oid_equal(&before, &after))
		return st;
	return tree_diff(a->repo, &before, &after, visit_change, a, e);
}

/* ---- showing ---- */

static int newest_first(const void *x, const void *y)
{
	const struct asof_edge *a = x, *b = y;

	return (a->newer < b->newer) - (a->newer > b->newer);
}

/* From the newest claim back, so that "replaced through a claim effective later" is known when it is asked. */
static void mark_replaced(struct asof *a)
{
	if (a->edges_len > 0)
		qsort(a->edges, a->edges_len, sizeof(*a->edges), newest_first);
	for (size_t i = 0; i < a->edges_len; i++) {
		const struct asof_claim *newer = &a->claims[a->edges[i].newer];

		if (newer->effective || newer->replaced)
			a->claims[a->edges[i].older].replaced = true;
	}
}

/* Which record and slot a slot's key names. */
static const char *slot_of(size_t *record, const struct asof *a, size_t slot)
{
	char *behind;

	*record = (size_t)strtoull(intern_key(&a->slot_keys, slot), &behind, 10);
	return behind + 1;
}

/* Give every record the claims that show; `alive` says which records have any. */
static enum status put_claims(struct asof *a, bool *alive, struct error *e)
{
	cJSON **lists = calloc(a->slot_keys.len + 1, sizeof(cJSON *));
	enum status st = lists ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	for (size_t i = 0; i < a->claim_keys.len && st == STATUS_OK; i++) {
		struct asof_claim *c = &a->claims[i];

		if (!c->effective || c->replaced)
			continue;
		if (!lists[c->slot])
			lists[c->slot] = cJSON_CreateArray();
		if (!lists[c->slot] || !cJSON_AddItemToArray(lists[c->slot], c->claim))
			st = error_set(e, STATUS_NOMEM, "out of memory");
		else
			c->claim = NULL; /* the list owns it now */
	}
	for (size_t i = 0; i < a->slot_keys.len && lists; i++) {
		size_t record;
		const char *slot = slot_of(&record, a, i);

		if (lists[i] && st == STATUS_OK) {
			alive[record] = true;
			st = record_put_claims(a->records[record].body, slot, lists[i], a->rules, e);
		} else {
			cJSON_Delete(lists[i]);
		}
	}
	free(lists);
	return st;
}

struct shown {
	const char *path;
	const cJSON *record;
};

static int by_path(const void *x, const void *y)
{
	const struct shown *a = x, *b = y;

	return strcmp(a->path, b->path);
}

static enum status show(struct asof *a, asof_visit visit, void *ctx, struct error *e)
{
	size_t len = a->record_keys.len, shown_len = 0;
	bool *alive = calloc(len + 1, sizeof(*alive));
	struct shown *shown = calloc(len + 1, sizeof(*shown));
	enum status st = alive && shown ? put_claims(a, alive, e) : error_set(e, STATUS_NOMEM, "out of memory");

	for (size_t i = 0; i < len && st == STATUS_OK; i++)
		if (alive[i] && !a->records[i].gone)
			shown[shown_len++] = (struct shown){intern_key(&a->record_keys, i), a->records[i].body};
	if (st == STATUS_OK)
		qsort(shown, shown_len, sizeof(*shown), by_path);
	for (size_t i = 0; i < shown_len && st == STATUS_OK; i++) {
		char path[TREE_PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/%s", a->o->folder, shown[i].path);
		st = visit(ctx, path, shown[i].record, e);
	}
	free(alive);
	free(shown);
	return st;
}

static void clear(struct asof *a)
{
	for (size_t i = 0; i < a->record_keys.len; i++)
		cJSON_Delete(a->records[i].body);
	for (size_t i = 0; i < a->claim_keys.len; i++)
		cJSON_Delete(a->claims[i].claim);
	free(a->records);
	free(a->claims);
	free(a->edges);
	intern_clear(&a->record_keys);
	intern_clear(&a->slot_keys);
	intern_clear(&a->claim_keys);
}

enum status asof_each(struct repo *r, const struct asof_options *o, asof_visit visit, void *ctx, struct error *e)
{
	struct asof a = {.repo = r, .o = o};
	enum status st = rules_get(&a.rules, RULES_VERSION, e);

	if (st == STATUS_OK)
		st = timeline_walk(r, &o->range, visit_step, &a, e);
	if (st == STATUS_OK) {
		mark_replaced(&a);
		st = show(&a, visit, ctx, e);
	}
	clear(&a);
	return st;
}
