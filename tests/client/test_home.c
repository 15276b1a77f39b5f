/* tests/client/test_home.c - the folder of an installation: locked, repaired, damaged. */
#include "tests/client/practice.h"

#include <fcntl.h>
#include <sys/file.h>

#include "client/files.h"

static struct practice p;
static struct qip *boss;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static enum status open_home(struct qip **q, const char *name, int wait_ms)
{
	return qip_open(q, &(struct qip_options){.home = practice_path(&p, name), .lock_wait_ms = wait_ms}, &last_error);
}

static void a_folder_that_is_no_home_says_so(void **state)
{
	struct qip *q = NULL;

	(void)state;
	FAILS(open_home(&q, "nowhere", 0), STATUS_NOT_FOUND);
	assert_int_equal(mkdir(practice_path(&p, "empty"), 0700), 0);
	FAILS(open_home(&q, "empty", 0), STATUS_NOT_FOUND);
	assert_non_null(strstr(last_error.text, "join"));
	assert_null(q);
}

static void a_second_program_waits_and_then_says_busy(void **state)
{
	struct qip *q = NULL;

	(void)state;
	FAILS(open_home(&q, "manager", 50), STATUS_BUSY);
	assert_non_null(strstr(last_error.text, "another program"));
}

static void a_second_program_goes_on_when_the_first_has_ended(void **state)
{
	struct qip *q = NULL;
	int ready[2], status = 0;
	char byte = 0;
	pid_t pid = 0;

	(void)state;
	qip_close(boss);
	boss = NULL;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* holds the lock until it is killed, as a crashed program's lock goes with it */
		int fd = open(practice_path(&p, "manager/lock"), O_RDWR);

		(void)!(flock(fd, LOCK_EX) == 0 && write(ready[1], "x", 1) == 1);
		(void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	FAILS(open_home(&q, "manager", 0), STATUS_BUSY);
	OK(open_home(&boss, "manager", 10000));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void opening_repairs_what_an_interruption_left(void **state)
{
	char path[TREE_PATH_MAX];
	struct oid work, main;
	struct stat s;

	(void)state;
	practice_add_action(path, boss, "QIP-01");
	OK(home_ref(&work, boss, REF_WORK, &last_error));
	(void)practice_sync(boss);
	OK(home_ref(&main, boss, REF_MAIN, &last_error));
	OK(home_move_ref(boss, REF_WORK, &work, &main, &last_error)); /* killed after main had moved, before work did */
	OK(files_write(boss->dir, "blobs/half.tmp", "half", 4, 0600, &last_error));
	OK(files_write(boss->dir, "state.json.tmp", "half", 4, 0600, &last_error));
	OK(files_write(boss->dir, "history.git/refs/qip/work.lock", "", 0, 0600, &last_error)); /* killed while it moved */
	qip_close(boss);
	boss = practice_open(&p, "manager");
	OK(home_ref(&work, boss, REF_WORK, &last_error));
	assert_true(oid_equal(&work, &main));
	assert_int_not_equal(stat(practice_path(&p, "manager/blobs/half.tmp"), &s), 0);
	assert_int_not_equal(stat(practice_path(&p, "manager/state.json.tmp"), &s), 0);
	OK(repo_ref_update(boss->repo, REF_WORK, NULL, &work, &last_error)); /* or before it was first made */
	qip_close(boss);
	boss = practice_open(&p, "manager");
	assert_int_equal(practice_count(boss, "qip"), 1);
}

static void own_unsent_edits_survive_opening(void **state)
{
	char path[TREE_PATH_MAX];
	uint64_t waiting = 0;

	(void)state;
	practice_add_action(path, boss, "QIP-02");
	qip_close(boss);
	boss = practice_open(&p, "manager");
	OK(qip_waiting(&waiting, boss, &last_error));
	assert_int_equal(waiting, 1);
	(void)practice_sync(boss);
}

static void a_damaged_cache_costs_nothing_but_time(void **state)
{
	(void)state;
	OK(files_write(boss->dir, "state.json", "{\"anchors\":7", 12, 0600, &last_error));
	OK(files_write(boss->dir, "tls.session", "rubbish", 7, 0600, &last_error));
	qip_close(boss);
	boss = practice_open(&p, "manager");
	assert_true(qip_last_sync_ms(boss) == 0);
	(void)practice_sync(boss);
	assert_true(qip_last_sync_ms(boss) > 0);
}

/* A copy of the manager's home in which one file is damaged. */
static void damage(const char *file, bool remove)
{
	char path[PRACTICE_PATH * 2];

	practice_copy(practice_path(&p, "manager"), practice_path(&p, "copy"));
	(void)snprintf(path, sizeof(path), "copy/%s", file);
	if (remove)
		practice_remove(practice_path(&p, path));
	else
		assert_int_equal(truncate(practice_path(&p, path), 20), 0);
}

static void assert_told_what_to_do(const char *file)
{
	assert_non_null(strstr(last_error.text, file));
	assert_non_null(strstr(last_error.text, "join again in a new home"));
}

static void a_damaged_config_key_or_history_is_told(void **state)
{
	static const struct {
		const char *file;
		bool remove;
	} cases[] = {{"config.json", false}, {"device.key", false},      {"device.key", true},
		     {"history.git", true},  {"history.git/HEAD", true}, {"history.git/refs/qip/work", false}};
	struct qip *q = NULL;

	(void)state;
	qip_close(boss);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		damage(cases[i].file, cases[i].remove);
		assert_int_not_equal(open_home(&q, "copy", 0), STATUS_OK);
		assert_told_what_to_do(strncmp(cases[i].file, "history", 7) == 0 ? "history.git" : cases[i].file);
		practice_remove(practice_path(&p, "copy"));
	}
	boss = practice_open(&p, "manager");
}

/* What the file of a home holds, as a text. */
static void read_back(struct buf *out, const char *home, const char *file)
{
	char path[PRACTICE_PATH * 2];
	int dir = -1;

	(void)snprintf(path, sizeof(path), "%s", practice_path(&p, home));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	OK(files_read(out, dir, file, 65536, &last_error));
	(void)close(dir);
}

static void what_a_newer_program_wrote_is_told_and_left_as_it_is(void **state)
{
	static const char *const files[] = {"config.json", "state.json", "incarnation.json", "seen.json"};
	static const char later[] = "{\"later\":{\"known\":[1]},\"schema\":\"any/2\"}";
	struct qip *q = NULL;

	(void)state;
	qip_close(boss);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct buf kept = BUF_INIT;
		int dir = -1;

		practice_copy(practice_path(&p, "manager"), practice_path(&p, "copy"));
		dir = open(practice_path(&p, "copy"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(dir >= 0);
		OK(files_write(dir, files[i], later, strlen(later), 0600, &last_error));
		(void)close(dir);
		FAILS(open_home(&q, "copy", 0), STATUS_UNSUPPORTED);
		assert_non_null(strstr(last_error.text, files[i]));
		assert_non_null(strstr(last_error.text, "newer version"));
		read_back(&kept, "copy", files[i]);
		assert_string_equal(buf_text(&kept), later);
		buf_clear(&kept);
		practice_remove(practice_path(&p, "copy"));
	}
	boss = practice_open(&p, "manager");
}

static void a_history_whose_objects_are_gone_is_told(void **state)
{
	struct qip_edit *edit = NULL;
	struct qip *q = NULL;

	(void)state;
	damage("history.git/objects/pack", true);
	OK(open_home(&q, "copy", 0));
	FAILS(qip_edit_begin(&edit, q, NULL, &last_error), STATUS_CORRUPT);
	assert_told_what_to_do("history.git");
	qip_close(q);
	practice_remove(practice_path(&p, "copy"));
}

static void without_its_certificates_a_home_works_but_does_not_sync(void **state)
{
	static const char *const files[] = {"device.crt", "ca.crt"};
	struct qip_sync_report report;
	char path[TREE_PATH_MAX];
	struct qip *q = NULL;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(files); i++) {
		damage(files[i / 2], i % 2 == 0);
		OK(open_home(&q, "copy", 0));
		practice_add_action(path, q, "QIP-07");
		FAILS(qip_sync(q, &report, &last_error), STATUS_CORRUPT);
		assert_told_what_to_do(files[i / 2]);
		qip_close(q);
		practice_remove(practice_path(&p, "copy"));
	}
}

/* A card was cloned: the other one's pushes must not be mistaken for own ones. */
static void a_copy_of_an_installation_is_found_out(void **state)
{
	struct qip_sync_report report;
	struct qip *copy = NULL;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_copy(practice_path(&p, "manager"), practice_path(&p, "clone"));
	OK(open_home(&copy, "clone", 0));
	practice_add_action(path, copy, "QIP-08");
	practice_add_action(path, boss, "QIP-09");
	(void)practice_sync(boss);
	FAILS(qip_sync(copy, &report, &last_error), STATUS_UNTRUSTED);
	assert_non_null(strstr(last_error.text, "copy of this installation"));
	qip_close(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_that_is_no_home_says_so),
		cmocka_unit_test(a_second_program_waits_and_then_says_busy),
		cmocka_unit_test(a_second_program_goes_on_when_the_first_has_ended),
		cmocka_unit_test(opening_repairs_what_an_interruption_left),
		cmocka_unit_test(own_unsent_edits_survive_opening),
		cmocka_unit_test(a_damaged_cache_costs_nothing_but_time),
		cmocka_unit_test(a_damaged_config_key_or_history_is_told),
		cmocka_unit_test(what_a_newer_program_wrote_is_told_and_left_as_it_is),
		cmocka_unit_test(a_history_whose_objects_are_gone_is_told),
		cmocka_unit_test(without_its_certificates_a_home_works_but_does_not_sync),
		cmocka_unit_test(a_copy_of_an_installation_is_found_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
