/* tests/client/test_kept.c - how long a kiosk keeps what the server has receipted, and what it does when the server lost it. */
#include "client/release.h"
#include "tests/client/kiosk_fixture.h"

#define ANSWERS 5000 /* more than a segment of the journal */
#define DAY_MS (86400 * 1000LL)

/* The real machine with a clock that is known to be right, some days on. */
static struct env later;
static int64_t days_on;

static int64_t later_now_ms(void *ctx)
{
	return env_system()->now_ms(ctx) + days_on * DAY_MS;
}

static enum clock_quality later_quality(void *ctx)
{
	(void)ctx;
	return CLOCK_SYNCHRONISED;
}

static int set_up_later(void **state)
{
	later = *env_system();
	later.now_ms = later_now_ms;
	later.quality = later_quality;
	(void)set_up(state);
	kiosk->env = &later;
	return 0;
}

static uint64_t journal_bytes(void)
{
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	uint64_t size = 0;

	OK(qip_home_path(path, sizeof(path), kiosk, HOME_JOURNAL));
	OK(journal_open(&j, path, JOURNAL_READ, 1, &later, &last_error));
	size = journal_size(j);
	journal_close(j);
	return size;
}

/* As at the end of a sync at that time by the server's clock. */
static void release_at(int64_t now_ms)
{
	static const struct release_bounds bounds = {.keep_ms = LIMIT_KEEP_RECEIPTED_MS, .bytes = JOURNAL_MAX_BYTES / 2};
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;

	OK(qip_home_path(path, sizeof(path), kiosk, HOME_JOURNAL));
	OK(journal_open(&j, path, JOURNAL_READ, 1, &later, &last_error));
	OK(release_receipted(kiosk, j, &bounds, now_ms, &last_error));
	journal_close(j);
}

static void what_is_receipted_stays_in_the_journal_for_35_days(void **state)
{
	uint64_t full = 0;
	int64_t now_ms = 0;

	(void)state;
	practice_kill(&p, SIGTERM);
	practice_copy(practice_path(&p, "server"), practice_path(&p, "backup"));
	practice_serve(&p);
	practice_answers(kiosk, ANSWERS);
	full = journal_bytes();
	assert_true(full > JOURNAL_SEGMENT_BYTES);
	days_on = 36;
	/* what has not arrived is never let go of */
	practice_kill(&p, SIGKILL);
	FAILS(qip_sync(kiosk, &(struct qip_sync_report){0}, &last_error), STATUS_NETWORK);
	assert_int_equal(journal_bytes(), full);
	practice_serve(&p);
	days_on = 0;
	assert_int_equal(practice_sync(kiosk).records_sent, ANSWERS);
	assert_int_equal(journal_bytes(), full);
	days_on = 36; /* by its own clock alone, which decides nothing */
	now_ms = practice_sync(kiosk).server_time_ms;
	assert_int_equal(journal_bytes(), full);
	release_at(now_ms + 34 * DAY_MS);
	assert_int_equal(journal_bytes(), full);
	release_at(now_ms + 36 * DAY_MS);
	assert_true(journal_bytes() < full);
}

static void a_restored_server_gets_even_what_the_journal_has_let_go_of(void **state)
{
	(void)state;
	practice_kill(&p, SIGKILL);
	practice_remove(practice_path(&p, "server"));
	practice_copy(practice_path(&p, "backup"), practice_path(&p, "server"));
	practice_serve(&p);
	assert_int_equal(practice_sync(kiosk).records_sent, ANSWERS);
	assert_int_equal(practice_sync(kiosk).records_sent, 0);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), ANSWERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_receipted_stays_in_the_journal_for_35_days),
		cmocka_unit_test(a_restored_server_gets_even_what_the_journal_has_let_go_of),
	};

	return cmocka_run_group_tests(tests, set_up_later, tear_down);
}
