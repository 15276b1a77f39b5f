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

static size_t troubles_told(int64_t number)
{
	cJSON *record = NULL;
	size_t n = 0;

	assert_int_equal(told(&record), number);
	n = (size_t)cJSON_GetArraySize(json_get(record, "troubles"));
	cJSON_Delete(record);
	return n;
}

static void a_trouble_that_has_ended_is_told_at_once_and_the_next_a_day_later(void **state)
{
	static const char *const one[] = {"sync-failing", NULL};
	int64_t n = told(NULL);

	(void)state;
	kiosk->state.health_ms -= DAY_MS;
	health.troubles = full;
	assert_int_equal(troubles_told(n + 1), 2);
	health.troubles = one;
	assert_int_equal(troubles_told(n + 2), 1);
	health.troubles = none;
	assert_int_equal(troubles_told(n + 3), 0);
	health.troubles = full;
	assert_int_equal(troubles_told(n + 3), 0);
	health.troubles = none;
}

static void lost_places_are_a_trouble_for_a_week_and_further_ones_again(void **state)
{
	int64_t n = told(NULL);

	(void)state;
	kiosk->state.health_ms -= DAY_MS;
	health.damaged = 2;
	assert_int_equal(troubles_told(n + 1), 1);
	kiosk->state.health_ms -= DAY_MS;
	kiosk->state.lost_ms -= 6 * DAY_MS;
	assert_int_equal(troubles_told(n + 1), 1);
	kiosk->state.lost_ms -= 2 * DAY_MS;
	assert_int_equal(troubles_told(n + 2), 0); /* they are still there, and no news any more */
	kiosk->state.health_ms -= DAY_MS;
	assert_int_equal(troubles_told(n + 2), 0);
	health.damaged = 1; /* one left the journal with its file */
	assert_int_equal(troubles_told(n + 2), 0);
	health.damaged = 2;
	assert_int_equal(troubles_told(n + 3), 1);
	health.damaged = 3; /* while the others are still told: a week from now on */
	kiosk->state.health_ms -= DAY_MS;
	assert_int_equal(troubles_told(n + 4), 1);
	health.damaged = 0;
	assert_int_equal(troubles_told(n + 5), 0);
}

static void a_clock_that_nobody_set_is_no_trouble_once_the_server_told_the_time(void **state)
{
	cJSON *record = NULL;
	int64_t n = 0;

	(void)state;
	n = told(NULL);
	kiosk->state.health_ms -= DAY_MS;
	health.troubles = unset;
	assert_int_equal(told(NULL), n);
	kiosk->state.health_ms -= HEALTH_EVERY_MS;
	assert_int_equal(told(&record), n + 1);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "troubles")), 0);
	cJSON_Delete(record);
	health.troubles = none;
}

static void a_server_clock_that_was_in_the_future_silences_nobody(void **state)
{
	int64_t n = told(NULL);

	(void)state;
	kiosk->state.health_ms += 3650 * DAY_MS;
	assert_int_equal(told(NULL), n + 1);
	kiosk->state = (struct state){0}; /* lost: once more */
	assert_int_equal(told(NULL), n + 2);
}

static void what_records_do_not_take_keeps_no_answer_back(void **state)
{
	static const char *const odd[] = {"on fire", NULL};
	uint64_t waiting = 1;
	int64_t n = told(NULL);

	(void)state;
	health.troubles = odd;
	kiosk->state.health_ms = 0;
	practice_answers(kiosk, 1);
	assert_int_equal(told(NULL), n);
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
		cmocka_unit_test(a_trouble_that_has_ended_is_told_at_once_and_the_next_a_day_later),
		cmocka_unit_test(lost_places_are_a_trouble_for_a_week_and_further_ones_again),
		cmocka_unit_test(a_clock_that_nobody_set_is_no_trouble_once_the_server_told_the_time),
		cmocka_unit_test(a_server_clock_that_was_in_the_future_silences_nobody),
		cmocka_unit_test(what_records_do_not_take_keeps_no_answer_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
