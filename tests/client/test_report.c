/* tests/client/test_report.c - the figures of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/report.h"

static void add(struct report *r, const char *json)
{
	cJSON *action = cJSON_Parse(json);

	assert_non_null(action);
	report_add(r, action);
	cJSON_Delete(action);
}

static const struct report_counts *group(const struct report *r, const char *key_question)
{
	for (size_t i = 0; i < r->groups_len; i++)
		if (strcmp(r->groups[i].key_question, key_question) == 0)
			return &r->groups[i].counts;
	fail_msg("no group %s", key_question);
	return NULL;
}

static void counts_each_status_in_all_and_by_key_question(void **state)
{
	struct report r;

	(void)state;
	report_init(&r, "2023-04-30");
	add(&r, "{\"status\":\"red\",\"key_question\":\"safe\"}");
	add(&r, "{\"status\":\"red\",\"key_question\":\"well-led\"}");
	add(&r, "{\"status\":\"amber\",\"key_question\":\"safe\"}");
	add(&r, "{\"status\":\"green\",\"key_question\":\"safe\",\"evidence\":{\"x\":{}}}");
	add(&r, "{\"status\":\"blue\"}");
	add(&r, "{\"key_question\":\"safe\"}");
	assert_int_equal(r.all.actions, 6);
	assert_int_equal(r.all.red, 2);
	assert_int_equal(r.all.amber, 1);
	assert_int_equal(r.all.green, 1);
	assert_int_equal(r.all.blue, 1);
	assert_int_equal(r.all.other, 1);
	assert_int_equal(group(&r, "safe")->actions, 4);
	assert_int_equal(group(&r, "safe")->red, 1);
	assert_int_equal(group(&r, "well-led")->red, 1);
	assert_int_equal(group(&r, "caring")->actions, 0);
	assert_int_equal(group(&r, "")->blue, 1);
}

static void calls_overdue_what_was_due_before_the_day_and_is_not_complete(void **state)
{
	struct report r;

	(void)state;
	report_init(&r, "2022-09-30");
	add(&r, "{\"status\":\"red\",\"due_date\":\"2022-09-30\"}");   /* due today is not overdue */
	add(&r, "{\"status\":\"red\",\"due_date\":\"2022-09-29\"}");   /* overdue */
	add(&r, "{\"status\":\"amber\",\"due_date\":\"2021-12-31\"}"); /* overdue */
	add(&r, "{\"status\":\"green\",\"due_date\":\"2021-12-31\"}");
	add(&r, "{\"status\":\"blue\",\"due_date\":\"2021-12-31\"}");
	add(&r, "{\"status\":\"red\"}");
	add(&r, "{\"due_date\":\"2021-12-31\"}"); /* no status is not complete */
	assert_int_equal(r.all.overdue, 3);
}

static void flags_green_without_evidence_and_conflicts(void **state)
{
	struct report r;

	(void)state;
	report_init(&r, "2022-09-30");
	add(&r, "{\"status\":\"green\"}");
	add(&r, "{\"status\":\"green\",\"evidence\":{}}");
	add(&r, "{\"status\":\"green\",\"evidence\":{\"a\":{\"title\":\"Minutes\"}}}");
	add(&r, "{\"status\":\"red\",\"conflicts\":{\"status\":[{},{}],\"due_date\":[{},{}]}}");
	assert_int_equal(r.all.green_without_evidence, 2);
	assert_int_equal(r.all.conflicts, 1); /* actions, not fields */
}

static void keeps_counting_when_there_are_more_groups_than_it_keeps(void **state)
{
	struct report r;
	uint64_t sum = 0;

	(void)state;
	report_init(&r, "2022-09-30");
	for (int i = 0; i < 40; i++) {
		char json[64];

		(void)snprintf(json, sizeof(json), "{\"status\":\"red\",\"key_question\":\"k%d\"}", i);
		add(&r, json);
	}
	assert_int_equal(r.groups_len, REPORT_MAX_GROUPS);
	for (size_t i = 0; i < r.groups_len; i++)
		sum += r.groups[i].counts.red;
	assert_int_equal(sum, 40);
	assert_int_equal(r.all.red, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each_status_in_all_and_by_key_question),
		cmocka_unit_test(calls_overdue_what_was_due_before_the_day_and_is_not_complete),
		cmocka_unit_test(flags_green_without_evidence_and_conflicts),
		cmocka_unit_test(keeps_counting_when_there_are_more_groups_than_it_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
