/* tests/client/test_audit_rules.c - a history of two versions of the merge rules: each merge is judged by the version that it names. The second
 * one is made up here (linked with --wrap=embed_find): the first with the order of an action's status turned round. */

#include "core/embed.h"
#include "tests/client/audited_fixture.h"

const struct embedded *__real_embed_find(const struct embedded *table, const char *name);
const struct embedded *__wrap_embed_find(const struct embedded *table, const char *name);

static char second_text[64 * 1024];
static struct embedded second = {.name = "rules-2.json", .bytes = (const unsigned char *)second_text};

const struct embedded *__wrap_embed_find(const struct embedded *table, const char *name)
{
	static const char from[] = "\"blue\", \"green\", \"amber\", \"red\"", to[] = "\"red\", \"amber\", \"green\", \"blue\"";
	const struct embedded *first;
	char *at;

	if (strcmp(name, second.name) != 0)
		return __real_embed_find(table, name);
	first = __real_embed_find(table, "rules-1.json");
	assert_true(first && first->len < sizeof(second_text));
	memcpy(second_text, first->bytes, first->len);
	at = strstr(second_text, from);
	assert_non_null(at);
	memcpy(at, to, strlen(to));
	second.len = first->len;
	return &second;
}

static void assert_only_finding(const char *words, const char *path)
{
	audited_finds(&w, words, path);
	assert_int_equal(w.a.findings_len, 1);
}

static void edit(const struct oid *base, const struct oid *tree, const char *device, const char *path, const char *slot, const char *value)
{
	struct fixture_device *d = practice_device(&w.p, device);
	struct stamp s = practice_stamp(&w.p, d, "2025-11-24");
	cJSON *r = practice_read(&w.p, tree, path);

	assert_int_equal(record_set(r, slot, cJSON_CreateString(value), &s, NULL), STATUS_OK);
	practice_write_on(&w.p, d, base, path, r);
}

/* A new action whose status two set apart; its path. The second edit is not merged yet. */
static void set_apart(char path[TREE_PATH_MAX])
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct stamp s = practice_stamp(&w.p, staff, "2025-11-24");
	cJSON *r = cJSON_CreateObject();
	char id[ID_TEXT_LEN + 1];
	struct oid base, tree;

	practice_id(&w.p, id);
	(void)snprintf(path, TREE_PATH_MAX, "qip/%s.json", id);
	(void)cJSON_AddStringToObject(r, "schema", "action/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	assert_int_equal(record_set(r, "ref", cJSON_CreateString("QIP-01"), &s, NULL), STATUS_OK);
	practice_write(&w.p, staff, path, r);
	practice_push(&w.p, staff);
	base = w.p.main;
	tree = w.p.main_tree;
	edit(&base, &tree, "fle-staff", path, "status", "red");
	edit(&base, &tree, "kib-manager", path, "status", "green");
	practice_push(&w.p, staff);
}

static void merge_second_edit(int rules_number)
{
	w.p.rules_version = rules_number;
	practice_push(&w.p, practice_device(&w.p, "kib-manager"));
}

static void assert_status(const char *path, const char *status)
{
	cJSON *r = practice_read(&w.p, &w.p.main_tree, path);

	assert_string_equal(json_string(r, "status"), status);
	cJSON_Delete(r);
}

static void each_merge_is_judged_by_the_rules_that_it_names(void **state)
{
	char first_path[TREE_PATH_MAX], second_path[TREE_PATH_MAX];
	struct oid tree;

	(void)state;
	set_apart(first_path);
	merge_second_edit(1);
	assert_status(first_path, "red");
	set_apart(second_path);
	merge_second_edit(2);
	assert_status(second_path, "green");
	tree = w.p.main_tree; /* a head, too: what shows in it is what the second version shows */
	edit(&w.p.main, &tree, "fle-staff", second_path, "due_date", "2026-01-01");
	practice_push(&w.p, practice_device(&w.p, "fle-staff"));
	audited_run(&w, true);
	audited_passes(&w);
}

static void a_merge_by_other_rules_than_it_names_is_found(void **state)
{
	struct fixture_device *manager = practice_device(&w.p, "kib-manager");
	struct oid tree, before;
	char path[TREE_PATH_MAX];

	(void)state;
	set_apart(path);
	before = w.p.main;
	merge_second_edit(2);
	tree = w.p.main_tree;
	/* the tree that the second version makes, under the name of the first */
	w.p.main = before;
	w.p.index--;
	w.p.rules_version = 1;
	w.p.main = practice_merge_commit(&w.p, manager->id, &manager->tip, &tree, "");
	audited_run(&w, true);
	assert_only_finding("does not follow from its parents", path);
}

static void going_back_to_older_rules_is_found(void **state)
{
	char path[TREE_PATH_MAX];
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct oid tree;

	(void)state;
	set_apart(path);
	merge_second_edit(2);
	w.p.rules_version = 1;
	tree = w.p.main_tree;
	edit(&w.p.main, &tree, staff->id, path, "status", "amber");
	practice_push(&w.p, staff);
	audited_run(&w, true);
	assert_only_finding("goes back to rules 1 after rules 2", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_merge_is_judged_by_the_rules_that_it_names, begin, end),
		cmocka_unit_test_setup_teardown(a_merge_by_other_rules_than_it_names_is_found, begin, end),
		cmocka_unit_test_setup_teardown(going_back_to_older_rules_is_found, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
