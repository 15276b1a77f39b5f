#include "tests/server/world.h"

#include <dirent.h>
#include <sys/stat.h>

#include "server/backup_folder.h"
#include "server/closed.h"
#include "server/fsck.h"
#include "server/restore.h"
#include "tests/support/damage.h"

static struct world w;
static struct testdev manager;
static char to[160], again[160]; /* the backup, and a server made of it */

static int set_up(void **state)
{
	(void)state;
	ok(repo_init_library(NULL));
	world_open(&w);
	join_first(&w, &manager);
	(void)snprintf(to, sizeof(to), "%s/backup", w.dir);
	(void)snprintf(again, sizeof(again), "%s/again", w.dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	testdev_clear(&manager);
	world_close(&w);
	repo_shutdown_library();
	return 0;
}

static int clear(void **state)
{
	char path[200];

	(void)state;
	ok(file_remove_tree(to, NULL));
	ok(file_remove_tree(again, NULL));
	(void)snprintf(path, sizeof(path), "%s.tmp", to);
	ok(file_remove_tree(path, NULL));
	return 0;
}

static void make(void)
{
	ok(backup_make(w.server, to, env_system(), NULL, NULL, NULL));
}

static enum status restore(struct error *e)
{
	return restore_make(to, again, env_system(), NULL, NULL, e);
}

static void no_finding(void *ctx, const char *ods, bool damage, const char *text)
{
	(void)ctx;
	if (damage)
		fail_msg("%s %s", ods, text);
}

static bool is_empty(const char *dir)
{
	bool empty = true;
	struct dirent *entry = NULL;
	DIR *d = opendir(dir);

	if (!d)
		return true;
	while ((entry = readdir(d)) != NULL)
		empty = empty && entry->d_name[0] == '.';
	(void)closedir(d);
	return empty;
}

static void what_is_restored_is_the_server_as_it_was_and_closed(void **state)
{
	static const char *const refs[] = {"refs/heads/main", "refs/devices/manager", "refs/kiosk/config"};
	char path[300];
	struct fsck_result result;
	struct closed closed;
	struct repo *r = NULL;
	struct oid id, main_id = server_ref(&w, "refs/heads/main");

	(void)state;
	make();
	ok(restore(NULL));
	(void)snprintf(path, sizeof(path), "%s/" ODS "/history.git", again);
	ok(repo_open(&r, path, NULL));
	for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
		struct oid was = server_ref(&w, refs[i]);

		ok(repo_ref_get(&id, r, refs[i], NULL));
		assert_true(oid_equal(&id, &was));
	}
	repo_close(r);
	ok(fsck_run(&result, again, NULL, no_finding, NULL, NULL));
	assert_int_equal(result.practices, 1);
	(void)snprintf(path, sizeof(path), "%s/" ODS, again);
	ok(closed_read(&closed, path, NULL));
	assert_true(oid_equal(&closed.main, &main_id));
	assert_int_equal(closed.index, 1);
}

static void a_backup_never_replaces_anything(void **state)
{
	char path[300];
	struct error e = {STATUS_OK, ""};

	(void)state;
	make();
	assert_int_equal(backup_make(w.server, to, env_system(), NULL, NULL, &e), STATUS_EXISTS);
	ok(file_remove_tree(to, NULL));
	(void)snprintf(path, sizeof(path), "%s.tmp", to);
	ok(file_mkdir(path, 0700, NULL));
	(void)snprintf(path, sizeof(path), "%s.tmp/letter.txt", to);
	ok(file_write(path, "Dear", 4, 0600, NULL));
	assert_int_equal(backup_make(w.server, to, env_system(), NULL, NULL, &e), STATUS_EXISTS);
	assert_true(file_exists(path));
}

static void what_an_interrupted_backup_left_is_cleared_away(void **state)
{
	char path[300];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s.tmp", to);
	ok(file_mkdir(path, 0700, NULL));
	(void)snprintf(path, sizeof(path), "%s.tmp/unfinished", to);
	ok(file_write(path, "", 0, 0600, NULL));
	(void)snprintf(path, sizeof(path), "%s.tmp/ca.key", to);
	ok(file_write(path, "half", 4, 0600, NULL));
	make();
	(void)snprintf(path, sizeof(path), "%s.tmp", to);
	assert_false(file_exists(path));
	(void)snprintf(path, sizeof(path), "%s/unfinished", to);
	assert_false(file_exists(path));
	ok(restore(NULL));
}

