/* tests/kiosk/test_schedule.c - the sync's timetable, told as a story of hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/status.h"
#include "kiosk/schedule.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define MIDDLE 0x80000000u /* neither earlier nor later */

/* A schedule of 15 minutes whose first sync worked at time 0. */
static struct schedule after_a_good_sync(void)
{
	struct schedule s;

	schedule_init(&s, 15 * MINUTE, 0);
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, 0, MIDDLE), SCHEDULE_SYNC);
	assert_int_equal(schedule_step(&s, SCHEDULE_SYNCED, 0, MIDDLE), SCHEDULE_SLEEP);
	return s;
}

static void syncs_at_once_at_the_start_and_then_every_so_often(void **state)
{
	struct schedule s = after_a_good_sync();

	(void)state;
	assert_int_equal(s.due_ms, 15 * MINUTE);
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, 15 * MINUTE - 1, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, 15 * MINUTE, MIDDLE), SCHEDULE_SYNC);
}

static void spreads_by_a_fifth_and_no_more(void **state)
{
	struct schedule s = after_a_good_sync();

	(void)state;
	(void)schedule_step(&s, SCHEDULE_WAKE, 15 * MINUTE, 0);
	(void)schedule_step(&s, SCHEDULE_SYNCED, 15 * MINUTE, 0);
	assert_int_equal(s.due_ms, 15 * MINUTE + 12 * MINUTE);
	(void)schedule_step(&s, SCHEDULE_WAKE, 27 * MINUTE, 0);
	(void)schedule_step(&s, SCHEDULE_SYNCED, 27 * MINUTE, UINT32_MAX);
	assert_in_range(s.due_ms, 27 * MINUTE + 18 * MINUTE - 1, 27 * MINUTE + 18 * MINUTE);
}

static void several_answers_go_together(void **state)
{
	struct schedule s = after_a_good_sync();

	(void)state;
	assert_int_equal(schedule_step(&s, SCHEDULE_ANSWER, MINUTE, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(s.due_ms, MINUTE + SCHEDULE_BATCH_MS);
	assert_int_equal(schedule_step(&s, SCHEDULE_ANSWER, 2 * MINUTE, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(s.due_ms, MINUTE + SCHEDULE_BATCH_MS); /* a busy waiting room does not put it off */
	assert_int_equal(schedule_step(&s, SCHEDULE_ANSWER, 14 * MINUTE, MIDDLE), SCHEDULE_SYNC);
}

static void an_answer_never_makes_a_sync_later(void **state)
{
	struct schedule s = after_a_good_sync();

	(void)state;
	(void)schedule_step(&s, SCHEDULE_ANSWER, 14 * MINUTE, MIDDLE);
	assert_int_equal(s.due_ms, 15 * MINUTE);
}

static void an_answer_during_a_sync_brings_another_soon(void **state)
{
	struct schedule s = after_a_good_sync();

	(void)state;
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, 15 * MINUTE, MIDDLE), SCHEDULE_SYNC);
	assert_int_equal(schedule_step(&s, SCHEDULE_ANSWER, 15 * MINUTE + 1, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, 15 * MINUTE + 2, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(schedule_step(&s, SCHEDULE_SYNCED, 16 * MINUTE, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(s.due_ms, 16 * MINUTE + SCHEDULE_BATCH_MS);
}

static void failures_wait_twice_as_long_each_time_up_to_six_hours(void **state)
{
	static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360};
	struct schedule s;
	int64_t now = 0;

	(void)state;
	schedule_init(&s, 15 * MINUTE, 0);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, now, MIDDLE), SCHEDULE_SYNC);
		assert_int_equal(schedule_step(&s, SCHEDULE_FAILED, now, MIDDLE), SCHEDULE_SLEEP);
		assert_int_equal(s.due_ms - now, waits[i] * MINUTE);
		assert_int_equal(schedule_step(&s, SCHEDULE_ANSWER, now, MIDDLE), SCHEDULE_SLEEP);
		assert_int_equal(s.due_ms - now, waits[i] * MINUTE); /* patients do not make a lost server busier */
		now = s.due_ms;
	}
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, now, MIDDLE), SCHEDULE_SYNC);
	assert_int_equal(schedule_step(&s, SCHEDULE_SYNCED, now, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(s.due_ms - now, 15 * MINUTE);
}

static void failing_for_years_stays_at_six_hours(void **state)
{
	struct schedule s;

	(void)state;
	schedule_init(&s, 15 * MINUTE, 0);
	s.failures = UINT32_MAX - 1;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, s.due_ms, MIDDLE), SCHEDULE_SYNC);
		(void)schedule_step(&s, SCHEDULE_FAILED, 0, MIDDLE);
		assert_int_equal(s.due_ms, 6 * HOUR);
	}
	assert_int_equal(s.failures, UINT32_MAX);
}

