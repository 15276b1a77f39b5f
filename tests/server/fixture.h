/* tests/server/fixture.h - one world with its first manager, opened before a program's tests and closed after them. */
#ifndef QIP_TESTS_SERVER_FIXTURE_H
#define QIP_TESTS_SERVER_FIXTURE_H

#include "tests/server/world.h"

static struct world w;
static struct testdev manager;

static int open_practice(void **state)
{
	(void)state;
	world_open(&w);
	join_first(&w, &manager);
	return 0;
}

static int close_practice(void **state)
{
	(void)state;
	testdev_clear(&manager);
	world_close(&w);
	return 0;
}

#endif
