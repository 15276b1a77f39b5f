/* tests/core/test_merge_vectors.c - what a released version of the rules makes of any records, it makes of them for ever.
 *
 * The records are edited by turns as programs edit them, and then some of them spoilt at random, as no program of ours leaves them. What was
 * made of them when the rules were released is here as a digest over every result.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/digest.h"
#include "core/merge.h"
#include "tests/support/practice.h"

#define ROUNDS 1000

static uint32_t chance;

static unsigned pick(unsigned n)
{
	chance = chance * 1664525 + 1013904223;
	return chance / 65536 % n;
}

/* ---- records ---- */

static cJSON *some_value(void)
{
	static const char *const values[] = {"\"red\"", "\"amber\"", "\"green\"", "\"\"", "null", "true", "false", "0", "-7", "12",
					     "{\"consequence\":4,\"likelihood\":2}", "{\"consequence\":1,\"likelihood\":5}", "[]", "[\"a\",\"b\"]",
					     "{\"likelihood\":3}", "\"publish\"", "\"\\u00e9t\\u00e9 \\\"x\\\"\""};

	return cJSON_Parse(values[pick(ARRAY_LEN(values))]);
}

static void edit(cJSON *record, const char *const *slots, size_t slots_len, const char *device)
{
	const char *slot = slots[pick((unsigned)slots_len)];
	struct stamp s = {.by = "staff", .effective = "2023-04-30", .at = "2023-04-30T10:00:00.000Z"};
	const char *key = strchr(slot, '/');
	cJSON *entry;

	(void)snprintf(s.id, sizeof(s.id), "01920000-0000-7000-8000-%06x%06x", pick(65536), pick(4096));
	(void)snprintf(s.device, sizeof(s.device), "%s", device);
	if (slot[0] == '+') {
		entry = cJSON_Parse("{\"text\":\"n\"}");
		(void)!record_append(record, slot + 1, entry, &s, NULL);
	} else {
		(void)!record_set(record, slot, key && pick(2) ? cJSON_CreateTrue() : some_value(), &s, NULL);
	}
}

/* Any value in the tree, by a walk that stops at random. */
static cJSON *some_node(cJSON *root)
{
	cJSON *at = root;

	while (at->child && (at == root || pick(4) > 0)) {
		unsigned n = pick((unsigned)cJSON_GetArraySize(at));

		for (at = at->child; n > 0; n--)
			at = at->next;
	}
	return at;
}

static void spoil(cJSON *record)
{
	cJSON *node = some_node(record), *parent = record, *copy = cJSON_Duplicate(some_node(record), true);
	unsigned how = pick(5);

	if ((cJSON_IsObject(node) || cJSON_IsArray(node)) && how < 2)
		parent = node;
	if (how == 0 && cJSON_IsArray(parent)) {
		cJSON_AddItemToArray(parent, copy);
		return;
	}
	if (how <= 2 && cJSON_IsObject(parent)) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s", node->string && pick(2) ? node->string : copy->string ? copy->string : "status");
		cJSON_DeleteItemFromObjectCaseSensitive(parent, name);
		cJSON_AddItemToObject(parent, name, copy);
		return;
	}
	cJSON_Delete(copy);
	if (cJSON_IsString(node) && node != record)
		(void)snprintf(node->valuestring, strlen(node->valuestring) + 1, "%s", pick(2) ? "" : "kib");
	else if (cJSON_IsNumber(node))
		cJSON_SetNumberHelper(node, pick(9));
	else if (node->child && node != record)
		cJSON_Delete(cJSON_DetachItemViaPointer(node, node->child));
}

/* As it is read again from its bytes; NULL for what cannot be written. */
static cJSON *as_read(const cJSON *record)
{
	struct buf bytes = BUF_INIT;
	cJSON *out = NULL;

	if (json_canonical(&bytes, record) == STATUS_OK && json_parse(&out, buf_text(&bytes), bytes.len, NULL) != STATUS_OK)
		out = NULL;
	buf_clear(&bytes);
	return out;
}

