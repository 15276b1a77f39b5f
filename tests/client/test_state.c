/* tests/client/test_state.c - what a home remembers of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/files.h"
#include "client/state.h"

static char folder[] = "/tmp/qip-state-XXXXXX";
static int dir = -1;

/* A machine whose clocks the test sets. */
static int64_t wall_ms, monotonic_ms;
static enum clock_quality quality;
static const char *boot = "boot-1";

static int64_t fake_now(void *ctx)
{
	(void)ctx;
	return wall_ms;
}

static int64_t fake_monotonic(void *ctx)
{
	(void)ctx;
	return monotonic_ms;
}

static enum clock_quality fake_quality(void *ctx)
{
	(void)ctx;
	return quality;
}

static void fake_boot(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	(void)ctx;
	(void)snprintf(out, ENV_BOOT_ID_MAX, "%s", boot);
}

static const struct env fake = {.now_ms = fake_now, .monotonic_ms = fake_monotonic, .quality = fake_quality, .boot_id = fake_boot};

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	return dir < 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlinkat(dir, "state.json", 0);
	(void)close(dir);
	return rmdir(folder);
}

static void carries_the_servers_time_on_while_the_own_clock_is_unsure(void **state)
{
	struct state s = {0};

	(void)state;
	wall_ms = 5;
	monotonic_ms = 1000;
	quality = CLOCK_UNKNOWN;
	assert_true(state_now_ms(&s, &fake) == 5);
	state_anchor(&s, &fake, 1795323600000, 40);
	monotonic_ms = 3000;
	assert_true(state_now_ms(&s, &fake) == INT64_C(1795323600500) + 2000);
	quality = CLOCK_SYNCHRONISED;
	assert_true(state_now_ms(&s, &fake) == 5);
	quality = CLOCK_UNKNOWN;
	boot = "boot-2";
	assert_true(state_now_ms(&s, &fake) == 5); /* monotonic time of another boot says nothing */
	boot = "boot-1";
}

static void knows_the_last_boots_and_one_anchor_for_each(void **state)
{
	struct state s = {0};
	char name[24];

	(void)state;
	for (int i = 0; i < LIMIT_ANCHORS + 3; i++) {
		(void)snprintf(name, sizeof(name), "boot-%d", i);
		boot = name;
		state_anchor(&s, &fake, 1000000 + i, 0);
		state_anchor(&s, &fake, 2000000 + i, 0);
	}
	boot = "boot-1";
	assert_int_equal(s.anchors_len, LIMIT_ANCHORS);
	assert_null(state_find_anchor(&s, "boot-2"));
	assert_true(state_find_anchor(&s, "boot-3")->server_ms == 2000003 + 500);
	assert_null(state_find_anchor(&s, ""));
}

static void comes_back_as_it_was_saved(void **state)
{
	struct state s = {.last_sync_ms = 1795323600000, .last_sync_seq = 77}, loaded;

	(void)state;
	monotonic_ms = 123;
	state_anchor(&s, &fake, 1795323600000, 40);
	assert_int_equal(state_save(&s, dir, NULL), STATUS_OK);
	state_load(&loaded, dir);
	assert_true(loaded.last_sync_ms == s.last_sync_ms && loaded.last_sync_seq == 77 && loaded.anchors_len == 1);
	assert_string_equal(loaded.anchors[0].boot_id, "boot-1");
	assert_true(loaded.anchors[0].server_ms == s.anchors[0].server_ms && loaded.anchors[0].monotonic_ms == 123 &&
		    loaded.anchors[0].error_ms == 540);
}

static int synced; /* calls of fsync */

/* In the place of the library's. */
int fsync(int fd)
{
	synced++;
	return (int)syscall(SYS_fsync, fd);
}

static int syncs_to_save(struct state *s)
{
	synced = 0;
	assert_int_equal(state_save(s, dir, NULL), STATUS_OK);
	return synced;
}

static void a_card_is_worn_once_a_boot_only(void **state)
{
	struct state s = {.last_sync_ms = 1}, loaded;

	(void)state;
	boot = "boot-7";
	state_anchor(&s, &fake, 1795323600000, 40);
	assert_int_equal(syncs_to_save(&s), 2); /* the file and its folder */
	state_anchor(&s, &fake, 1795323700000, 40);
	s.last_sync_ms = 2;
	assert_int_equal(syncs_to_save(&s), 0);
	state_load(&loaded, dir);
	assert_true(loaded.last_sync_ms == 2);
	assert_int_equal(syncs_to_save(&loaded), 0); /* another program of the same boot */
	boot = "boot-8";
	state_anchor(&loaded, &fake, 1795323800000, 40);
	assert_int_equal(syncs_to_save(&loaded), 2);
	boot = "boot-1";
}

static void a_damaged_file_is_an_empty_state(void **state)
{
	static const char *const bad[] = {"", "7", "{\"last_sync\":", "{\"last_sync\":\"x\",\"anchors\":[7,{\"boot\":\"b\"}]}"};
	struct state loaded;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(files_write(dir, "state.json", bad[i], strlen(bad[i]), 0600, NULL), STATUS_OK);
		state_load(&loaded, dir);
		assert_true(loaded.last_sync_ms == 0 && loaded.anchors_len == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_the_servers_time_on_while_the_own_clock_is_unsure),
		cmocka_unit_test(knows_the_last_boots_and_one_anchor_for_each),
		cmocka_unit_test(comes_back_as_it_was_saved),
		cmocka_unit_test(a_card_is_worn_once_a_boot_only),
		cmocka_unit_test(a_damaged_file_is_an_empty_state),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
