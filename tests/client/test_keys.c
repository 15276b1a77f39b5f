/* tests/client/test_keys.c - client/keys.c: who joins later can read what was sealed before. */
#include "tests/client/practice.h"

#include "client/comment_key.h"
#include "client/keys.h"

static struct practice p;
static struct qip *boss;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static enum status opens(struct qip *q, int64_t generation)
{
	uint8_t private_key[SEAL_KEY_LEN] = {0};
	enum status st = comment_key_open(private_key, q, generation, &last_error);

	explicit_bzero(private_key, sizeof(private_key));
	return st;
}

static void a_manager_s_sync_hands_every_generation_to_who_joined(void **state)
{
	struct qip *staff = practice_device(&p, boss, "reception", ROLE_STAFF);
	struct qip *kiosk = NULL;
	uint64_t granted = 9;

	(void)state;
	(void)practice_sync(staff);
	FAILS(opens(staff, 1), STATUS_DENIED);
	(void)practice_sync(boss);
	(void)practice_sync(staff);
	OK(opens(staff, 1));
	kiosk = practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK);
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	(void)practice_sync(kiosk);
	FAILS(opens(kiosk, 1), STATUS_DENIED);
	OK(keys_grant(&granted, boss, &last_error));
	assert_int_equal(granted, 0);
	OK(keys_grant(&granted, staff, &last_error));
	assert_int_equal(granted, 0);
	qip_close(kiosk);
	qip_close(staff);
}

static void who_is_revoked_reads_nothing_new_and_who_joins_then_reads_all(void **state)
{
	struct qip *leaver = practice_device(&p, boss, "leaver", ROLE_STAFF), *nurse = NULL;

	(void)state;
	(void)practice_sync(boss);
	(void)practice_sync(leaver);
	OK(opens(leaver, 1));
	OK(qip_end_device(boss, "leaver", true, NULL, &last_error));
	(void)practice_sync(boss);
	nurse = practice_device(&p, boss, "nurse", ROLE_MANAGER);
	(void)practice_sync(nurse);
	(void)practice_sync(boss);
	(void)practice_sync(nurse);
	OK(opens(nurse, 1));
	OK(opens(nurse, 2));
	qip_close(leaver);
	qip_close(nurse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manager_s_sync_hands_every_generation_to_who_joined),
		cmocka_unit_test(who_is_revoked_reads_nothing_new_and_who_joins_then_reads_all),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
