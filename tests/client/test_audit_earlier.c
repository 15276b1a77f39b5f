#include "tests/client/audited_fixture.h"

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

static void what_this_device_saw_beyond_what_such_a_restore_knew_is_told(void **state)
{
	struct oid before = w.p.main;
	char hex[OID_HEX_LEN + 1];
	int64_t index = w.p.index;

	(void)state;
	audited_edit(&w, "kib-manager");
	audited_edit(&w, "kib-manager");
	audited_checkpoint(&w);
	oid_hex(hex, &w.p.main);
	practice_set_main(&w.p, &before);
	w.p.index = index;
	tell_restore(&before, index, index + 1, w.home.identity.device);
	audited_run(&w, true);
	audited_passes(&w);
	assert_int_equal(w.a.held.index, index + 2);
	assert_int_equal(w.a.held.known, index + 1);
	assert_string_equal(w.a.held.main, hex);
	assert_string_equal(w.a.held.at, w.from.at);
	tell_restore(&before, index, index + 2, NULL); /* told after all */
	audited_run(&w, true);
	assert_int_equal(w.a.held.index, 0);
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
		cmocka_unit_test_setup_teardown(a_log_that_does_not_lead_through_the_earlier_place_is_not_audited, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_audit_of_all_says_that_the_log_was_rewritten, begin_audited, end),
		cmocka_unit_test_setup_teardown(a_log_that_went_on_from_an_earlier_place_by_the_server_s_word_passes_when_all_is_audited, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_incident_that_the_earlier_audit_knew_excuses_no_rewriting, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_incident_of_another_place_excuses_no_rewriting, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_incident_that_says_less_was_lost_excuses_no_rewriting_but_for_devices_unheard, begin_audited, end),
		cmocka_unit_test_setup_teardown(what_this_device_saw_beyond_what_such_a_restore_knew_is_told, begin_audited, end),
		cmocka_unit_test_setup_teardown(an_incident_that_the_rewritten_log_already_told_excuses_nothing, begin_audited, end),
		cmocka_unit_test_setup_teardown(incidents_are_listed_from_the_start_and_checked_when_they_are_new, begin_audited, end),
		cmocka_unit_test_setup_teardown(a_new_incident_may_name_a_place_before_the_beginning, begin_audited, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
