/* tests/server/test_config.c - the server folder is made once, whole, and where nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config.h"
#include "tests/support/folder.h"

static char dir[FOLDER_MAX];

static int make_dir(void **state)
{
	(void)state;
	folder_make(dir, "config");
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	folder_remove(dir);
	return 0;
}

static void put_file(const char *name)
{
	char path[FILE_PATH_MAX];

	assert_int_equal(file_path(path, dir, name, NULL), STATUS_OK);
	assert_int_equal(file_write(path, "x", 1, 0600, NULL), STATUS_OK);
}

static bool is_there(const char *name)
{
	char path[FILE_PATH_MAX];

	assert_int_equal(file_path(path, dir, name, NULL), STATUS_OK);
	return file_exists(path);
}

static void a_folder_with_other_files_is_left_alone(void **state)
{
	struct error e = {STATUS_OK, ""};

	(void)state;
	put_file("passwd");
	assert_int_equal(config_create(dir, NULL, 0, env_system(), &e), STATUS_EXISTS);
	assert_non_null(strstr(e.text, "other files"));
	assert_false(is_there("ca.key"));
	assert_false(is_there("server.json"));
}

static void an_init_that_was_cut_short_is_made_again(void **state)
{
	struct config c = CONFIG_INIT;

	(void)state;
	put_file("ca.key");
	put_file("tls.crt.new");
	assert_int_equal(config_create(dir, NULL, 0, env_system(), NULL), STATUS_OK);
	assert_int_equal(config_load(&c, dir, NULL), STATUS_OK);
	config_clear(&c);
}

static void a_server_folder_is_not_made_twice(void **state)
{
	(void)state;
	assert_int_equal(config_create(dir, NULL, 0, env_system(), NULL), STATUS_OK);
	assert_int_equal(config_create(dir, NULL, 0, env_system(), NULL), STATUS_EXISTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_folder_with_other_files_is_left_alone, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(an_init_that_was_cut_short_is_made_again, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_server_folder_is_not_made_twice, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
