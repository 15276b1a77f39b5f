/* tests/client/kiosk_fixture.h - for group tests: a practice with its manager and a kiosk, each in a home of its own. */
#ifndef QIP_TESTS_CLIENT_KIOSK_FIXTURE_H
#define QIP_TESTS_CLIENT_KIOSK_FIXTURE_H

#include "tests/client/practice.h"

static struct practice p;
static struct qip *boss, *kiosk;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	kiosk = practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	qip_close(kiosk);
	practice_stop(&p);
	return 0;
}

#endif
