#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/archive.h"
#include "server/run_read.h"
#include "server/runs.h"
#include "tests/support/library.h"

#define ok(call) assert_int_equal((call), STATUS_OK)
#define DAY_MS (24 * 60 * 60 * (int64_t)1000)
#define MONDAY_MS (INT64_C(1763942400000)) /* 2025-11-24 */

static char dir[64];
static struct runs r;
static struct error why;

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/qip-runs-XXXXXX");
	assert_non_null(mkdtemp(dir));
	r = (struct runs)RUNS_INIT;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	runs_clear(&r);
	ok(file_remove_tree(dir, NULL));
	return 0;
}

/* ---- an index ---- */

static void fill(struct run_index *ix)
{
	struct oid id = {.id = {7}};
	char hex[SHA256_HEX_LEN + 1];

	run_name(ix->name, MONDAY_MS);
	run_name(ix->after, MONDAY_MS - DAY_MS);
	ix->at_ms = MONDAY_MS;
	ok(run_index_practice(ix, "C82998", &why));
	ok(run_index_ref(ix, &id, &why));
	ok(run_index_practice(ix, "C82999", &why));
	for (char c = 'a'; c <= 'f'; c++) {
		memset(hex, c, SHA256_HEX_LEN);
		hex[SHA256_HEX_LEN] = '\0';
		ok(run_index_blob(ix, hex, &why));
	}
}

static void test_an_index_reads_as_it_was_written(void **state)
{
	struct run_index ix = RUN_INDEX_INIT, back = RUN_INDEX_INIT;
	struct buf text = BUF_INIT, again = BUF_INIT;
	char hex[] = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

	(void)state;
	fill(&ix);
	ok(run_index_text(&text, &ix, &why));
	ok(run_index_parse(&back, &text, &why));
	ok(run_index_text(&again, &back, &why));
	assert_string_equal(buf_text(&text), buf_text(&again));
	assert_string_equal(back.after, "2025-11-23T000000.000Z");
	assert_true(run_practice_has(run_index_find(&back, "C82999"), hex));
	hex[0] = '0';
	assert_false(run_practice_has(run_index_find(&back, "C82999"), hex));
	assert_false(run_practice_has(run_index_find(&back, "C82998"), hex));
	assert_null(run_index_find(&back, "C82997"));
	run_index_clear(&ix);
	run_index_clear(&back);
	buf_clear(&text);
	buf_clear(&again);
}

static void test_a_damaged_index_is_refused(void **state)
{
	static const char *const damaged[] = {
		"",
		"qip-backup-index/2\nname 2025-11-24T000000.000Z\n",
		"qip-backup-index/1\n",
		"qip-backup-index/1\nname ../2025\n",
		"qip-backup-index/1\nname 2025-11-24T000000.000Z\nref 0707\n",
		"qip-backup-index/1\nname 2025-11-24T000000.000Z\npractice ../../\n",
		"qip-backup-index/1\nname 2025-11-24T000000.000Z\npractice C82999\nref 0707\n",
		"qip-backup-index/1\nname 2025-11-24T000000.000Z\npractice C82999\nblob 00\n",
		"qip-backup-index/1\nname 2025-11-24T000000.000Z\nwhat is this\n",
		"qip-backup-index/1\nname 2025-11-24T000000.000Z\nalone\n",
		"qip-backup-index/1\nname 2025-11-24T000000.000Z\nat noon\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		struct run_index ix = RUN_INDEX_INIT;
		struct buf text = BUF_INIT;

		buf_adds(&text, damaged[i]);
		assert_int_equal(run_index_parse(&ix, &text, &why), STATUS_CORRUPT);
		buf_clear(&text);
	}
}

/* ---- a folder of runs ---- */

static bool stands(int day, const char *end)
{
	char name[RUN_NAME_MAX], path[FILE_PATH_MAX];

	run_name(name, MONDAY_MS + day * DAY_MS);
	ok(runs_path(path, dir, name, end, &why));
	return file_exists(path);
}

static void put(int day, const char *end)
{
	char name[RUN_NAME_MAX], path[FILE_PATH_MAX];

	run_name(name, MONDAY_MS + day * DAY_MS);
	ok(runs_path(path, dir, name, end, &why));
	ok(file_write(path, "", 0, 0600, &why));
}

/* after < 0: it holds everything. */
static void add(int day, int after)
{
	struct run_index ix = RUN_INDEX_INIT;

	ix.at_ms = MONDAY_MS + day * DAY_MS;
	run_name(ix.name, ix.at_ms);
	if (after >= 0)
		run_name(ix.after, MONDAY_MS + after * DAY_MS);
	put(day, RUNS_TEMPORARY);
	ok(runs_commit(dir, &ix, &why));
	assert_true(stands(day, RUNS_SEALED) && stands(day, RUNS_INDEX) && !stands(day, RUNS_TEMPORARY));
}

static const struct run *run_of(int day)
{
	char name[RUN_NAME_MAX];

	run_name(name, MONDAY_MS + day * DAY_MS);
	return runs_find(&r, name);
}

static void reload(void)
{
	runs_clear(&r);
	ok(runs_load(&r, dir, &why));
}

