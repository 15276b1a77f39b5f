#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/record.h"

static struct stamp stamp(unsigned id, const char *device)
{
	struct stamp s = {.by = "staff", .effective = "2023-04-30", .at = "2023-04-30T10:00:00.000Z"};

	(void)snprintf(s.id, sizeof(s.id), "01920000-0000-7000-8000-%012x", id);
	(void)snprintf(s.device, sizeof(s.device), "%s", device);
	return s;
}

static cJSON *action(void)
{
	return cJSON_Parse("{\"schema\":\"action/1\",\"id\":\"01920000-0000-7000-8000-000000000000\"}");
}

static void set(cJSON *record, const char *slot, const char *json, unsigned id, const char *device)
{
	struct stamp s = stamp(id, device);
	struct error e = {0};

	if (record_set(record, slot, cJSON_Parse(json), &s, &e) != STATUS_OK)
		fail_msg("%s", e.text);
}

static char *canonical(const cJSON *value)
{
	struct buf b = BUF_INIT;

	assert_int_equal(json_canonical(&b, value), STATUS_OK);
	return (char *)b.data;
}

static const struct rules *rules(void)
{
	const struct rules *r = NULL;

	assert_int_equal(rules_get(&r, 1, NULL), STATUS_OK);
	return r;
}

static void a_peaceful_field_is_stored_as_its_plain_value(void **state)
{
	cJSON *r = action();
	char *text;

	(void)state;
	set(r, "status", "\"red\"", 1, "kib-1");
	text = canonical(r);
	assert_string_equal(text,
			    "{\"edits\":{\"status\":[{\"at\":\"2023-04-30T10:00:00.000Z\",\"by\":\"staff\",\"device\":\"kib-1\","
			    "\"effective\":\"2023-04-30\",\"id\":\"01920000-0000-7000-8000-000000000001\",\"n\":1}]},"
			    "\"id\":\"01920000-0000-7000-8000-000000000000\",\"schema\":\"action/1\",\"status\":\"red\"}");
	free(text);
	assert_int_equal(record_conflicts(r), 0);
	assert_int_equal(record_check(r, rules(), NULL), STATUS_OK);
	cJSON_Delete(r);
}

static void an_edit_replaces_what_it_saw_and_takes_the_next_number(void **state)
{
	cJSON *r = action(), *claims;
	int64_t n = 0;

	(void)state;
	set(r, "status", "\"red\"", 1, "kib-1");
	set(r, "due_date", "\"2023-01-01\"", 2, "kib-1");
	set(r, "status", "\"amber\"", 3, "fle-1");
	claims = record_claims(r, "status");
	assert_int_equal(cJSON_GetArraySize(claims), 1);
	assert_string_equal(json_string(claims->child, "value"), "amber");
	assert_true(json_integer(claims->child, "n", &n));
	assert_int_equal(n, 3);
	assert_int_equal(record_next_number(r), 4);
	cJSON_Delete(claims);
	cJSON_Delete(r);
}

static void a_cleared_field_keeps_its_claim(void **state)
{
	cJSON *r = action(), *claims;

	(void)state;
	set(r, "driver", "\"leadership\"", 1, "kib-1");
	set(r, "driver", "null", 2, "kib-1");
	assert_null(json_get(r, "driver"));
	claims = record_claims(r, "driver");
	assert_int_equal(cJSON_GetArraySize(claims), 1);
	assert_true(cJSON_IsNull(json_get(claims->child, "value")));
	assert_int_equal(record_check(r, rules(), NULL), STATUS_OK);
	cJSON_Delete(claims);
	cJSON_Delete(r);
}

static void a_set_is_a_sorted_array_of_its_present_elements(void **state)
{
	cJSON *r = action();
	char *text;

	(void)state;
	set(r, "sites/kibworth", "true", 1, "kib-1");
	set(r, "sites/fleckney", "true", 2, "kib-1");
	set(r, "sites/kibworth", "true", 3, "kib-1");
	set(r, "sites/great-glen", "true", 4, "kib-1");
	set(r, "sites/great-glen", "null", 5, "kib-1");
	text = canonical(json_get(r, "sites"));
	assert_string_equal(text, "[\"fleckney\",\"kibworth\"]");
	free(text);
	assert_int_equal(record_check(r, rules(), NULL), STATUS_OK);
	set(r, "sites/fleckney", "null", 6, "kib-1");
	set(r, "sites/kibworth", "null", 7, "kib-1");
	assert_null(json_get(r, "sites"));
	cJSON_Delete(r);
}

static void a_conflict_shows_the_more_severe_and_keeps_both(void **state)
{
	cJSON *r = action(), *other = action(), *claims, *more;
	struct error e = {0};

	(void)state;
	set(r, "status", "\"amber\"", 1, "kib-1");
	set(other, "status", "\"green\"", 2, "fle-1");
	set(other, "status", "\"green\"", 3, "fle-1"); /* the later edit is the milder one: it must not show */
	claims = record_claims(r, "status");
	more = record_claims(other, "status");
	assert_true(cJSON_AddItemToArray(claims, cJSON_DetachItemFromArray(more, 0)));
	assert_int_equal(record_put_claims(r, "status", claims, rules(), &e), STATUS_OK);
	assert_string_equal(json_string(r, "status"), "amber");
	assert_int_equal(record_conflicts(r), 1);
	assert_string_equal(record_conflict(r, 0), "status");
	assert_null(json_get(r, "edits"));
	assert_int_equal(record_check(r, rules(), NULL), STATUS_OK);

	set(r, "status", "\"green\"", 4, "kib-1");
	assert_int_equal(record_conflicts(r), 0);
	assert_null(json_get(r, "conflicts"));
	assert_string_equal(json_string(r, "status"), "green");
	cJSON_Delete(more);
	cJSON_Delete(other);
	cJSON_Delete(r);
}