static void a_backup_that_cannot_be_finished_leaves_nothing(void **state)
{
	char path[300], away[320];
	struct error e = {STATUS_OK, ""};

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" ODS "/history.git", w.server);
	(void)snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(mkdir(path, 0700), 0); /* a file that cannot be read */
	assert_int_not_equal(backup_make(w.server, to, env_system(), NULL, NULL, &e), STATUS_OK);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rename(away, path), 0);
	assert_false(file_exists(to));
	(void)snprintf(path, sizeof(path), "%s.tmp", to);
	assert_false(file_exists(path));
}

static void a_damaged_backup_is_refused_and_leaves_nothing(void **state)
{
	static const char *const files[] = {"ca.key",		 "server.json",		    "SHA256SUMS",	  "backup.json",
					    ODS "/server.key",	 ODS "/refs",		    ODS "/SHA256SUMS",	  ODS "/snapshot.json",
					    ODS "/practice.json", ODS "/certificates/manager.json"};
	char path[300];
	struct error e = {STATUS_OK, ""};

	(void)state;
	make();
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", to, files[i]);
		flip(path, 9);
		assert_int_not_equal(restore(&e), STATUS_OK);
		assert_true(is_empty(again));
		flip(path, 9);
	}
	ok(restore(NULL));
}

static void a_flipped_byte_or_a_missing_pack_in_its_history_is_refused(void **state)
{
	char dir[300], path[600] = "", away[620];
	struct dirent *entry = NULL;
	struct stat info;
	DIR *d = NULL;

	(void)state;
	make();
	(void)snprintf(dir, sizeof(dir), "%s/" ODS "/history.git/objects/pack", to);
	d = opendir(dir);
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		if (strstr(entry->d_name, ".pack"))
			(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
	}
	(void)closedir(d);
	assert_int_equal(stat(path, &info), 0);
	for (off_t at = 12; at < info.st_size - 20; at += info.st_size / 5) {
		flip(path, at);
		assert_int_not_equal(restore(NULL), STATUS_OK);
		assert_true(is_empty(again));
		flip(path, at);
	}
	(void)snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_not_equal(restore(NULL), STATUS_OK);
	assert_int_equal(rename(away, path), 0);
	ok(restore(NULL));
}

static void nothing_is_restored_over_other_files_or_from_elsewhere(void **state)
{
	char path[300];
	struct error e = {STATUS_OK, ""};

	(void)state;
	make();
	assert_int_equal(restore_make(w.dir, again, env_system(), NULL, NULL, &e), STATUS_NOT_FOUND);
	ok(file_mkdir(again, 0700, NULL));
	(void)snprintf(path, sizeof(path), "%s/letter.txt", again);
	ok(file_write(path, "Dear", 4, 0600, NULL));
	assert_int_equal(restore(&e), STATUS_EXISTS);
	assert_true(file_exists(path));
}

static void what_an_interrupted_restore_left_is_cleared_away_but_no_server(void **state)
{
	char path[300];

	(void)state;
	make();
	ok(file_mkdir(again, 0700, NULL));
	(void)snprintf(path, sizeof(path), "%s/server.json.restoring", again);
	ok(file_write(path, "", 0, 0600, NULL));
	(void)snprintf(path, sizeof(path), "%s/half.key", again);
	ok(file_write(path, "half", 4, 0600, NULL));
	ok(restore(NULL));
	assert_false(file_exists(path));
	(void)snprintf(path, sizeof(path), "%s/server.json.restoring", again);
	assert_false(file_exists(path));
	assert_int_equal(restore(NULL), STATUS_EXISTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_restored_is_the_server_as_it_was_and_closed, clear),
		cmocka_unit_test_teardown(a_backup_never_replaces_anything, clear),
		cmocka_unit_test_teardown(what_an_interrupted_backup_left_is_cleared_away, clear),
		cmocka_unit_test_teardown(a_backup_that_cannot_be_finished_leaves_nothing, clear),
		cmocka_unit_test_teardown(a_damaged_backup_is_refused_and_leaves_nothing, clear),
		cmocka_unit_test_teardown(a_flipped_byte_or_a_missing_pack_in_its_history_is_refused, clear),
		cmocka_unit_test_teardown(nothing_is_restored_over_other_files_or_from_elsewhere, clear),
		cmocka_unit_test_teardown(what_an_interrupted_restore_left_is_cleared_away_but_no_server, clear),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
