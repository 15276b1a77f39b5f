/* core/merge.c - three-way merge of one record. */
#include "core/merge_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/record_slot.h"

/* A side's member: itself, or NULL. Three-way choice for what has no claims: the side that changed wins; if both did, the
 * greater canonical bytes, which favours nobody and is the same whoever merges. */
static enum status greater(const cJSON **out, const cJSON *a, const cJSON *b)
{
	struct buf ca = BUF_INIT, cb = BUF_INIT;
	enum status st = json_canonical(&ca, a);

	if (st == STATUS_OK)
		st = json_canonical(&cb, b);
	if (st == STATUS_OK) {
		size_t len = ca.len < cb.len ? ca.len : cb.len;
		int order = memcmp(ca.data, cb.data, len);

		*out = order > 0 || (order == 0 && ca.len > cb.len) ? a : b;
	}
	buf_clear(&ca);
	buf_clear(&cb);
	return st;
}

static enum status choose(const cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	if (json_equal(ours, theirs) || json_equal(base, theirs))
		*out = ours;
	else if (json_equal(base, ours))
		*out = theirs;
	else if (!ours || !theirs)
		*out = ours ? ours : theirs; /* changed beats removed */
	else
		return greater(out, ours, theirs);
	return STATUS_OK;
}

cJSON *merge_piece(const struct merge *m, const cJSON *value)
{
	cJSON *piece;

	if (!m->refers)
		return cJSON_Duplicate(value, true);
	piece = cJSON_CreateNull();
	if (piece) {
		*piece = *value;
		piece->next = piece->prev = NULL;
		piece->string = NULL;
		piece->type = (value->type & ~cJSON_StringIsConst) | cJSON_IsReference;
	}
	return piece;
}

static enum status copy_member(const struct merge *m, cJSON *out, const char *name, const cJSON *value)
{
	return value ? json_set(out, name, merge_piece(m, value)) : STATUS_OK;
}

enum status merge_same_thing(const cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const char *place,
			     const char *what, const char *id, struct error *e)
{
	if (json_equal(ours, theirs) || json_equal(base, theirs))
		*out = ours;
	else if (json_equal(base, ours))
		*out = theirs;
	else
		return error_set(e, STATUS_DENIED, "%s: two different %s have the id %s", place, what, id);
	return STATUS_OK;
}

/* ---- logs, and what the rules do not name ---- */

/* Union of two logs. An entry that both have is one entry: policy lets none change. */
static enum status merge_log(const struct merge *m, const char *field)
{
	const cJSON *base = json_get(m->base, field), *ours = json_get(m->ours, field), *theirs = json_get(m->theirs, field), *entry;
	cJSON *log = NULL;
	enum status st;

	if ((ours && !cJSON_IsObject(ours)) || (theirs && !cJSON_IsObject(theirs)))
		return error_set(m->e, STATUS_INVALID, "%s: it is no log", field);
	log = cJSON_CreateObject();
	st = log ? STATUS_OK : STATUS_NOMEM;
	cJSON_ArrayForEach(entry, ours) {
		const cJSON *keep = entry, *twin = json_get(theirs, entry->string);

		if (st == STATUS_OK && twin)
			st = merge_same_thing(&keep, json_get(base, entry->string), entry, twin, field, "entries", entry->string, m->e);
		if (st == STATUS_OK)
			st = copy_member(m, log, entry->string, keep);
	}
	cJSON_ArrayForEach(entry, theirs) {
		if (st == STATUS_OK && !json_get(ours, entry->string))
			st = copy_member(m, log, entry->string, entry);
	}
	if (st == STATUS_OK && log->child)
		return json_set(m->out, field, log);
	cJSON_Delete(log);
	return st;
}

static bool is_claimed(const struct merge *m, const char *member)
{
	return strcmp(member, "edits") == 0 || strcmp(member, "conflicts") == 0 ||
	       rules_field_kind(m->rules, m->type, member) != FIELD_NONE;
}

/* Members that the rules do not name are kept: a record may carry what only newer programs understand. */
static enum status merge_other_members(const struct merge *m, bool claims)
{
	const cJSON *sides[] = {m->ours, m->theirs}, *member, *value = NULL;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		cJSON_ArrayForEach(member, sides[i]) {
			const char *name = member->string;

			if (st != STATUS_OK || (claims && is_claimed(m, name)) || json_get(m->out, name))
				continue;
			st = choose(&value, json_get(m->base, name), json_get(m->ours, name), json_get(m->theirs, name));
			if (st == STATUS_OK)
				st = copy_member(m, m->out, name, value);
		}
	}
	return st;
}

