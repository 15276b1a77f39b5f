#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/client/audited.h"

static struct audited w;

static int begin(void **state)
{
	(void)state;
	audited_begin(&w);
	audited_checkpoint(&w);
	return 0;
}

static int end(void **state)
{
	(void)state;
	audited_end(&w);
	return 0;
}

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

/* Main as it was at the earlier audit's place, or before it, with something else behind. */
static void rewrite(const struct oid *to, int64_t index)
{
	practice_set_main(&w.p, to);
	w.p.index = index;
	practice_device(&w.p, "fle-staff")->accepted = practice_device(&w.p, "fle-staff")->tip = w.p.main;
	audited_edit(&w, "fle-staff");
}

static void a_log_that_does_not_lead_through_the_earlier_place_is_not_audited(void **state)
{
	struct oid before = w.p.main;
	int64_t index = w.p.index;

	(void)state;
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	rewrite(&before, index);
	assert_int_equal(audited_try(&w, false), STATUS_STALE);
	assert_non_null(strstr(w.e.text, "was rewritten"));
	practice_set_main(&w.p, &before); /* and one that ends before it */
	assert_int_equal(audited_try(&w, false), STATUS_STALE);
}

static void an_audit_of_all_says_that_the_log_was_rewritten(void **state)
{
	struct oid before = w.p.main;
	char hex[OID_HEX_LEN + 1];
	int64_t index = w.p.index;

	(void)state;
	audited_run(&w, true);
	audited_passes(&w);
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	oid_hex(hex, &w.p.main);
	rewrite(&before, index);
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds(&w, "was rewritten", "");
	assert_string_equal(w.a.findings[0].commit, hex);
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

/* `unheard`: a device, or NULL. */
static void tell_restore(const struct oid *commit, int64_t index, int64_t known, const char *unheard)
{
	struct fixture_device host = {.id = "server", .key = w.p.server};
	char id[ID_TEXT_LEN + 1], path[TREE_PATH_MAX], hex[OID_HEX_LEN + 1];
	cJSON *r = cJSON_CreateObject();

	practice_id(&w.p, id);
	oid_hex(hex, commit);
	(void)snprintf(path, sizeof(path), "incidents/%s.json", id);
	(void)cJSON_AddStringToObject(r, "schema", "incident/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	(void)cJSON_AddStringToObject(r, "restored", "2025-11-24T16:00:00.000Z");
	(void)cJSON_AddStringToObject(r, "backup", "2025-11-23T16:00:00.000Z");
	(void)cJSON_AddStringToObject(r, "commit", hex);
	(void)cJSON_AddNumberToObject(r, "index", (double)index);
	(void)cJSON_AddNumberToObject(r, "known", (double)known);
	(void)cJSON_AddItemToObject(r, "unheard", cJSON_CreateStringArray(&unheard, unheard ? 1 : 0));
	practice_write_on(&w.p, &host, &w.p.main, path, r);
	practice_push(&w.p, &host);
}

static void push_incident(const struct oid *commit, int64_t index)
{
	tell_restore(commit, index, index + 1, NULL);
}

static void a_log_that_went_on_from_an_earlier_place_by_the_server_s_word_passes_when_all_is_audited(void **state)
{
	struct oid before = w.p.main;
	int64_t index = w.p.index;

	(void)state;
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	practice_set_main(&w.p, &before);
	w.p.index = index;
	push_incident(&before, index);
	assert_int_equal(audited_try(&w, false), STATUS_STALE);
	audited_run(&w, true);
	audited_passes(&w);
	assert_int_equal(w.a.incidents_len, 1);
}

/* The word of long ago excuses nothing that was rewritten since. */
static void an_incident_that_the_earlier_audit_knew_excuses_no_rewriting(void **state)
{
	struct oid before, first = w.p.main;
	int64_t index;

	(void)state;
	push_incident(&first, w.p.index);
	before = w.p.main;
	index = w.p.index;
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	rewrite(&before, index);
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds(&w, "was rewritten", "");
}

static void expect_rewritten(const char *words)
{
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds(&w, "was rewritten", "");
	audited_finds(&w, words, "");
}

/* Two merges more were audited; then the log goes on from the first of them. */
static void an_incident_of_another_place_excuses_no_rewriting(void **state)
{
	struct oid before = w.p.main, first;
	int64_t index = w.p.index;
	char words[64];

	(void)state;
	audited_edit(&w, "kib-manager");
	first = w.p.main;
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	rewrite(&first, index + 1);
	tell_restore(&before, index, index + 2, NULL);
	(void)snprintf(words, sizeof(words), "they part after merge %lld", (long long)index + 1);
	expect_rewritten(words);
	tell_restore(&first, index + 1, index + 2, NULL); /* it is told after all */
	audited_run(&w, true);
	audited_passes(&w);
}

static void an_incident_that_says_less_was_lost_excuses_no_rewriting_but_for_devices_unheard(void **state)
{
	struct oid before = w.p.main;
	int64_t index = w.p.index;

	(void)state;
	audited_edit(&w, "kib-manager");
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	practice_set_main(&w.p, &before);
	w.p.index = index;
	tell_restore(&before, index, index + 1, "fle-staff");
	expect_rewritten("explains");
	tell_restore(&before, index, index + 1, w.home.identity.device);
	audited_run(&w, true);
	audited_passes(&w);
}

/* That restore is over: the same record again says nothing of what was rewritten since. */
static void an_incident_that_the_rewritten_log_already_told_excuses_nothing(void **state)
{
	struct oid before = w.p.main, told;
	struct commit c = COMMIT_INIT;
	int64_t index = w.p.index;

	(void)state;
	push_incident(&before, index);
	told = w.p.main;
	assert_int_equal(repo_commit_read(&c, w.p.repo, &told, &w.e), STATUS_OK);
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	practice_set_main(&w.p, &before); /* the same record on the same place, taken in another merge */
	w.p.index = index;
	w.p.received = "2025-11-24T17:00:00.000Z";
	audited_merge_anyway(&w, "server", &c.parents[1], &c.tree);
	commit_clear(&c);
	assert_false(oid_equal(&w.p.main, &told));
	expect_rewritten("explains");
}

static void incidents_are_listed_from_the_start_and_checked_when_they_are_new(void **state)
{
	struct oid first = w.p.main, second;
	int64_t index = w.p.index;

	(void)state;
	push_incident(&first, index);
	audited_checkpoint(&w);
	second = w.p.main;
	push_incident(&second, w.p.index);
	audited_run(&w, false);
	audited_passes(&w);
	assert_int_equal(w.a.incidents_len, 2);
	push_incident(&first, index - 1); /* from before this audit's beginning, and another number */
	audited_run(&w, false);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds(&w, "names a place of the log that is another one", NULL);
}

static void a_new_incident_may_name_a_place_before_the_beginning(void **state)
{
	struct oid first = w.p.main;
	int64_t index = w.p.index;

	(void)state;
	audited_edit(&w, "fle-staff");
	audited_edit(&w, "fle-staff");
	audited_checkpoint(&w);
	push_incident(&first, index);
	audited_run(&w, false);
	audited_passes(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_audit_goes_on_from_the_one_before_and_counts_what_is_new, begin, end),
		cmocka_unit_test_setup_teardown(audits_in_steps_count_what_one_of_all_counts, begin, end),
		cmocka_unit_test_setup_teardown(without_anything_new_nothing_is_checked, begin, end),
		cmocka_unit_test_setup_teardown(a_head_that_was_accepted_before_the_audit_began_is_not_accepted_again, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_of_before_that_is_removed_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_new_answer_that_leaves_a_gap_is_named, begin, end),
		cmocka_unit_test_setup_teardown(numbers_of_the_earlier_audit_that_its_tree_does_not_bear_out_are_named, begin, end),
		cmocka_unit_test_setup_teardown(a_merge_with_another_number_is_named_from_there_on, begin, end),
		cmocka_unit_test_setup_teardown(a_server_clock_that_was_set_back_since_is_told, begin, end),
		cmocka_unit_test_setup_teardown(a_log_that_does_not_lead_through_the_earlier_place_is_not_audited, begin, end),
		cmocka_unit_test_setup_teardown(an_audit_of_all_says_that_the_log_was_rewritten, begin, end),
		cmocka_unit_test_setup_teardown(an_audit_by_more_checks_than_the_earlier_one_begins_at_the_start, begin, end),
		cmocka_unit_test_setup_teardown(a_log_that_went_on_from_an_earlier_place_by_the_server_s_word_passes_when_all_is_audited, begin, end),
		cmocka_unit_test_setup_teardown(an_incident_that_the_earlier_audit_knew_excuses_no_rewriting, begin, end),
		cmocka_unit_test_setup_teardown(an_incident_of_another_place_excuses_no_rewriting, begin, end),
		cmocka_unit_test_setup_teardown(an_incident_that_says_less_was_lost_excuses_no_rewriting_but_for_devices_unheard, begin, end),
		cmocka_unit_test_setup_teardown(an_incident_that_the_rewritten_log_already_told_excuses_nothing, begin, end),
		cmocka_unit_test_setup_teardown(incidents_are_listed_from_the_start_and_checked_when_they_are_new, begin, end),
		cmocka_unit_test_setup_teardown(a_new_incident_may_name_a_place_before_the_beginning, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
