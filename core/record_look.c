/* core/record_look.c - what a record holds: its slots, its conflicts, and whether values and claims agree. */
#include <stdlib.h>
#include <string.h>

#include "core/record_slot.h"

/* Slots by name, "edits" or "conflicts". NULL as well where a lying server put something else there: an audit and a screen still read it. */
static const cJSON *slots_in(const cJSON *record, const char *group)
{
	const cJSON *slots = json_get(record, group);

	return cJSON_IsObject(slots) ? slots : NULL;
}

const cJSON *record_find_claim(const cJSON *claims, const char *id)
{
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims) {
		const char *text = json_string(claim, "id");

		if (text && id && strcmp(text, id) == 0)
			return claim;
	}
	return NULL;
}

size_t record_conflicts(const cJSON *record)
{
	const cJSON *conflicts = slots_in(record, "conflicts");

	return conflicts ? (size_t)cJSON_GetArraySize(conflicts) : 0;
}

const char *record_conflict(const cJSON *record, size_t i)
{
	const cJSON *conflicts = slots_in(record, "conflicts"), *item;

	cJSON_ArrayForEach(item, conflicts) {
		if (i-- == 0)
			return item->string;
	}
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	const char *const *ta = a, *const *tb = b;

	return strcmp(*ta, *tb);
}

static size_t collect_slots(const char **out, size_t n, const cJSON *record)
{
	static const char *const groups[] = {"edits", "conflicts"};
	const cJSON *item;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		cJSON_ArrayForEach(item, slots_in(record, groups[i])) {
			if (out)
				out[n] = item->string;
			n++;
		}
	}
	return n;
}

const char **slot_names(size_t *len, const cJSON *a, const cJSON *b)
{
	size_t n = collect_slots(NULL, collect_slots(NULL, 0, a), b), kept = 0;
	const char **names = calloc(n + 1, sizeof(*names));

	if (!names)
		return NULL;
	(void)collect_slots(names, collect_slots(names, 0, a), b);
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(names[i], names[kept - 1]) != 0)
			names[kept++] = names[i];
	*len = kept;
	return names;
}

cJSON *record_slots(const cJSON *a, const cJSON *b)
{
	size_t len = 0;
	const char **names = slot_names(&len, a, b);
	cJSON *out = names ? cJSON_CreateArray() : NULL;

	for (size_t i = 0; out && i < len; i++) {
		cJSON *name = cJSON_CreateString(names[i]);

		if (name)
			(void)cJSON_AddItemToArray(out, name);
	}
	free(names);
	return out;
}

/* How many slots have a plain value in this member. False for what no edits make of it. */
static bool count_plain(size_t *count, const cJSON *member, enum field_kind kind)
{
	if (kind == FIELD_VALUE || kind == FIELD_SEVERITY)
		*count += 1;
	if (kind != FIELD_SET && kind != FIELD_MAP)
		return true;
	if (!(kind == FIELD_SET ? cJSON_IsArray(member) : cJSON_IsObject(member)) || !member->child)
		return false;
	for (const cJSON *item = member->child; item; item = item->next) {
		if (kind == FIELD_SET && (!cJSON_IsString(item) || (item->next && cJSON_IsString(item->next) &&
								    strcmp(item->valuestring, item->next->valuestring) >= 0)))
			return false;
		*count += 1;
	}
	return true;
}

/* Each slot has one edit, and each plain value a slot: then the values are what the edits make, and need not be made again to see it. */
static bool all_lone(const cJSON *record, const char *type, const struct rules *rules)
{
	const cJSON *edits = json_get(record, "edits"), *item;
	size_t plain = 0, found = 0;

	if (!cJSON_IsObject(edits) || !edits->child || json_get(record, "conflicts"))
		return false;
	cJSON_ArrayForEach(item, edits) {
		const cJSON *value;
		enum field_kind kind;
		struct slot s;

		if (!slot_is_lone(item) || slot_resolve(&s, &kind, type, item->string, rules, NULL) != STATUS_OK)
			return false;
		value = slot_plain(record, &s);
		if (cJSON_IsNull(value))
			return false;
		found += value != NULL;
	}
	cJSON_ArrayForEach(item, record) {
		if (!count_plain(&plain, item, rules_field_kind(rules, type, item->string)))
			return false;
	}
	return plain == found;
}

enum status record_check(const cJSON *record, const struct rules *rules, struct error *e)
{
	char type[RECORD_TYPE_MAX];
	cJSON *copy = NULL, *slots = NULL;
	const cJSON *item;
	enum status st = STATUS_NOMEM;

	record_type(type, record);
	if (rules_record_kind(rules, type) != RECORD_CLAIMS)
		return STATUS_OK;
	if (all_lone(record, type, rules))
		return STATUS_OK;
	copy = cJSON_Duplicate(record, true);
	slots = record_slots(record, NULL);
	if (!copy || !slots)
		goto done;
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "edits");
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "conflicts");
	for (size_t i = 0; rules_field(rules, type, i); i++)
		if (rules_field_kind(rules, type, rules_field(rules, type, i)) != FIELD_LOG)
			cJSON_DeleteItemFromObjectCaseSensitive(copy, rules_field(rules, type, i));
	cJSON_ArrayForEach(item, slots) {
		st = record_put_claims(copy, item->valuestring, record_claims(record, item->valuestring), rules, e);
		if (st != STATUS_OK)
			goto done;
	}
	st = json_equal(copy, record) ? STATUS_OK
				      : error_set(e, STATUS_INVALID, "the record's values and the edits behind them do not agree");
done:
	cJSON_Delete(slots);
	cJSON_Delete(copy);
	return st;
}
