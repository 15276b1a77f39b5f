/* tests/core/test_server_keys.c - the server's keys: who endorses and retires them, and which merges they may sign. */
#include "core/server_chain.h"
#include "core/signature.h"
#include "tests/core/policy_fixture.h"

static struct key *first, *next;

static int begin_keys(void **state)
{
	struct error e = {0};

	(void)begin(state);
	first = p.server;
	must(key_generate(&next, &e), &e);
	return 0;
}

static int end_keys(void **state)
{
	p.server = first;
	key_free(next);
	return end(state);
}

static void endorse(const struct key *key)
{
	practice_write(&p, manager, "practice.json", practice_endorse(&p, key, p.root));
	practice_push(&p, manager);
}

static void retire(const struct key *key)
{
	char path[TREE_PATH_MAX];
	cJSON *record = practice_retire(path, key, manager->id, p.root);

	practice_write(&p, manager, path, record);
	practice_push(&p, manager);
}

/* One honest merge more, signed by the key. */
static void merge_by(struct key *key)
{
	char path[TREE_PATH_MAX];

	p.server = key;
	practice_write(&p, staff, path, action(staff, path));
	practice_push(&p, staff);
}

/* ---- endorsing ---- */

static void a_manager_adds_a_key_that_the_root_endorsed(void **state)
{
	char line[KEY_SSH_MAX];

	(void)state;
	endorse(next);
	key_ssh(line, next);
	assert_int_equal(p.registry.server_keys_len, 2);
	assert_true(registry_key_counts(&p.registry, line));
	assert_string_equal(p.registry.server_keys[1].ssh, line);
}

static void nobody_else_adds_one_nor_without_the_root(void **state)
{
	(void)state;
	practice_write(&p, staff, "practice.json", practice_endorse(&p, next, p.root));
	refused(staff, STATUS_DENIED, "role staff may not write there");
	practice_write(&p, manager, "practice.json", practice_endorse(&p, next, manager->key));
	refused(manager, STATUS_UNTRUSTED, "root key did not endorse");
	practice_write(&p, manager, "practice.json", practice_endorse(&p, first, p.root));
	refused(manager, STATUS_DENIED, "twice");
	practice_write(&p, manager, "practice.json", practice_endorse(&p, staff->key, p.root));
	refused(manager, STATUS_DENIED, "the root's or a device's");
	practice_write(&p, manager, "practice.json", practice_endorse(&p, p.root, p.root));
	refused(manager, STATUS_DENIED, "the root's or a device's");
}

static void a_retired_device_adds_and_ends_none(void **state)
{
	struct fixture_device *second = practice_add(&p, "old-manager", ROLE_MANAGER);
	char path[TREE_PATH_MAX];
	cJSON *record;

	(void)state;
	endorse(next);
	end_device("old-manager", "retired", manager);
	practice_push(&p, manager);
	practice_write(&p, second, "practice.json", practice_endorse(&p, second->invite, p.root));
	refused(second, STATUS_DENIED, "is retired and endorses no keys");
	record = practice_retire(path, first, second->id, p.root);
	practice_write(&p, second, path, record);
	refused(second, STATUS_DENIED, "is retired and ends no keys");
}

static void keys_are_added_behind_those_that_are_there(void **state)
{
	cJSON *record, *keys;

	(void)state;
	record = practice_endorse(&p, next, p.root);
	keys = cJSON_GetObjectItemCaseSensitive(record, "server_keys");
	cJSON_DeleteItemFromArray(keys, 0);
	practice_write(&p, manager, "practice.json", record);
	refused(manager, STATUS_DENIED, "changed or removed");
	endorse(next);
	record = practice_read(&p, &p.main_tree, "practice.json");
	cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(record, "server_keys"), 1);
	practice_write(&p, manager, "practice.json", record);
	refused(manager, STATUS_DENIED, "changed or removed");
}

