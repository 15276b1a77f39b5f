/* core/merge.c - three-way merge of one record. */
#include "core/merge.h"

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

/* A merge under way. */
struct merge {
	const char *type;
	const struct rules *rules;
	const cJSON *base, *ours, *theirs; /* base: NULL if there was none */
	const cJSON *edits[3], *conflicts[3]; /* members of each, in that order */
	cJSON *out;
	bool refers; /* out may refer to pieces of the sides */
	struct error *e;
};

/* What a side has, for the merged record. NULL without memory. */
static cJSON *piece_of(const struct merge *m, const cJSON *value)
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
	return value ? json_set(out, name, piece_of(m, value)) : STATUS_OK;
}

/* A member that is not there yet. */
static enum status add_member(const struct merge *m, cJSON *out, const char *name, const cJSON *value)
{
	cJSON *piece = piece_of(m, value);

	if (piece && cJSON_AddItemToObject(out, name, piece))
		return STATUS_OK;
	cJSON_Delete(piece);
	return STATUS_NOMEM;
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

/* Any slot, claim by claim. */
static enum status merge_claims(const struct merge *m, const char *slot)
{
	cJSON *cb = m->base ? record_claims(m->base, slot) : cJSON_CreateArray();
	cJSON *co = record_claims(m->ours, slot), *ct = record_claims(m->theirs, slot);
	cJSON *merged = cJSON_CreateArray();
	enum status st = cb && co && ct && merged ? STATUS_OK : STATUS_NOMEM;

	if (st == STATUS_OK)
		st = surviving(merged, slot, cb, co, ct, true, m->e);
	if (st == STATUS_OK)
		st = surviving(merged, slot, cb, ct, co, false, m->e);
	if (st == STATUS_OK) {
		st = record_put_claims(m->out, slot, merged, m->rules, m->e);
		merged = NULL;
	}
	cJSON_Delete(cb);
	cJSON_Delete(co);
	cJSON_Delete(ct);
	cJSON_Delete(merged);
	return st;
}

/* ---- the common case: one edit on each side, and only one side's is new ---- */

/* A slot of one side that nobody set, or whose one edit is not disputed. */
struct lone {
	const cJSON *stamps; /* NULL: not set */
	const cJSON *plain;  /* NULL: cleared, or not set */
};

/* side: 0 base, 1 ours, 2 theirs. False if it stands otherwise. */
static bool find_lone(struct lone *out, const struct merge *m, size_t side, const char *slot, const struct slot *s, enum field_kind kind)
{
	const cJSON *const records[] = {m->base, m->ours, m->theirs}, *record = records[side], *field;

	*out = (struct lone){.stamps = json_get(m->edits[side], slot)};
	if (m->conflicts[side] && json_get(m->conflicts[side], slot))
		return false;
	if (!out->stamps)
		return true;
	field = s->key ? json_get(record, s->field) : NULL;
	if ((kind == FIELD_SET && field && !cJSON_IsArray(field)) || (kind == FIELD_MAP && field && !cJSON_IsObject(field)))
		return false;
	out->plain = slot_plain(record, s);
	if (cJSON_IsNull(out->plain))
		out->plain = NULL;
	return slot_is_lone(out->stamps) && json_string(out->stamps->child, "id");
}

static bool same_lone(const struct lone *a, const struct lone *b)
{
	return json_equal(a->stamps, b->stamps) && (!a->stamps || json_equal(a->plain, b->plain));
}

/* The side whose claim is the only one that stays: both have it, or the other has nothing but what the base had. */
static const struct lone *only_survivor(const struct lone *base, const struct lone *ours, const struct lone *theirs)
{
	const struct lone *side = NULL;

	if (same_lone(ours, theirs) || same_lone(base, theirs))
		side = ours;
	else if (same_lone(base, ours))
		side = theirs;
	return side && side->stamps ? side : NULL;
}

/* The list or object of a set or map, made when it is first needed. NULL without memory. */
static cJSON *container(cJSON *out, const char *name, bool is_array)
{
	cJSON *there = cJSON_GetObjectItemCaseSensitive(out, name);

	return there ? there : is_array ? cJSON_AddArrayToObject(out, name) : cJSON_AddObjectToObject(out, name);
}

/* As record_put_claims would; slots come in order, so a set's elements do. */
static enum status put_lone(const struct merge *m, const char *slot, const struct slot *s, enum field_kind kind, const struct lone *l)
{
	cJSON *edits = container(m->out, "edits", false), *field = NULL, *piece;
	enum status st = edits ? add_member(m, edits, slot, l->stamps) : STATUS_NOMEM;

	if (st != STATUS_OK || !l->plain)
		return st;
	if (!s->key)
		return add_member(m, m->out, s->field, l->plain);
	field = container(m->out, s->field, kind == FIELD_SET);
	if (kind == FIELD_MAP)
		return field ? add_member(m, field, s->key, l->plain) : STATUS_NOMEM;
	piece = field ? piece_of(m, l->plain) : NULL;
	if (piece && cJSON_AddItemToArray(field, piece))
		return STATUS_OK;
	cJSON_Delete(piece);
	return STATUS_NOMEM;
}

static enum status merge_slot(const struct merge *m, const char *slot)
{
	struct lone base, ours, theirs;
	const struct lone *survivor = NULL;
	enum field_kind kind = FIELD_NONE;
	struct slot s;

	if (slot_resolve(&s, &kind, m->type, slot, m->rules, NULL) == STATUS_OK && find_lone(&base, m, 0, slot, &s, kind) &&
	    find_lone(&ours, m, 1, slot, &s, kind) && find_lone(&theirs, m, 2, slot, &s, kind))
		survivor = only_survivor(&base, &ours, &theirs);
	return survivor ? put_lone(m, slot, &s, kind, survivor) : merge_claims(m, slot);
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
			st = same_thing(&keep, json_get(base, entry->string), entry, twin, field, "entries", entry->string, m->e);
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
	*out = piece_of(m, chosen);
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
		st = !m->out ? STATUS_NOMEM : kind == RECORD_REGISTRY ? merge_registry_record(m) : merge_claims_record(m);
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
