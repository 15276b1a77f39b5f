#include "tests/server/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "server/store.h"

void place_make(char *dir, const char *ods)
{
	struct store *s = NULL;
	char path[128];

	(void)snprintf(dir, PLACE_DIR_MAX, "/tmp/qip-store-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/%s", dir, ods);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(store_open(&s, dir, NULL), STATUS_OK);
	assert_int_equal(store_create(s, ods, NULL), STATUS_OK);
	store_close(s);
}

void place_remove(const char *dir)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}
