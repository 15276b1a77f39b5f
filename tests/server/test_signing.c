/* tests/server/test_signing.c - which key the server signs with, what it says of the next one, and what it does not take while no key would be left. */
#include "tests/server/fixture.h"

#include <sys/stat.h>

#include "server/file.h"
#include "server/key_file.h"
#include "server/signing.h"

static struct store *store;
static struct practice *practice;
static struct error e;

static char *inside(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/" ODS "/%s", w.server, name);
	return path;
}

static int open_own(void **state)
{
	(void)state;
	ok(store_open(&store, w.server, &e));
	ok(practice_open(&practice, w.server, store, ODS, &e));
	return 0;
}

static int close_own(void **state)
{
	(void)state;
	practice_close(practice);
	store_close(store);
	return 0;
}

/* A registry of server's keys alone, by their lines. */
static struct registry keys_of(const char *first, bool first_retired, const char *second)
{
	struct registry reg = REGISTRY_INIT;

	(void)snprintf(reg.server_keys[0].ssh, KEY_SSH_MAX, "%s", first);
	reg.server_keys[0].retired = first_retired;
	(void)snprintf(reg.server_keys[1].ssh, KEY_SSH_MAX, "%s", second ? second : "");
	reg.server_keys_len = second ? 2 : 1;
	return reg;
}