static void of_two_that_were_endorsed_apart_the_second_is_refused(void **state)
{
	struct fixture_device *second = practice_add(&p, "gle-manager", ROLE_MANAGER);
	cJSON *apart = practice_endorse(&p, second->invite, p.root), *name = practice_read(&p, &p.main_tree, "practice.json");
	struct oid base = p.main;

	(void)state;
	endorse(next);
	practice_write_on(&p, second, &base, "practice.json", apart);
	refused(second, STATUS_DENIED, "endorsed meanwhile");
	/* and another field that was changed apart leaves the keys as they are on main */
	set_text(second, name, "name", "Another name");
	practice_write_on(&p, second, &base, "practice.json", name);
	practice_push(&p, second);
	assert_int_equal(p.registry.server_keys_len, 2);
	assert_string_equal(p.registry.name, "Another name");
}

/* ---- retiring ---- */

static void a_manager_ends_a_key_by_the_roots_word(void **state)
{
	char line[KEY_SSH_MAX], path[TREE_PATH_MAX];
	cJSON *record;

	(void)state;
	endorse(next);
	retire(first);
	key_ssh(line, first);
	assert_false(registry_key_counts(&p.registry, line));
	assert_non_null(registry_server_key(&p.registry, line));
	record = practice_retire(path, next, manager->id, p.root);
	practice_write(&p, manager, path, record);
	refused(manager, STATUS_DENIED, "last key of the server");
	record = practice_retire(path, first, manager->id, p.root);
	assert_int_equal(json_set_string(record, "at", "2025-11-25T16:00:00.000Z"), STATUS_OK);
	practice_write(&p, manager, path, record);
	refused(manager, STATUS_DENIED, "never changed");
}

static void refused_retirement(struct fixture_device *by, cJSON *record, const char *path, enum status st, const char *words)
{
	practice_write(&p, by, path, record);
	refused(by, st, words);
}

static void no_other_word_ends_a_key(void **state)
{
	char path[TREE_PATH_MAX], other[TREE_PATH_MAX];
	cJSON *record;

	(void)state;
	refused_retirement(manager, practice_retire(path, first, manager->id, p.root), path, STATUS_DENIED, "last key of the server");
	refused_retirement(manager, practice_retire(path, next, manager->id, p.root), path, STATUS_INVALID, "none of the server's");
	endorse(next);
	record = practice_retire(path, first, manager->id, manager->key);
	refused_retirement(manager, record, path, STATUS_UNTRUSTED, "root key did not retire");
	record = practice_retire(path, first, staff->id, p.root);
	refused_retirement(manager, record, path, STATUS_DENIED, "not in the name of kib-manager");
	refused_retirement(staff, practice_retire(path, first, staff->id, p.root), path, STATUS_DENIED, "role staff may not write there");
	/* under another key's name it would leave room for a second one of the same key */
	registry_retired_path(other, next);
	record = practice_retire(path, first, manager->id, p.root);
	assert_int_equal(json_set_string(record, "id", "0000000000000000000000000000000000000000"), STATUS_OK);
	refused_retirement(manager, record, RETIRED_KEYS "0000000000000000000000000000000000000000.json", STATUS_INVALID, "not named after its key");
	refused_retirement(manager, practice_retire(path, first, manager->id, p.root), other, STATUS_INVALID, "otherwise than its path");
}

static void of_two_ends_that_were_made_apart_the_second_is_refused(void **state)
{
	struct fixture_device *second = practice_add(&p, "gle-manager", ROLE_MANAGER);
	char path[TREE_PATH_MAX];
	struct oid base;

	(void)state;
	endorse(next);
	base = p.main;
	retire(first);
	practice_write_on(&p, second, &base, path, practice_retire(path, first, second->id, p.root));
	refused(second, STATUS_DENIED, "one of that name already");
	practice_write_on(&p, second, &base, path, practice_retire(path, next, second->id, p.root));
	refused(second, STATUS_DENIED, "last key of the server");
}

