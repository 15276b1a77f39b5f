/* tests/client/test_survey_shelf.c - surveys in force, and the versions before them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/survey_shelf.h"

static struct error last_error;

static void put(struct survey_shelf *s, const char *id, int version, const char *more)
{
	char text[512];
	cJSON *record = NULL;

	(void)snprintf(text, sizeof(text),
		       "{\"schema\":\"survey/1\",\"id\":\"%s\",\"version\":%d,%s\"questions\":[{\"id\":\"again\",\"kind\":\"yes-no\","
		       "\"text\":{\"en\":{\"text\":\"Again?\",\"status\":\"reviewed\"}}}]}", id, version, more);
	assert_int_equal(json_parse(&record, text, strlen(text), &last_error), STATUS_OK);
	assert_int_equal(survey_shelf_put(s, record, &last_error), STATUS_OK);
	cJSON_Delete(record);
}

/* The ids and versions shown, as "fft/1 lift/2". */
static void shown(char out[200], const struct survey_shelf *s, const char *day)
{
	cJSON *list = NULL;
	const cJSON *item = NULL;
	int64_t version = 0;
	size_t at = 0;

	out[0] = '\0';
	assert_int_equal(survey_shelf_shown(&list, s, "kibworth", day, &last_error), STATUS_OK);
	cJSON_ArrayForEach(item, list)
	{
		assert_true(json_integer(item, "version", &version));
		at += (size_t)snprintf(out + at, 200 - at, "%s%s/%d", at > 0 ? " " : "", json_string(item, "id"), (int)version);
	}
	cJSON_Delete(list);
}

static void the_friends_and_family_test_comes_first_and_others_at_their_sites_on_their_days(void **state)
{
	struct survey_shelf s = {.len = 0};
	char text[200];

	(void)state;
	put(&s, "access", 1, "\"sites\":[\"fleckney\"],");
	put(&s, "doors", 3, "\"ends\":\"2026-06-30\",");
	put(&s, "fft", 2, "");
	put(&s, "lift", 1, "\"sites\":[\"kibworth\"],\"starts\":\"2026-06-30\",");
	shown(text, &s, "2026-06-29");
	assert_string_equal(text, "fft/2 doors/3");
	shown(text, &s, "2026-06-30");
	assert_string_equal(text, "fft/2 doors/3 lift/1");
	shown(text, &s, "2026-07-01");
	assert_string_equal(text, "fft/2 lift/1");
	shown(text, &s, NULL);
	assert_string_equal(text, "fft/2");
	survey_shelf_clear(&s);
}

static void a_replaced_version_is_found_and_shown_no_more(void **state)
{
	struct survey_shelf s = {.len = 0}, next = {.len = 0};
	char text[200];

	(void)state;
	put(&s, "fft", 1, "");
	put(&s, "lift", 1, "");
	put(&next, "fft", 2, "");
	survey_shelf_replace(&s, &next);
	assert_int_equal(next.len, 0);
	shown(text, &s, "2026-06-29");
	assert_string_equal(text, "fft/2"); /* the lift's survey is gone from the practice */
	assert_non_null(survey_shelf_find(&s, "fft", 1));
	assert_non_null(survey_shelf_find(&s, "fft", 2));
	assert_non_null(survey_shelf_find(&s, "lift", 1));
	assert_null(survey_shelf_find(&s, "fft", 3));
	assert_null(survey_shelf_find(&s, NULL, 1));
	put(&next, "fft", 1, ""); /* a server that was restored from a backup */
	survey_shelf_replace(&s, &next);
	shown(text, &s, "2026-06-29");
	assert_string_equal(text, "fft/1");
	assert_non_null(survey_shelf_find(&s, "fft", 2));
	survey_shelf_clear(&s);
}

static void of_many_versions_the_last_few_are_kept(void **state)
{
	struct survey_shelf s = {.len = 0}, next = {.len = 0};

	(void)state;
	for (int version = 1; version <= 50; version++) {
		put(&next, "fft", version, "");
		put(&next, "lift", 1, "");
		survey_shelf_replace(&s, &next);
	}
	assert_int_equal(s.len, LIMIT_SURVEY_VERSIONS + 1);
	assert_non_null(survey_shelf_find(&s, "fft", 50 - LIMIT_SURVEY_VERSIONS + 1));
	assert_null(survey_shelf_find(&s, "fft", 50 - LIMIT_SURVEY_VERSIONS));
	survey_shelf_clear(&s);
}

static void an_earlier_version_is_added_behind_those_in_force(void **state)
{
	struct survey_shelf s = {.len = 0}, other = {.len = 0};
	char text[200];

	(void)state;
	put(&s, "fft", 9, "");
	for (int version = 1; version <= 9; version++)
		put(&other, "fft", version, "");
	for (size_t i = other.len; i-- > 0;)
		survey_shelf_add_earlier(&s, other.items[i].record);
	assert_int_equal(s.len, LIMIT_SURVEY_VERSIONS);
	assert_non_null(survey_shelf_find(&s, "fft", 10 - LIMIT_SURVEY_VERSIONS));
	assert_null(survey_shelf_find(&s, "fft", 9 - LIMIT_SURVEY_VERSIONS));
	shown(text, &s, "2026-06-29");
	assert_string_equal(text, "fft/9");
	survey_shelf_clear(&s);
	survey_shelf_clear(&other);
}

static void what_is_no_survey_and_what_is_beyond_the_limit_is_passed_over(void **state)
{
	struct survey_shelf s = {.len = 0};
	cJSON *wrong = cJSON_CreateObject();
	char id[16];

	(void)state;
	assert_int_equal(survey_shelf_put(&s, wrong, &last_error), STATUS_OK);
	cJSON_Delete(wrong);
	assert_int_equal(s.len, 0);
	for (int i = 0; i < LIMIT_SURVEYS + 3; i++) {
		(void)snprintf(id, sizeof(id), "s%d", i);
		put(&s, id, 1, "");
	}
	put(&s, "s1", 1, "");
	assert_int_equal(s.len, LIMIT_SURVEYS);
	survey_shelf_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_friends_and_family_test_comes_first_and_others_at_their_sites_on_their_days),
		cmocka_unit_test(a_replaced_version_is_found_and_shown_no_more),
		cmocka_unit_test(of_many_versions_the_last_few_are_kept),
		cmocka_unit_test(an_earlier_version_is_added_behind_those_in_force),
		cmocka_unit_test(what_is_no_survey_and_what_is_beyond_the_limit_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