static enum status merge_claims_record(struct merge *m)
{
	const cJSON *const records[] = {m->base, m->ours, m->theirs};
	size_t slots_len = 0;
	const char **slots = slot_names(&slots_len, m->ours, m->theirs), *field;
	enum status st = slots ? merge_other_members(m, true) : STATUS_NOMEM;

	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		m->edits[i] = json_get(records[i], "edits");
		m->conflicts[i] = json_get(records[i], "conflicts");
	}
	for (size_t i = 0; st == STATUS_OK && (field = rules_field(m->rules, m->type, i)) != NULL; i++)
		if (rules_field_kind(m->rules, m->type, field) == FIELD_LOG)
			st = merge_log(m, field);
	for (size_t i = 0; st == STATUS_OK && i < slots_len; i++)
		st = merge_slot(m, slots[i]);
	free(slots);
	return st;
}

/* ---- records without claims ---- */

/* A device: what ends it, once there, stays; the enrolment that was first stays; of two roles the lesser. */
static enum status merge_registry_record(const struct merge *m)
{
	static const char *const sticky[] = {"enrolment", "revoked", "retired"};
	/* from least to most */
	static const char *const roles[] = {"kiosk", "auditor", "icb", "staff", "manager"};
	const char *ro = json_string(m->ours, "role"), *rt = json_string(m->theirs, "role");
	enum status st = merge_other_members(m, false);

	for (size_t i = 0; st == STATUS_OK && i < ARRAY_LEN(sticky); i++)
		if (json_get(m->base, sticky[i]))
			st = copy_member(m, m->out, sticky[i], json_get(m->base, sticky[i]));
	for (size_t i = 0; st == STATUS_OK && ro && rt && i < ARRAY_LEN(roles); i++)
		if (strcmp(ro, roles[i]) == 0 || strcmp(rt, roles[i]) == 0)
			return json_set_string(m->out, "role", roles[i]);
	return st;
}

/* A generation of comment keys: what it is wrapped to is united. */
static enum status merge_key_record(const struct merge *m)
{
	const cJSON *base = json_get(m->base, "wrapped"), *ours = json_get(m->ours, "wrapped"), *theirs = json_get(m->theirs, "wrapped"), *entry, *value;
	cJSON *wrapped = cJSON_CreateObject();
	enum status st = json_set(m->out, "wrapped", wrapped);

	cJSON_ArrayForEach(entry, ours) {
		const cJSON *twin = json_get(theirs, entry->string);

		value = entry;
		if (st == STATUS_OK && twin)
			st = choose(&value, json_get(base, entry->string), entry, twin);
		if (st == STATUS_OK)
			st = copy_member(m, wrapped, entry->string, value);
	}
	cJSON_ArrayForEach(entry, theirs) {
		if (st == STATUS_OK && !json_get(ours, entry->string))
			st = copy_member(m, wrapped, entry->string, entry);
	}
	return st == STATUS_OK ? merge_other_members(m, false) : st;
}

static enum status merge_versioned_record(cJSON **out, const struct merge *m)
{
	const char *version = rules_version_member(m->rules, m->type);
	const cJSON *chosen = NULL;
	int64_t vo = 0, vt = 0;
	enum status st = STATUS_OK;

	if (json_integer(m->ours, version, &vo) && json_integer(m->theirs, version, &vt) && vo != vt)
		chosen = vo > vt ? m->ours : m->theirs;
	else
		st = choose(&chosen, m->base, m->ours, m->theirs);
	if (st != STATUS_OK)
		return st;
	*out = merge_piece(m, chosen);
	return *out ? STATUS_OK : STATUS_NOMEM;
}

static enum status merge(cJSON **out, struct merge *m)
{
	char type[RECORD_TYPE_MAX];
	enum record_kind kind;
	enum status st;

	if (!json_equal(json_get(m->ours, "schema"), json_get(m->theirs, "schema")) ||
	    !json_equal(json_get(m->ours, "id"), json_get(m->theirs, "id")))
		return error_set(m->e, STATUS_INVALID, "two records of different type or id stand at one path");
	record_type(type, m->ours);
	m->type = type;
	kind = rules_record_kind(m->rules, type);
	if (kind == RECORD_VERSIONED || kind == RECORD_IMMUTABLE) {
		st = merge_versioned_record(&m->out, m);
	} else {
		m->out = cJSON_CreateObject();
		st = !m->out                  ? STATUS_NOMEM
		     : kind == RECORD_REGISTRY ? merge_registry_record(m)
		     : kind == RECORD_KEY      ? merge_key_record(m)
					       : merge_claims_record(m);
	}
	if (st == STATUS_OK)
		*out = m->out;
	else
		cJSON_Delete(m->out);
	return st == STATUS_NOMEM ? error_set(m->e, st, "out of memory") : st;
}

enum status merge_records(cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const struct rules *rules,
			  struct error *e)
{
	struct merge m = {.rules = rules, .base = base, .ours = ours, .theirs = theirs, .e = e};

	return merge(out, &m);
}

enum status merge_records_in_place(cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const struct rules *rules,
				   struct error *e)
{
	struct merge m = {.rules = rules, .base = base, .ours = ours, .theirs = theirs, .refers = true, .e = e};

	return merge(out, &m);
}
