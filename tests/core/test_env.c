#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "core/env.h"

static void a_time_has_one_text_form(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1, "1970-01-01T00:00:00.001Z"},
		{951782399999, "2000-02-28T23:59:59.999Z"},
		{951868799000, "2000-02-29T23:59:59.000Z"},
		{1654473600000, "2022-06-06T00:00:00.000Z"},
		{4294967296000, "2106-02-07T06:28:16.000Z"}, /* past 32 bits of seconds */
		{253402300799999, "9999-12-31T23:59:59.999Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[TIME_TEXT_MAX];
		char day[11];
		int64_t ms = -1;

		time_format(text, cases[i].ms);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(time_parse(&ms, text), STATUS_OK);
		assert_int_equal(ms, cases[i].ms);
		date_format(day, cases[i].ms);
		assert_int_equal(strlen(day), 10);
		assert_memory_equal(day, cases[i].text, 10);
	}
}

static void a_time_outside_the_form_becomes_the_nearest_end(void **state)
{
	char text[TIME_TEXT_MAX];
	char day[11];

	(void)state;
	time_format(text, -1);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	time_format(text, INT64_MAX);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	date_format(day, INT64_MIN);
	assert_string_equal(day, "1970-01-01");
}

static void every_day_of_four_centuries_goes_there_and_back(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 146097; day++) {
		char text[TIME_TEXT_MAX];
		int64_t ms = -1;

		time_format(text, day * 86400000 + 43200000);
		assert_int_equal(time_parse(&ms, text), STATUS_OK);
		assert_int_equal(ms, day * 86400000 + 43200000);
	}
}

static void milliseconds_may_be_left_out_when_reading(void **state)
{
	int64_t ms = 0;

	(void)state;
	assert_int_equal(time_parse(&ms, "2022-06-06T12:34:56Z"), STATUS_OK);
	assert_int_equal(ms, 1654518896000);
}

static void any_other_form_of_time_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "Z", "2022", "2022-06-06", "2022-06-06T12:34Z", "2022-06-06 12:34:56Z", "2022-06-06t12:34:56z",
		"2022-06-06T12:34:56", "2022-06-06T12:34:56+00:00", "2022-06-06T12:34:56.1Z", "2022-06-06T12:34:56.1234Z",
		"2022-06-06T24:00:00Z", "2022-06-06T12:60:00Z", "2022-06-06T23:59:60Z", "2022-02-29T00:00:00Z",
		"2022-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2022-06-06T12:34:56.000ZZ", " 2022-06-06T12:34:56.000Z",
		"2022-06-06T12:34:56.000Z ", "-022-06-06T12:34:56.000Z", "2022-06-06T12:34:56,000Z",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t ms = 42;

		assert_int_equal(time_parse(&ms, bad[i]), STATUS_MALFORMED);
		assert_int_equal(ms, 42);
	}
}

static void only_days_of_the_calendar_are_days(void **state)
{
	static const char *const good[] = {"2022-06-06", "2024-02-29", "2000-02-29", "1948-07-05", "9999-12-31"};
	static const char *const bad[] = {"", "2022-6-6", "2022-06-06 ", "2022-06-31", "2023-02-29", "1900-02-29", "2022-00-01",
					  "2022-13-01", "2022-01-00", "0000-01-01", "06/06/2022", "2022-06-0x", "20220606"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(date_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(date_valid(bad[i]));
}

static void the_machine_gives_clocks_a_boot_id_and_randomness(void **state)
{
	const struct env *env = env_system();
	char boot[ENV_BOOT_ID_MAX], again[ENV_BOOT_ID_MAX];
	uint8_t a[1000] = {0}, b[1000] = {0};
	int64_t before = env->monotonic_ms(env->ctx);
	int64_t now_ms = env->now_ms(env->ctx);

	(void)state;
	assert_true(before > 0);
	assert_true(env->monotonic_ms(env->ctx) >= before);
	assert_in_range(now_ms / 1000, (uintmax_t)time(NULL) - 5, (uintmax_t)time(NULL) + 5);
	env->boot_id(env->ctx, boot);
	env->boot_id(env->ctx, again);
	assert_string_equal(boot, again);
	assert_int_equal(strlen(boot), 36);
	assert_int_equal(env->random(env->ctx, a, sizeof(a)), STATUS_OK);
	assert_int_equal(env->random(env->ctx, b, sizeof(b)), STATUS_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 984, b + 984, 16);
}

static void an_implausible_year_is_never_trusted(void **state)
{
	const struct env *env = env_system();
	enum clock_quality q = env->quality(env->ctx);
	time_t now = time(NULL);

	(void)state;
	assert_int_not_equal(q, CLOCK_ESTIMATED); /* the kernel cannot know that */
	if (now < 1704067200 || now >= 3818448000)
		assert_int_equal(q, CLOCK_UNKNOWN);
	assert_string_equal(clock_quality_text(CLOCK_UNKNOWN), "unknown");
	assert_string_equal(clock_quality_text(CLOCK_ESTIMATED), "estimated");
	assert_string_equal(clock_quality_text(CLOCK_SYNCHRONISED), "synchronised");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_has_one_text_form),
		cmocka_unit_test(a_time_outside_the_form_becomes_the_nearest_end),
		cmocka_unit_test(every_day_of_four_centuries_goes_there_and_back),
		cmocka_unit_test(milliseconds_may_be_left_out_when_reading),
		cmocka_unit_test(any_other_form_of_time_is_refused),
		cmocka_unit_test(only_days_of_the_calendar_are_days),
		cmocka_unit_test(the_machine_gives_clocks_a_boot_id_and_randomness),
		cmocka_unit_test(an_implausible_year_is_never_trusted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
