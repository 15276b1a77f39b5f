#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/kept.h"
#include "server/backup_folder.h"
#include "server/sums.h"

#define ok(call) assert_int_equal((call), STATUS_OK)

static struct practice p; /* of which only the folder counts here */
static struct error why;

static int set_up(void **state)
{
	(void)state;
	p = (struct practice){.ods = "C82999"};
	(void)snprintf(p.dir, sizeof(p.dir), "/tmp/qip-kept-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ok(file_remove_tree(p.dir, NULL));
	return 0;
}

static const char *inside(const char *name)
{
	static char path[2 * FILE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/" KEPT_DIR "/%s", p.dir, name);
	return path;
}

static enum status add(int64_t *number, const char *device, uint8_t head)
{
	struct kept k = {.received = "2026-01-02T03:04:05.000Z", .commits = 1};
	enum status st;

	(void)snprintf(k.device, sizeof(k.device), "%s", device);
	k.head.id[0] = head;
	st = kept_add(&k, &p, "a pack", 6, &(struct kept_parts){.len = 0}, &why);
	if (st == STATUS_OK)
		*number = k.number;
	return st;
}

struct seen {
	int good, damaged;
	int64_t last;
};

static enum status note_good(void *ctx, const struct kept *k, struct error *e)
{
	(void)e;
	((struct seen *)ctx)->good++;
	((struct seen *)ctx)->last = k->number;
	return STATUS_OK;
}

static enum status note_damaged(void *ctx, int64_t number, const char *reason, struct error *e)
{
	(void)number;
	(void)e;
	assert_true(strlen(reason) > 0);
	((struct seen *)ctx)->damaged++;
	return STATUS_OK;
}

static struct seen look(void)
{
	struct seen s = {0};

	ok(kept_each(&p, note_good, note_damaged, &s, &why));
	return s;
}

static void a_number_is_never_given_twice(void **state)
{
	int64_t number = 0;

	(void)state;
	ok(add(&number, "fleckney", 1));
	assert_int_equal(number, 1);
	ok(kept_remove(&p, 1, &why));
	ok(add(&number, "fleckney", 2));
	assert_int_equal(number, 2);
	/* a folder of before there was a note of it */
	ok(file_remove(inside(KEPT_NEXT), &why));
	ok(add(&number, "fleckney", 3));
	assert_int_equal(number, 3);
	/* nor one that stands at what cannot be read */
	ok(file_write(inside("9" KEPT_END), "torn", 4, 0600, &why));
	ok(add(&number, "fleckney", 4));
	assert_int_equal(number, 10);
}

static void a_damaged_note_of_the_next_number_keeps_nothing(void **state)
{
	int64_t number = 0;

	(void)state;
	ok(add(&number, "fleckney", 1));
	ok(file_write(inside(KEPT_NEXT), "{}", 2, 0600, &why));
	assert_int_equal(add(&number, "fleckney", 2), STATUS_CORRUPT);
	ok(file_write(inside(KEPT_NEXT), "{", 1, 0600, &why));
	assert_int_equal(add(&number, "fleckney", 2), STATUS_CORRUPT);
	assert_int_equal(look().good, 1);
}

static void what_cannot_be_read_is_told_and_keeps_nobody_from_the_rest(void **state)
{
	static const char *const torn[] = {"", "{", "{}\n", "\n", "{\"schema\":\"kept/1\"}\npack"};
	struct buf bytes = BUF_INIT;
	int64_t number = 0;

	(void)state;
	ok(add(&number, "fleckney", 1));
	for (size_t i = 0; i < ARRAY_LEN(torn); i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%zu" KEPT_END, i + 20);
		ok(file_write(inside(name), torn[i], strlen(torn[i]), 0600, &why));
	}
	assert_int_equal(look().good, 1);
	assert_int_equal(look().damaged, ARRAY_LEN(torn));
	ok(kept_read(&bytes, &p, number, &why));
	assert_int_equal(kept_read(&bytes, &p, 20, &why), STATUS_CORRUPT);
	assert_int_equal(kept_read(&bytes, &p, 99, &why), STATUS_NOT_FOUND);
	bytes.data[bytes.len - 1] ^= 1;
	ok(file_write(inside("1" KEPT_END), bytes.data, bytes.len, 0600, &why));
	assert_int_equal(kept_read(&bytes, &p, number, &why), STATUS_CORRUPT);
	buf_clear(&bytes);
}

static struct seen look_at(int64_t now_ms)
{
	kept_expire(&p, now_ms);
	return look();
}

#define DAY_MS INT64_C(86400000)
#define NOW_MS (20000 * DAY_MS)

static void what_is_too_old_goes_also_if_it_cannot_be_read(void **state)
{
	int64_t number = 0;

	(void)state;
	ok(add(&number, "fleckney", 1));
	ok(file_write(inside("7" KEPT_END), "torn", 4, 0600, &why));
	for (int day = 0; day < 35; day++)
		for (int hour = 0; hour < 24; hour += 5)
			assert_int_equal(look_at(NOW_MS + day * DAY_MS + hour * DAY_MS / 24).good, 1);
	assert_int_equal(look().damaged, 1);
	ok(add(&number, "fleckney", 2));
	assert_int_equal(look_at(NOW_MS + 35 * DAY_MS).good, 1);
	assert_int_equal(look().last, number); /* its own time has just begun */
	assert_int_equal(look().damaged, 0);
	ok(kept_remove(&p, number, &why));
	assert_int_equal(look_at(NOW_MS + 35 * DAY_MS).good, 0);
	assert_false(file_exists(inside(KEPT_AGE)));
}

static void a_clock_that_is_wrong_deletes_nothing(void **state)
{
	int64_t number = 0;

	(void)state;
	ok(add(&number, "fleckney", 1));
	assert_int_equal(look_at(NOW_MS).good, 1);
	assert_int_equal(look_at(NOW_MS + 20000 * DAY_MS).good, 1); /* a boot with a clock far ahead */
	assert_int_equal(look_at(NOW_MS + 20001 * DAY_MS).good, 1);
	assert_int_equal(look_at(0).good, 1); /* another far behind */
	for (int day = 1; day < 20; day++)
		assert_int_equal(look_at(NOW_MS + day * DAY_MS).good, 1);
	ok(file_write(inside(KEPT_AGE), "torn", 4, 0600, &why)); /* all begins anew */
	assert_int_equal(look_at(NOW_MS + 50 * DAY_MS).good, 1);
	assert_int_equal(look_at(NOW_MS + 84 * DAY_MS).good, 1);
}

static void what_is_looked_at_seldom_goes_later(void **state)
{
	int64_t number = 0;

	(void)state;
	ok(add(&number, "fleckney", 1));
	for (int look = 0; look < 5; look++)
		assert_int_equal(look_at(NOW_MS + look * 60 * DAY_MS).good, 1);
	assert_int_equal(look_at(NOW_MS + 300 * DAY_MS).good, 0);
}

static void what_a_killed_server_left_is_swept_up(void **state)
{
	struct kept_taken taken = {.by = "manager", .at = "2026-01-02T03:04:05.000Z"};
	int64_t number = 0;

	(void)state;
	ok(kept_recover(&p, &why)); /* without a folder, too */
	ok(add(&number, "fleckney", 1));
	ok(kept_taken_write(&taken, &p, number, &why));
	ok(kept_taken_write(&taken, &p, 77, &why));
	ok(file_write(inside("2" KEPT_END ".new"), "half", 4, 0600, &why));
	ok(kept_recover(&p, &why));
	assert_false(file_exists(inside("77" KEPT_TAKEN_END)));
	assert_false(file_exists(inside("2" KEPT_END ".new")));
	ok(kept_taken_read(&taken, &p, number, &why));
	assert_int_equal(look().good, 1);
	ok(kept_remove(&p, number, &why));
	assert_false(file_exists(inside("1" KEPT_TAKEN_END)));
}

static void a_device_and_a_practice_have_so_much_room(void **state)
{
	int64_t number = 0;

	(void)state;
	for (int i = 0; i < LIMIT_KEPT_DEVICE; i++)
		ok(add(&number, "fleckney", (uint8_t)i));
	assert_int_equal(add(&number, "fleckney", 100), STATUS_TOO_BIG);
	ok(kept_check_room(&p, "great-glen", &why));
	for (int i = LIMIT_KEPT_DEVICE; i < LIMIT_KEPT_PRACTICE; i++) {
		char device[32];

		(void)snprintf(device, sizeof(device), "device-%d", i);
		ok(add(&number, device, (uint8_t)i));
	}
	assert_int_equal(kept_check_room(&p, "great-glen", &why), STATUS_TOO_BIG);
	ok(kept_check_room(&p, "fleckney", &why)); /* more of it may take the place of less */
}

static void a_practice_that_keeps_all_that_it_may_keeps_no_other_from_it(void **state)
{
	static struct practice others[LIMIT_KEPT_AT_ONCE_ALL];
	char *own[LIMIT_KEPT_AT_ONCE], *place = NULL, *places[LIMIT_KEPT_AT_ONCE_ALL];
	int taken = 0;

	(void)state;
	for (int i = 0; i < LIMIT_KEPT_AT_ONCE; i++) {
		char device[32];

		(void)snprintf(device, sizeof(device), "device-%d", i);
		ok(kept_place_take(&own[i], &p, device, &why));
	}
	assert_int_equal(kept_place_take(&place, &p, "one-more", &why), STATUS_BUSY);
	ok(kept_place_take(&place, &others[0], "device-0", &why));
	assert_int_equal(kept_place_take(&places[0], &others[0], "device-0", &why), STATUS_BUSY);
	kept_place_leave(place);
	kept_place_leave(own[0]);
	assert_int_equal(kept_place_take(&place, &p, "device-1", &why), STATUS_BUSY);
	ok(kept_place_take(&own[0], &p, "one-more", &why));
	while (kept_place_take(&places[taken], &others[taken], "device", &why) == STATUS_OK)
		taken++;
	assert_int_equal(taken, LIMIT_KEPT_AT_ONCE_ALL - LIMIT_KEPT_AT_ONCE);
	for (int i = 0; i < taken; i++)
		kept_place_leave(places[i]);
	for (int i = 0; i < LIMIT_KEPT_AT_ONCE; i++)
		kept_place_leave(own[i]);
	kept_place_leave(NULL);
}

static void a_backup_holds_the_largest_and_leaves_out_only_what_cannot_be_read(void **state)
{
	static uint8_t pack[LIMIT_KEPT_FILE_BYTES];
	struct kept k = {.device = "fleckney", .received = "2026-01-02T03:04:05.000Z", .commits = 1};
	struct kept_taken taken = {.by = "manager", .at = "2026-01-02T03:04:05.000Z"};
	struct practice copy = {.ods = "C82999"};
	struct backup_to folder = backup_folder_to(copy.dir);
	struct sums sums = {.to = &folder, .folder = ""};
	struct buf bytes = BUF_INIT;
	int64_t number = 0;

	(void)state;
	ok(file_path(copy.dir, p.dir, "copy", &why));
	ok(file_mkdir(copy.dir, 0700, &why));
	ok(kept_add(&k, &p, pack, sizeof(pack), &(struct kept_parts){.len = 0}, &why));
	ok(kept_taken_write(&taken, &p, k.number, &why));
	ok(file_mkdir(inside("2" KEPT_END), 0700, &why)); /* nobody reads this */
	ok(add(&number, "fleckney", 3));
	ok(sums_copy(&sums, p.dir, KEPT_DIR, &why));
	ok(kept_read(&bytes, &copy, k.number, &why));
	ok(kept_read(&bytes, &copy, number, &why));
	ok(kept_taken_read(&taken, &copy, k.number, &why));
	ok(kept_next(&number, &copy, &why));
	assert_int_equal(number, 4);
	assert_null(strstr(buf_text(&sums.lines), "/2" KEPT_END));
	ok(file_mkdir(inside("../server.key"), 0700, &why));
	assert_int_equal(sums_copy(&sums, p.dir, "", &why), STATUS_IO); /* without this it is no backup */
	buf_clear(&sums.lines);
	buf_clear(&bytes);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_number_is_never_given_twice),
		test(a_damaged_note_of_the_next_number_keeps_nothing),
		test(what_cannot_be_read_is_told_and_keeps_nobody_from_the_rest),
		test(what_is_too_old_goes_also_if_it_cannot_be_read),
		test(a_clock_that_is_wrong_deletes_nothing),
		test(what_is_looked_at_seldom_goes_later),
		test(what_a_killed_server_left_is_swept_up),
		test(a_device_and_a_practice_have_so_much_room),
		test(a_practice_that_keeps_all_that_it_may_keeps_no_other_from_it),
		test(a_backup_holds_the_largest_and_leaves_out_only_what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
