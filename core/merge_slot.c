/* core/merge_slot.c - three-way merge of one field, element of a set or key of a map: in go the claims of both sides, out come those that
 * stay. */
#include "core/merge_internal.h"

#include "core/record_slot.h"

/* A member that is not there yet. */
static enum status add_member(const struct merge *m, cJSON *out, const char *name, const cJSON *value)
{
	cJSON *piece = merge_piece(m, value);

	if (piece && cJSON_AddItemToObject(out, name, piece))
		return STATUS_OK;
	cJSON_Delete(piece);
	return STATUS_NOMEM;
}

/* ---- claims ---- */

/* Append to `out` the claims of `side` that survive: those the other side has too, or that are new (not in the base). `first` tells the two
 * sides apart, so that a claim of both is taken once. */
static enum status surviving(cJSON *out, const char *slot, const cJSON *base, const cJSON *side, const cJSON *other, bool first,
			     struct error *e)
{
	const cJSON *claim;
	enum status st;

	cJSON_ArrayForEach(claim, side) {
		const char *id = json_string(claim, "id");
		const cJSON *twin = record_find_claim(other, id), *old = record_find_claim(base, id);
		const cJSON *keep = claim;
		cJSON *copy;

		if (!id || (twin && !first) || (!twin && old))
			continue;
		st = twin ? merge_same_thing(&keep, old, claim, twin, slot, "edits", id, e) : STATUS_OK;
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
	piece = field ? merge_piece(m, l->plain) : NULL;
	if (piece && cJSON_AddItemToArray(field, piece))
		return STATUS_OK;
	cJSON_Delete(piece);
	return STATUS_NOMEM;
}

enum status merge_slot(const struct merge *m, const char *slot)
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
