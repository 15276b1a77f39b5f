/* core/record.c - slots, claims and stamps inside a record's JSON. */
#include "core/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record_slot.h"

/* The plain value of a slot, the caller's to delete; JSON null when absent. */
static cJSON *plain_value(const cJSON *record, const char *slot)
{
	struct slot s;
	const cJSON *value = slot_parse(&s, slot) ? slot_plain(record, &s) : NULL;

	if (value && s.key && cJSON_IsArray(json_get(record, s.field)))
		return cJSON_CreateTrue();
	return value ? cJSON_Duplicate(value, true) : cJSON_CreateNull();
}

cJSON *record_claims(const cJSON *record, const char *slot)
{
	const cJSON *conflict = json_get(json_get(record, "conflicts"), slot);
	cJSON *claims, *claim;

	if (conflict)
		return cJSON_Duplicate(conflict, true);
	claims = cJSON_Duplicate(json_get(json_get(record, "edits"), slot), true);
	if (!claims)
		return cJSON_CreateArray();
	cJSON_ArrayForEach(claim, claims) {
		if (json_set(claim, "value", plain_value(record, slot)) != STATUS_OK) {
			cJSON_Delete(claims);
			return NULL;
		}
	}
	return claims;
}

/* ---- what shows ---- */

static int64_t claim_number(const cJSON *claim)
{
	int64_t n = 0;

	return json_integer(claim, "n", &n) ? n : 0;
}

static const char *claim_text(const cJSON *claim, const char *key)
{
	const char *text = json_string(claim, key);

	return text ? text : "";
}

/* The later edit: higher number, then device, then id. Times decide nothing. */
static int compare_edits(const cJSON *a, const cJSON *b)
{
	int64_t na = claim_number(a), nb = claim_number(b);
	int order = (na > nb) - (na < nb);

	if (order == 0)
		order = strcmp(claim_text(a, "device"), claim_text(b, "device"));
	return order != 0 ? order : strcmp(claim_text(a, "id"), claim_text(b, "id"));
}

static int compare_shown(const struct rules *rules, const char *type, const struct slot *s, enum field_kind kind, const cJSON *a,
			 const cJSON *b)
{
	const cJSON *va = json_get(a, "value"), *vb = json_get(b, "value");
	int order = 0;

	if (kind == FIELD_SEVERITY)
		order = rules_compare_severity(rules, type, s->field, va, vb);
	else if (kind == FIELD_SET)
		order = (cJSON_IsTrue(va) ? 1 : 0) - (cJSON_IsTrue(vb) ? 1 : 0);
	return order != 0 ? order : compare_edits(a, b);
}

/* The value that shows, borrowed from the claims; NULL for none. */
static const cJSON *shown_value(const struct rules *rules, const char *type, const struct slot *s, enum field_kind kind,
				const cJSON *claims)
{
	const cJSON *best = NULL, *claim;

	cJSON_ArrayForEach(claim, claims) {
		if (!best || compare_shown(rules, type, s, kind, claim, best) > 0)
			best = claim;
	}
	return json_get(best, "value");
}

/* ---- storing ---- */

/* Give the array of a set one element more or less, in order. Built anew: Debian 12's cJSON refuses to insert in the middle. */
static enum status set_element(cJSON *record, const char *field, const char *element, bool present)
{
	const cJSON *old = json_get(record, field), *item;
	cJSON *array = cJSON_CreateArray(), *wanted = present ? cJSON_CreateString(element) : NULL;
	bool ok = array && (wanted || !present);

	cJSON_ArrayForEach(item, old) {
		int order = cJSON_IsString(item) ? strcmp(item->valuestring, element) : 1;

		if (ok && order >= 0 && wanted) {
			ok = cJSON_AddItemToArray(array, wanted);
			wanted = ok ? NULL : wanted;
		}
		if (ok && order != 0) {
			cJSON *kept = cJSON_Duplicate(item, true);

			ok = kept && cJSON_AddItemToArray(array, kept);
		}
	}
	if (ok && wanted) {
		ok = cJSON_AddItemToArray(array, wanted);
		wanted = ok ? NULL : wanted;
	}
	if (ok && array->child)
		return json_set(record, field, array);
	cJSON_Delete(wanted);
	cJSON_Delete(array);
	if (!ok)
		return STATUS_NOMEM;
	cJSON_DeleteItemFromObjectCaseSensitive(record, field);
	return STATUS_OK;
}