static void a_retirement_that_is_not_the_roots_is_not_read(void **state)
{
	char path[TREE_PATH_MAX];
	struct registry reg = REGISTRY_INIT;
	struct tree_edit edit = {.path = path};
	struct error e = {0};
	struct oid tree;

	(void)state;
	endorse(next);
	edit.id = practice_blob(&p, practice_retire(path, first, manager->id, manager->key));
	must(tree_apply(&tree, p.repo, &p.main_tree, &edit, 1, &e), &e);
	assert_int_equal(registry_load_after(&reg, &p.registry, p.repo, &tree, NULL, &e), STATUS_UNTRUSTED);
	assert_non_null(strstr(e.text, path));
	edit.id = practice_blob(&p, practice_retire(path, first, manager->id, p.root));
	must(tree_apply(&tree, p.repo, &p.main_tree, &edit, 1, &e), &e);
	must(registry_load_after(&reg, &p.registry, p.repo, &tree, NULL, &e), &e);
	assert_true(reg.server_keys[0].retired && !reg.server_keys[1].retired);
	registry_clear(&reg);
}

/* ---- whose signature counts ---- */

/* How many commits of the log, from its end, are signed as they have to be. */
static size_t count_signed(void)
{
	struct server_chain chain;
	struct oid at = p.main;
	struct error e = {0};
	bool is_signed = true;
	size_t n = 0;

	server_chain_begin(&chain, p.repo, p.registry.root_ssh);
	while (is_signed) {
		struct commit c = COMMIT_INIT;
		bool root;

		must(repo_commit_read(&c, p.repo, &at, &e), &e);
		must(server_chain_check(&is_signed, &chain, &c, &e), &e);
		root = c.parents_len == 0;
		if (!root)
			at = c.parents[0];
		commit_clear(&c);
		n += is_signed;
		if (root)
			break;
	}
	server_chain_clear(&chain);
	return n;
}

static bool all_signed(void)
{
	return count_signed() == (size_t)p.index + 1;
}

static void a_log_is_signed_by_one_key_after_the_other(void **state)
{
	(void)state;
	merge_by(first);
	endorse(next);
	merge_by(next);
	retire(first);
	merge_by(next);
	assert_true(all_signed());
}

static void the_merge_that_brings_the_endorsement_may_be_signed_by_either(void **state)
{
	(void)state;
	p.server = next;
	endorse(next);
	merge_by(next);
	assert_true(all_signed());
}

static void a_key_signs_nothing_before_it_is_endorsed(void **state)
{
	(void)state;
	merge_by(next);
	assert_int_equal(count_signed(), 0);
	p.server = first;
	endorse(next);
	assert_int_equal(count_signed(), 1);
}

static void a_retired_key_signs_nothing_more(void **state)
{
	(void)state;
	endorse(next);
	retire(first); /* the merge that brings it is signed by it */
	assert_true(all_signed());
	merge_by(first);
	assert_int_equal(count_signed(), 0);
	merge_by(next);
	assert_int_equal(count_signed(), 1);
}

static void a_retirement_that_a_merge_leaves_out_holds_all_the_same(void **state)
{
	struct oid tree, merge;
	struct tree_edit without = {.path = "retired-keys", .is_dir = true};
	struct error e = {0};

	(void)state;
	endorse(next);
	retire(first);
	must(tree_apply(&tree, p.repo, &p.main_tree, &without, 1, &e), &e);
	p.server = first;
	merge = practice_merge_commit(&p, staff->id, &staff->accepted, &tree, "");
	practice_set_main(&p, &merge);
	assert_int_equal(count_signed(), 0);
}

static void the_hosts_own_heads_go_by_the_keys_that_count_on_main(void **state)
{
	struct fixture_device host = {.id = "server", .role = ROLE_AUDITOR, .key = first};
	struct fixture_device *auditor = practice_stranger(&p, "nhse-audit", ROLE_AUDITOR);
	struct head_fault fault;
	struct head head;

	(void)state;
	endorse(next);
	retire(first);
	practice_write_on(&p, &host, &p.main, "devices/nhse-audit.json", practice_invite(&p, auditor, "server", next));
	assert_int_equal(practice_judge(&p, "server", &host.tip, &head, &fault, &(struct error){0}), STATUS_UNTRUSTED);
	host.key = next;
	practice_write_on(&p, &host, &p.main, "devices/nhse-audit.json", practice_invite(&p, auditor, "server", next));
	assert_int_equal(practice_judge(&p, "server", &host.tip, &head, &fault, &(struct error){0}), STATUS_OK);
}

