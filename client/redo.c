/* client/redo.c - see redo.h.
 *
 * replay.c merges a commit onto a place that has seen as much as the commit had, where its edit numbers stay right. Here the practice may have
 * gone on for months: each field is set again as an edit of today.
 */
#include "client/redo.h"

#include <stdio.h>
#include <string.h>

#include "client/adopt_name.h"
#include "client/rotate.h"
#include "core/record_file.h"

struct redoing {
	struct redo *redo;
	struct qip *q;
	struct oid before, after, now; /* trees */
	struct oid parent;             /* of the commit; zero: none */
	const char *author;            /* whose it is */
	const char *path;              /* of the record at hand */
	const cJSON *old, *made, *present; /* it: before the commit, after, and now; NULL where it is not there */
	uint64_t changes;              /* of this record */
};

static enum status tell(struct redoing *r, const char *what, const cJSON *before, const cJSON *after, struct error *e)
{
	r->changes++;
	return r->redo->words ? redo_add_words(r->redo->words, r->path, what, before, after, e) : STATUS_OK;
}

/* ---- claims ---- */

const cJSON *redo_find_claim(const cJSON *claims, const cJSON *claim)
{
	const char *id = json_string(claim, "id");
	const cJSON *other;

	cJSON_ArrayForEach(other, claims) {
		const char *name = json_string(other, "id");

		if ((id && name && strcmp(id, name) == 0) || adopt_made(claim, other) || adopt_made(other, claim))
			return other;
	}
	return NULL;
}

struct slot_claims {
	cJSON *old, *made, *present; /* owned; arrays */
};

static bool is_own(const struct redoing *r, const cJSON *claim)
{
	const char *device = json_string(claim, "device");

	return device && strcmp(device, r->q->identity.device) == 0;
}

/* The slot had the claim after this commit. */
static enum status had_claim(bool *out, struct redoing *r, const struct oid *tree, const char *slot, const cJSON *claim, struct error *e)
{
	cJSON *record = NULL, *claims = NULL;
	enum status st = record_read_path(&record, r->q->repo, tree, r->path, e);

	if (st == STATUS_OK) {
		claims = record_claims(record, slot);
		*out = redo_find_claim(claims, claim) != NULL;
	}
	cJSON_Delete(record);
	cJSON_Delete(claims);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* The edit that is made again may have taken the place of one that had itself replaced this claim: then it stands in what came before, back to the
 * place of the log that all of it was made on. */
static enum status came_before(bool *out, struct redoing *r, const char *slot, const cJSON *claim, struct error *e)
{
	struct oid at = r->parent;
	enum status st = STATUS_OK;

	*out = false;
	for (int i = 0; st == STATUS_OK && !*out && !oid_is_zero(&at) && i < LIMIT_CHAIN; i++) {
		struct commit c = COMMIT_INIT;

		st = repo_commit_read(&c, r->q->repo, &at, e);
		if (st == STATUS_OK)
			st = had_claim(out, r, &c.tree, slot, claim, e);
		at = st == STATUS_OK && c.parents_len == 1 && strcmp(c.author_name, r->author) == 0 ? c.parents[0] : (struct oid){0};
		commit_clear(&c);
	}
	return st;
}

/* This device has set it since. */
static enum status is_overtaken(bool *out, struct redoing *r, const char *slot, const struct slot_claims *s, struct error *e)
{
	const cJSON *claim;
	bool before = true;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(claim, s->present) {
		if (st == STATUS_OK && before && is_own(r, claim) && !redo_find_claim(s->old, claim))
			st = came_before(&before, r, slot, claim, e);
	}
	if (st == STATUS_OK)
		*out = !before;
	return st;
}

/* n: of one that is new, its number. */
static enum status add_copy(cJSON *to, const struct redoing *r, const cJSON *claim, int64_t n)
{
	cJSON *copy = cJSON_Duplicate(claim, true);
	enum status st = copy ? STATUS_OK : STATUS_NOMEM;

