/* tests/client/audited_fixture.h - an audited practice for each test of a program. */
#ifndef QIP_TESTS_CLIENT_AUDITED_FIXTURE_H
#define QIP_TESTS_CLIENT_AUDITED_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/client/audited.h"

#define UNUSED __attribute__((unused))

static struct audited w;

static UNUSED int begin(void **state)
{
	(void)state;
	audited_begin(&w);
	return 0;
}

/* One that was audited before. */
static UNUSED int begin_audited(void **state)
{
	(void)begin(state);
	audited_checkpoint(&w);
	return 0;
}

static UNUSED int end(void **state)
{
	(void)state;
	audited_end(&w);
	return 0;
}

#endif
