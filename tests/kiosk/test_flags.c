/* tests/kiosk/test_flags.c - which answers staff are asked to look at twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kiosk/flags.h"

static const struct flags_hours unknown;

static int64_t at(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(time_parse(&ms, text), STATUS_OK);
	return ms;
}

static struct flags_answer answer(const char *boot, int64_t monotonic_ms, const char *survey)
{
	struct flags_answer a = {.monotonic_ms = monotonic_ms};

	(void)snprintf(a.boot_id, sizeof(a.boot_id), "%s", boot);
	(void)snprintf(a.survey, sizeof(a.survey), "%s", survey);
	return a;
}

static bool rapid(const struct flags_past *past, const struct flags_answer *now)
{
	const char *flags[FLAGS_MAX + 1];

	flags_of(flags, past, now, &unknown, CLOCK_SYNCHRONISED, 0);
	if (!flags[0])
		return false;
	assert_string_equal(flags[0], "rapid-repeat");
	assert_null(flags[1]);
	return true;
}

static void the_fourth_answer_within_two_minutes_is_flagged(void **state)
{
	struct flags_past past = {.len = 0};
	struct flags_answer a;

	(void)state;
	for (int i = 0; i < 6; i++) {
		a = answer("boot", 1000000 + i * 30000, "fft");
		assert_int_equal(rapid(&past, &a), i >= 3);
		flags_note(&past, &a);
	}
	a = answer("boot", 1000000 + 3 * 30000 + FLAGS_RAPID_MS - 1, "fft");
	assert_true(rapid(&past, &a));
	a.monotonic_ms++;
	assert_false(rapid(&past, &a));
}

static void two_answers_to_one_survey_within_seconds_are_flagged_and_the_next_survey_of_one_patient_is_not(void **state)
{
	struct flags_past past = {.len = 0};
	struct flags_answer first = answer("boot", 1000000, "fft"), same = answer("boot", 1000000 + FLAGS_RAPID_SAME_MS - 1, "fft");
	struct flags_answer other = answer("boot", 1005000, "access"), later = answer("boot", 1000000 + FLAGS_RAPID_SAME_MS, "fft");

	(void)state;
	flags_note(&past, &first);
	assert_true(rapid(&past, &same));
	assert_false(rapid(&past, &other));
	assert_false(rapid(&past, &later));
}

static void answers_before_a_restart_of_the_box_do_not_count(void **state)
{
	struct flags_past past = {.len = 0};
	struct flags_answer a;

	(void)state;
	for (int i = 0; i < 3; i++) {
		a = answer("first", 1000 + i, "fft");
		flags_note(&past, &a);
	}
	a = answer("second", 2000, "fft");
	assert_false(rapid(&past, &a));
	a = answer("first", 500, "fft"); /* the journal of another card */
	assert_false(rapid(&past, &a));
	a = answer("first", 2000, "fft");
	assert_true(rapid(&past, &a));
}

static cJSON *parse(const char *text)
{
	cJSON *json = NULL;

	assert_int_equal(json_parse(&json, text, strlen(text), NULL), STATUS_OK);
	return json;
}

static bool closed_at(const char *hours_text, const char *when, enum clock_quality quality)
{
	const char *flags[FLAGS_MAX + 1];
	const struct flags_past past = {.len = 0};
	struct flags_answer a = answer("boot", 5, "fft");
	struct flags_hours hours;
	cJSON *json = parse(hours_text);

	flags_hours_read(&hours, json);
	cJSON_Delete(json);
	flags_of(flags, &past, &a, &hours, quality, at(when));
	assert_true(!flags[0] || (strcmp(flags[0], "out-of-hours") == 0 && !flags[1]));
	return flags[0] != NULL;
}

#define WEEK "{\"mon\":[\"08:00\",\"18:30\"],\"wed\":[\"00:00\",\"24:00\"]}"

static void an_answer_while_the_site_is_closed_is_flagged_by_englands_clocks(void **state)
{
	static const struct {
		const char *when;
		bool closed;
	} times[] = {
		{"2022-01-10T07:59:59.999Z", true}, {"2022-01-10T08:00:00.000Z", false}, {"2022-01-10T18:29:59.999Z", false},
		{"2022-01-10T18:30:00.000Z", true}, {"2022-01-11T12:00:00.000Z", true},  {"2022-01-12T00:00:00.000Z", false},
		{"2022-01-12T23:59:59.999Z", false}, {"2022-01-13T00:00:00.000Z", true},
		{"2022-06-06T06:59:59.000Z", true}, {"2022-06-06T07:00:00.000Z", false}, {"2022-06-06T17:30:00.000Z", true},
		{"2022-06-07T22:59:59.000Z", true}, {"2022-06-07T23:00:00.000Z", false}, /* Wednesday, by summer time */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		assert_int_equal(closed_at(WEEK, times[i].when, CLOCK_SYNCHRONISED), times[i].closed);
		assert_int_equal(closed_at(WEEK, times[i].when, CLOCK_ESTIMATED), times[i].closed);
		assert_false(closed_at(WEEK, times[i].when, CLOCK_UNKNOWN));
	}
}

static void without_hours_or_with_ones_that_make_no_sense_nothing_is_out_of_hours(void **state)
{
	static const char *const hours[] = {"null", "{}", "[]", "{\"mon\":\"08:00\"}", "{\"mon\":[\"08:00\"]}", "{\"mon\":[\"8:00\",\"18:00\"]}",
					    "{\"mon\":[\"18:00\",\"08:00\"]}", "{\"mon\":[\"08:60\",\"18:00\"]}", "{\"mon\":[\"08:00\",\"24:01\"]}",
					    "{\"mon\":[8,18]}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hours); i++)
		assert_false(closed_at(hours[i], "2022-01-11T03:00:00.000Z", CLOCK_SYNCHRONISED));
}

/* The C library knows the law from the tz database, where the machine has it. */
static void local_time_is_that_of_the_tz_database(void **state)
{
	int day = 0, minute = 0;

	(void)state;
	assert_int_equal(setenv("TZ", "Europe/London", 1), 0);
	tzset();
	if (strcmp(tzname[1], "BST") != 0)
		skip();
	for (int64_t ms = at("1996-01-01T00:00:00.000Z"); ms < at("2037-12-31T00:00:00.000Z"); ms += INT64_C(1799) * 1000) {
		time_t s = (time_t)(ms / 1000);
		struct tm tm;

		assert_non_null(localtime_r(&s, &tm));
		flags_local(&day, &minute, ms);
		if (day != (tm.tm_wday + 6) % 7 || minute != tm.tm_hour * 60 + tm.tm_min)
			fail_msg("%lld: day %d minute %d, not %d %d:%d", (long long)ms, day, minute, tm.tm_wday, tm.tm_hour, tm.tm_min);
	}
	flags_local(&day, &minute, -1);
	assert_int_equal(day, 2);
	assert_int_equal(minute, 1439);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fourth_answer_within_two_minutes_is_flagged),
		cmocka_unit_test(two_answers_to_one_survey_within_seconds_are_flagged_and_the_next_survey_of_one_patient_is_not),
		cmocka_unit_test(answers_before_a_restart_of_the_box_do_not_count),
		cmocka_unit_test(an_answer_while_the_site_is_closed_is_flagged_by_englands_clocks),
		cmocka_unit_test(without_hours_or_with_ones_that_make_no_sense_nothing_is_out_of_hours),
		cmocka_unit_test(local_time_is_that_of_the_tz_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