	if (st == STATUS_OK && n > 0)
		st = json_set_integer(copy, "n", n);
	if (st == STATUS_OK && n > 0 && r->redo->adopt)
		st = adopt_claim(copy, r->q);
	if (st == STATUS_OK && cJSON_AddItemToArray(to, copy))
		return STATUS_OK;
	cJSON_Delete(copy);
	return STATUS_NOMEM;
}

/* What is there now, but for what the original replaced and earlier edits of this device, and what the original added. */
static cJSON *claims_again(const struct redoing *r, const struct slot_claims *s)
{
	cJSON *out = cJSON_CreateArray();
	const cJSON *claim;
	enum status st = out ? STATUS_OK : STATUS_NOMEM;

	cJSON_ArrayForEach(claim, s->present) {
		if (st == STATUS_OK && (redo_find_claim(s->made, claim) || !redo_find_claim(s->old, claim)) && !is_own(r, claim))
			st = add_copy(out, r, claim, 0);
	}
	cJSON_ArrayForEach(claim, s->made) {
		if (st == STATUS_OK && !redo_find_claim(s->old, claim))
			st = add_copy(out, r, claim, record_next_number(r->present));
	}
	if (st == STATUS_OK)
		return out;
	cJSON_Delete(out);
	return NULL;
}

static enum status overtake(struct redoing *r, const char *slot, const char *why, struct error *e)
{
	r->redo->overtaken++;
	return r->redo->leave ? r->redo->leave(r->redo->ctx, r->path, slot, r->made, why, e) : STATUS_OK;
}

static enum status redo_claims(struct redoing *r, cJSON *result, const char *slot, const struct slot_claims *s, struct error *e)
{
	const cJSON *claim, *added = NULL;
	bool overtaken = false;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(claim, s->made) {
		if (!redo_find_claim(s->old, claim))
			added = claim;
	}
	if (!added || redo_find_claim(s->present, added))
		return STATUS_OK;
	st = is_overtaken(&overtaken, r, slot, s, e);
	if (st != STATUS_OK)
		return st;
	if (overtaken)
		return overtake(r, slot, "this device has set it anew since", e);
	st = tell(r, slot, cJSON_GetArraySize(s->old) ? json_get(s->old->child, "value") : NULL, json_get(added, "value"), e);
	return st == STATUS_OK ? record_put_claims(result, slot, claims_again(r, s), r->q->rules, e) : st;
}

static enum status redo_slot(struct redoing *r, cJSON *result, const char *slot, struct error *e)
{
	struct slot_claims s = {
		.old = r->old ? record_claims(r->old, slot) : cJSON_CreateArray(),
		.made = record_claims(r->made, slot),
		.present = record_claims(r->present, slot),
	};
	enum status st = STATUS_OK;

	if (s.old && s.made && s.present)
		st = redo_claims(r, result, slot, &s, e);
	else
		st = error_set(e, STATUS_NOMEM, "out of memory");
	cJSON_Delete(s.old);
	cJSON_Delete(s.made);
	cJSON_Delete(s.present);
	return st;
}

static enum status redo_log(struct redoing *r, cJSON *result, const char *field, struct error *e)
{
	const cJSON *entry, *old = json_get(r->old, field), *present = json_get(r->present, field);
	cJSON *log = cJSON_GetObjectItemCaseSensitive(result, field);
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(entry, json_get(r->made, field)) {
		char id[ID_TEXT_LEN + 1] = "";
		cJSON *copy = NULL;

		if (st != STATUS_OK || json_get(old, entry->string) || json_get(present, entry->string))
			continue;
		(void)snprintf(id, sizeof(id), "%s", entry->string);
		if (r->redo->adopt)
			st = adopt_id(id, entry->string, r->q->identity.device);
		if (st == STATUS_OK && json_get(present, id))
			continue;
		if (st == STATUS_OK && !log) {
			log = cJSON_CreateObject();
			st = json_set(result, field, log);
		}
		copy = cJSON_Duplicate(entry, true);
		if (st == STATUS_OK && r->redo->adopt)
			st = adopt_stamp(copy, r->q);
		if (st == STATUS_OK)
			st = json_set(log, id, copy);
		else
			cJSON_Delete(copy);
		st = st == STATUS_OK ? tell(r, field, NULL, entry, e) : error_set(e, st, "out of memory");
	}
	return st;
}

static enum status redo_fields(struct redoing *r, const char *type, struct error *e)
{
	cJSON *result = cJSON_Duplicate(r->present, true), *slots = record_slots(r->made, NULL);
	const cJSON *slot;
	const char *field;
	enum status st = result && slots ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	cJSON_ArrayForEach(slot, slots) {
		if (st == STATUS_OK)
			st = redo_slot(r, result, slot->valuestring, e);
	}
	for (size_t i = 0; st == STATUS_OK && (field = rules_field(r->q->rules, type, i)) != NULL; i++)
		if (rules_field_kind(r->q->rules, type, field) == FIELD_LOG)
			st = redo_log(r, result, field, e);
	if (st == STATUS_OK && r->changes > 0 && r->redo->edit)
		st = qip_edit_put(r->redo->edit, r->path, result, e);
	cJSON_Delete(result);
	cJSON_Delete(slots);
	return st;
}

/* ---- records ---- */

/* Of two generations of the comment key under one number there is the other: a further one, where that does not do what this was for. */
static enum status redo_key(struct redoing *r, struct error *e)
{
	bool needed = false;
	enum status st = rotate_again(&needed, r->redo->edit, r->q, &r->now, &r->before, r->made, e);

	if (st == STATUS_OK && !needed)
		return overtake(r, "", "there is a newer comment key by now", e);
	return st == STATUS_OK ? tell(r, "", NULL, r->made, e) : st;
}

/* A record without claims, or a new one. */
static enum status redo_whole(struct redoing *r, struct error *e)
{
	enum status st = STATUS_OK;

