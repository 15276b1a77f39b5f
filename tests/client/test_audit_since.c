#include "tests/client/audited_fixture.h"

static uint64_t answers_of(const char *device)
{
	for (size_t i = 0; i < w.a.devices_len; i++)
		if (strcmp(w.a.devices[i].id, device) == 0)
			return w.a.devices[i].answers;
	return 0;
}

static void an_audit_goes_on_from_the_one_before_and_counts_what_is_new(void **state)
{
	uint64_t before = w.a.index;

	(void)state;
	audited_edit(&w, "fle-staff");
	audited_answers(&w, 2);
	(void)practice_add(&w.p, "desk-a", ROLE_STAFF); /* two merges, and another registry */
	audited_edit(&w, "desk-a");
	audited_run(&w, false);
	audited_passes(&w);
	assert_int_equal(w.a.from, before);
	assert_int_equal(w.a.merges, 5);
	assert_int_equal(w.a.commits, 6);
	assert_int_equal(w.a.backdated, 2);
	assert_int_equal(w.a.index, w.p.index);
	assert_int_equal(answers_of("kib-kiosk"), 5);
	assert_string_equal(w.a.from_at, w.from.at);
}

static void audits_in_steps_count_what_one_of_all_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		audited_edit(&w, i % 2 ? "kib-manager" : "fle-staff");
		audited_answers(&w, 1);
		audited_checkpoint(&w);
	}
	audited_run(&w, true);
	audited_passes(&w);
	assert_int_equal(w.a.from, 0);
	assert_int_equal(w.a.merges, w.from.counts.merges);
	assert_int_equal(w.a.commits, w.from.counts.commits);
	assert_int_equal(w.a.records, w.from.counts.records);
	assert_int_equal(w.a.backdated, w.from.counts.backdated);
	assert_int_equal(w.a.heads_len, w.from.heads_len);
}

static void without_anything_new_nothing_is_checked(void **state)
{
	(void)state;
	audited_run(&w, false);
	audited_passes(&w);
	assert_int_equal(w.a.merges, 0);
	assert_int_equal(w.a.index, w.p.index);
	assert_int_equal(w.a.from, w.p.index);
	assert_int_equal(answers_of("kib-kiosk"), 3);
}

static void a_head_that_was_accepted_before_the_audit_began_is_not_accepted_again(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");

	(void)state;
	audited_edit(&w, staff->id);
	audited_checkpoint(&w);
	audited_merge_anyway(&w, staff->id, &staff->accepted, &w.p.main_tree);
	audited_run(&w, false);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds(&w, "was accepted before", "");
}

/* The server takes an answer away while it merges an honest head. */
static void an_answer_of_before_that_is_removed_is_named(void **state)
{
	struct fixture_device *kiosk = practice_device(&w.p, "kib-kiosk");
	struct tree_edit edits[] = {{.path = "feedback/kib-kiosk/0/0/2.json"}, {.path = "feedback/kib-kiosk/0/0/4.json"}};
	struct oid tree;

	(void)state;
	practice_write(&w.p, kiosk, edits[1].path, practice_answer(&w.p, kiosk->id, 4));
	edits[1].id = practice_blob(&w.p, practice_answer(&w.p, kiosk->id, 4));
	assert_int_equal(tree_apply(&tree, w.p.repo, &w.p.main_tree, edits, ARRAY_LEN(edits), NULL), STATUS_OK);
	audited_merge_anyway(&w, kiosk->id, &kiosk->tip, &tree);
	audited_run(&w, false);
	audited_finds(&w, "does not follow from its parents", NULL);
	audited_finds(&w, "number 2 of 4 is missing", edits[0].path);
}

static void a_new_answer_that_leaves_a_gap_is_named(void **state)
{
	struct fixture_device *kiosk = practice_device(&w.p, "kib-kiosk");
	struct tree_edit edit = {.path = "feedback/kib-kiosk/0/0/6.json"};
	struct oid tree;

	(void)state;
	practice_write(&w.p, kiosk, edit.path, practice_answer(&w.p, kiosk->id, 6));
	edit.id = practice_blob(&w.p, practice_answer(&w.p, kiosk->id, 6));
	assert_int_equal(tree_apply(&tree, w.p.repo, &w.p.main_tree, &edit, 1, NULL), STATUS_OK);
	audited_merge_anyway(&w, kiosk->id, &kiosk->tip, &tree);
	audited_run(&w, false);
	audited_finds(&w, "number 4 of 6 is missing", "feedback/kib-kiosk/0/0/4.json");
	audited_finds(&w, "number 5 of 6 is missing", "feedback/kib-kiosk/0/0/5.json");
}

