/* tests/client/test_kiosks.c - what qip status tells of the practice's kiosks. */
#include "tests/client/kiosk_fixture.h"

#include "client/cli/kiosks.h"

#define DAY_MS (INT64_C(86400) * 1000)

static const char *const none[] = {NULL}, *const full[] = {"disk-full", NULL};

static int64_t ahead_ms;
static struct env later;

static int64_t later_now(void *ctx)
{
	(void)ctx;
	return env_system()->now_ms(env_system()->ctx) + ahead_ms;
}

static int set_up_later(void **state)
{
	(void)set_up(state);
	later = *boss->env;
	later.now_ms = later_now;
	boss->env = &later;
	return 0;
}

/* What the practice sees after a sync of both. */
static void look(struct kiosks *k, char **text)
{
	struct cli c = {.q = boss};
	size_t size = 0;

	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	OK(kiosks_read(k, boss, &last_error));
	c.out = open_memstream(text, &size);
	assert_non_null(c.out);
	OK(kiosks_print(&c, k, &last_error));
	assert_int_equal(fclose(c.out), 0);
}

static void a_kiosk_is_heard_when_it_joins_and_its_answers_are_seen_when_they_come(void **state)
{
	struct kiosks k = {.len = 0};
	char *text = NULL;

	(void)state;
	look(&k, &text);
	assert_int_equal(k.len, 1);
	assert_string_equal(k.list[0].id, "kib-kiosk");
	assert_true(k.list[0].joined && k.list[0].heard[0] && !k.list[0].answered[0]);
	assert_int_equal(k.list[0].last, 0);
	assert_non_null(strstr(text, "none"));
	kiosks_clear(&k);
	free(text);
	practice_answers(kiosk, 3);
	look(&k, &text);
	assert_int_equal(k.list[0].last, 3);
	assert_string_equal(k.list[0].answered, k.list[0].heard);
	assert_null(strstr(text, "silent"));
	kiosks_clear(&k);
	free(text);
}

static void its_own_word_is_shown_and_moves_no_answer(void **state)
{
	static const struct qip_health sick = {.last = 3, .journal_percent = 95, .languages = none, .troubles = full};
	struct kiosks k = {.len = 0};
	char *text = NULL, answered[TIME_TEXT_MAX];

	(void)state;
	OK(kiosks_read(&k, boss, &last_error));
	memcpy(answered, k.list[0].answered, sizeof(answered));
	kiosks_clear(&k);
	(void)usleep(1100 * 1000); /* the log's times have milliseconds; the next merge is surely a later one */
	qip_tell_health(kiosk, &sick);
	look(&k, &text);
	assert_string_equal(k.list[0].answered, answered);
	assert_true(strcmp(k.list[0].heard, answered) > 0);
	assert_non_null(strstr(text, "disk-full"));
	assert_non_null(strstr(text, "it has no room for answers"));
	assert_string_equal(k.list[0].told, k.list[0].heard);
	kiosks_clear(&k);
	free(text);
	practice_answers(kiosk, 1);
	look(&k, &text);
	assert_true(strcmp(k.list[0].told, k.list[0].answered) < 0); /* an answer does not make the word any younger */
	kiosks_clear(&k);
	free(text);
}

static void a_computer_whose_clock_is_months_ahead_calls_no_kiosk_silent(void **state)
{
	struct kiosks k = {.len = 0};
	char *text = NULL;

	(void)state;
	ahead_ms = 90 * DAY_MS;
	look(&k, &text);
	assert_null(strstr(text, "silent"));
	kiosks_clear(&k);
	free(text);
	ahead_ms = 0;
}

static void one_that_is_not_heard_of_for_a_week_is_silent(void **state)
{
	struct kiosks k = {.len = 0};
	cJSON *json = NULL;
	char *text = NULL;
	size_t size = 0;
	struct cli c = {.q = boss, .out = open_memstream(&text, &size)};

	(void)state;
	assert_non_null(c.out);
	boss->state.last_sync_ms += 9 * DAY_MS; /* as if the log had been fetched later, with nothing new of the kiosk in it */
	OK(kiosks_read(&k, boss, &last_error));
	OK(kiosks_print(&c, &k, &last_error));
	assert_int_equal(fclose(c.out), 0);
	assert_non_null(strstr(text, "silent"));
	json = kiosks_json(&k);
	assert_true(cJSON_IsTrue(json_get(json->child, "silent")));
	assert_non_null(json_get(json_get(json->child, "health"), "journal_percent"));
	cJSON_Delete(json);
	kiosks_clear(&k);
	free(text);
}

static void one_that_was_taken_away_is_no_trouble(void **state)
{
	struct kiosks k = {.len = 0};
	char *text = NULL;

	(void)state;
	OK(qip_end_device(boss, "kib-kiosk", false, "sold", &last_error));
	(void)practice_sync(boss);
	boss->state.last_sync_ms += 90 * DAY_MS;
	OK(kiosks_read(&k, boss, &last_error));
	assert_true(k.list[0].ended);
	assert_string_equal(k.list[0].heard, ""); /* the log is not searched for it */
	kiosks_clear(&k);
	look(&k, &text);
	assert_null(strstr(text, "silent"));
	assert_non_null(strstr(text, "out of service"));
	kiosks_clear(&k);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kiosk_is_heard_when_it_joins_and_its_answers_are_seen_when_they_come),
		cmocka_unit_test(its_own_word_is_shown_and_moves_no_answer),
		cmocka_unit_test(a_computer_whose_clock_is_months_ahead_calls_no_kiosk_silent),
		cmocka_unit_test(one_that_is_not_heard_of_for_a_week_is_silent),
		cmocka_unit_test(one_that_was_taken_away_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, set_up_later, tear_down);
}
