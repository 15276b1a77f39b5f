#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/folder.h"

void folder_make(char dir[FOLDER_MAX], const char *name)
{
	(void)snprintf(dir, FOLDER_MAX, "/tmp/qip-%s-XXXXXX", name);
	assert_non_null(mkdtemp(dir));
}

void folder_remove(const char *dir)
{
	char command[FOLDER_MAX + 16];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}