static void numbers_of_the_earlier_audit_that_its_tree_does_not_bear_out_are_named(void **state)
{
	(void)state;
	assert_int_equal(w.from.lasts_len, 1);
	w.from.lasts[0].seq = 2;
	audited_run(&w, false);
	audited_finds(&w, "counted 2 answers here; now it is 3", "feedback");
}

static void a_merge_with_another_number_is_named_from_there_on(void **state)
{
	(void)state;
	w.p.index += 2;
	audited_edit(&w, "fle-staff");
	audited_run(&w, false);
	audited_finds(&w, "calls itself number", "");
}

static void a_server_clock_that_was_set_back_since_is_told(void **state)
{
	(void)state;
	w.p.received = "2025-11-23T00:00:00.000Z";
	audited_edit(&w, "fle-staff");
	audited_run(&w, false);
	audited_passes(&w);
	assert_int_equal(w.a.clock_back, 1);
}

/* What the earlier audit did not look for may stand before its place. */
static void an_audit_by_more_checks_than_the_earlier_one_begins_at_the_start(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");

	(void)state;
	audited_edit(&w, staff->id);
	w.from.checks = AUDIT_CHECKS - 1;
	audited_run(&w, false);
	audited_passes(&w);
	assert_true(w.a.anew);
	assert_int_equal(w.a.from, 0);
	assert_int_equal(w.a.merges, w.p.index);
	w.from.checks = AUDIT_CHECKS;
	audited_run(&w, false);
	assert_false(w.a.anew);
	assert_int_equal(w.a.merges, 1);
}

static void let_in_by_root(const char *id)
{
	static const struct oid none = {{0}};
	struct fixture_device *d = practice_stranger(&w.p, id, ROLE_MANAGER);
	char path[TREE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "devices/%s.json", id);
	practice_write_on(&w.p, d, &none, path, practice_enrolment(&w.p, d, practice_invite(&w.p, d, "root", w.p.root)));
	practice_push(&w.p, d);
}

static void managers_whom_the_root_key_let_in_are_named_by_every_audit_since(void **state)
{
	char *file;
	size_t len = 0;

	(void)state;
	assert_int_equal(w.a.rooted_len, 0); /* the first manager is none */
	let_in_by_root("boss-2");
	w.p.received = "2025-11-25T00:00:00.000Z";
	audited_checkpoint(&w);
	assert_int_equal(w.a.rooted_len, 1);
	file = audited_read(&w, "audit/checkpoint.json", &len);
	audited_fits_schema(file, len, TEST_DATA "/../../client/schemas/audit-checkpoint-1.json");
	free(file);
	let_in_by_root("boss-3");
	audited_run(&w, false);
	audited_passes(&w);
	assert_int_equal(w.a.merges, 1);
	assert_int_equal(w.a.rooted_len, 2);
	assert_string_equal(w.a.rooted[0].device, "boss-2");
	assert_int_equal(w.a.rooted[0].index, w.p.index - 1);
	assert_string_equal(w.a.rooted[1].device, "boss-3");
	assert_string_equal(w.a.rooted[1].received, "2025-11-25T00:00:00.000Z");
	assert_string_equal(w.a.rooted[1].commit, w.a.main);
	audited_run(&w, true);
	assert_int_equal(w.a.rooted_len, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(managers_whom_the_root_key_let_in_are_named_by_every_audit_since, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_audit_goes_on_from_the_one_before_and_counts_what_is_new, begin_audited, end),
		cmocka_unit_test_setup_teardown(audits_in_steps_count_what_one_of_all_counts, begin_audited, end),
		cmocka_unit_test_setup_teardown(without_anything_new_nothing_is_checked, begin_audited, end),
		cmocka_unit_test_setup_teardown(a_head_that_was_accepted_before_the_audit_began_is_not_accepted_again, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_answer_of_before_that_is_removed_is_named, begin_audited, end),
		cmocka_unit_test_setup_teardown(a_new_answer_that_leaves_a_gap_is_named, begin_audited, end),
		cmocka_unit_test_setup_teardown(numbers_of_the_earlier_audit_that_its_tree_does_not_bear_out_are_named, begin_audited, end),
		cmocka_unit_test_setup_teardown(a_merge_with_another_number_is_named_from_there_on, begin_audited, end),
		cmocka_unit_test_setup_teardown(a_server_clock_that_was_set_back_since_is_told, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_audit_by_more_checks_than_the_earlier_one_begins_at_the_start, begin_audited, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