/* ---- results ---- */

static void note(struct sha256 *all, enum status st, const cJSON *result)
{
	struct buf bytes = BUF_INIT;

	buf_addf(&bytes, "%d ", (int)st);
	if (result && json_canonical(&bytes, result) != STATUS_OK)
		buf_adds(&bytes, "no form");
	sha256_add(all, bytes.data, bytes.len);
	buf_clear(&bytes);
}

static void merge_and_note(struct sha256 *all, const struct rules *rules, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	cJSON *merged = NULL;
	enum status st = merge_records(&merged, base, ours, theirs, rules, NULL);

	note(all, st, merged);
	if (st == STATUS_OK)
		note(all, record_check(merged, rules, NULL), NULL);
	cJSON_Delete(merged);
}

/* The quick way, bytes beside bytes, makes the same of it. */
static void assert_same_in_place(const struct rules *rules, cJSON *const read[3], bool with_base)
{
	struct buf bytes[3] = {BUF_INIT, BUF_INIT, BUF_INIT}, plain = BUF_INIT, quick = BUF_INIT;
	struct json_pool pool = JSON_POOL_INIT;
	cJSON *sides[3] = {NULL, NULL, NULL}, *out = NULL, *out_quick = NULL;
	size_t first = with_base ? 0 : 1;
	enum status st;

	for (size_t i = first; i < 3; i++) {
		const struct json_reading how = {.pool = &pool, .other = sides[first], .other_bytes = buf_text(&bytes[first])};

		assert_int_equal(json_canonical(&bytes[i], read[i]), STATUS_OK);
		assert_int_equal(json_read(&sides[i], buf_text(&bytes[i]), bytes[i].len, &how, NULL), STATUS_OK);
		assert_true(json_equal(sides[i], read[i]));
	}
	st = merge_records(&out, with_base ? read[0] : NULL, read[1], read[2], rules, NULL);
	assert_int_equal(merge_records_in_place(&out_quick, sides[0], sides[1], sides[2], rules, NULL), st);
	if (st == STATUS_OK)
		assert_int_equal(json_canonical(&quick, out_quick), json_canonical(&plain, out));
	assert_string_equal(buf_text(&quick), buf_text(&plain));
	cJSON_Delete(out_quick);
	cJSON_Delete(out);
	json_pool_clear(&pool);
	for (size_t i = 0; i < 3; i++)
		buf_clear(&bytes[i]);
	buf_clear(&plain);
	buf_clear(&quick);
}

static void round_of(struct sha256 *all, const struct rules *rules, const char *start, const char *const *slots, size_t slots_len)
{
	cJSON *base = cJSON_Parse(start), *ours, *theirs, *read[3];

	for (unsigned i = pick(8); i > 0; i--)
		edit(base, slots, slots_len, pick(2) ? "kib-1" : "fle-1");
	ours = cJSON_Duplicate(base, true);
	theirs = cJSON_Duplicate(base, true);
	for (unsigned i = pick(5); i > 0; i--)
		edit(ours, slots, slots_len, "kib-1");
	for (unsigned i = pick(5); i > 0; i--)
		edit(theirs, slots, slots_len, pick(5) ? "fle-1" : "kib-1");
	for (unsigned i = pick(3) ? 0 : 1 + pick(3); i > 0; i--) {
		cJSON *sides[] = {base, ours, theirs};

		spoil(sides[pick(3)]);
		if (pick(3) == 0)
			spoil(sides[1]);
	}
	read[0] = as_read(base);
	read[1] = as_read(ours);
	read[2] = as_read(theirs);
	if (read[0] && read[1] && read[2]) {
		merge_and_note(all, rules, read[0], read[1], read[2]);
		merge_and_note(all, rules, read[0], read[2], read[1]);
		merge_and_note(all, rules, NULL, read[1], read[2]);
		merge_and_note(all, rules, read[0], read[0], read[2]);
		for (size_t i = 0; i < 3; i++)
			note(all, record_check(read[i], rules, NULL), NULL);
		assert_same_in_place(rules, read, true);
		assert_same_in_place(rules, read, false);
	}
	for (size_t i = 0; i < 3; i++)
		cJSON_Delete(read[i]);
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
}

