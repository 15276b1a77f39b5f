/* tests/client/test_keys.c - client/keys.c: who joins later can read what was sealed before. */
#include "tests/client/practice.h"

#include "client/comment_key.h"
#include "client/commit.h"
#include "client/files.h"
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

/* The log takes a revocation back: no home that knew of it hands anything on by itself. */
static void who_was_shut_out_once_is_handed_nothing_without_a_manager(void **state)
{
	struct qip *back = practice_device(&p, boss, "back", ROLE_STAFF);
	static const char noted[] = "{\"devices\":[\"back\"],\"schema\":\"shut-out/1\"}";
	struct keys_granted granted;
	uint64_t by_itself = 9;

	(void)state;
	OK(files_write(boss->dir, "shut-out.json", noted, sizeof(noted) - 1, 0600, &last_error));
	(void)practice_sync(boss);
	(void)practice_sync(back);
	FAILS(opens(back, 1), STATUS_DENIED);
	OK(keys_grant(&by_itself, boss, &last_error));
	assert_int_equal(by_itself, 0);
	OK(keys_grant_to(&granted, boss, "back", &last_error));
	assert_true(granted.granted > 0);
	(void)practice_sync(boss);
	(void)practice_sync(back);
	OK(opens(back, 1));
	qip_close(back);
}

static void who_is_revoked_is_remembered(void **state)
{
	struct buf file = BUF_INIT;

	(void)state;
	OK(files_read(&file, boss->dir, "shut-out.json", 10000, &last_error));
	assert_non_null(strstr(buf_text(&file), "leaver"));
	assert_null(strstr(buf_text(&file), "back"));
	buf_clear(&file);
}

/* A configuration with one more generation, that the server signs as it signs every one. */
static void put_config(struct qip *kiosk, cJSON *key, const struct key *server)
{
	struct commit_spec spec = {.parents_len = 1, .name = "server", .email = "server@c82999.qip.invalid", .message = "What kiosks may read\n\nQip-Index: 99\n", .key = server};
	struct tree_edit edit = {.path = "keys/2.json"};
	struct oid config, tree, made;

	OK(home_ref(&config, kiosk, REF_CONFIG, &last_error));
	OK(home_tree_of(&tree, kiosk, &config, &last_error));
	OK(commit_stage(&edit.id, kiosk, key, &last_error));
	OK(tree_apply(&spec.tree, kiosk->repo, &tree, &edit, 1, &last_error));
	spec.parents[0] = config;
	OK(repo_commit_write(&made, kiosk->repo, &spec, &last_error));
	OK(repo_flush(kiosk->repo, &last_error));
	OK(home_move_ref(kiosk, REF_CONFIG, &made, &config, &last_error));
}

static void a_kiosk_seals_to_no_key_that_the_server_made_up(void **state)
{
	static const char *const by[] = {"manager", "server", "root"};
	struct qip *kiosk = practice_device(&p, boss, "fle-kiosk", ROLE_KIOSK);
	struct key *server = practice_server_key(&p);
	struct comment_key before, after;

	(void)state;
	OK(comment_key_find(&before, kiosk, &last_error));
	for (size_t i = 0; i < ARRAY_LEN(by); i++) {
		cJSON *key = NULL;

		OK(comment_key_make(&key, &(struct comment_key_spec){.ods = "C82999", .generation = before.generation + 1, .by = by[i], .signer = server, .at_ms = 1000},
				    &last_error));
		put_config(kiosk, key, server);
		cJSON_Delete(key);
		OK(comment_key_find(&after, kiosk, &last_error));
		assert_int_equal(after.generation, before.generation);
		assert_memory_equal(after.public_key, before.public_key, sizeof(before.public_key));
	}
	key_free(server);
	qip_close(kiosk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manager_s_sync_hands_every_generation_to_who_joined),
		cmocka_unit_test(who_was_shut_out_once_is_handed_nothing_without_a_manager),
		cmocka_unit_test(a_kiosk_seals_to_no_key_that_the_server_made_up),
		cmocka_unit_test(who_is_revoked_reads_nothing_new_and_who_joins_then_reads_all),
		cmocka_unit_test(who_is_revoked_is_remembered),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
