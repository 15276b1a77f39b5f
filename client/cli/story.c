/* client/cli/story.c - see story.h. Enters: the history. Leaves: an entry of JSON for each edit of the record, which story_print.c tells. */
#include "client/cli/story.h"

#include <string.h>

#include "client/cli/claims.h"
#include "client/cli/fields.h"
#include "client/cli/persons.h"
#include "client/cli/steps.h"
#include "client/cli/story_print.h"
#include "core/record_file.h"

struct telling {
	struct claims_view view;
	const char *path;
	cJSON *entries;	 /* oldest first */
	cJSON *last;	 /* the last entry of the merge at hand, NULL while none of its edits concern the record */
	struct oid merge; /* at hand; zero for none */
};

static enum status no_memory(struct error *e)
{
	return error_set(e, STATUS_NOMEM, "out of memory");
}

/* ---- what an edit changed ---- */

/* A claim or log entry of this edit says when, for which day, as what role and perhaps by whom it was made. */
static void note_edit(cJSON **entry, const cJSON *stamp)
{
	static const char *const names[][2] = {{"effective", "effective"}, {"at", "entered"}, {"by", "by"}, {"person", "person"}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_string(stamp, names[i][0]) && !json_get(*entry, names[i][1]))
			put_string(entry, names[i][1], json_string(stamp, names[i][0]));
}

static cJSON *new_change(const char *slot, bool settled)
{
	cJSON *change = cJSON_CreateObject();

	put_string(&change, "slot", slot);
	put_bool(&change, "settled", settled); /* it was in conflict and no longer is */
	return change;
}

static cJSON *copy_value(const cJSON *value)
{
	return value ? cJSON_Duplicate(value, true) : cJSON_CreateNull();
}

/* The claims in short: who said what. */
static cJSON *who_said(const cJSON *claims)
{
	cJSON *out = cJSON_CreateArray();
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims)
	{
		cJSON *one = cJSON_CreateObject();

		put_string(&one, "device", text_of(claim, "device"));
		put_item(&one, "value", copy_value(json_get(claim, "value")));
		push_item(&out, one);
	}
	return out;
}

static void compare_slot(cJSON **entry, cJSON **changes, const cJSON *before, const cJSON *after, const char *slot)
{
	cJSON *old = before ? record_claims(before, slot) : cJSON_CreateArray(), *now = record_claims(after, slot), *change = NULL;
	bool settled = json_get(json_get(before, "conflicts"), slot) && !json_get(json_get(after, "conflicts"), slot);
	const cJSON *claim;

	cJSON_ArrayForEach(claim, now)
	{
		if (!record_find_claim(old, json_string(claim, "id")) && !change) {
			note_edit(entry, claim);
			change = new_change(slot, settled);
		}
	}
	if (change) {
		put_item(&change, "before", copy_value(slot_value(before, slot)));
		put_item(&change, "after", copy_value(slot_value(after, slot)));
		if (settled)
			put_item(&change, "between", who_said(old));
		push_item(changes, change);
	}
	cJSON_Delete(old);
	cJSON_Delete(now);
}

static void compare_slots(cJSON **entry, cJSON **changes, const cJSON *before, const cJSON *after)
{
	cJSON *slots = record_slots(after, before);
	const cJSON *slot;

	cJSON_ArrayForEach(slot, slots) compare_slot(entry, changes, before, after, slot->valuestring);
	cJSON_Delete(slots);
}

/* Entries of a log that are new. */
static void compare_log(cJSON **entry, cJSON **changes, const cJSON *before, const cJSON *after, const char *field)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(after, field))
	{
		cJSON *change = NULL;

		if (json_get(json_get(before, field), item->string))
			continue;
		note_edit(entry, item);
		change = new_change(field, false);
		put_item(&change, "before", cJSON_CreateNull());
		put_item(&change, "after", cJSON_Duplicate(item, true));
		push_item(changes, change);
	}
}

enum status story_compare(cJSON **entry, const struct rules *rules, const cJSON *before, const cJSON *after, struct error *e)
{
	char type[RECORD_TYPE_MAX];
	const char *field;
	cJSON *changes = cJSON_CreateArray();

	record_type(type, after);
	compare_slots(entry, &changes, before, after);
	for (size_t i = 0; (field = rules_field(rules, type, i)) != NULL; i++)
		if (rules_field_kind(rules, type, field) == FIELD_LOG)
			compare_log(entry, &changes, before, after, field);
	put_item(entry, "changes", changes);
	return *entry ? STATUS_OK : no_memory(e);
}

/* ---- going through the history ---- */

/* The record in both trees; *same, and nothing read, when it is one and the same. */
static enum status read_both(cJSON **before, cJSON **after, bool *same, struct telling *t, const struct oid *old_tree, const struct oid *new_tree,
			     struct error *e)
{
	const struct oid *trees[] = {old_tree, new_tree};
	struct repo *r = qip_repo(t->view.c->q);
	cJSON **records[] = {before, after};
	struct oid ids[2] = {{{0}}, {{0}}};
	enum status st = STATUS_OK;