static enum status set_map_key(cJSON *record, const char *field, const char *key, const cJSON *value)
{
	cJSON *map = cJSON_GetObjectItemCaseSensitive(record, field);

	if (cJSON_IsNull(value)) {
		cJSON_DeleteItemFromObjectCaseSensitive(map, key);
		if (map && !map->child)
			cJSON_DeleteItemFromObjectCaseSensitive(record, field);
		return STATUS_OK;
	}
	if (!map) {
		map = cJSON_CreateObject();
		if (json_set(record, field, map) != STATUS_OK)
			return STATUS_NOMEM;
	}
	return json_set(map, key, cJSON_Duplicate(value, true));
}

/* value: JSON null or NULL clears. */
static enum status set_plain(cJSON *record, const struct slot *s, enum field_kind kind, const cJSON *value)
{
	cJSON null = {.type = cJSON_NULL};

	if (!value)
		value = &null;
	if (kind == FIELD_SET)
		return set_element(record, s->field, s->key, cJSON_IsTrue(value));
	if (kind == FIELD_MAP)
		return set_map_key(record, s->field, s->key, value);
	if (cJSON_IsNull(value)) {
		cJSON_DeleteItemFromObjectCaseSensitive(record, s->field);
		return STATUS_OK;
	}
	return json_set(record, s->field, cJSON_Duplicate(value, true));
}

/* Put `list` under record[group][slot]; an empty or NULL list removes it, and the group when it was the last. Takes list over. */
static enum status put_list(cJSON *record, const char *group, const char *slot, cJSON *list)
{
	cJSON *object = cJSON_GetObjectItemCaseSensitive(record, group);

	if (!list || !list->child) {
		cJSON_Delete(list);
		cJSON_DeleteItemFromObjectCaseSensitive(object, slot);
		if (object && !object->child)
			cJSON_DeleteItemFromObjectCaseSensitive(record, group);
		return STATUS_OK;
	}
	if (!object) {
		object = cJSON_CreateObject();
		if (json_set(record, group, object) != STATUS_OK) {
			cJSON_Delete(list);
			return STATUS_NOMEM;
		}
	}
	return json_set(object, slot, list);
}

static int by_id(const void *a, const void *b)
{
	const cJSON *const *ca = a, *const *cb = b;

	return strcmp(claim_text(*ca, "id"), claim_text(*cb, "id"));
}

/* Sort at most RECORD_MAX_CLAIMS items by their "id". */
static void sort_by_id(cJSON *array)
{
	cJSON *items[RECORD_MAX_CLAIMS];
	size_t n = 0;

	while (array->child && n < RECORD_MAX_CLAIMS)
		items[n++] = cJSON_DetachItemFromArray(array, 0);
	qsort(items, n, sizeof(items[0]), by_id);
	for (size_t i = 0; i < n; i++)
		(void)cJSON_AddItemToArray(array, items[i]); /* links only; cannot fail for two live objects */
}

/* Of claims sorted by id: the first that two have; NULL for none. */
static const char *repeated_id(const cJSON *claims)
{
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims) {
		if (claim->next && strcmp(claim_text(claim, "id"), claim_text(claim->next, "id")) == 0)
			return claim_text(claim, "id");
	}
	return NULL;
}

static bool all_equal(const cJSON *claims)
{
	const cJSON *first = json_get(claims ? claims->child : NULL, "value"), *claim;

	cJSON_ArrayForEach(claim, claims) {
		if (!json_equal(json_get(claim, "value"), first))
			return false;
	}
	return true;
}

void record_type(char out[RECORD_TYPE_MAX], const cJSON *record)
{
	const char *schema = json_string(record, "schema");
	size_t len = schema ? strcspn(schema, "/") : 0;

	len = len < RECORD_TYPE_MAX ? len : RECORD_TYPE_MAX - 1;
	memcpy(out, schema ? schema : "", len);
	out[len] = '\0';
}

/* Keep the claims as stamps in peace, whole in a conflict. Takes claims over. */
static enum status keep_claims(cJSON *record, const char *slot, cJSON *claims)
{
	bool peace = all_equal(claims);
	cJSON *claim;

