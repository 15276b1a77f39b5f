/* tests/client/test_audit_server_keys.c - a log that several keys of the server signed: each change is told, and a key that does not count is a finding. */
#include "tests/client/audited_fixture.h"

static struct key *first, *next;

static int begin_keys(void **state)
{
	(void)begin(state);
	first = w.p.server;
	assert_int_equal(key_generate(&next, NULL), STATUS_OK);
	return 0;
}

static int end_keys(void **state)
{
	w.p.server = first;
	key_free(next);
	return end(state);
}

static void endorse(const struct key *key)
{
	struct fixture_device *manager = practice_device(&w.p, "kib-manager");

	practice_write(&w.p, manager, "practice.json", practice_endorse(&w.p, key, w.p.root));
	practice_push(&w.p, manager);
}

static void retire(const struct key *key)
{
	struct fixture_device *manager = practice_device(&w.p, "kib-manager");
	char path[TREE_PATH_MAX];
	cJSON *record = practice_retire(path, key, manager->id, w.p.root);

	practice_write(&w.p, manager, path, record);
	practice_push(&w.p, manager);
}

static void tells(size_t i, enum audit_key_event what, const struct key *key, int64_t index)
{
	char fingerprint[KEY_FINGERPRINT_MAX];

	key_fingerprint_text(fingerprint, key);
	assert_true(i < w.a.server_keys_len);
	assert_string_equal(audit_key_text(w.a.server_keys[i].what), audit_key_text(what));
	assert_string_equal(w.a.server_keys[i].fingerprint, fingerprint);
	assert_int_equal(w.a.server_keys[i].index, index);
}

static void each_change_of_the_key_is_told(void **state)
{
	int64_t endorsed, retired;

	(void)state;
	endorse(next);
	endorsed = w.p.index;
	w.p.server = next;
	audited_edit(&w, "fle-staff");
	retire(first);
	retired = w.p.index;
	audited_run(&w, true);
	audited_passes(&w);
	assert_int_equal(w.a.server_keys_len, 3);
	tells(0, AUDIT_KEY_ENDORSED, next, endorsed);
	tells(1, AUDIT_KEY_SIGNS, next, endorsed + 1);
	tells(2, AUDIT_KEY_RETIRED, first, retired);
}

static void an_audit_that_goes_on_tells_what_is_new(void **state)
{
	(void)state;
	endorse(next);
	audited_checkpoint(&w);
	w.p.server = next;
	audited_edit(&w, "fle-staff");
	audited_run(&w, false);
	audited_passes(&w);
	assert_int_equal(w.a.server_keys_len, 1);
	tells(0, AUDIT_KEY_SIGNS, next, w.p.index);
}

static void a_server_that_lost_its_key_merges_the_endorsement_of_the_next_by_that(void **state)
{
	(void)state;
	w.p.server = next;
	endorse(next);
	audited_run(&w, true);
	audited_passes(&w);
}

static void a_key_that_is_endorsed_later_does_not_count_before(void **state)
{
	(void)state;
	w.p.server = next;
	audited_edit(&w, "fle-staff");
	w.p.server = first;
	endorse(next);
	audited_run(&w, true);
	audited_finds_of(&w, "not signed by a server key", "", "server");
	assert_int_equal(w.a.findings_len, 1);
}

static void what_a_retired_key_signs_is_a_finding_and_what_it_signed_is_none(void **state)
{
	(void)state;
	endorse(next);
	retire(first);
	audited_run(&w, true);
	audited_passes(&w);
	audited_edit(&w, "fle-staff");
	audited_run(&w, true);
	audited_finds_of(&w, "a server key that the practice had retired", "", "server");
	assert_int_equal(w.a.findings_len, 1);
}

static void keys_that_a_merge_takes_away_are_found(void **state)
{
	cJSON *record;

	(void)state;
	endorse(next);
	record = practice_read(&w.p, &w.p.main_tree, "practice.json");
	cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(record, "server_keys"), 1);
	audited_forge_merge(&w, "practice.json", record);
	audited_run(&w, true);
	audited_finds(&w, "does not follow from its parents", "practice.json");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_keys, end_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_change_of_the_key_is_told),
		TEST(an_audit_that_goes_on_tells_what_is_new),
		TEST(a_server_that_lost_its_key_merges_the_endorsement_of_the_next_by_that),
		TEST(a_key_that_is_endorsed_later_does_not_count_before),
		TEST(what_a_retired_key_signs_is_a_finding_and_what_it_signed_is_none),
		TEST(keys_that_a_merge_takes_away_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