	for (int i = 0; i < 2 && st == STATUS_OK; i++) {
		st = oid_is_zero(trees[i]) ? STATUS_NOT_FOUND : tree_find(&ids[i], NULL, r, trees[i], t->path, e);
		st = st == STATUS_NOT_FOUND ? STATUS_OK : st;
	}
	*same = st == STATUS_OK && oid_equal(&ids[0], &ids[1]);
	for (int i = 0; i < 2 && st == STATUS_OK && !*same; i++)
		st = oid_is_zero(&ids[i]) ? STATUS_OK : record_read(records[i], r, &ids[i], e);
	return st;
}

static void add_conflict(cJSON **list, struct telling *t, const cJSON *after, const char *slot)
{
	cJSON *one = cJSON_CreateObject(), *claims = record_claims(after, slot);
	struct buf why = BUF_INIT;

	claims_reason(&why, &t->view, after, slot, claims);
	put_string(&one, "slot", slot);
	put_item(&one, "shown", copy_value(slot_value(after, slot)));
	put_string(&one, "why", buf_text(&why));
	put_item(&one, "between", who_said(claims));
	push_item(list, one);
	buf_clear(&why);
	cJSON_Delete(claims);
}

/* Conflicts that a merge brought or made larger. */
static void find_conflicts(struct telling *t, const cJSON *before, const cJSON *after)
{
	cJSON *list = cJSON_CreateArray();
	const char *slot;

	for (size_t i = 0; (slot = record_conflict(after, i)) != NULL; i++)
		if (!json_equal(json_get(json_get(before, "conflicts"), slot), json_get(json_get(after, "conflicts"), slot)))
			add_conflict(&list, t, after, slot);
	if (list && list->child)
		put_item(&t->last, "conflicts", list);
	else
		cJSON_Delete(list);
}

/* The merge at hand is told: what came of its edits and of those that the log had before. */
static enum status end_merge(struct telling *t, struct error *e)
{
	struct repo *r = qip_repo(t->view.c->q);
	struct commit merge = COMMIT_INIT, first = COMMIT_INIT;
	cJSON *before = NULL, *after = NULL;
	bool same = true;
	enum status st = STATUS_OK;

	if (t->last && !oid_is_zero(&t->merge)) {
		st = repo_commit_read(&merge, r, &t->merge, e);
		if (st == STATUS_OK)
			st = repo_commit_read(&first, r, &merge.parents[0], e);
		if (st == STATUS_OK)
			st = read_both(&before, &after, &same, t, &first.tree, &merge.tree, e);
		if (st == STATUS_OK && !same)
			find_conflicts(t, before, after);
	}
	cJSON_Delete(before);
	cJSON_Delete(after);
	commit_clear(&merge);
	commit_clear(&first);
	t->last = NULL;
	return st;
}

static enum status add_step(void *ctx, const struct timeline_step *step, struct error *e)
{
	struct telling *t = ctx;
	cJSON *before = NULL, *after = NULL, *entry = NULL;
	bool same = true;
	enum status st = STATUS_OK;

	if (!oid_equal(&t->merge, &step->merge_id))
		st = end_merge(t, e);
	t->merge = step->merge_id;
	if (st == STATUS_OK)
		st = read_both(&before, &after, &same, t, &step->before, &step->commit->tree, e);
	if (st == STATUS_OK && !same && after) {
		entry = steps_entry(step);
		put_bool(&entry, "begins", !before);
		st = story_compare(&entry, t->view.rules, before, after, e);
		if (st == STATUS_OK && text_of(entry, "person")[0])
			put_string(&entry, "called", persons_called(t->view.c, text_of(entry, "person")));
	}
	if (st == STATUS_OK && entry) {
		push_item(&t->entries, entry);
		t->last = t->entries ? entry : NULL;
		st = t->entries ? st : no_memory(e);
	} else {
		cJSON_Delete(entry);
	}
	cJSON_Delete(before);
	cJSON_Delete(after);
	return st;
}

enum status story_tell(struct cli *c, const char *path, const cJSON *record, struct error *e)
{
	struct telling t = {.path = path, .entries = cJSON_CreateArray()};
	enum status st = claims_view_open(&t.view, c, e);

	if (st == STATUS_OK)
		st = steps_walk(c, add_step, &t, e);
	if (st == STATUS_OK)
		st = end_merge(&t, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, t.entries, e);
		t.entries = NULL;
	} else if (st == STATUS_OK) {
		story_print(&t.view, record, t.entries);
	}
	cJSON_Delete(t.entries);
	claims_view_close(&t.view);
	return st;
}
