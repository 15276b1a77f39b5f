/* tests/client/test_health.c - a kiosk tells the practice how it is doing: about once a week, and sooner when something is wrong. */
#include "tests/client/kiosk_fixture.h"

#include "client/health.h"

#define DAY_MS (INT64_C(86400) * 1000)

static const char *const languages[] = {"en", "gu", NULL}, *const none[] = {NULL}, *const full[] = {"disk-full", "sync-failing", NULL},
			 *const unset[] = {"clock-unset", NULL};

static struct qip_health health = {.last = 7, .journal_percent = 3, .languages = languages, .troubles = none};

/* The number of the record that the practice has after a sync of both; 0: none. */
static int64_t told(cJSON **record)
{
	cJSON *found = NULL;
	int64_t number = 0;

	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	if (qip_read(&found, boss, "health/kib-kiosk.json", &last_error) == STATUS_OK)
		(void)json_integer(found, "number", &number);
	if (record)
		*record = found;
	else
		cJSON_Delete(found);
	return number;
}

static void a_kiosk_that_was_told_nothing_of_itself_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(told(NULL), 0);
}

static void the_first_sync_tells_and_the_next_do_not(void **state)
{
	cJSON *record = NULL;
	int64_t n = 0;

	(void)state;
	qip_tell_health(kiosk, &health);
	assert_int_equal(told(&record), 1);
	assert_true(json_integer(record, "last", &n) && n == 7);
	assert_true(json_integer(record, "journal_percent", &n) && n == 3);
	assert_true(json_integer(record, "free_bytes", &n) && n > 0);
	assert_true(json_integer(json_get(record, "clock"), "offset_ms", &n) && n > -60000 && n < 60000);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "languages")), 2);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "troubles")), 0);
	cJSON_Delete(record);
	assert_int_equal(told(NULL), 1);
	practice_answers(kiosk, 1);
	assert_int_equal(told(NULL), 1);
}

static void after_six_days_it_tells_again(void **state)
{
	(void)state;
	kiosk->state.health_ms -= HEALTH_EVERY_MS - 60000;
	assert_int_equal(told(NULL), 1);
	kiosk->state.health_ms -= 120000;
	assert_int_equal(told(NULL), 2);
}

static void other_troubles_are_told_the_next_day(void **state)
{
	cJSON *record = NULL;

	(void)state;
	health.troubles = full;
	assert_int_equal(told(NULL), 2);
	kiosk->state.health_ms -= DAY_MS;
	assert_int_equal(told(&record), 3);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "troubles")), 2);
	cJSON_Delete(record);
	kiosk->state.health_ms -= DAY_MS;
	assert_int_equal(told(NULL), 3); /* the same */
	health.troubles = none;
	assert_int_equal(told(NULL), 4);
}

static void a_clock_that_nobody_set_is_no_trouble_once_the_server_told_the_time(void **state)
{
	cJSON *record = NULL;

	(void)state;
	kiosk->state.health_ms -= DAY_MS;
	health.troubles = unset;
	assert_int_equal(told(NULL), 4);
	kiosk->state.health_ms -= HEALTH_EVERY_MS;
	assert_int_equal(told(&record), 5);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "troubles")), 0);
	cJSON_Delete(record);
	health.troubles = none;
}

static void a_server_clock_that_was_in_the_future_silences_nobody(void **state)
{
	(void)state;
	kiosk->state.health_ms += 3650 * DAY_MS;
	assert_int_equal(told(NULL), 6);
	kiosk->state = (struct state){0}; /* lost: once more */
	assert_int_equal(told(NULL), 7);
}

static void what_records_do_not_take_keeps_no_answer_back(void **state)
{
	static const char *const odd[] = {"on fire", NULL};
	uint64_t waiting = 1;

	(void)state;
	health.troubles = odd;
	kiosk->state.health_ms = 0;
	practice_answers(kiosk, 1);
	assert_int_equal(told(NULL), 7);
	OK(qip_waiting(&waiting, kiosk, &last_error));
	assert_int_equal(waiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kiosk_that_was_told_nothing_of_itself_says_nothing),
		cmocka_unit_test(the_first_sync_tells_and_the_next_do_not),
		cmocka_unit_test(after_six_days_it_tells_again),
		cmocka_unit_test(other_troubles_are_told_the_next_day),
		cmocka_unit_test(a_clock_that_nobody_set_is_no_trouble_once_the_server_told_the_time),
		cmocka_unit_test(a_server_clock_that_was_in_the_future_silences_nobody),
		cmocka_unit_test(what_records_do_not_take_keeps_no_answer_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
