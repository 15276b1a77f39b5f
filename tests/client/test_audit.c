#include "tests/client/audited_fixture.h"

static void an_honest_history_passes(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&w.p, staff, path, audited_action(&w, staff, path));
	practice_push(&w.p, staff);
	audited_run(&w, true);
	if (w.a.findings_len)
		audited_passes(&w);
	assert_int_equal(w.a.merges, w.p.index);
	assert_int_equal(w.a.backdated, 1);
	assert_string_equal(w.a.last_received, "2025-11-24T16:00:00.000Z");
	for (size_t i = 0; i < w.a.devices_len; i++)
		assert_int_equal(w.a.devices[i].answers, strcmp(w.a.devices[i].id, "kib-kiosk") == 0 ? 3 : 0);
}

static void without_a_root_key_or_with_another_it_does_not_pass(void **state)
{
	uint8_t pin[SHA256_LEN] = {1};
	struct error e = {0};

	(void)state;
	assert_int_equal(repo_flush(w.p.repo, &e), STATUS_OK);
	assert_int_equal(audit_run(&w.a, w.p.repo, &w.p.main, FIXTURE_ODS, NULL, &e), STATUS_OK);
	assert_int_equal(w.a.findings_len, 1);
	audited_finds_of(&w, "no root key was given", NULL, NULL);
	audit_clear(&w.a);
	assert_int_equal(audit_run(&w.a, w.p.repo, &w.p.main, FIXTURE_ODS, pin, &e), STATUS_OK);
	audited_finds_of(&w, "another root key", NULL, NULL);
	audit_clear(&w.a);
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 0);
}

/* Forged: the server leaves out what the device wrote. */
static void push_action(const char *device, bool forged)
{
	struct fixture_device *d = practice_device(&w.p, device);
	struct oid before = w.p.main_tree;
	char path[TREE_PATH_MAX];

	practice_write(&w.p, d, path, audited_action(&w, d, path));
	if (!forged) {
		practice_push(&w.p, d);
		return;
	}
	audited_merge_anyway(&w, d->id, &d->tip, &before);
	d->accepted = d->tip;
}

static void a_clock_set_back_and_devices_that_fell_silent_are_told(void **state)
{
	static const char *const times[] = {"2025-12-24T16:00:00.000Z", "2025-12-24T15:00:00.000Z", "2026-01-03T09:00:00.000Z"};
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	char path[TREE_PATH_MAX], hex[2][OID_HEX_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		w.p.received = times[i];
		practice_write(&w.p, staff, path, audited_action(&w, staff, path));
		practice_push(&w.p, staff);
		oid_hex(hex[i == 1], &w.p.main);
	}
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, 0);
	assert_int_equal(w.a.clock_back, 1);
	assert_string_equal(w.a.clock_back_first, hex[1]);
	for (size_t i = 0; i < w.a.devices_len; i++) {
		bool is_staff = strcmp(w.a.devices[i].id, "fle-staff") == 0;

		assert_int_equal(w.a.devices[i].silent, !is_staff);
		assert_string_equal(w.a.devices[i].last_received, is_staff ? times[2] : "2025-11-24T16:00:00.000Z");
	}
}

static void a_long_history_of_many_devices_passes(void **state)
{
	static const char *const devices[] = {"fle-staff", "kib-manager", "desk-a", "desk-b"}; /* the last two come on the way */

	(void)state;
	for (int i = 0; i < 100; i++) {
		if (i == 30 || i == 60)
			(void)practice_add(&w.p, devices[i / 30 + 1], ROLE_STAFF);
		push_action(devices[i % (i < 31 ? 2 : i < 61 ? 3 : 4)], false);
	}
	audited_run(&w, true);
	if (w.a.findings_len)
		audited_passes(&w);
	assert_int_equal(w.a.merges, w.p.index);
	assert_int_equal(w.a.backdated, 100);
}

/* Whichever thread comes upon a fault first. */
static void faults_are_listed_as_they_follow_in_the_log(void **state)
{
	char commits[30][OID_HEX_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commits); i++) {
		push_action("fle-staff", false);
		push_action("fle-staff", true);
		oid_hex(commits[i], &w.p.main);
	}
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, ARRAY_LEN(commits));
	for (size_t i = 0; i < ARRAY_LEN(commits); i++)
		assert_string_equal(w.a.findings[i].commit, commits[i]);
}

static void of_very_many_faults_the_first_hundred_are_listed(void **state)
{
	char first[OID_HEX_LEN + 1], last[OID_HEX_LEN + 1];

	(void)state;
	for (int i = 0; i < AUDIT_MAX_FINDINGS + 20; i++) {
		push_action("fle-staff", true);
		if (i == 0)
			oid_hex(first, &w.p.main);
		if (i == AUDIT_MAX_FINDINGS - 1)
			oid_hex(last, &w.p.main);
	}
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, AUDIT_MAX_FINDINGS);
	assert_int_equal(w.a.findings_more, 20);
	assert_string_equal(w.a.findings[0].commit, first);
	assert_string_equal(w.a.findings[AUDIT_MAX_FINDINGS - 1].commit, last);
}

/* One more after that costs nothing, whatever stands behind. */
static void after_a_thousand_faults_the_rest_of_the_log_is_not_judged(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");
	const uint64_t sound = (uint64_t)w.p.index;

	(void)state;
	for (int i = 0; i < AUDIT_MAX_FAULTS + 200; i++) { /* a head that was accepted before, again and again */
		w.p.main = practice_merge_commit(&w.p, staff->id, &staff->accepted, &w.p.main_tree, "");
		w.p.index++;
	}
	audited_run(&w, true);
	assert_int_equal(w.a.findings_len, AUDIT_MAX_FINDINGS);
	assert_int_equal(w.a.findings_more, AUDIT_MAX_FAULTS - AUDIT_MAX_FINDINGS);
	assert_true(w.a.merges >= sound + AUDIT_MAX_FAULTS && w.a.merges < sound + AUDIT_MAX_FAULTS + 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_honest_history_passes, begin, end),
		cmocka_unit_test_setup_teardown(without_a_root_key_or_with_another_it_does_not_pass, begin, end),
		cmocka_unit_test_setup_teardown(a_clock_set_back_and_devices_that_fell_silent_are_told, begin, end),
		cmocka_unit_test_setup_teardown(a_long_history_of_many_devices_passes, begin, end),
		cmocka_unit_test_setup_teardown(faults_are_listed_as_they_follow_in_the_log, begin, end),
		cmocka_unit_test_setup_teardown(of_very_many_faults_the_first_hundred_are_listed, begin, end),
		cmocka_unit_test_setup_teardown(after_a_thousand_faults_the_rest_of_the_log_is_not_judged, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
