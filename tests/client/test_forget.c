/* tests/client/test_forget.c - a kiosk forgets what it sent long ago, and goes on as before. */
#include "tests/client/kiosk_fixture.h"

#include "client/forget.h"

/* The process ends at the n-th call that may change the disk. */
static int forget_dies_at;

static void step(void)
{
	if (forget_dies_at > 0 && --forget_dies_at == 0)
		_exit(42);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
	step();
	return __real_rename(from, to);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	step();
	return __real_unlink(path);
}

int __real_unlinkat(int dir, const char *path, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags)
{
	step();
	return __real_unlinkat(dir, path, flags);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	step();
	return __real_fsync(fd);
}

static int answers;

/* So many visits with an answer each. */
static void visits(int count)
{
	for (int i = 0; i < count; i++) {
		practice_answers(kiosk, 1);
		assert_int_equal(practice_sync(kiosk).waiting, 0);
		answers++;
	}
}

static bool forget(uint64_t bytes, int64_t keep_ms, size_t keep)
{
	const struct forget_bounds b = {.bytes = bytes, .keep_ms = keep_ms, .keep = keep};
	int64_t now_ms = env_system()->now_ms(env_system()->ctx);
	bool forgot = false;

	OK(forget_sent(&forgot, kiosk, &b, now_ms + 10000, &last_error));
	return forgot;
}

/* Commits of the own branch that are here, and bytes of its packs. */
static int commits_here(void)
{
	struct oid at;
	int count = 0;

	OK(home_ref(&at, kiosk, kiosk->own_ref, &last_error));
	for (; !oid_is_zero(&at) && repo_has(kiosk->repo, &at); count++)
		OK(repo_commit_first_parent(&at, kiosk->repo, &at, &last_error));
	return count;
}

static uint64_t bytes_here(void)
{
	uint64_t bytes = 0;

	OK(repo_pack_bytes(&bytes, kiosk->repo, &last_error));
	return bytes;
}

static void all_there_once(void)
{
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), answers);
}

static void what_is_small_or_young_stays(void **state)
{
	int before;

	(void)state;
	visits(12);
	before = commits_here();
	assert_false(forget(1 << 20, 0, 3));
	assert_false(forget(1, INT64_C(86400000), 3));
	assert_false(forget(1, 0, 1000));
	assert_int_equal(commits_here(), before);
}

static void little_is_not_worth_copying_the_rest(void **state)
{
	int before = commits_here();

	(void)state;
	assert_false(forget(1, 0, (size_t)before / 2));
	assert_int_equal(commits_here(), before);
}

static void what_was_sent_goes_and_the_rest_stays(void **state)
{
	uint64_t before = bytes_here();

	(void)state;
	assert_true(forget(1, 0, 3));
	assert_int_equal(commits_here(), 4);
	assert_true(bytes_here() < before);
	visits(3);
	all_there_once();
}

static void it_holds_after_opening_again_and_can_be_done_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		qip_close(kiosk);
		kiosk = practice_open(&p, "kib-kiosk");
		visits(4);
		assert_true(forget(1, 0, 2));
		assert_int_equal(commits_here(), 3);
	}
	visits(2);
	all_there_once();
}

static void several_hundred_answers_go_over_what_was_forgotten(void **state)
{
	(void)state;
	practice_answers(kiosk, 600); /* a directory is full on the way */
	assert_int_equal(practice_sync(kiosk).records_sent, 600);
	answers += 600;
	assert_true(forget(1, 0, 0));
	visits(2);
	all_there_once();
}

static void what_waits_is_never_forgotten(void **state)
{
	struct qip_sync_report report;

	(void)state;
	practice_kill(&p, SIGKILL);
	practice_answers(kiosk, 5);
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_NETWORK);
	(void)forget(1, 0, 0);
	practice_serve(&p);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	answers += 5;
	all_there_once();
}

static void a_server_restored_to_what_is_still_here_gets_the_rest_again(void **state)
{
	(void)state;
	visits(9);
	practice_kill(&p, SIGTERM);
	practice_copy(practice_path(&p, "server"), practice_path(&p, "backup"));
	practice_serve(&p);
	visits(3);
	assert_true(forget(1, 0, 5));
	practice_kill(&p, SIGKILL);
	practice_remove(practice_path(&p, "server"));
	practice_copy(practice_path(&p, "backup"), practice_path(&p, "server"));
	practice_serve(&p);
	assert_int_equal(practice_sync(kiosk).records_sent, 3);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
}

static void dies_anywhere_in_it_and_goes_on(void **state)
{
	int n = 0, status = 1;

	(void)state;
	visits(6);
	for (n = 1; status != 0 && n < 200; n++) {
		pid_t pid;

		visits(3); /* what a death leaves may be forgotten, and not yet deleted: there has to be more */
		qip_close(kiosk);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			forget_dies_at = n;
			kiosk = practice_open(&p, "kib-kiosk");
			_exit(forget(1, 0, 2) ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		kiosk = practice_open(&p, "kib-kiosk");
		assert_true(WIFEXITED(status));
		visits(1);
		assert_true(status == 0 || WEXITSTATUS(status) == 42);
	}
	assert_true(status == 0 && n > 10);
	all_there_once();
}

static void after_a_look_in_vain_it_waits_for_the_next_day(void **state)
{
	const struct forget_bounds b = {.bytes = 1, .keep_ms = 0, .keep = 1000, .again_ms = 60000};
	struct forget_bounds enough = b;
	int64_t now_ms = env_system()->now_ms(env_system()->ctx) + 10000;
	bool forgot = false;

	(void)state;
	visits(12);
	kiosk->state.kept_all_ms = 0;
	enough.keep = 3;
	OK(forget_sent(&forgot, kiosk, &b, now_ms, &last_error));
	assert_false(forgot);
	qip_close(kiosk);
	kiosk = practice_open(&p, "kib-kiosk"); /* which is noted */
	OK(forget_sent(&forgot, kiosk, &enough, now_ms + 59999, &last_error));
	assert_false(forgot);
	OK(forget_sent(&forgot, kiosk, &enough, now_ms + 60000, &last_error));
	assert_true(forgot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_small_or_young_stays),
		cmocka_unit_test(little_is_not_worth_copying_the_rest),
		cmocka_unit_test(what_was_sent_goes_and_the_rest_stays),
		cmocka_unit_test(it_holds_after_opening_again_and_can_be_done_again),
		cmocka_unit_test(several_hundred_answers_go_over_what_was_forgotten),
		cmocka_unit_test(what_waits_is_never_forgotten),
		cmocka_unit_test(dies_anywhere_in_it_and_goes_on),
		cmocka_unit_test(a_server_restored_to_what_is_still_here_gets_the_rest_again),
		cmocka_unit_test(after_a_look_in_vain_it_waits_for_the_next_day),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
