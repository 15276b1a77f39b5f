/* tests/server/test_rates.c - how much a device may send in an hour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "server/rates.h"

#define HOUR_MS INT64_C(3600000)

static const struct rates_limits ten = {.pushes_hour = 10, .bytes_hour = 1 << 20};
static struct rates *r;
static int64_t now_ms, wait_s;
static struct error e;

static int begin(void **state)
{
	(void)state;
	now_ms = 5;
	return rates_open(&r, NULL);
}

static int end(void **state)
{
	(void)state;
	rates_close(r);
	return 0;
}

static enum status take(const char *device)
{
	return rates_take(&wait_s, r, device, RATES_PUSH, &ten, now_ms, &e);
}

static void ten_go_at_once_and_then_one_each_six_minutes(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(take("kiosk"), STATUS_OK);
	assert_int_equal(take("kiosk"), STATUS_DENIED);
	assert_in_range(wait_s, 360, 361);
	assert_non_null(strstr(e.text, "more than 10 times in an hour"));
	now_ms += wait_s * 1000;
	assert_int_equal(take("kiosk"), STATUS_OK);
	assert_int_equal(take("kiosk"), STATUS_DENIED);
	now_ms += 100 * HOUR_MS;
	for (int i = 0; i < 10; i++)
		assert_int_equal(take("kiosk"), STATUS_OK);
	assert_int_equal(take("kiosk"), STATUS_DENIED); /* no more than an hour's were saved up */
}

static void a_blob_is_a_tenth_of_a_push(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(rates_take(&wait_s, r, "kiosk", RATES_BLOB, &ten, now_ms, &e), STATUS_OK);
	assert_int_equal(rates_take(&wait_s, r, "kiosk", RATES_BLOB, &ten, now_ms, &e), STATUS_DENIED);
	assert_in_range(wait_s, 36, 37);
	assert_int_equal(take("kiosk"), STATUS_DENIED);
}

static void one_device_costs_another_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 11; i++)
		(void)take("mad");
	assert_int_equal(take("mad"), STATUS_DENIED);
	assert_int_equal(take("kiosk"), STATUS_OK);
}

static void bytes_are_counted_when_they_came(void **state)
{
	(void)state;
	assert_int_equal(take("kiosk"), STATUS_OK);
	rates_spend(r, "kiosk", 3 << 20); /* what was begun is taken whole */
	assert_int_equal(take("kiosk"), STATUS_DENIED);
	assert_in_range(wait_s, 7200, 7201);
	assert_non_null(strstr(e.text, "1 MiB in an hour"));
	now_ms += wait_s * 1000 - 2000;
	assert_int_equal(take("kiosk"), STATUS_DENIED);
	now_ms += 2000;
	assert_int_equal(take("kiosk"), STATUS_OK);
	rates_spend(r, "kiosk", UINT64_MAX); /* nonsense, and no overflow */
	rates_spend(r, "nobody", 5);
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(take("kiosk"), STATUS_OK);
	now_ms -= 3;
	assert_int_equal(take("kiosk"), STATUS_DENIED);
}

int main(void)
{
#define RATES_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		RATES_TEST(ten_go_at_once_and_then_one_each_six_minutes),
		RATES_TEST(a_blob_is_a_tenth_of_a_push),
		RATES_TEST(one_device_costs_another_nothing),
		RATES_TEST(bytes_are_counted_when_they_came),
		RATES_TEST(a_clock_that_goes_back_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