static void what_is_no_field_cannot_be_set(void **state)
{
	static const char *const bad[] = {"id", "schema", "edits", "notes", "sites", "status/red", "", "/", "sites/", "unheard_of"};
	cJSON *r = action();
	struct stamp s = stamp(1, "kib-1");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(record_set(r, bad[i], cJSON_CreateString("x"), &s, NULL), STATUS_INVALID);
	assert_null(json_get(r, "edits"));
	cJSON_Delete(r);
}

static void a_log_entry_carries_who_and_when_and_is_written_once(void **state)
{
	cJSON *r = action();
	struct stamp s = stamp(7, "kib-1");

	(void)state;
	assert_int_equal(record_append(r, "notes", cJSON_Parse("{\"text\":\"seen\"}"), &s, NULL), STATUS_OK);
	assert_string_equal(json_string(json_get(json_get(r, "notes"), s.id), "device"), "kib-1");
	assert_int_equal(record_append(r, "notes", cJSON_Parse("{\"text\":\"again\"}"), &s, NULL), STATUS_EXISTS);
	assert_string_equal(json_string(json_get(json_get(r, "notes"), s.id), "text"), "seen");
	cJSON_Delete(r);
}

static void a_record_whose_values_and_edits_disagree_is_found(void **state)
{
	cJSON *r = action();

	(void)state;
	set(r, "status", "\"red\"", 1, "kib-1");
	set(r, "sites/kibworth", "true", 2, "kib-1");
	assert_int_equal(record_check(r, rules(), NULL), STATUS_OK);
	/* a value without a claim */
	assert_int_equal(json_set_string(r, "driver", "leadership"), STATUS_OK);
	assert_int_equal(record_check(r, rules(), NULL), STATUS_INVALID);
	cJSON_DeleteItemFromObjectCaseSensitive(r, "driver");
	/* an element without a claim */
	assert_true(cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(r, "sites"), cJSON_CreateString("zzz")));
	assert_int_equal(record_check(r, rules(), NULL), STATUS_INVALID);
	cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(r, "sites"), 1);
	assert_int_equal(record_check(r, rules(), NULL), STATUS_OK);
	/* a conflict that shows its milder side */
	cJSON_Delete(cJSON_DetachItemFromObjectCaseSensitive(r, "edits"));
	cJSON_Delete(cJSON_DetachItemFromObjectCaseSensitive(r, "sites"));
	assert_int_equal(json_set(r, "conflicts", cJSON_Parse("{\"status\":[{\"id\":\"a\",\"n\":1,\"value\":\"red\"},"
							      "{\"id\":\"b\",\"n\":2,\"value\":\"green\"}]}")),
			 STATUS_OK);
	assert_int_equal(record_check(r, rules(), NULL), STATUS_OK);
	assert_int_equal(json_set_string(r, "status", "green"), STATUS_OK);
	assert_int_equal(record_check(r, rules(), NULL), STATUS_INVALID);
	cJSON_Delete(r);
}

static void slots_of_two_records_are_listed_once(void **state)
{
	cJSON *a = action(), *b = action(), *slots;
	char *text;

	(void)state;
	set(a, "status", "\"red\"", 1, "kib-1");
	set(a, "sites/kibworth", "true", 2, "kib-1");
	set(b, "status", "\"red\"", 3, "fle-1");
	set(b, "driver", "\"x\"", 4, "fle-1");
	slots = record_slots(a, b);
	text = canonical(slots);
	assert_string_equal(text, "[\"driver\",\"sites/kibworth\",\"status\"]");
	free(text);
	cJSON_Delete(slots);
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void a_list_in_the_place_of_edits_has_no_slots(void **state)
{
	cJSON *a = cJSON_Parse("{\"schema\":\"action/1\",\"edits\":[1,[2],3],\"conflicts\":[{},{}]}"), *slots = record_slots(a, a);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(slots), 0);
	cJSON_Delete(slots);
	cJSON_Delete(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peaceful_field_is_stored_as_its_plain_value),
		cmocka_unit_test(an_edit_replaces_what_it_saw_and_takes_the_next_number),
		cmocka_unit_test(a_cleared_field_keeps_its_claim),
		cmocka_unit_test(a_set_is_a_sorted_array_of_its_present_elements),
		cmocka_unit_test(a_conflict_shows_the_more_severe_and_keeps_both),
		cmocka_unit_test(what_is_no_field_cannot_be_set),
		cmocka_unit_test(a_log_entry_carries_who_and_when_and_is_written_once),
		cmocka_unit_test(a_record_whose_values_and_edits_disagree_is_found),
		cmocka_unit_test(slots_of_two_records_are_listed_once),
		cmocka_unit_test(a_list_in_the_place_of_edits_has_no_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
