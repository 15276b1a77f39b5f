/* tests/client/test_release.c - how long a journal keeps what the server has. */
#include "tests/client/kiosk_fixture.h"

#include <fcntl.h>

#include "client/forget.h"
#include "client/journal_segment.h"
#include "client/release.h"

#define DAY_MS (INT64_C(86400) * 1000)

static uint64_t answers; /* given */

/* Some answers, and what comes then goes into another file. */
static void fill_segment(int count)
{
	char name[SEGMENT_NAME_MAX];
	int fd = -1, dir = -1;

	practice_answers(kiosk, count);
	answers += (uint64_t)count;
	dir = openat(kiosk->dir, HOME_JOURNAL, O_RDONLY | O_DIRECTORY);
	assert_true(dir >= 0);
	OK(segment_begin(&fd, name, dir, answers + 1, &last_error));
	(void)close(fd);
	(void)close(dir);
}

/* Number of the first record that the journal has after a release; `late` after the server's present. */
static enum status first_record(void *ctx, const struct journal_record *r, struct error *e)
{
	(void)e;
	*(uint64_t *)ctx = r->seq;
	return STATUS_EXISTS;
}

static uint64_t first_after_release(int64_t now_ms, uint64_t bytes)
{
	const struct release_bounds b = {.keep_ms = LIMIT_KEEP_RECEIPTED_MS, .bytes = bytes};
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	uint64_t first = 0;

	OK(qip_home_path(path, sizeof(path), kiosk, HOME_JOURNAL));
	OK(journal_open(&j, path, JOURNAL_READ, 1, kiosk->env, &last_error));
	OK(release_receipted(kiosk, j, &b, now_ms, &last_error));
	assert_int_equal(journal_each(j, 1, first_record, &first, NULL), STATUS_EXISTS);
	journal_close(j);
	return first;
}

static void what_has_no_receipt_stays_whatever_its_age(void **state)
{
	(void)state;
	fill_segment(3);
	practice_answers(kiosk, 1);
	answers++;
	assert_int_equal(first_after_release(INT64_MAX, 0), 1);
}

static void what_has_one_stays_35_days_by_the_servers_clock(void **state)
{
	int64_t now_ms = 0;

	(void)state;
	now_ms = practice_sync(kiosk).server_time_ms;
	assert_int_equal(first_after_release(now_ms, JOURNAL_MAX_BYTES), 1);
	assert_int_equal(first_after_release(now_ms + 34 * DAY_MS, JOURNAL_MAX_BYTES), 1);
	assert_int_equal(first_after_release(now_ms + 36 * DAY_MS, JOURNAL_MAX_BYTES), 4);
}

static void a_journal_that_is_too_large_loses_its_oldest_alone(void **state)
{
	int64_t now_ms = 0;

	(void)state;
	fill_segment(2); /* with the one above: 4 to 6 */
	fill_segment(2);
	practice_answers(kiosk, 1);
	answers++;
	now_ms = practice_sync(kiosk).server_time_ms;
	assert_int_equal(first_after_release(now_ms, 2 * JOURNAL_SEGMENT_BYTES), 7);
	assert_int_equal(first_after_release(now_ms, 2 * JOURNAL_SEGMENT_BYTES), 7);
}

static void what_the_branch_has_forgotten_is_old_enough(void **state)
{
	const struct forget_bounds all = {.bytes = 1, .keep_ms = 0, .keep = 0};
	bool forgot = false;
	int64_t now_ms = 0;

	(void)state;
	fill_segment(600); /* a folder of the branch is full then, and goes with its commit */
	practice_answers(kiosk, 1);
	answers++;
	now_ms = practice_sync(kiosk).server_time_ms;
	OK(forget_sent(&forgot, kiosk, &all, now_ms + DAY_MS, &last_error));
	assert_true(forgot);
	assert_int_equal(first_after_release(now_ms, JOURNAL_MAX_BYTES), answers);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_receipt_stays_whatever_its_age),
		cmocka_unit_test(what_has_one_stays_35_days_by_the_servers_clock),
		cmocka_unit_test(a_journal_that_is_too_large_loses_its_oldest_alone),
		cmocka_unit_test(what_the_branch_has_forgotten_is_old_enough),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
