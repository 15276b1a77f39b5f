#include "tests/client/audited_fixture.h"

static void a_record_altered_by_the_server_is_named(void **state)
{
	cJSON *answer = practice_read(&w.p, &w.p.main_tree, "feedback/kib-kiosk/0/0/2.json");

	(void)state;
	assert_int_equal(json_set_string(cJSON_GetObjectItemCaseSensitive(answer, "answers"), "experience", "very-poor"), STATUS_OK);
	audited_forge_merge(&w, "feedback/kib-kiosk/0/0/2.json", answer);
	audited_run(&w, true);
	audited_finds_of(&w, "does not follow from its parents", "feedback/kib-kiosk/0/0/2.json", "fle-staff");
}

static void an_answer_removed_by_the_server_is_named(void **state)
{
	(void)state;
	audited_forge_merge(&w, "feedback/kib-kiosk/0/0/2.json", NULL);
	audited_run(&w, true);
	audited_finds_of(&w, "does not follow from its parents", "feedback/kib-kiosk/0/0/2.json", NULL);
	audited_finds_of(&w, "number 2 of 3 is missing", "feedback/kib-kiosk/0/0/2.json", "kib-kiosk");
}

static void an_answer_invented_by_the_server_is_named(void **state)
{
	(void)state;
	audited_forge_merge(&w, "feedback/ghost/0/0/1.json", practice_answer(&w.p, "ghost", 1));
	audited_run(&w, true);
	audited_finds_of(&w, "does not follow from its parents", "feedback/ghost/0/0/1.json", NULL);
	audited_finds_of(&w, "a device that nobody invited", "feedback/ghost/0/0/1.json", NULL);
}

/* What a screen or a merge would take apart by names. */
static void records_that_are_none_are_named_and_harm_nothing(void **state)
{
	static const char *const odd[] = {"[1]", "7", "{\"conflicts\":[[1],2],\"edits\":[{}]}", "{\"edits\":\"x\",\"notes\":[1],\"schema\":\"action/1\"}"};
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	char path[TREE_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		practice_write(&w.p, staff, path, audited_action(&w, staff, path));
		practice_push(&w.p, staff);
		audited_forge_merge(&w, path, cJSON_Parse(odd[i])); /* the server puts it there, and then somebody edits it */
		practice_write_on(&w.p, staff, &w.p.main, path, audited_action(&w, staff, path));
		audited_merge_anyway(&w, staff->id, &staff->tip, &w.p.main_tree);
		audited_run(&w, true);
		audited_finds_of(&w, "does not follow from its parents", path, NULL);
	}
}

/* Few objects, and more paths than can be counted. */
static void a_directory_that_names_itself_without_number_does_not_stall(void **state)
{
	static const char *const places[] = {"qip", "feedback", "incidents", "devices"};
	struct oid blob = practice_blob(&w.p, practice_answer(&w.p, "kib-kiosk", 4)), before = w.p.main;

	(void)state;
	for (int level = 0; level < 6; level++) {
		struct tree wide = {.entries = calloc(100, sizeof(*wide.entries)), .len = 100};

		for (size_t i = 0; i < wide.len; i++) {
			wide.entries[i] = (struct tree_entry){.name = malloc(24), .is_dir = level > 0, .id = blob};
			(void)snprintf(wide.entries[i].name, 24, "d%02zu", i);
		}
		assert_int_equal(repo_tree_write(&blob, w.p.repo, &wide, NULL), STATUS_OK);
		tree_clear(&wide);
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct fixture_device *staff = practice_device(&w.p, "fle-staff");
		struct tree_edit edit = {.path = places[i], .is_dir = true, .id = blob};
		struct oid tree;

		assert_int_equal(tree_apply(&tree, w.p.repo, &w.p.main_tree, &(struct tree_edit){.path = places[i]}, 1, NULL), STATUS_OK);
		assert_int_equal(tree_apply(&tree, w.p.repo, &tree, &edit, 1, NULL), STATUS_OK);
		practice_write_on(&w.p, staff, &w.p.main, "qip/01920000-0000-7000-8000-000000000000.json", practice_answer(&w.p, "x", 1));
		w.p.main = practice_merge_commit(&w.p, staff->id, &staff->tip, &tree, "");
		audited_run(&w, true);
		assert_true(w.a.findings_len > 0);
		w.p.main = before;
	}
}

static void a_device_that_nobody_invited_is_named(void **state)
{
	struct fixture_device ghost = {.role = ROLE_STAFF};

	(void)state;
	(void)snprintf(ghost.id, sizeof(ghost.id), "ghost");
	assert_int_equal(key_generate(&ghost.invite, NULL), STATUS_OK);
	audited_forge_merge(&w, "devices/ghost.json", practice_invite(&w.p, &ghost, "kib-manager", w.p.server));
	audited_run(&w, true);
	audited_finds_of(&w, "devices/ghost.json: ", "devices/ghost.json", "");
	audited_finds_of(&w, "does not follow from its parents", "devices/ghost.json", NULL);
	key_free(ghost.invite);
}