static void the_next_key_waits_beside_the_present_one_and_is_made_once(void **state)
{
	struct registry reg = keys_of(w.server_key, false, NULL);
	char next[KEY_SSH_MAX];
	struct stat st;
	bool made = false;

	(void)state;
	ok(signing_make_next(&made, practice, &reg, &e));
	assert_true(made);
	memcpy(next, practice->signing.next.ssh, sizeof(next));
	ok(signing_make_next(&made, practice, &reg, &e));
	assert_false(made);
	assert_string_equal(practice->signing.next.ssh, next);
	assert_int_equal(stat(inside("server.next.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ok(signing_settle(practice, &reg, &e));
	assert_true(practice->signing.counts);
	assert_string_equal(practice->signing.with->ssh, w.server_key);
}

static void a_practice_with_as_many_keys_as_it_may_have_gets_no_next_one(void **state)
{
	struct registry reg = keys_of(w.server_key, false, NULL);
	bool made = false;

	(void)state;
	ok(file_remove(inside("server.next.key"), &e));
	ok(signing_settle(practice, &reg, &e));
	reg.server_keys_len = REGISTRY_MAX_SERVER_KEYS;
	assert_int_equal(signing_make_next(&made, practice, &reg, &e), STATUS_EXISTS);
	assert_false(file_exists(inside("server.next.key")));
	reg.server_keys_len = 1;
	ok(signing_make_next(&made, practice, &reg, &e));
}

static void managers_are_told_of_the_next_key_and_nobody_else(void **state)
{
	struct buf statement = BUF_INIT;
	struct testdev kiosk;
	struct invite invite;
	struct reply r;
	cJSON *json = NULL;
	const char *key, *proof, *offer;

	(void)state;
	join_invited(&w, &manager, &kiosk, &invite, "kib-kiosk", "kiosk");
	post(&r, &w, &kiosk, "/" ODS "/server-key", "application/json", "{}", 2);
	assert_int_equal(r.code, 403);
	reply_clear(&r);
	post(&r, &w, &manager, "/" ODS "/server-key", "application/json", "{\"a\":1}", 7);
	assert_int_equal(r.code, 400);
	reply_clear(&r);
	post(&r, &w, &manager, "/" ODS "/server-key", "application/json", "{}", 2);
	assert_int_equal(r.code, 200);
	ok(json_parse(&json, buf_text(&r.body), r.body.len, &e));
	key = json_string(json, "key");
	proof = json_string(json, "proof");
	offer = json_string(json, "offer");
	assert_string_equal(key, practice->signing.next.ssh);
	assert_string_equal(json_string(json, "present"), w.server_key);
	ok(statement_next_key(&statement, ODS, w.server_key, key));
	ok(signature_check(proof, strlen(proof), practice->signing.next.key, SIGNATURE_NAMESPACE_RECORD, statement.data, statement.len, &e));
	ok(signature_check(offer, strlen(offer), practice->signing.present.key, SIGNATURE_NAMESPACE_RECORD, statement.data, statement.len, &e));
	buf_clear(&statement);
	cJSON_Delete(json);
	reply_clear(&r);
	testdev_clear(&kiosk);
	invite_clear(&invite);
}

static cJSON *signed_by_root(cJSON *record, struct buf *statement)
{
	struct buf signature = BUF_INIT;

	sign(&signature, w.root, statement);
	ok(json_set_string(record, "signature", buf_text(&signature)));
	buf_clear(&signature);
	buf_clear(statement);
	return record;
}

/* The manager's push of one record on main; what the server said of it in `why`. */
static bool pushed(const char *path, cJSON *record, struct buf *why)
{
	struct oid main_id = fetch_main(&w), id;
	struct file file = {path, record};

	id = commit(&w, &manager, &main_id, &file, 1);
	return push(&w, &manager, &id, why);
}

static void the_only_key_that_the_server_has_is_not_retired(void **state)
{
	char line[KEY_SSH_MAX], path[TREE_PATH_MAX], id[41];
	struct buf statement = BUF_INIT, why = BUF_INIT;
	struct key *elsewhere = NULL;
	struct commit c = COMMIT_INIT;
	cJSON *record = NULL;
	struct oid main_id;

	(void)state;
	ok(key_generate(&elsewhere, &e));
	key_ssh(line, elsewhere);
	main_id = fetch_main(&w);
	ok(repo_commit_read(&c, w.local, &main_id, &e));
	ok(record_read_path(&record, w.local, &c.tree, "practice.json", &e));
	commit_clear(&c);
	ok(statement_server_key(&statement, ODS, line));
	assert_true(cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(record, "server_keys"), signed_by_root(OBJECT("key", line), &statement)));
	assert_true(pushed("practice.json", record, &why));
	registry_retired_path(path, practice->signing.present.key);
	(void)snprintf(id, sizeof(id), "%.40s", path + strlen(RETIRED_KEYS));
	ok(statement_retired_key(&statement, ODS, w.server_key));
	record = signed_by_root(OBJECT("schema", "retired-key/1", "id", id, "key", w.server_key, "device", "manager", "at", now_text()), &statement);
	assert_false(pushed(path, record, &why));
	assert_non_null(strstr(buf_text(&why), "the only key that the server has"));
	buf_clear(&why);
	key_free(elsewhere);
}

static void it_is_taken_over_once_it_is_endorsed_by_one_rename(void **state)
{
	char next[KEY_SSH_MAX];
	struct registry reg;

	(void)state;
	ok(signing_settle(practice, &(struct registry)REGISTRY_INIT, &e));
	memcpy(next, practice->signing.next.ssh, sizeof(next));
	reg = keys_of(w.server_key, false, next);
	ok(signing_settle(practice, &reg, &e));
	assert_true(practice->signing.counts);
	assert_string_equal(practice->signing.with->ssh, next);
	assert_string_equal(practice->signing.present.ssh, next);
	assert_null(practice->signing.next.key);
	assert_false(file_exists(inside("server.next.key")));
	ok(signing_settle(practice, &reg, &e));
	assert_string_equal(practice->signing.with->ssh, next);
}

static void a_retired_or_unknown_key_counts_for_nothing(void **state)
{
	struct registry reg;

	(void)state;
	ok(signing_settle(practice, &(struct registry)REGISTRY_INIT, &e));
	assert_false(practice->signing.counts);
	reg = keys_of(practice->signing.present.ssh, true, w.server_key);
	ok(signing_settle(practice, &reg, &e));
	assert_false(practice->signing.counts);
	assert_string_equal(practice->signing.with->ssh, practice->signing.present.ssh);
}

static void a_key_that_is_lost_or_damaged_is_no_pushs_fault(void **state)
{
	struct registry reg = keys_of(w.server_key, false, NULL);

	(void)state;
	ok(file_write(inside("server.key"), "-----BEGIN", 10, 0600, &e));
	assert_int_equal(signing_settle(practice, &reg, &e), STATUS_CRYPTO);
	assert_true(push_failed_here(STATUS_CRYPTO));
	ok(file_remove(inside("server.key"), &e));
	ok(signing_settle(practice, &reg, &e));
	assert_null(practice->signing.with);
	assert_int_equal(signing_check(practice, NULL, NULL, &e), STATUS_CRYPTO);
	(void)close_own(state);
	ok(store_open(&store, w.server, &e));
	ok(practice_open(&practice, w.server, store, ODS, &e)); /* what the practice has can be read */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_own, close_own)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_next_key_waits_beside_the_present_one_and_is_made_once),
		TEST(a_practice_with_as_many_keys_as_it_may_have_gets_no_next_one),
		TEST(managers_are_told_of_the_next_key_and_nobody_else),
		TEST(the_only_key_that_the_server_has_is_not_retired),
		TEST(it_is_taken_over_once_it_is_endorsed_by_one_rename),
		TEST(a_retired_or_unknown_key_counts_for_nothing),
		TEST(a_key_that_is_lost_or_damaged_is_no_pushs_fault),
	};

	if (repo_init_library(&e) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests(tests, open_practice, close_practice);
}