static void a_short_interval_is_retried_as_soon(void **state)
{
	struct schedule s;

	(void)state;
	schedule_init(&s, 2000, 0);
	(void)schedule_step(&s, SCHEDULE_WAKE, 0, MIDDLE);
	(void)schedule_step(&s, SCHEDULE_FAILED, 0, MIDDLE);
	assert_int_equal(s.due_ms, 2000);
}

/* After `failures` tries of which the last began at 0 and ended at once. */
static struct schedule after_failures(unsigned failures)
{
	struct schedule s;

	schedule_init(&s, 15 * MINUTE, 0);
	s.failures = failures - 1;
	(void)schedule_step(&s, SCHEDULE_WAKE, 0, MIDDLE);
	(void)schedule_step(&s, SCHEDULE_FAILED, 0, MIDDLE);
	return s;
}

static void a_network_that_comes_back_ends_the_wait_after_failures(void **state)
{
	struct schedule s = after_failures(10);

	(void)state;
	assert_int_equal(s.due_ms, 6 * HOUR);
	assert_int_equal(schedule_step(&s, SCHEDULE_NETWORK, HOUR, MIDDLE), SCHEDULE_SLEEP);
	assert_int_equal(s.due_ms, HOUR + SCHEDULE_NETWORK_MS / 2);
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, s.due_ms, MIDDLE), SCHEDULE_SYNC);
	(void)schedule_step(&s, SCHEDULE_FAILED, s.due_ms, MIDDLE);
	assert_true(s.due_ms > 6 * HOUR); /* in vain: it waits as long as before */
}

static void a_network_that_comes_and_goes_makes_one_try_a_minute(void **state)
{
	struct schedule s = after_failures(10);

	(void)state;
	for (int64_t now = 1000; now < MINUTE; now += 1000)
		assert_int_equal(schedule_step(&s, SCHEDULE_NETWORK, now, 0), SCHEDULE_SLEEP);
	assert_int_equal(s.due_ms, MINUTE);
}

static void a_network_that_comes_back_during_a_failing_sync_counts(void **state)
{
	struct schedule s = after_failures(10);
	int64_t now = s.due_ms;

	(void)state;
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, now, MIDDLE), SCHEDULE_SYNC);
	assert_int_equal(schedule_step(&s, SCHEDULE_NETWORK, now + 1, 0), SCHEDULE_SLEEP);
	(void)schedule_step(&s, SCHEDULE_FAILED, now + 2 * MINUTE, 0);
	assert_int_equal(s.due_ms, now + 2 * MINUTE);
}

static void a_network_that_changes_while_all_is_well_changes_nothing(void **state)
{
	struct schedule s = after_a_good_sync();
	int64_t due_ms = s.due_ms;

	(void)state;
	assert_int_equal(schedule_step(&s, SCHEDULE_NETWORK, MINUTE, 0), SCHEDULE_SLEEP);
	assert_int_equal(s.due_ms, due_ms);
}

static void stops_for_good(void **state)
{
	struct schedule s = after_a_good_sync();

	(void)state;
	assert_int_equal(schedule_step(&s, SCHEDULE_STOP, MINUTE, MIDDLE), SCHEDULE_EXIT);
	assert_int_equal(schedule_step(&s, SCHEDULE_ANSWER, 90 * MINUTE, MIDDLE), SCHEDULE_EXIT);
	assert_int_equal(schedule_step(&s, SCHEDULE_WAKE, 90 * MINUTE, MIDDLE), SCHEDULE_EXIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syncs_at_once_at_the_start_and_then_every_so_often),
		cmocka_unit_test(spreads_by_a_fifth_and_no_more),
		cmocka_unit_test(several_answers_go_together),
		cmocka_unit_test(an_answer_never_makes_a_sync_later),
		cmocka_unit_test(an_answer_during_a_sync_brings_another_soon),
		cmocka_unit_test(failures_wait_twice_as_long_each_time_up_to_six_hours),
		cmocka_unit_test(failing_for_years_stays_at_six_hours),
		cmocka_unit_test(a_short_interval_is_retried_as_soon),
		cmocka_unit_test(a_network_that_comes_back_ends_the_wait_after_failures),
		cmocka_unit_test(a_network_that_comes_and_goes_makes_one_try_a_minute),
		cmocka_unit_test(a_network_that_comes_back_during_a_failing_sync_counts),
		cmocka_unit_test(a_network_that_changes_while_all_is_well_changes_nothing),
		cmocka_unit_test(stops_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