/* The host's word is good for auditors; whatever else it signs in its own name is no head. */
static void the_host_can_write_nothing_of_its_own(void **state)
{
	struct fixture_device host = {.id = "server", .key = w.p.server};
	struct fixture_device *spy = practice_stranger(&w.p, "spy", ROLE_STAFF), *auditor = practice_stranger(&w.p, "auditor", ROLE_AUDITOR);
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write_on(&w.p, &host, &w.p.main, "devices/auditor.json", practice_invite(&w.p, auditor, "server", w.p.server));
	practice_push(&w.p, &host);
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 0);
	practice_write_on(&w.p, &host, &w.p.main, path, audited_action(&w, &host, path));
	audited_merge_anyway(&w, "server", &host.tip, &w.p.main_tree);
	audited_run(&w, true);
	audited_finds_of(&w, "may not write there", path, "server");
	practice_write_on(&w.p, &host, &w.p.main, "devices/spy.json", practice_invite(&w.p, spy, "server", w.p.server));
	audited_merge_anyway(&w, "server", &host.tip, &w.p.main_tree);
	audited_run(&w, true);
	audited_finds_of(&w, "the host may invite auditors only", "devices/spy.json", "server");
}

static void objects_that_are_missing_or_of_another_kind_are_named(void **state)
{
	const struct oid lost = {{1, 2, 3}};
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct oid blob = practice_blob(&w.p, cJSON_CreateObject()), before = w.p.main, before_tree = w.p.main_tree, head;
	const struct oid odd[] = {lost, blob, w.p.main_tree};
	int64_t index = w.p.index;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) { /* as the head */
		w.p.main = practice_merge_commit(&w.p, staff->id, &odd[i], &before_tree, "");
		audited_run(&w, true);
		assert_true(w.a.findings_len > 0);
		w.p.main = before;
	}
	for (size_t i = 0; i < 2; i++) { /* as the tree of the merge, and of the head */
		w.p.main = practice_merge_commit(&w.p, staff->id, &staff->tip, &odd[i], "");
		audited_run(&w, true);
		audited_finds_of(&w, "does not follow from its parents", NULL, staff->id);
		w.p.main = before;
		head = practice_commit(&w.p, staff, &odd[i], &before, NULL);
		w.p.main = practice_merge_commit(&w.p, staff->id, &head, &before_tree, "");
		audited_run(&w, true);
		assert_true(w.a.findings_len > 0);
		w.p.main = before;
	}
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) { /* as what came before it */
		w.p.main = odd[i];
		head = practice_merge_commit(&w.p, staff->id, &staff->tip, &before_tree, "");
		w.p.main = head;
		audited_run(&w, true);
		audited_finds_of(&w, "the log cannot be followed", NULL, NULL);
		w.p.main = before;
	}
	assert_int_equal(w.p.index, index);
}

/* A tree that git would not make, as the server keeps it: one directory's bytes, put in the place of another. */
static void put_tree_bytes(const char *dir, const struct buf *bytes)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct tree root = TREE_INIT;
	struct tree_entry *grown;
	struct oid tree, merge;

	assert_int_equal(repo_tree_read(&root, w.p.repo, &w.p.main_tree, NULL), STATUS_OK);
	grown = realloc(root.entries, (root.len + 1) * sizeof(*grown));
	assert_non_null(grown);
	root.entries = grown;
	grown[root.len] = (struct tree_entry){.name = strdup(dir), .is_dir = true};
	assert_int_equal(repo_write(&grown[root.len].id, w.p.repo, REPO_TREE, bytes->data, bytes->len, NULL), STATUS_OK);
	root.len++;
	assert_int_equal(repo_tree_write(&tree, w.p.repo, &root, NULL), STATUS_OK);
	tree_clear(&root);
	staff->tip = practice_commit(&w.p, staff, &tree, &w.p.main, NULL);
	merge = practice_merge_commit(&w.p, staff->id, &staff->tip, &tree, "");
	practice_set_main(&w.p, &merge);
}

static void a_directory_out_of_form_is_named_with_its_entry(void **state)
{
	struct oid blob = practice_blob(&w.p, cJSON_CreateObject());
	struct buf bytes = BUF_INIT;

	(void)state;
	buf_add(&bytes, "100755 a.json", 14);
	buf_add(&bytes, blob.id, OID_LEN);
	put_tree_bytes("opel", &bytes);
	audited_run(&w, true);
	audited_finds_of(&w, "the entry \"a.json\" has a mode or place that is not allowed", "opel", "fle-staff");
	buf_clear(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_altered_by_the_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_removed_by_the_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_invented_by_the_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(records_that_are_none_are_named_and_harm_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_directory_that_names_itself_without_number_does_not_stall, begin, end),
		cmocka_unit_test_setup_teardown(a_directory_out_of_form_is_named_with_its_entry, begin, end),
		cmocka_unit_test_setup_teardown(objects_that_are_missing_or_of_another_kind_are_named, begin, end),
		cmocka_unit_test_setup_teardown(a_device_that_nobody_invited_is_named, begin, end),
		cmocka_unit_test_setup_teardown(the_host_can_write_nothing_of_its_own, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
