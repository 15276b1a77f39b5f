#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/file.h"
#include "server/limits.h"
#include "server/peers.h"
#include "server/spool.h"
#include "tests/support/folder.h"

static char dir[FOLDER_MAX];

static int make_dir(void **state)
{
	(void)state;
	folder_make(dir, "file");
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	folder_remove(dir);
	return 0;
}

static void a_file_is_replaced_whole_with_its_mode(void **state)
{
	char path[FILE_PATH_MAX], left[FILE_PATH_MAX + 8];
	struct buf text = BUF_INIT;
	struct stat found;
	FILE *f = NULL;

	(void)state;
	assert_int_equal(file_path(path, dir, "a.key", NULL), STATUS_OK);
	assert_int_equal(file_write(path, "first, and longer", 17, 0600, NULL), STATUS_OK);
	/* what a power cut left behind does not stand in the way */
	(void)snprintf(left, sizeof(left), "%s.new", path);
	f = fopen(left, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(file_write(path, "second", 6, 0600, NULL), STATUS_OK);
	assert_int_equal(file_read(&text, path, NULL), STATUS_OK);
	assert_string_equal(buf_text(&text), "second");
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
	assert_false(file_exists(left));
	assert_int_equal(file_remove(path, NULL), STATUS_OK);
	assert_int_equal(file_remove(path, NULL), STATUS_OK);
	assert_int_equal(file_read(&text, path, NULL), STATUS_NOT_FOUND);
	buf_clear(&text);
}

static void a_file_over_the_limit_is_not_read(void **state)
{
	char path[FILE_PATH_MAX];
	char *much = calloc(1, LIMIT_FILE_BYTES + 1);
	struct buf text = BUF_INIT;

	(void)state;
	assert_non_null(much);
	assert_int_equal(file_path(path, dir, "big", NULL), STATUS_OK);
	assert_int_equal(file_write(path, much, LIMIT_FILE_BYTES + 1, 0644, NULL), STATUS_OK);
	assert_int_equal(file_read(&text, path, NULL), STATUS_TOO_BIG);
	buf_clear(&text);
	free(much);
}

static void an_answer_that_grows_moves_to_a_file_and_keeps_every_byte(void **state)
{
	struct spool s = SPOOL_INIT;
	uint8_t part[1000], back[1000];
	size_t parts = LIMIT_SPOOL_MEMORY_BYTES / sizeof(part) + 2;

	(void)state;
	s.dir = dir;
	for (size_t i = 0; i < parts; i++) {
		memset(part, (int)(i % 251), sizeof(part));
		assert_int_equal(spool_add(&s, part, sizeof(part), NULL), STATUS_OK);
		assert_int_equal(s.fd >= 0, (i + 1) * sizeof(part) > LIMIT_SPOOL_MEMORY_BYTES);
	}
	assert_int_equal(s.len, parts * sizeof(part));
	for (size_t i = 0; i < parts; i++) {
		memset(part, (int)(i % 251), sizeof(part));
		assert_int_equal(pread(s.fd, back, sizeof(back), (off_t)(i * sizeof(part))), sizeof(back));
		assert_memory_equal(part, back, sizeof(back));
	}
	spool_clear(&s);
	assert_int_equal(s.fd, -1);
}

static void a_peer_is_forgotten_only_by_its_own_connection(void **state)
{
	struct tls_peer one = {.present = true, .device = "one"}, two = {.present = true, .device = "two"}, got;
	struct peers *p = NULL;

	(void)state;
	assert_int_equal(peers_open(&p, 10, NULL), STATUS_OK);
	assert_int_equal(peers_put(p, 7, 1, &one), STATUS_OK);
	peers_set_answering(p, 7, true);
	assert_true(peers_answering(p, 7, 1));
	/* the number was closed and given to the next connection before the first one noticed */
	assert_int_equal(peers_put(p, 7, 2, &two), STATUS_OK);
	assert_false(peers_answering(p, 7, 2));
	peers_remove(p, 7, 1);
	assert_int_equal(peers_get(&got, p, 7), STATUS_OK);
	assert_string_equal(got.device, "two");
	peers_remove(p, 7, 2);
	assert_int_equal(peers_get(&got, p, 7), STATUS_NOT_FOUND);
	assert_int_equal(peers_get(&got, p, 1000), STATUS_NOT_FOUND);
	assert_int_equal(peers_put(p, 1000, 3, &one), STATUS_OK); /* more connections may have been allowed since */
	assert_int_equal(peers_get(&got, p, 1000), STATUS_OK);
	assert_int_equal(peers_get(&got, p, 999), STATUS_NOT_FOUND);
	assert_int_equal(peers_get(&got, p, -1), STATUS_NOT_FOUND);
	peers_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_replaced_whole_with_its_mode),
		cmocka_unit_test(a_file_over_the_limit_is_not_read),
		cmocka_unit_test(an_answer_that_grows_moves_to_a_file_and_keeps_every_byte),
		cmocka_unit_test(a_peer_is_forgotten_only_by_its_own_connection),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
