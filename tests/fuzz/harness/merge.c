/* tests/fuzz/harness/merge.c - records that merge: three of anybody's making, or what three sites did to one.
 *
 * A byte that says which. Three records, one a line: the base (empty: there was none) and the two that come of it. Or a type, and edits, each with the
 * site that makes it, first of all those that all sites have seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/merge.h"
#include "core/schema.h"
#include "core/utf8.h"
#include "tests/fuzz/harness/harness.h"

#define EDITS_MAX 24
#define SITES 3

static const struct rules *the_rules(void)
{
	const struct rules *r = NULL;
	struct error e = {0};

	harness_must(rules_get(&r, RULES_VERSION, &e), &e);
	return r;
}

/* NULL when they do not merge, which is told in words. */
static cJSON *merge(const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	cJSON *out = NULL;
	struct error e = {0};
	enum status st = merge_records(&out, base, ours, theirs, the_rules(), &e);

	HOLDS(st == STATUS_OK ? out != NULL : out == NULL && e.text[0]);
	return out;
}

/* Both are NULL, or both say the same. */
static void check_same(cJSON *a, cJSON *b)
{
	HOLDS((a == NULL) == (b == NULL));
	HOLDS(!a || json_equal(a, b));
	cJSON_Delete(b);
}

static void check_in_place(const cJSON *merged, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	cJSON *out = NULL;

	HOLDS((merge_records_in_place(&out, base, ours, theirs, the_rules(), NULL) == STATUS_OK) == (merged != NULL));
	HOLDS(!merged || json_equal(out, merged));
	cJSON_Delete(out);
}

/* Its values are what its claims make of them. */
static bool is_sound(const cJSON *record)
{
	struct error e = {0};
	enum status st = record_check(record, the_rules(), &e);

	HOLDS(st == STATUS_OK || e.text[0]);
	return st == STATUS_OK;
}

/* A server takes it: no claim is without an id, no key without its readers. */
static bool is_taken(const cJSON *record)
{
	return is_sound(record) && schema_check(record, NULL) == STATUS_OK;
}

/* ---- three records of anybody's making ---- */

static cJSON *read_record(struct input *in)
{
	size_t len = 0;
	const char *text = (const char *)input_until(&len, in, '\n');
	cJSON *record = NULL;

	if (len == 0 || json_parse(&record, text, len, NULL) != STATUS_OK)
		return NULL;
	if (cJSON_IsObject(record))
		return record;
	cJSON_Delete(record);
	return NULL;
}

static void merge_any(struct input *in)
{
	cJSON *base = read_record(in), *ours = read_record(in), *theirs = read_record(in), *merged = NULL;

	if (ours && theirs) {
		merged = merge(base, ours, theirs);
		check_same(merged, merge(base, theirs, ours));
		check_in_place(merged, base, ours, theirs);
		if ((!base || is_sound(base)) && is_sound(ours) && is_sound(theirs))
			HOLDS(!merged || is_sound(merged));
		/* what has come of a merge is not changed by another with the same */
		if ((!base || is_taken(base)) && is_taken(ours) && is_taken(theirs)) {
			check_same(ours, merge(base, ours, ours));
			check_same(merged, merged ? merge(base, merged, merged) : NULL);
		}
	}
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
}

/* ---- what three sites did to one record ---- */

struct sites {
	struct input *in;
	char type[RECORD_TYPE_MAX];
	unsigned next_id;
	cJSON *base, *at[SITES];
};

static struct stamp next_stamp(struct sites *s, size_t site)
{
	static const char *const devices[SITES] = {"kib-manager", "fle-staff", "gum-staff"};
	struct stamp stamp = {.by = "staff", .effective = "2023-04-30", .at = "2023-04-30T10:00:00.000Z"};

	(void)snprintf(stamp.id, sizeof(stamp.id), "01920000-0000-7000-8000-%012x", ++s->next_id);
	(void)snprintf(stamp.device, sizeof(stamp.device), "%s", devices[site]);
	return stamp;
}

/* A value as the input has it, up to the end of its line: JSON, or else a text. Nothing: the slot is emptied. */
static cJSON *read_value(struct input *in)
{
	char *text = input_text(in, '\n');
	cJSON *value = text[0] ? NULL : cJSON_CreateNull();

	if (!value && json_parse(&value, text, strlen(text), NULL) != STATUS_OK)
		value = cJSON_CreateString(utf8_valid(NULL, text, strlen(text)) ? text : "text");
	free(text);
	HOLDS(value != NULL);
	return value;
}

