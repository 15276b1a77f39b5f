/* tests/client/test_numbers.c - which answer of the device's name a record of the journal is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/numbers.h"

static void a_home_that_was_joined_once_has_one_number_for_both(void **state)
{
	const struct numbers n = {.after = 0};

	(void)state;
	for (uint64_t i = 1; i < 1000; i++) {
		assert_int_equal(numbers_record(&n, i), i);
		assert_int_equal(numbers_number(&n, i), i);
		assert_false(numbers_left_out(&n, i));
	}
}

/* Every way of sending or leaving out the ten records after the fifth. */
static void numbers_run_from_1_without_gaps_whatever_is_left_out(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 1u << 10; mask++) {
		struct numbers n = {.after = 5};
		uint64_t number = 0;

		for (uint64_t record = 6; record <= 15; record++)
			if (mask >> (record - 6) & 1)
				assert_int_equal(numbers_leave_out(&n, record), STATUS_OK);
		for (uint64_t record = 1; record <= 20; record++) {
			bool out = record <= 5 || (record <= 15 && mask >> (record - 6) & 1);

			number += !out;
			assert_int_equal(numbers_left_out(&n, record), out);
			assert_int_equal(numbers_number(&n, record), number);
			if (!out)
				assert_int_equal(numbers_record(&n, number), record);
		}
		assert_int_equal(numbers_record(&n, 0), 5);
	}
}

static void what_is_written_is_read_again(void **state)
{
	struct numbers n = {.after = 7, .carried = 20, .carried_site = "kibworth", .former = {"one", "two"}, .former_len = 2}, back;
	cJSON *json = NULL;

	(void)state;
	assert_int_equal(numbers_leave_out(&n, 9), STATUS_OK);
	assert_int_equal(numbers_leave_out(&n, 10), STATUS_OK);
	assert_int_equal(numbers_leave_out(&n, 12), STATUS_OK);
	json = numbers_json(&n);
	assert_non_null(json);
	assert_int_equal(numbers_read(&back, json), STATUS_OK);
	assert_memory_equal(&back, &n, sizeof(n));
	cJSON_Delete(json);
}

static void more_stretches_than_can_be_noted_are_refused(void **state)
{
	struct numbers n = {.after = 0};

	(void)state;
	for (uint64_t i = 0; i < LIMIT_LEFT_OUT; i++)
		assert_int_equal(numbers_leave_out(&n, 2 * i + 1), STATUS_OK);
	assert_int_equal(numbers_leave_out(&n, 2 * LIMIT_LEFT_OUT), STATUS_OK); /* lengthens the last */
	assert_int_equal(numbers_leave_out(&n, 2 * LIMIT_LEFT_OUT + 9), STATUS_TOO_BIG);
}

static void damaged_numbers_are_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"after\":-1,\"left_out\":[],\"carried\":0,\"carried_site\":\"\",\"former\":[]}",
		"{\"after\":5,\"left_out\":[{\"first\":5,\"last\":6}],\"carried\":0,\"carried_site\":\"\",\"former\":[]}",
		"{\"after\":5,\"left_out\":[{\"first\":7,\"last\":6}],\"carried\":0,\"carried_site\":\"\",\"former\":[]}",
		"{\"after\":5,\"left_out\":[{\"first\":7,\"last\":8},{\"first\":8,\"last\":9}],\"carried\":0,\"carried_site\":\"\",\"former\":[]}",
		"{\"after\":5,\"left_out\":{},\"carried\":0,\"carried_site\":\"\",\"former\":[]}",
		"{\"after\":5,\"left_out\":[],\"carried\":0,\"carried_site\":\"../x\",\"former\":[]}",
		"{\"after\":5,\"left_out\":[],\"carried\":0,\"carried_site\":\"\",\"former\":[\"No Name\"]}",
	};
	struct numbers n = {.after = 42};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cJSON *json = cJSON_Parse(bad[i]);

		assert_non_null(json);
		assert_int_equal(numbers_read(&n, json), STATUS_MALFORMED);
		assert_int_equal(n.after, 42);
		cJSON_Delete(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_home_that_was_joined_once_has_one_number_for_both),
		cmocka_unit_test(numbers_run_from_1_without_gaps_whatever_is_left_out),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(more_stretches_than_can_be_noted_are_refused),
		cmocka_unit_test(damaged_numbers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
