/* tests/client/test_clock.c - a kiosk's word on its clock is in the history, seldom and signed. */
#include "tests/client/kiosk_fixture.h"

#include "client/clock.h"

/* A kiosk whose clocks the test sets. */
static int64_t wall_ms, monotonic_ms;
static enum clock_quality quality;
static const char *boot = "b0";

static int64_t fake_now(void *ctx)
{
	(void)ctx;
	return wall_ms;
}

static int64_t fake_monotonic(void *ctx)
{
	(void)ctx;
	return monotonic_ms;
}

static enum clock_quality fake_quality(void *ctx)
{
	(void)ctx;
	return quality;
}

static void fake_boot(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	(void)ctx;
	(void)snprintf(out, ENV_BOOT_ID_MAX, "%s", boot);
}

static struct env fake;

static int set_up_clocks(void **state)
{
	(void)set_up(state);
	fake = *kiosk->env;
	fake.now_ms = fake_now;
	fake.monotonic_ms = fake_monotonic;
	fake.quality = fake_quality;
	fake.boot_id = fake_boot;
	kiosk->env = &fake;
	return 0;
}

static int64_t true_ms(void)
{
	return env_system()->now_ms(env_system()->ctx);
}

static int noted(void)
{
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	return practice_count(boss, "clock/kib-kiosk");
}

static void it_is_due_once_a_boot_and_again_after_a_day_of_drift(void **state)
{
	const int64_t day_ms = INT64_C(86400) * 1000, now_ms = INT64_C(1795323600000);
	const struct anchor none = {.server_ms = 0}, first = {.boot_id = "b", .server_ms = now_ms, .monotonic_ms = 5000, .error_ms = 700};
	struct anchor later = first;

	(void)state;
	assert_true(clock_is_due(&first, &none, CLOCK_UNKNOWN, now_ms));
	assert_false(clock_is_due(&first, &none, CLOCK_SYNCHRONISED, now_ms + 5000));
	assert_true(clock_is_due(&first, &none, CLOCK_SYNCHRONISED, now_ms + 6000));
	assert_true(clock_is_due(&first, &none, CLOCK_SYNCHRONISED, now_ms - 6000));
	later.monotonic_ms += day_ms - 1;
	later.server_ms += 2 * day_ms;
	assert_false(clock_is_due(&later, &first, CLOCK_UNKNOWN, 0)); /* it was said today */
	later.monotonic_ms += 1;
	assert_true(clock_is_due(&later, &first, CLOCK_UNKNOWN, 0));
	later.server_ms = first.server_ms + day_ms + 6400;
	assert_false(clock_is_due(&later, &first, CLOCK_UNKNOWN, 0)); /* 5 s, and what both times may be off */
	later.server_ms = first.server_ms + day_ms - 6401;
	assert_true(clock_is_due(&later, &first, CLOCK_SYNCHRONISED, 0));
}

static void the_correction_of_a_clock_at_1970_is_a_record_and_said_once(void **state)
{
	cJSON *record = NULL;
	int64_t at_ms = 0;
	int before = noted();

	(void)state;
	boot = "b1970";
	wall_ms = 180000;
	monotonic_ms = 170000;
	quality = CLOCK_UNKNOWN;
	practice_answers(kiosk, 2);
	assert_int_equal(practice_sync(kiosk).records_sent, 2); /* the record of the clock is no answer */
	assert_int_equal(noted(), before + 1);
	wall_ms += 900000;
	monotonic_ms += 900000;
	assert_int_equal(noted(), before + 1);
	OK(qip_read(&record, boss, before ? "clock/kib-kiosk/0/0/2.json" : "clock/kib-kiosk/0/0/1.json", &last_error));
	assert_string_equal(json_string(record, "boot"), "b1970");
	assert_string_equal(json_string(record, "own_time"), "1970-01-01T00:03:00.000Z");
	assert_string_equal(json_string(record, "quality"), "unknown");
	OK(time_parse(&at_ms, json_string(record, "server_time")));
	assert_true(at_ms > true_ms() - 60000 && at_ms < true_ms() + 60000);
	cJSON_Delete(record);
}

static void a_right_clock_needs_no_word_and_the_next_wrong_one_does(void **state)
{
	int before = noted();

	(void)state;
	boot = "b2";
	wall_ms = true_ms();
	quality = CLOCK_SYNCHRONISED;
	assert_int_equal(noted(), before);
	boot = "b3";
	wall_ms = true_ms() - 60000;
	assert_int_equal(noted(), before + 1);
}

static void a_boot_that_records_cannot_name_is_passed_over(void **state)
{
	int before = noted();

	(void)state;
	boot = "No UUID";
	quality = CLOCK_UNKNOWN;
	assert_int_equal(noted(), before);
}

static void losing_the_state_costs_a_second_record_and_nothing_else(void **state)
{
	int before = noted();

	(void)state;
	boot = "b4";
	assert_int_equal(noted(), before + 1);
	kiosk->state = (struct state){0};
	assert_int_equal(noted(), before + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_due_once_a_boot_and_again_after_a_day_of_drift),
		cmocka_unit_test(the_correction_of_a_clock_at_1970_is_a_record_and_said_once),
		cmocka_unit_test(a_right_clock_needs_no_word_and_the_next_wrong_one_does),
		cmocka_unit_test(a_boot_that_records_cannot_name_is_passed_over),
		cmocka_unit_test(losing_the_state_costs_a_second_record_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, set_up_clocks, tear_down);
}