/* What no field takes is left out. */
static void edit(struct sites *s, cJSON *record, size_t site)
{
	struct stamp stamp = next_stamp(s, site);
	size_t count = 0;
	const char *field = NULL;
	char slot[RECORD_SLOT_MAX], *key = NULL;
	cJSON *value = NULL;
	enum field_kind kind = FIELD_NONE;

	while (rules_field(the_rules(), s->type, count))
		count++;
	field = count > 0 ? rules_field(the_rules(), s->type, input_below(s->in, count)) : NULL;
	if (!field)
		return;
	kind = rules_field_kind(the_rules(), s->type, field);
	key = kind == FIELD_SET || kind == FIELD_MAP ? input_text(s->in, '=') : NULL;
	value = read_value(s->in);
	(void)snprintf(slot, sizeof(slot), "%s%s%.60s", field, key ? "/" : "", key ? key : "");
	if (!utf8_valid(NULL, slot, strlen(slot))) /* what could come out of no record's file */
		(void)snprintf(slot, sizeof(slot), "%s/key", field);
	if (kind == FIELD_LOG) {
		cJSON *entry = cJSON_CreateObject();

		(void)cJSON_AddItemToObject(entry, "text", value);
		(void)!record_append(record, field, entry, &stamp, NULL);
	} else {
		(void)!record_set(record, slot, value, &stamp, NULL);
	}
	free(key);
}

static void begin_sites(struct sites *s)
{
	static const char *const types[] = {"action", "inspection", "site", "practice", "theme", "triage", "opel", "ppg", "toolkit-answer", "return", "access"};
	const char *type = types[input_below(s->in, ARRAY_LEN(types))];
	char schema[RECORD_TYPE_MAX];

	s->base = cJSON_CreateObject();
	(void)snprintf(s->type, sizeof(s->type), "%s", type);
	(void)snprintf(schema, sizeof(schema), "%s/1", type);
	(void)cJSON_AddStringToObject(s->base, "schema", schema);
	(void)cJSON_AddStringToObject(s->base, "id", "01920000-0000-7000-8000-000000000000");
	for (size_t seen = input_below(s->in, 6); seen > 0; seen--)
		edit(s, s->base, input_below(s->in, SITES));
	for (size_t i = 0; i < SITES; i++)
		s->at[i] = cJSON_Duplicate(s->base, true);
	for (size_t i = 0; i < EDITS_MAX && s->in->len > 0; i++) {
		size_t site = input_below(s->in, SITES);

		edit(s, s->at[site], site);
	}
}

/* A claim stays if both have it, or if one has it that the base did not have; no other does. */
static void check_claims(const cJSON *merged, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	const cJSON *const sides[] = {ours, theirs, base};
	cJSON *slots = record_slots(ours, theirs), *slot = NULL;

	HOLDS(slots != NULL);
	cJSON_ArrayForEach(slot, slots) {
		cJSON *is = record_claims(merged, slot->valuestring), *claim = NULL, *had[ARRAY_LEN(sides)];

		for (size_t i = 0; i < ARRAY_LEN(sides); i++)
			had[i] = record_claims(sides[i], slot->valuestring);
		for (size_t i = 0; i < 2; i++) {
			cJSON_ArrayForEach(claim, had[i]) {
				const char *id = json_string(claim, "id");
				bool stays = record_find_claim(had[1 - i], id) || !record_find_claim(had[2], id);

				HOLDS((record_find_claim(is, id) != NULL) == stays);
			}
		}
		cJSON_ArrayForEach(claim, is)
			HOLDS(record_find_claim(had[0], json_string(claim, "id")) || record_find_claim(had[1], json_string(claim, "id")));
		for (size_t i = 0; i < ARRAY_LEN(sides); i++)
			cJSON_Delete(had[i]);
		cJSON_Delete(is);
	}
	cJSON_Delete(slots);
}

/* Whoever syncs first, all end with the same. */
static void check_orders(const struct sites *s, const cJSON *first_two)
{
	cJSON *last_two = merge(s->base, s->at[1], s->at[2]);
	cJSON *a = first_two ? merge(s->base, first_two, s->at[2]) : NULL, *b = last_two ? merge(s->base, s->at[0], last_two) : NULL;

	if (a && b)
		HOLDS(json_equal(a, b) && is_sound(a));
	cJSON_Delete(last_two);
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void merge_sites(struct input *in)
{
	struct sites s = {.in = in};
	cJSON *merged = NULL;

	begin_sites(&s);
	HOLDS(is_sound(s.base));
	for (size_t i = 0; i < SITES; i++)
		HOLDS(is_sound(s.at[i]));
	merged = merge(s.base, s.at[0], s.at[1]);
	check_same(merged, merge(s.base, s.at[1], s.at[0]));
	check_in_place(merged, s.base, s.at[0], s.at[1]);
	check_same(s.at[0], merge(s.base, s.at[0], s.base));
	check_same(s.at[0], merge(s.base, s.at[0], s.at[0]));
	if (merged) {
		HOLDS(is_sound(merged));
		check_claims(merged, s.base, s.at[0], s.at[1]);
		check_same(merged, merge(s.at[0], s.at[0], merged)); /* who has it all takes it */
		check_same(merged, merge(s.base, merged, s.at[1]));
	}
	check_orders(&s, merged);
	cJSON_Delete(merged);
	cJSON_Delete(s.base);
	for (size_t i = 0; i < SITES; i++)
		cJSON_Delete(s.at[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};

	if (input_byte(&in) & 1)
		merge_sites(&in);
	else
		merge_any(&in);
	return 0;
}