static void assert_digest(const char *const *starts, size_t starts_len, const char *const *slots, size_t slots_len, const char *expected)
{
	const struct rules *rules = NULL;
	struct sha256 *all = sha256_open();
	uint8_t hash[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];

	assert_int_equal(rules_get(&rules, 1, NULL), STATUS_OK);
	chance = 1;
	for (size_t i = 0; i < ROUNDS * starts_len; i++)
		round_of(all, rules, starts[i / ROUNDS], slots, slots_len);
	assert_int_equal(sha256_finish(hash, all), STATUS_OK);
	sha256_close(all);
	hex_encode(hex, hash, sizeof(hash));
	assert_string_equal(hex, expected);
}

static void action_points_merge_as_ever(void **state)
{
	static const char *const slots[] = {"status", "status", "ref", "driver", "due_date", "risk_current", "risk_initial", "sites/kibworth",
					    "sites/fleckney", "sites/a", "regulations/12", "+notes", "+evidence", "title"};

	static const char *const start = "{\"schema\":\"action/1\",\"id\":\"01920000-0000-7000-8000-000000000000\",\"later\":{\"a\":1}}";

	(void)state;
	assert_digest(&start, 1, slots, ARRAY_LEN(slots), "1c282ec06b61fda959956b00fa3d4aa12c61bf98870e336bc213d26517963464");
}

static void inspections_merge_as_ever(void **state)
{
	static const char *const slots[] = {"overall", "ratings/safe", "ratings/caring", "ratings/x", "breaches/12", "breaches/17", "+findings",
					    "provider"};

	static const char *const start = "{\"schema\":\"inspection/1\",\"id\":\"01920000-0000-7000-8000-000000000000\"}";

	(void)state;
	assert_digest(&start, 1, slots, ARRAY_LEN(slots), "d89e7acd613713b61384a9ed940d9f5adcc0f077d133ae58a3a046d810df8445");
}

static void triage_merges_as_ever(void **state)
{
	static const char *const slots[] = {"status", "concern", "publication", "themes/a", "themes/b", "flags/c", "released"};

	static const char *const start = "{\"schema\":\"triage/1\",\"id\":\"01920000-0000-7000-8000-000000000000\"}";

	(void)state;
	assert_digest(&start, 1, slots, ARRAY_LEN(slots), "f5a375348a2f542a7ddd3367c0070c868e6421cdc0ad0e5d9445bde50d1cc6c4");
}

static void records_without_claims_merge_as_ever(void **state)
{
	static const char *const slots[] = {"x", "status"};
	static const char *const starts[] = {
		"{\"schema\":\"device/1\",\"id\":\"kib-1\",\"role\":\"staff\",\"retired\":false,\"enrolment\":{\"key\":\"k\"},\"revoked\":\"a\"}",
		"{\"schema\":\"survey/1\",\"id\":\"s\",\"version\":3,\"questions\":[{\"id\":\"q\"}]}",
		"{\"schema\":\"feedback/1\",\"id\":\"01920000-0000-7000-8000-000000000000\",\"seq\":1}",
		"{\"schema\":\"nothing/1\",\"a\":{\"b\":[1,2,{\"c\":null}]}}",
	};

	(void)state;
	assert_digest(starts, ARRAY_LEN(starts), slots, ARRAY_LEN(slots), "84e9b658ba5328b1ae525b5bb78d3cea0161572fd4b126823d6d6b33035bdc64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(action_points_merge_as_ever),
		cmocka_unit_test(inspections_merge_as_ever),
		cmocka_unit_test(triage_merges_as_ever),
		cmocka_unit_test(records_without_claims_merge_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
