#include "tests/client/audited_fixture.h"

static void a_commit_by_an_unknown_key_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct key *stranger;
	struct commit c = COMMIT_INIT;
	struct oid merge;
	char path[TREE_PATH_MAX], hex[OID_HEX_LEN + 1];

	(void)state;
	assert_int_equal(key_generate(&stranger, NULL), STATUS_OK);
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	assert_int_equal(repo_commit_read(&c, w.p.repo, &staff->tip, NULL), STATUS_OK);
	staff->tip = practice_commit(&w.p, staff, &c.tree, &w.p.main, stranger);
	merge = practice_merge_commit(&w.p, staff->id, &staff->tip, &c.tree, "");
	practice_set_main(&w.p, &merge);
	audited_run(&w, true);
	oid_hex(hex, &staff->tip);
	audited_finds_of(&w, "not signed by the key of fle-staff", NULL, "fle-staff");
	assert_string_equal(w.a.findings[0].commit, hex);
	commit_clear(&c);
	key_free(stranger);
}

static void a_merge_by_an_unknown_server_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct key *server = w.p.server, *stranger;
	char path[TREE_PATH_MAX];

	(void)state;
	assert_int_equal(key_generate(&stranger, NULL), STATUS_OK);
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	w.p.server = stranger;
	practice_push(&w.p, staff);
	w.p.server = server;
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds_of(&w, "not signed by a server key", NULL, "server");
	key_free(stranger);
}

static void a_commit_put_into_the_log_by_a_device_is_named(void **state)
{
	struct fixture_device *manager = practice_device(&w.p, "kib-manager");
	char path[TREE_PATH_MAX];
	struct oid tip;

	(void)state;
	practice_write(&w.p, manager, path, audited_action(&w, manager, path));
	tip = manager->tip;
	practice_set_main(&w.p, &tip);
	audited_run(&w, true);
	audited_finds_of(&w, "no merge stands in the log", NULL, NULL);
	audited_finds_of(&w, "where only the server's merges may", NULL, NULL);
}

static void a_head_that_was_merged_before_or_is_no_head_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff"), *kiosk = practice_device(&w.p, "kib-kiosk");
	struct oid older;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	practice_push(&w.p, staff);
	older = staff->accepted;
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	practice_push(&w.p, staff);
	audited_merge_anyway(&w, staff->id, &staff->accepted, &w.p.main_tree);
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds_of(&w, "was accepted before", "", "fle-staff");
	audited_merge_anyway(&w, staff->id, &older, &w.p.main_tree);
	audited_run(&w, true);
	audited_finds_of(&w, "older than, or beside", "", "fle-staff");
	audited_merge_anyway(&w, staff->id, &w.p.main, &w.p.main_tree);
	audited_run(&w, true);
	audited_finds_of(&w, "not a new commit by fle-staff", "", "fle-staff");
	audited_merge_anyway(&w, staff->id, &kiosk->accepted, &w.p.main_tree);
	audited_run(&w, true);
	audited_finds_of(&w, "had accepted before", "", "fle-staff");
	audited_merge_anyway(&w, "nobody", &kiosk->accepted, &w.p.main_tree);
	audited_run(&w, true);
	audited_finds_of(&w, "nobody is not a device of this practice", "devices/nobody.json", "nobody");
}

static void another_start_or_number_of_a_merge_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct oid before = w.p.main, none = {{0}};
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	w.p.index += 3;
	practice_push(&w.p, staff);
	audited_run(&w, true);
	audited_finds_of(&w, "calls itself number", "", "fle-staff");
	/* a log that starts in the middle, with what stood there */
	w.p.main = practice_commit(&w.p, staff, &w.p.main_tree, &none, w.p.server);
	practice_write_on(&w.p, staff, &w.p.main, path, audited_action(&w, staff, path));
	w.p.main = practice_merge_commit(&w.p, staff->id, &staff->tip, &w.p.main_tree, "");
	audited_run(&w, true);
	audited_finds_of(&w, "does not start with an empty tree", "", "server");
	w.p.main = before;
}

/* Signed by the server's true key, whatever it says. */
static struct oid merge_saying(const struct merge_note *note, const char *author)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct commit_spec spec = {.tree = w.p.main_tree, .parents = {w.p.main, staff->tip}, .parents_len = 2, .name = "server", .email = author,
				   .time_ms = 1764000000000, .key = w.p.server};
	struct buf message = BUF_INIT;
	struct oid id;

	assert_int_equal(merge_note_format(&message, note), STATUS_OK);
	spec.message = buf_text(&message);
	assert_int_equal(repo_commit_write(&id, w.p.repo, &spec, NULL), STATUS_OK);
	buf_clear(&message);
	return id;
}

static struct merge_note note_of(const char *device, const char *received, int rules_number)
{
	const struct rules *rules;
	struct merge_note note = {.index = w.p.index + 1, .rules_version = rules_number, .kept = BUF_INIT};

	assert_int_equal(rules_get(&rules, RULES_VERSION, NULL), STATUS_OK);
	(void)snprintf(note.device, sizeof(note.device), "%s", device);
	(void)snprintf(note.received, sizeof(note.received), "%s", received);
	(void)snprintf(note.rules_digest, sizeof(note.rules_digest), "%s", rules_digest(rules));
	return note;
}

#define SERVER_EMAIL "server@c82999.qip.invalid"

static void rules_that_are_unknown_altered_or_older_than_those_before_are_named(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct merge_note note = note_of("fle-staff", "2025-11-24T16:00:00.000Z", 2);
	char path[TREE_PATH_MAX];
	struct oid merge;

	(void)state;
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	merge = merge_saying(&note, SERVER_EMAIL);
	practice_set_main(&w.p, &merge);
	audited_run(&w, true);
	audited_finds_of(&w, "names rules 2, which this program does not know", "", "fle-staff");
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	note = note_of("fle-staff", "2025-11-24T16:00:00.000Z", 1);
	note.rules_digest[0] = note.rules_digest[0] == '0' ? '1' : '0';
	merge = merge_saying(&note, SERVER_EMAIL);
	practice_set_main(&w.p, &merge);
	audited_run(&w, true);
	audited_finds_of(&w, "goes back to rules 1 after rules 2", "", "fle-staff");
	audited_finds_of(&w, "names rules 1, whose table is not the one known here", "", "fle-staff");
}

/* What a lying server says is printed on an auditor's screen, and put into JSON. */
static void what_a_forger_wrote_steers_no_screen(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	struct merge_note note = note_of("\033[2J", "2025-11-24T16:00:00.000Z", 1);
	char path[TREE_PATH_MAX];
	struct oid merge;

	(void)state;
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	merge = merge_saying(&note, "se\033\xffrver");
	practice_set_main(&w.p, &merge);
	audited_run(&w, true);
	audited_finds_of(&w, "not as the server writes it", "", "");
	audited_finds_of(&w, "a commit by se??rver stands in the log", "", "server");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_commit_by_an_unknown_key_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_merge_by_an_unknown_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_commit_put_into_the_log_by_a_device_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_head_that_was_merged_before_or_is_no_head_is_named, begin, end),
		cmocka_unit_test_setup_teardown(another_start_or_number_of_a_merge_is_named, begin, end),
		cmocka_unit_test_setup_teardown(rules_that_are_unknown_altered_or_older_than_those_before_are_named, begin, end),
		cmocka_unit_test_setup_teardown(what_a_forger_wrote_steers_no_screen, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
