/* tests/client/test_answers.c - how a kiosk's journal becomes commits when the disk does not give all of it. */
#include "tests/client/kiosk_fixture.h"

#include "client/journal_segment.h"
#include "tests/client/bad_file.h"

static void what_a_disk_does_not_give_is_waited_for_a_week_and_then_told_as_lost(void **state)
{
	struct qip_sync_report report;
	char path[TREE_PATH_MAX], name[SEGMENT_NAME_MAX];
	cJSON *record = NULL;
	int fd = -1, dir = -1;

	(void)state;
	practice_answers(kiosk, 1);
	(void)practice_sync(kiosk);
	practice_answers(kiosk, 2);
	dir = openat(kiosk->dir, HOME_JOURNAL, O_RDONLY | O_DIRECTORY);
	OK(segment_begin(&fd, name, dir, 4, &last_error));
	(void)close(fd);
	(void)close(dir);
	practice_answers(kiosk, 1);
	segment_name(name, 1);
	bad_file = name;
	assert_int_not_equal(qip_sync(kiosk, &report, &last_error), STATUS_OK);
	qip_close(kiosk);
	kiosk = practice_open(&p, "kib-kiosk"); /* it is remembered since when */
	assert_true(kiosk->state.unreadable_ms > 0);
	assert_int_not_equal(qip_sync(kiosk, &report, &last_error), STATUS_OK);
	kiosk->state.unreadable_ms -= LIMIT_UNREADABLE_MS;
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	bad_file = NULL;
	(void)practice_sync(boss);
	for (uint64_t n = 1; n <= 4; n++) {
		policy_feedback_path(path, "kib-kiosk", n);
		OK(qip_read(&record, boss, path, &last_error));
		assert_string_equal(json_string(record, "schema"), n == 2 || n == 3 ? "lost/1" : "feedback/1");
		cJSON_Delete(record);
	}
	practice_answers(kiosk, 1);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	assert_int_equal(kiosk->state.unreadable_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_disk_does_not_give_is_waited_for_a_week_and_then_told_as_lost),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
