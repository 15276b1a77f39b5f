/* core/merge.c - three-way merge of one record. */
#include "core/merge.h"

#include <string.h>

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

static enum status copy_member(cJSON *out, const char *name, const cJSON *value)
{
	return value ? json_set(out, name, cJSON_Duplicate(value, true)) : STATUS_OK;
}

/* ---- claims ---- */

static const cJSON *find_id(const cJSON *claims, const char *id)
{
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims) {
		const char *text = json_string(claim, "id");

		if (text && strcmp(text, id) == 0)
			return claim;
	}
	return NULL;
}

/* What both sides have under one id is one thing, so choosing between two contents would let the one hide the other: honest programs
 * never make this, and a merge does not take it. */
static enum status same_thing(const cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const char *place,
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

/* Append to `out` the claims of `side` that survive: those the other side has too, or that are new (not in the base). `first` tells the two
 * sides apart, so that a claim of both is taken once. */
static enum status surviving(cJSON *out, const char *slot, const cJSON *base, const cJSON *side, const cJSON *other, bool first,
			     struct error *e)
{
	const cJSON *claim;
	enum status st;

	cJSON_ArrayForEach(claim, side) {
		const char *id = json_string(claim, "id");
		const cJSON *twin = id ? find_id(other, id) : NULL, *old = id ? find_id(base, id) : NULL;
		const cJSON *keep = claim;
		cJSON *copy;

		if (!id || (twin && !first) || (!twin && old))
			continue;
		st = twin ? same_thing(&keep, old, claim, twin, slot, "edits", id, e) : STATUS_OK;
		if (st != STATUS_OK)
			return st;
		copy = cJSON_Duplicate(keep, true);
		if (!copy || !cJSON_AddItemToArray(out, copy)) {
			cJSON_Delete(copy);
			return STATUS_NOMEM;
		}
	}
	return STATUS_OK;
}

static enum status merge_slot(cJSON *out, const char *slot, const cJSON *base, const cJSON *ours, const cJSON *theirs,
			      const struct rules *rules, struct error *e)
{
	cJSON *cb = base ? record_claims(base, slot) : cJSON_CreateArray();
	cJSON *co = record_claims(ours, slot), *ct = record_claims(theirs, slot);
	cJSON *merged = cJSON_CreateArray();
	enum status st = cb && co && ct && merged ? STATUS_OK : STATUS_NOMEM;

	if (st == STATUS_OK)
		st = surviving(merged, slot, cb, co, ct, true, e);
	if (st == STATUS_OK)
		st = surviving(merged, slot, cb, ct, co, false, e);
	if (st == STATUS_OK) {
		st = record_put_claims(out, slot, merged, rules, e);
		merged = NULL;
	}
	cJSON_Delete(cb);
	cJSON_Delete(co);
	cJSON_Delete(ct);
	cJSON_Delete(merged);
	return st;
}

/* Union of two logs. An entry that both have is one entry: policy lets none change. */
static enum status merge_log(cJSON *out, const char *field, const cJSON *base, const cJSON *ours, const cJSON *theirs, struct error *e)
{
	cJSON *log = NULL;
	const cJSON *entry;
	enum status st;

	if ((ours && !cJSON_IsObject(ours)) || (theirs && !cJSON_IsObject(theirs)))
		return error_set(e, STATUS_INVALID, "%s: it is no log", field);
	log = cJSON_CreateObject();
	st = log ? STATUS_OK : STATUS_NOMEM;
	cJSON_ArrayForEach(entry, ours) {
		const cJSON *keep = entry, *twin = json_get(theirs, entry->string);

		if (st == STATUS_OK && twin)
			st = same_thing(&keep, json_get(base, entry->string), entry, twin, field, "entries", entry->string, e);
		if (st == STATUS_OK)
			st = copy_member(log, entry->string, keep);
	}
	cJSON_ArrayForEach(entry, theirs) {
		if (st == STATUS_OK && !json_get(ours, entry->string))
			st = copy_member(log, entry->string, entry);
	}
	if (st == STATUS_OK && log->child)
		return json_set(out, field, log);
	cJSON_Delete(log);
	return st;
}

static bool is_claimed(const char *type, const char *member, const struct rules *rules)
{
	return strcmp(member, "edits") == 0 || strcmp(member, "conflicts") == 0 || rules_field_kind(rules, type, member) != FIELD_NONE;
}

/* Members that the rules do not name are kept: a record may carry what only newer programs understand. */
static enum status merge_other_members(cJSON *out, const char *type, const cJSON *base, const cJSON *ours, const cJSON *theirs,
				       const struct rules *rules)
{
	const cJSON *sides[] = {ours, theirs}, *member, *value = NULL;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		cJSON_ArrayForEach(member, sides[i]) {
			const char *name = member->string;

			if (st != STATUS_OK || json_get(out, name) || is_claimed(type, name, rules))
				continue;
			st = choose(&value, json_get(base, name), json_get(ours, name), json_get(theirs, name));
			if (st == STATUS_OK)
				st = copy_member(out, name, value);
		}
	}
	return st;
}