	if (put_list(record, peace ? "conflicts" : "edits", slot, NULL) != STATUS_OK) {
		cJSON_Delete(claims);
		return STATUS_NOMEM;
	}
	cJSON_ArrayForEach(claim, claims) {
		if (peace)
			cJSON_DeleteItemFromObjectCaseSensitive(claim, "value");
	}
	return put_list(record, peace ? "edits" : "conflicts", slot, claims);
}

enum status record_put_claims(cJSON *record, const char *slot, cJSON *claims, const struct rules *rules, struct error *e)
{
	char type[RECORD_TYPE_MAX];
	struct slot s;
	enum field_kind kind = FIELD_VALUE;
	const char *twice = NULL;
	enum status st;

	record_type(type, record);
	if (!claims)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = slot_resolve(&s, &kind, type, slot, rules, e);
	if (st == STATUS_OK && cJSON_GetArraySize(claims) > RECORD_MAX_CLAIMS)
		st = error_set(e, STATUS_TOO_BIG, "%s has more than %d claims; please resolve the conflict", slot, RECORD_MAX_CLAIMS);
	if (st == STATUS_OK) {
		sort_by_id(claims);
		twice = repeated_id(claims);
	}
	if (twice)
		st = error_set(e, STATUS_INVALID, "%s: the edit %s stands twice", slot, twice);
	if (st != STATUS_OK) {
		cJSON_Delete(claims);
		return st;
	}
	st = set_plain(record, &s, kind, shown_value(rules, type, &s, kind, claims));
	if (st != STATUS_OK)
		cJSON_Delete(claims);
	else
		st = keep_claims(record, slot, claims);
	return st == STATUS_OK ? st : error_set(e, st, "out of memory");
}

/* ---- edits ---- */

int64_t record_next_number(const cJSON *record)
{
	static const char *const groups[] = {"edits", "conflicts"};
	const cJSON *list, *claim;
	int64_t highest = 0;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		cJSON_ArrayForEach(list, json_get(record, groups[i])) {
			cJSON_ArrayForEach(claim, list) {
				if (claim_number(claim) > highest)
					highest = claim_number(claim);
			}
		}
	}
	return highest < JSON_MAX_INTEGER ? highest + 1 : highest;
}

static enum status add_stamp(cJSON *object, const struct stamp *stamp)
{
	static const char *const names[] = {"device", "by", "effective", "at", "person"};
	const char *const values[] = {stamp->device, stamp->by, stamp->effective, stamp->at, stamp->person};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (values[i][0] && json_set_string(object, names[i], values[i]) != STATUS_OK)
			return STATUS_NOMEM;
	return STATUS_OK;
}

enum status record_set(cJSON *record, const char *slot, cJSON *value, const struct stamp *stamp, struct error *e)
{
	const struct rules *rules;
	cJSON *claim = cJSON_CreateObject(), *claims = cJSON_CreateArray();
	int64_t n = stamp->n > 0 ? stamp->n : record_next_number(record);
	enum status st = rules_get(&rules, RULES_VERSION, e);

	if (st == STATUS_OK)
		st = json_set(claim, "value", value);
	else
		cJSON_Delete(value);
	if (st == STATUS_OK)
		st = json_set_string(claim, "id", stamp->id);
	if (st == STATUS_OK)
		st = json_set_integer(claim, "n", n);
	if (st == STATUS_OK)
		st = add_stamp(claim, stamp);
	if (st == STATUS_OK && !cJSON_AddItemToArray(claims, claim))
		st = STATUS_NOMEM;
	if (st != STATUS_OK) {
		cJSON_Delete(claim);
		cJSON_Delete(claims);
		return st == STATUS_NOMEM ? error_set(e, st, "out of memory") : st;
	}
	return record_put_claims(record, slot, claims, rules, e);
}

enum status record_append(cJSON *record, const char *field, cJSON *entry, const struct stamp *stamp, struct error *e)
{
	cJSON *log = cJSON_GetObjectItemCaseSensitive(record, field);
	enum status st = STATUS_OK;

	if (!log) {
		log = cJSON_CreateObject();
		st = json_set(record, field, log);
	}
	if (st != STATUS_OK || add_stamp(entry, stamp) != STATUS_OK) {
		cJSON_Delete(entry);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	if (json_get(log, stamp->id)) {
		cJSON_Delete(entry);
		return error_set(e, STATUS_EXISTS, "%s already has an entry %s", field, stamp->id);
	}
	return json_set(log, stamp->id, entry);
}
