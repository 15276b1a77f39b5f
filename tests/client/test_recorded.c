/* tests/client/test_recorded.c - when an answer was recorded, by clocks that are right, wrong or set in 1970. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/recorded.h"

#define NOW_MS INT64_C(1795323600000)
#define BEFORE_MS INT64_C(1795000000000)

static struct journal_record record_of(const char *boot, int64_t wall_ms, int64_t monotonic_ms, enum clock_quality quality)
{
	struct journal_record r = {.wall_ms = wall_ms, .monotonic_ms = monotonic_ms, .quality = quality};

	(void)snprintf(r.boot_id, sizeof(r.boot_id), "%s", boot);
	return r;
}

/* The server's clock was known in boot "b", 100 s after its start. */
static const struct state known = {.anchors = {{.boot_id = "b", .server_ms = NOW_MS, .monotonic_ms = 100000, .error_ms = 700}}, .anchors_len = 1};

static void believes_a_synchronised_clock(void **state)
{
	struct journal_record r = record_of("b", NOW_MS - 5, 1, CLOCK_SYNCHRONISED);
	struct recorded w;

	(void)state;
	recorded_work_out(&w, &r, &known, BEFORE_MS, NOW_MS);
	assert_int_equal(w.quality, CLOCK_SYNCHRONISED);
	assert_true(w.at_ms == NOW_MS - 5 && w.earliest_ms == w.at_ms && w.latest_ms == w.at_ms);
}

static void counts_back_from_the_servers_time_in_the_same_boot(void **state)
{
	struct journal_record r = record_of("b", 0, 40000, CLOCK_UNKNOWN); /* 1970, 60 s before the anchor */
	struct recorded w;

	(void)state;
	recorded_work_out(&w, &r, &known, BEFORE_MS, NOW_MS);
	assert_int_equal(w.quality, CLOCK_ESTIMATED);
	assert_true(w.at_ms == NOW_MS - 60000);
	assert_true(w.earliest_ms == w.at_ms - 700 - 12 && w.latest_ms == w.at_ms + 700 + 12); /* 60 s at 200 ppm */
}

static void a_month_without_the_server_widens_the_interval_by_what_a_clock_may_drift(void **state)
{
	const int64_t month_ms = INT64_C(30) * 86400 * 1000;
	struct state later = {.anchors = {{.boot_id = "b", .server_ms = NOW_MS, .monotonic_ms = month_ms}}, .anchors_len = 1};
	struct journal_record r = record_of("b", 0, 0, CLOCK_UNKNOWN);
	struct recorded w;

	(void)state;
	recorded_work_out(&w, &r, &later, BEFORE_MS, NOW_MS);
	assert_true(w.at_ms == NOW_MS - month_ms);
	assert_true(w.latest_ms - w.at_ms == month_ms / 5000 && w.at_ms - w.earliest_ms == month_ms / 5000);
}

static void does_not_believe_a_synchronised_clock_that_is_ahead_of_the_server(void **state)
{
	struct journal_record r = record_of("b", NOW_MS + INT64_C(400) * 86400 * 1000, 40000, CLOCK_SYNCHRONISED);
	struct recorded w;

	(void)state;
	recorded_work_out(&w, &r, &known, BEFORE_MS, NOW_MS);
	assert_int_equal(w.quality, CLOCK_ESTIMATED);
	assert_true(w.at_ms == NOW_MS - 60000);
}

static void gives_an_interval_for_a_boot_whose_clock_was_never_known(void **state)
{
	struct journal_record r = record_of("other", INT64_C(4070908800000), 40000, CLOCK_UNKNOWN); /* 2099 */
	struct recorded w;

	(void)state;
	recorded_work_out(&w, &r, &known, BEFORE_MS, NOW_MS);
	assert_int_equal(w.quality, CLOCK_UNKNOWN);
	assert_true(w.at_ms == INT64_C(4070908800000));
	assert_true(w.earliest_ms == BEFORE_MS && w.latest_ms == NOW_MS);
}

static void takes_no_boot_for_another_when_the_system_names_none(void **state)
{
	struct state unnamed = {.anchors = {{.boot_id = "", .server_ms = NOW_MS}}, .anchors_len = 1};
	struct journal_record r = record_of("", 5, 5, CLOCK_UNKNOWN);
	struct recorded w;

	(void)state;
	recorded_work_out(&w, &r, &unnamed, BEFORE_MS, NOW_MS);
	assert_int_equal(w.quality, CLOCK_UNKNOWN);
}

static void an_interval_never_ends_before_it_begins(void **state)
{
	struct journal_record r = record_of("other", 0, 40000, CLOCK_UNKNOWN);
	struct recorded w;

	(void)state;
	recorded_work_out(&w, &r, &known, INT64_C(4070908800000), NOW_MS); /* the server, too, stood at 2099 for a while */
	assert_true(w.earliest_ms == RECORDED_FLOOR_MS && w.latest_ms == NOW_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_a_synchronised_clock),
		cmocka_unit_test(counts_back_from_the_servers_time_in_the_same_boot),
		cmocka_unit_test(gives_an_interval_for_a_boot_whose_clock_was_never_known),
		cmocka_unit_test(an_interval_never_ends_before_it_begins),
		cmocka_unit_test(takes_no_boot_for_another_when_the_system_names_none),
		cmocka_unit_test(a_month_without_the_server_widens_the_interval_by_what_a_clock_may_drift),
		cmocka_unit_test(does_not_believe_a_synchronised_clock_that_is_ahead_of_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