static enum status merge_claims_record(cJSON *out, const char *type, const cJSON *base, const cJSON *ours, const cJSON *theirs,
				       const struct rules *rules, struct error *e)
{
	cJSON *slots = record_slots(ours, theirs);
	const cJSON *slot;
	enum status st = slots ? merge_other_members(out, type, base, ours, theirs, rules) : STATUS_NOMEM;

	for (size_t i = 0; st == STATUS_OK && rules_field(rules, type, i); i++) {
		const char *field = rules_field(rules, type, i);

		if (rules_field_kind(rules, type, field) == FIELD_LOG)
			st = merge_log(out, field, json_get(base, field), json_get(ours, field), json_get(theirs, field), e);
	}
	cJSON_ArrayForEach(slot, slots) {
		if (st == STATUS_OK)
			st = merge_slot(out, slot->valuestring, base, ours, theirs, rules, e);
	}
	cJSON_Delete(slots);
	return st;
}

/* ---- records without claims ---- */

/* A device: what ends it, once there, stays; the enrolment that was first stays; of two roles the lesser. */
static enum status merge_registry_record(cJSON *out, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	static const char *const sticky[] = {"enrolment", "revoked", "retired"};
	/* from least to most */
	static const char *const roles[] = {"kiosk", "auditor", "icb", "staff", "manager"};
	const char *ro = json_string(ours, "role"), *rt = json_string(theirs, "role");
	const cJSON *sides[] = {ours, theirs}, *member, *value = NULL;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		cJSON_ArrayForEach(member, sides[i]) {
			if (st != STATUS_OK || json_get(out, member->string))
				continue;
			st = choose(&value, json_get(base, member->string), json_get(ours, member->string), json_get(theirs, member->string));
			if (st == STATUS_OK)
				st = copy_member(out, member->string, value);
		}
	}
	for (size_t i = 0; st == STATUS_OK && i < ARRAY_LEN(sticky); i++)
		if (json_get(base, sticky[i]))
			st = copy_member(out, sticky[i], json_get(base, sticky[i]));
	for (size_t i = 0; st == STATUS_OK && ro && rt && i < ARRAY_LEN(roles); i++)
		if (strcmp(ro, roles[i]) == 0 || strcmp(rt, roles[i]) == 0)
			return json_set_string(out, "role", roles[i]);
	return st;
}

static enum status merge_versioned_record(cJSON **out, const char *version, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	const cJSON *chosen = NULL;
	int64_t vo = 0, vt = 0;
	enum status st = STATUS_OK;

	if (json_integer(ours, version, &vo) && json_integer(theirs, version, &vt) && vo != vt)
		chosen = vo > vt ? ours : theirs;
	else
		st = choose(&chosen, base, ours, theirs);
	if (st != STATUS_OK)
		return st;
	*out = cJSON_Duplicate(chosen, true);
	return *out ? STATUS_OK : STATUS_NOMEM;
}

enum status merge_records(cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const struct rules *rules,
			  struct error *e)
{
	char type[RECORD_TYPE_MAX];
	cJSON *merged = NULL;
	enum record_kind kind;
	enum status st;

	if (!json_equal(json_get(ours, "schema"), json_get(theirs, "schema")) || !json_equal(json_get(ours, "id"), json_get(theirs, "id")))
		return error_set(e, STATUS_INVALID, "two records of different type or id stand at one path");
	record_type(type, ours);
	kind = rules_record_kind(rules, type);
	if (kind == RECORD_VERSIONED || kind == RECORD_IMMUTABLE) {
		st = merge_versioned_record(&merged, rules_version_member(rules, type), base, ours, theirs);
	} else {
		merged = cJSON_CreateObject();
		st = !merged ? STATUS_NOMEM
		     : kind == RECORD_REGISTRY
			     ? merge_registry_record(merged, base, ours, theirs)
			     : merge_claims_record(merged, type, base, ours, theirs, rules, e);
	}
	if (st == STATUS_OK)
		*out = merged;
	else
		cJSON_Delete(merged);
	return st == STATUS_NOMEM ? error_set(e, st, "out of memory") : st;
}