static void test_what_a_power_cut_left_is_ended_or_undone(void **state)
{
	(void)state;
	add(0, -1);
	put(1, RUNS_TEMPORARY); /* not whole */
	add(2, 0);              /* whole, and not renamed yet */
	put(2, RUNS_TEMPORARY);
	{
		char name[RUN_NAME_MAX], path[FILE_PATH_MAX];

		run_name(name, MONDAY_MS + 2 * DAY_MS);
		ok(runs_path(path, dir, name, RUNS_SEALED, &why));
		ok(file_remove(path, &why));
	}
	put(3, RUNS_INDEX); /* its bytes were deleted */
	reload();
	assert_int_equal(r.len, 1);
	ok(runs_recover(dir, &why));
	reload();
	assert_int_equal(r.len, 2);
	assert_non_null(run_of(2));
	assert_false(stands(1, RUNS_TEMPORARY) || stands(2, RUNS_TEMPORARY) || stands(3, RUNS_INDEX));
}

static void test_the_newest_is_the_end_of_a_chain(void **state)
{
	size_t len = 0;

	(void)state;
	reload();
	assert_null(runs_newest(&r));
	add(5, -1);
	add(6, 5);
	add(1, 6); /* the clock went back */
	reload();
	assert_ptr_equal(runs_newest(&r), run_of(1));
	assert_ptr_equal(runs_root(&r, run_of(1), &len), run_of(5));
	assert_int_equal(len, 3);
	assert_ptr_equal(runs_before(&r, run_of(1)), run_of(6));
}

static void test_a_run_whose_chain_is_broken_has_no_root(void **state)
{
	(void)state;
	add(0, -1);
	add(2, 1);
	reload();
	assert_null(runs_root(&r, run_of(2), NULL));
	add(3, 4); /* a ring */
	add(4, 3);
	reload();
	assert_null(runs_root(&r, run_of(3), NULL));
}

static size_t expire(int today, int keep)
{
	size_t gone = 0;

	reload();
	ok(runs_expire(&gone, &r, MONDAY_MS + today * DAY_MS, keep * DAY_MS, &why));
	reload();
	return gone;
}

static void test_old_chains_go_whole_and_two_stay(void **state)
{
	(void)state;
	add(0, -1);
	add(1, 0);
	add(10, -1);
	add(11, 10);
	assert_int_equal(expire(1000, 5), 0); /* there are but two */
	add(20, -1);
	add(21, 20);
	assert_int_equal(expire(14, 5), 0); /* what the first held was true until four days ago */
	assert_int_equal(expire(15, 5), 2);
	assert_null(run_of(0));
	assert_null(run_of(1));
	assert_false(stands(0, RUNS_SEALED) || stands(0, RUNS_INDEX) || stands(1, RUNS_SEALED) || stands(1, RUNS_INDEX));
	assert_int_equal(r.len, 4);
	assert_int_equal(expire(1000, 5), 0);
}

static void test_a_run_with_a_damaged_index_does_not_count(void **state)
{
	(void)state;
	add(0, -1);
	put(1, RUNS_SEALED);
	put(1, RUNS_INDEX); /* empty */
	reload();
	assert_int_equal(r.len, 1);
	assert_ptr_equal(runs_newest(&r), run_of(0));
}

static void test_other_files_are_left_alone(void **state)
{
	char path[FILE_PATH_MAX];

	(void)state;
	ok(file_path(path, dir, "notes.txt.index", &why));
	ok(file_write(path, "", 0, 0600, &why));
	ok(runs_recover(dir, &why));
	assert_true(file_exists(path));
	reload();
	assert_int_equal(r.len, 0);
}

/* ---- reading ---- */

static enum status read_parts(const char *const *paths, size_t len)
{
	struct archive_out *a = NULL;
	struct run_reader reader;
	enum status st = STATUS_OK;
	int fd = memfd_create("run", MFD_CLOEXEC);

	assert_true(fd >= 0);
	ok(archive_out_open(&a, fd, &why));
	for (size_t i = 0; i < len; i++)
		ok(archive_out_add(a, paths[i], "PACK", 4, &why));
	ok(archive_out_finish(a, &why));
	archive_out_close(a);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	run_reader_begin(&reader, dir);
	st = run_read(&reader, fd, &why);
	run_reader_clear(&reader);
	(void)close(fd);
	return st;
}

static void test_a_pack_without_all_of_its_parts_is_refused(void **state)
{
	static const char *const hole[] = {"C82999/history.pack/00000000", "C82999/history.pack/00000002"};
	static const char *const in_turn[] = {"C82999/history.pack/00000000", "C82999/history.pack/00000001"};
	static const char *const no_first[] = {"C82999/history.pack/00000001"};
	static const char *const other[] = {"elsewhere/history.pack/00000000"};

	(void)state;
	assert_int_equal(read_parts(hole, 2), STATUS_CORRUPT);
	assert_non_null(strstr(why.text, "missing before"));
	assert_int_equal(read_parts(no_first, 1), STATUS_CORRUPT);
	assert_non_null(strstr(why.text, "missing before"));
	assert_int_equal(read_parts(other, 1), STATUS_CORRUPT);
	assert_int_not_equal(read_parts(in_turn, 2), STATUS_OK); /* it is no pack, but of the parts nothing is said */
	assert_null(strstr(why.text, "missing before"));
}

static void test_a_run_without_an_index_is_refused(void **state)
{
	static const char *const only_a_file[] = {"backup.json"};

	(void)state;
	assert_int_equal(read_parts(only_a_file, 1), STATUS_CORRUPT);
	assert_non_null(strstr(why.text, "no index"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_index_reads_as_it_was_written),
		cmocka_unit_test(test_a_damaged_index_is_refused),
		cmocka_unit_test_setup_teardown(test_what_a_power_cut_left_is_ended_or_undone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_newest_is_the_end_of_a_chain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_run_whose_chain_is_broken_has_no_root, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_chains_go_whole_and_two_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_run_with_a_damaged_index_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_files_are_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_pack_without_all_of_its_parts_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_run_without_an_index_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