/* The rule of programs from before there were retirements: any of the keys in the end's practice.json signs any merge. */
static bool signed_by_any(const struct commit *c, const cJSON *keys)
{
	const cJSON *item;
	bool is = false;

	cJSON_ArrayForEach(item, keys) {
		struct key *key = NULL;

		assert_int_equal(cJSON_GetArraySize(item), 2); /* they refuse a member more */
		assert_int_equal(key_from_ssh(&key, json_string(item, "key"), NULL), STATUS_OK);
		is = is || signature_check(c->signature, strlen(c->signature), key, SIGNATURE_NAMESPACE_GIT, c->signed_text, c->signed_len, NULL) == STATUS_OK;
		key_free(key);
	}
	return is;
}

static void programs_that_know_of_no_retirement_follow_the_log_all_the_same(void **state)
{
	static const char *const members[] = {"schema", "ods", "name", "root_key", "schema_level", "server_keys", "edits"};
	struct error e = {0};
	struct oid at;
	cJSON *practice;

	(void)state;
	merge_by(first);
	endorse(next);
	merge_by(next);
	retire(first);
	merge_by(next);
	practice = practice_read(&p, &p.main_tree, "practice.json");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		assert_non_null(json_get(practice, members[i]));
	assert_int_equal(cJSON_GetArraySize(practice), ARRAY_LEN(members));
	at = p.main;
	for (int64_t i = p.index; i >= 0; i--) {
		struct commit c = COMMIT_INIT;

		must(repo_commit_read(&c, p.repo, &at, &e), &e);
		assert_true(signed_by_any(&c, json_get(practice, "server_keys")));
		at = c.parents[0];
		commit_clear(&c);
	}
	cJSON_Delete(practice);
}

static void another_root_further_back_is_not_trusted(void **state)
{
	struct server_chain chain;
	struct commit c = COMMIT_INIT;
	struct error e = {0};
	char other[KEY_SSH_MAX];
	bool is_signed = false;

	(void)state;
	key_ssh(other, next);
	must(repo_commit_read(&c, p.repo, &p.main, &e), &e);
	server_chain_begin(&chain, p.repo, other);
	assert_int_equal(server_chain_check(&is_signed, &chain, &c, &e), STATUS_UNTRUSTED);
	assert_false(is_signed);
	server_chain_clear(&chain);
	commit_clear(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_keys, end_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_manager_adds_a_key_that_the_root_endorsed),
		TEST(nobody_else_adds_one_nor_without_the_root),
		TEST(a_retired_device_adds_and_ends_none),
		TEST(keys_are_added_behind_those_that_are_there),
		TEST(of_two_that_were_endorsed_apart_the_second_is_refused),
		TEST(a_manager_ends_a_key_by_the_roots_word),
		TEST(no_other_word_ends_a_key),
		TEST(of_two_ends_that_were_made_apart_the_second_is_refused),
		TEST(a_retirement_that_is_not_the_roots_is_not_read),
		TEST(a_log_is_signed_by_one_key_after_the_other),
		TEST(the_merge_that_brings_the_endorsement_may_be_signed_by_either),
		TEST(a_key_signs_nothing_before_it_is_endorsed),
		TEST(a_retired_key_signs_nothing_more),
		TEST(a_retirement_that_a_merge_leaves_out_holds_all_the_same),
		TEST(the_hosts_own_heads_go_by_the_keys_that_count_on_main),
		TEST(programs_that_know_of_no_retirement_follow_the_log_all_the_same),
		TEST(another_root_further_back_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
