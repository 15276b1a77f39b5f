#include "tests/server/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void place_make(char dir[FOLDER_MAX])
{
	struct store *s = NULL;
	char path[128];

	folder_make(dir, "store");
	(void)snprintf(path, sizeof(path), "%s/" ODS, dir);
	assert_int_equal(mkdir(path, 0700), 0);
	ok(store_open(&s, dir, NULL));
	ok(store_create(s, ODS, NULL));
	store_close(s);
}

void place_open(struct place *p)
{
	ok(store_open(&p->store, p->dir, NULL));
	ok(store_history_open(&p->history, p->store, ODS, NULL));
}

void place_close(struct place *p)
{
	store_history_close(p->history);
	store_close(p->store);
}

int place_begin(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	place_make(p->dir);
	place_open(p);
	*state = p;
	return 0;
}

int place_end(void **state)
{
	struct place *p = *state;

	place_close(p);
	folder_remove(p->dir);
	free(p);
	return 0;
}