	if (r->present && json_equal(r->present, r->made))
		return STATUS_OK;
	if (r->present && !r->old && strncmp(r->path, "keys/", strlen("keys/")) == 0)
		return redo_key(r, e);
	if (r->present && !(r->old && json_equal(r->old, r->present)))
		return overtake(r, "", "it is another by now", e);
	st = tell(r, "", r->old, r->made, e);
	return st == STATUS_OK && r->redo->edit ? qip_edit_put(r->redo->edit, r->path, r->made, e) : st;
}

/* What of a record nobody claims: its id, its schema. */
static cJSON *without_fields(const struct redoing *r, const char *type)
{
	cJSON *out = cJSON_Duplicate(r->made, true);
	const char *field;

	for (size_t i = 0; (field = rules_field(r->q->rules, type, i)) != NULL; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(out, field);
	cJSON_DeleteItemFromObjectCaseSensitive(out, "edits");
	cJSON_DeleteItemFromObjectCaseSensitive(out, "conflicts");
	return out;
}

static enum status leave_out(struct redoing *r, const char *why, struct error *e)
{
	r->redo->left++;
	(void)snprintf(r->redo->why, sizeof(r->redo->why), "%s", why);
	return r->redo->leave ? r->redo->leave(r->redo->ctx, r->path, "", r->made, why, e) : STATUS_OK;
}

/* Field by field, a new record too; what is refused is left out, and the rest goes on. */
static enum status adopt_record(struct redoing *r, struct error *e)
{
	char type[RECORD_TYPE_MAX];
	cJSON *start = NULL;
	struct error why = {0};
	enum status st = STATUS_DENIED;

	record_type(type, r->made);
	if (!r->made || rules_record_kind(r->q->rules, type) != RECORD_CLAIMS) {
		(void)snprintf(why.text, sizeof(why.text), "%s is not told field by field, and only its own device can say it", r->path);
	} else {
		if (!r->present)
			r->present = start = without_fields(r, type);
		st = r->present ? redo_fields(r, type, &why) : STATUS_NOMEM;
	}
	cJSON_Delete(start);
	if (st != STATUS_DENIED && st != STATUS_INVALID && st != STATUS_TOO_BIG)
		return st == STATUS_OK ? st : error_set(e, st, "%s", why.text);
	r->changes = 0;
	return leave_out(r, why.text, e);
}

/* All of it would come again with the numbers of then, and in the name of those who set them. */
static enum status leave_absent(struct redoing *r, struct error *e)
{
	char why[ERROR_TEXT_MAX];

	(void)snprintf(why, sizeof(why),
		       "%s is not in the plan on this device now, so there is nothing to make its change in: sync first, and if another refused edit began "
		       "it, make that one again before this",
		       r->path);
	return leave_out(r, why, e);
}

static enum status redo_record(struct redoing *r, struct error *e)
{
	char type[RECORD_TYPE_MAX];

	if (r->redo->adopt)
		return adopt_record(r, e);
	if (!r->made) /* it was removed */
		return r->present ? redo_whole(r, e) : STATUS_OK;
	record_type(type, r->made);
	if (rules_record_kind(r->q->rules, type) != RECORD_CLAIMS)
		return redo_whole(r, e);
	if (r->present)
		return redo_fields(r, type, e);
	if (r->old && r->redo->edit)
		return leave_absent(r, e);
	return redo_whole(r, e);
}

enum status redo_read(cJSON **out, struct qip *q, const struct oid *tree, const char *path, struct error *e)
{
	enum status st = oid_is_zero(tree) ? STATUS_NOT_FOUND : record_read_path(out, q->repo, tree, path, e);

	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status redo_file(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct redoing *r = ctx;
	cJSON *old = NULL, *made = NULL, *present = NULL;
	enum status st = redo_read(&present, r->q, &r->now, path, e);

	if (st == STATUS_OK && old_id)
		st = redo_read(&old, r->q, &r->before, path, e);
	if (st == STATUS_OK && new_id)
		st = redo_read(&made, r->q, &r->after, path, e);
	r->path = path;
	r->old = old;
	r->made = made;
	r->present = present;
	r->changes = 0;
	if (st == STATUS_OK)
		st = redo_record(r, e);
	r->redo->changes += r->changes;
	cJSON_Delete(old);
	cJSON_Delete(made);
	cJSON_Delete(present);
	return st;
}

enum status redo_commit(struct redo *redo, struct qip *q, const struct oid *id, const struct oid *now, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct redoing r = {.redo = redo, .q = q, .now = *now};
	enum status st = repo_commit_read(&c, q->repo, id, e);

	redo->changes = redo->overtaken = redo->left = 0;
	r.after = c.tree;
	r.author = c.author_name;
	if (st == STATUS_OK && c.parents_len > 0) {
		r.parent = c.parents[0];
		st = home_tree_of(&r.before, q, &r.parent, e);
	}
	if (st == STATUS_OK)
		st = tree_diff(q->repo, &r.before, &r.after, redo_file, &r, e);
	commit_clear(&c);
	return st;
}
