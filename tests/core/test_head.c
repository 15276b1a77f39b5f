#include "tests/support/practice_fixture.h"

static struct error last_error;
static struct head_fault last_fault;

static enum status judge(const struct fixture_device *d)
{
	struct head head;

	memset(&last_error, 0, sizeof(last_error));
	return practice_judge(&p, d->id, &d->tip, &head, &last_fault, &last_error);
}

static void refused(const struct fixture_device *d, enum status st, const char *words, const char *path)
{
	enum status got = judge(d);

	if (got != st || !strstr(last_error.text, words) || strcmp(last_fault.path, path) != 0)
		fail_msg("got %s, \"%s\" at \"%s\"", status_text(got), last_error.text, last_fault.path);
}

static void staff_edits_and_answers_are_taken(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r;

	(void)state;
	r = action(staff, path);
	practice_write(&p, staff, path, r);
	practice_push(&p, staff);
	for (int64_t seq = 1; seq <= 3; seq++) {
		char answer[TREE_PATH_MAX];

		policy_feedback_path(answer, kiosk->id, (uint64_t)seq);
		practice_write(&p, kiosk, answer, practice_answer(&p, kiosk->id, seq));
	}
	practice_push(&p, kiosk);
	r = practice_read(&p, &p.main_tree, "feedback/kib-kiosk/0/0/3.json");
	assert_non_null(r);
	cJSON_Delete(r);
	r = practice_read(&p, &p.main_tree, path);
	assert_string_equal(json_string(r, "status"), "red");
	cJSON_Delete(r);
}

static void the_same_head_again_is_known(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(staff, path);

	(void)state;
	practice_write(&p, staff, path, r);
	practice_push(&p, staff);
	assert_int_equal(judge(staff), STATUS_EXISTS);
}

static void an_older_head_is_stale(void **state)
{
	struct oid older;
	char path[TREE_PATH_MAX], answer[TREE_PATH_MAX];
	cJSON *r = action(staff, path);

	(void)state;
	practice_write(&p, staff, path, r);
	older = staff->tip;
	r = action(staff, path);
	practice_write(&p, staff, path, r);
	practice_push(&p, staff);
	staff->tip = older;
	refused(staff, STATUS_STALE, "older than", "");

	for (uint64_t seq = 1; seq <= 2; seq++) {
		policy_feedback_path(answer, kiosk->id, seq);
		practice_write(&p, kiosk, answer, practice_answer(&p, kiosk->id, (int64_t)seq));
		if (seq == 1)
			older = kiosk->tip;
	}
	practice_push(&p, kiosk);
	kiosk->tip = older;
	refused(kiosk, STATUS_STALE, "had accepted before", "");
}

static void a_commit_by_another_key_is_refused(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(staff, path);
	struct commit c = COMMIT_INIT;

	(void)state;
	practice_write(&p, staff, path, r);
	assert_int_equal(repo_commit_read(&c, p.repo, &staff->tip, NULL), STATUS_OK);
	staff->tip = practice_commit(&p, staff, &c.tree, &p.main, manager->key);
	commit_clear(&c);
	refused(staff, STATUS_UNTRUSTED, "not signed by the key of fle-staff", "");
}

static void a_kiosk_writes_in_its_own_folder_only(void **state)
{
	char path[TREE_PATH_MAX];
	struct oid before = kiosk->tip;
	cJSON *r = action(kiosk, path);

	(void)state;
	practice_write(&p, kiosk, path, r);
	refused(kiosk, STATUS_DENIED, "role kiosk may not write there", path);
	kiosk->tip = before;
	practice_write(&p, kiosk, "feedback/other/0/0/1.json", practice_answer(&p, "other", 1));
	refused(kiosk, STATUS_DENIED, "under its own name only", "feedback/other/0/0/1.json");
	kiosk->tip = before;
	practice_write(&p, kiosk, "README.md", practice_answer(&p, "kib-kiosk", 1));
	refused(kiosk, STATUS_DENIED, "nothing may be written there", "README.md");
}

static void feedback_goes_on_without_a_gap_and_is_never_changed(void **state)
{
	struct oid before = kiosk->tip;

	(void)state;
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/0/2.json", practice_answer(&p, "kib-kiosk", 2));
	refused(kiosk, STATUS_INVALID, "from number 1", "feedback");
	kiosk->tip = before;
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/0/1.json", practice_answer(&p, "kib-kiosk", 1));
	practice_push(&p, kiosk);
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/0/1.json", practice_answer(&p, "kib-kiosk", 1));
	refused(kiosk, STATUS_DENIED, "never changed", "feedback/kib-kiosk/0/0/1.json");
	kiosk->tip = kiosk->accepted;
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/0/1.json", NULL);
	refused(kiosk, STATUS_DENIED, "never deleted", "feedback/kib-kiosk/0/0/1.json");
	kiosk->tip = kiosk->accepted;
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/0/7.json", practice_answer(&p, "kib-kiosk", 2));
	refused(kiosk, STATUS_INVALID, "otherwise than its path", "feedback/kib-kiosk/0/0/7.json");
}

static void numbering_goes_on_across_folders(void **state)
{
	struct tree_edit edits[300];
	char paths[300][TREE_PATH_MAX];
	struct commit c = COMMIT_INIT;
	struct oid tree;
	uint64_t last = 0;

	(void)state;
	assert_int_equal(repo_commit_read(&c, p.repo, &kiosk->tip, NULL), STATUS_OK);
	for (uint64_t i = 0; i < 300; i++) {
		policy_feedback_path(paths[i], "kib-kiosk", i + 1);
		edits[i] = (struct tree_edit){.path = paths[i], .id = practice_blob(&p, practice_answer(&p, "kib-kiosk", (int64_t)i + 1))};
	}
	assert_int_equal(tree_apply(&tree, p.repo, &c.tree, edits, 300, NULL), STATUS_OK);
	commit_clear(&c);
	kiosk->tip = practice_commit(&p, kiosk, &tree, &kiosk->tip, NULL);
	practice_push(&p, kiosk);
	assert_int_equal(head_feedback_last(&last, p.repo, &p.main_tree, "kib-kiosk", NULL), STATUS_OK);
	assert_int_equal(last, 300);
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/1/301.json", practice_answer(&p, "kib-kiosk", 301));
	practice_push(&p, kiosk);
}

static void claims_in_another_name_and_removed_claims_are_refused(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(manager, path), *claims;

	(void)state;
	practice_write(&p, staff, path, cJSON_Duplicate(r, true));
	refused(staff, STATUS_DENIED, "not in the name of fle-staff", path);
	staff->tip = staff->accepted;
	practice_write(&p, manager, path, r);
	practice_push(&p, manager);

	r = practice_read(&p, &p.main_tree, path);
	cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(r, "edits"), "status");
	cJSON_DeleteItemFromObjectCaseSensitive(r, "status");
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_DENIED, "removed without a new one", path);

	staff->tip = staff->accepted;
	r = practice_read(&p, &p.main_tree, path);
	claims = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(r, "edits"), "status");
	assert_int_equal(json_set_string(claims->child, "effective", "2020-01-01"), STATUS_OK);
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_DENIED, "earlier edit was altered", path);

	staff->tip = staff->accepted;
	r = practice_read(&p, &p.main_tree, path);
	assert_int_equal(json_set_string(r, "status", "green"), STATUS_OK);
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_DENIED, "earlier edit was altered", path);

	staff->tip = staff->accepted;
	r = practice_read(&p, &p.main_tree, path);
	assert_int_equal(json_set_string(r, "driver", "a value without an edit"), STATUS_OK);
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_INVALID, "do not agree", path);
}

static void an_edit_number_cannot_jump_ahead(void **state)
{
	struct stamp s = practice_stamp(&p, staff, "2025-11-01");
	char path[TREE_PATH_MAX];
	cJSON *r = action(staff, path);

	(void)state;
	s.n = 1000000;
	assert_int_equal(record_set(r, "driver", cJSON_CreateString("leadership"), &s, NULL), STATUS_OK);
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_DENIED, "next number", path);
}

static void a_record_that_breaks_its_schema_or_is_newer_is_refused(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(staff, path);

	(void)state;
	set_text(staff, r, "key_question", "friendly");
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_INVALID, "key_question", path);
	staff->tip = staff->accepted;
	r = action(staff, path);
	assert_int_equal(json_set_string(r, "schema", "action/2"), STATUS_OK);
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_UNSUPPORTED, "level", path);
	staff->tip = staff->accepted;
	practice_write(&p, staff, path, cJSON_CreateString("not a record"));
	assert_int_not_equal(judge(staff), STATUS_OK);
	assert_string_equal(last_fault.path, path);
}

static void only_a_manager_takes_over_what_a_revoked_device_sent(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	staff->adopts = manager->adopts = p.main;
	practice_write(&p, staff, path, action(staff, path));
	refused(staff, STATUS_DENIED, "only managers take over", "");
	practice_write(&p, manager, path, action(manager, path));
	practice_push(&p, manager);
}

static void an_auditor_or_icb_writes_no_plan(void **state)
{
	struct fixture_device *icb = practice_device(&p, "lead-icb");
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&p, icb, path, action(icb, path));
	refused(icb, STATUS_DENIED, "role icb may not write there", path);
}

static void only_managers_invite_and_only_in_their_own_name(void **state)
{
	struct fixture_device fake = {0};

	(void)state;
	(void)snprintf(fake.id, sizeof(fake.id), "evil");
	fake.role = ROLE_MANAGER;
	assert_int_equal(key_generate(&fake.invite, NULL), STATUS_OK);
	practice_write(&p, staff, "devices/evil.json", practice_invite(&p, &fake, "fle-staff", staff->key));
	refused(staff, STATUS_DENIED, "only managers invite", "devices/evil.json");
	staff->tip = staff->accepted;
	practice_write(&p, staff, "devices/evil.json", practice_invite(&p, &fake, "kib-manager", staff->key));
	refused(staff, STATUS_DENIED, "only managers invite", "devices/evil.json");
	/* a manager's commit with an invite that somebody else's key signed */
	practice_write(&p, manager, "devices/evil.json", practice_invite(&p, &fake, "kib-manager", staff->key));
	refused(manager, STATUS_UNTRUSTED, "", "devices/evil.json");
	key_free(fake.invite);
}

static void an_enrolment_adds_the_key_and_nothing_else(void **state)
{
	struct fixture_device late = {0};
	struct oid none = {{0}}, tree;
	struct tree_edit edit = {.path = "devices/late.json"};
	cJSON *invite, *record;

	(void)state;
	(void)snprintf(late.id, sizeof(late.id), "late");
	(void)snprintf(late.seal_key, sizeof(late.seal_key), "%s", manager->seal_key);
	late.role = ROLE_KIOSK;
	assert_int_equal(key_generate(&late.invite, NULL), STATUS_OK);
	assert_int_equal(key_generate(&late.key, NULL), STATUS_OK);
	practice_write(&p, manager, "devices/late.json", practice_invite(&p, &late, "kib-manager", manager->key));
	practice_push(&p, manager);
	invite = practice_read(&p, &p.main_tree, "devices/late.json");

	/* it makes itself a manager on the way */
	record = practice_enrolment(&p, &late, cJSON_Duplicate(invite, true));
	assert_int_equal(json_set_string(record, "role", "manager"), STATUS_OK);
	edit.id = practice_blob(&p, record);
	assert_int_equal(tree_apply(&tree, p.repo, NULL, &edit, 1, NULL), STATUS_OK);
	late.tip = practice_commit(&p, &late, &tree, &none, NULL);
	refused(&late, STATUS_DENIED, "adding its key", "devices/late.json");

	/* its key is not vouched for by the invite's */
	record = practice_enrolment(&p, &late, cJSON_Duplicate(invite, true));
	assert_int_equal(json_set_string(cJSON_GetObjectItemCaseSensitive(record, "enrolment"), "seal_key",
					 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
			 STATUS_OK);
	edit.id = practice_blob(&p, record);
	assert_int_equal(tree_apply(&tree, p.repo, NULL, &edit, 1, NULL), STATUS_OK);
	late.tip = practice_commit(&p, &late, &tree, &none, NULL);
	refused(&late, STATUS_UNTRUSTED, "", "devices/late.json");

	record = practice_enrolment(&p, &late, invite);
	edit.id = practice_blob(&p, record);
	assert_int_equal(tree_apply(&tree, p.repo, NULL, &edit, 1, NULL), STATUS_OK);
	late.tip = practice_commit(&p, &late, &tree, &none, NULL);
	assert_int_equal(judge(&late), STATUS_OK);
	key_free(late.invite);
	key_free(late.key);
}

static void a_revoked_device_is_refused_and_a_retired_one_delivers(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/0/1.json", practice_answer(&p, "kib-kiosk", 1));
	practice_write(&p, staff, path, action(staff, path));
	end_device("kib-kiosk", "retired", manager);
	practice_push(&p, manager);
	end_device("fle-staff", "revoked", manager);
	practice_push(&p, manager);
	practice_push(&p, kiosk);
	refused(staff, STATUS_DENIED, "has been revoked", "");
}

static void a_kiosk_that_another_one_ended_brings_nothing_more(void **state)
{
	struct device *d = &p.registry.devices[registry_find(&p.registry, "kib-kiosk") - p.registry.devices];

	(void)state;
	practice_write(&p, kiosk, "feedback/kib-kiosk/0/0/1.json", practice_answer(&p, "kib-kiosk", 1));
	assert_int_equal(judge(kiosk), STATUS_OK);
	(void)snprintf(d->replaced_by, sizeof(d->replaced_by), "kib-next");
	refused(kiosk, STATUS_DENIED, "kib-next goes on with the answers of kib-kiosk", "");
}

static void the_last_manager_cannot_go(void **state)
{
	struct head_context ctx = {.repo = p.repo, .ods = FIXTURE_ODS, .main = p.main, .main_tree = p.main_tree,
				   .registry = &p.registry, .device = "kib-manager", .last = manager->accepted};
	const struct rules *rules;
	struct buf kept = BUF_INIT;
	struct error e = {0};
	struct head_fault fault;
	struct head head;
	struct oid tree;

	(void)state;
	end_device("kib-manager", "retired", manager);
	assert_int_equal(rules_get(&rules, 1, NULL), STATUS_OK);
	assert_int_equal(head_check(&head, &fault, &ctx, &manager->tip, &e), STATUS_OK);
	assert_int_equal(head_merge(&tree, &kept, &ctx, &head, rules, &e), STATUS_DENIED);
	assert_non_null(strstr(e.text, "last manager"));
	buf_clear(&kept);
}

static void a_history_of_its_own_or_anothers_commits_are_refused(void **state)
{
	struct oid none = {{0}}, foreign;
	char path[TREE_PATH_MAX];

	(void)state;
	staff->tip = practice_commit(&p, staff, &p.main_tree, &none, NULL);
	refused(staff, STATUS_STALE, "history of its own", "");
	practice_write(&p, manager, path, action(manager, path));
	foreign = manager->tip;
	staff->tip = practice_commit(&p, staff, &p.main_tree, &foreign, NULL);
	refused(staff, STATUS_UNTRUSTED, "neither in the log nor by fle-staff", "");
}

static void an_unknown_device_is_refused(void **state)
{
	struct fixture_device stranger = *practice_device(&p, "fle-staff");
	struct head head;
	struct error e = {0};

	(void)state;
	assert_int_equal(practice_judge(&p, "stranger", &stranger.tip, &head, &last_fault, &e), STATUS_DENIED);
	assert_non_null(strstr(e.text, "not a device of this practice"));
}

static void a_commit_may_name_the_one_it_makes_again_and_nothing_else(void **state)
{
	static const char *const odd[] = {"Set\n\nQip-Adopts: 0123\nQip-Device: desk\n", "Set\n\nQip-Adopts: %s\nQip-Adopts: %s\nQip-Device: desk\n",
					  "Set\n\nQip-Adopts: %s\n\nQip-Device: desk\n", "Set\n\nQip-Device: desk\nQip-Adopts: %s\n",
					  "Set\n\nQip-Adopts: %s Qip-Device: desk\n", "Set\n\nQip-Adopts: %s"};
	static const char hex[] = "0123456789012345678901234567890123456789";
	struct oid adopts, back = {{0}};
	struct buf text = BUF_INIT;
	char broken[400];

	(void)state;
	assert_int_equal(oid_parse(&adopts, hex, OID_HEX_LEN), STATUS_OK);
	assert_int_equal(head_message_adopt(&text, "Set a status", &adopts, "desk"), STATUS_OK);
	assert_true(head_message_names(buf_text(&text), "desk"));
	assert_false(head_message_names(buf_text(&text), "other"));
	assert_true(head_message_adopts(&back, buf_text(&text)));
	assert_memory_equal(&back, &adopts, sizeof(back));
	buf_reset(&text);
	assert_int_equal(head_message_format(&text, "Set a status", "desk"), STATUS_OK);
	assert_true(head_message_names(buf_text(&text), "desk"));
	assert_false(head_message_adopts(&back, buf_text(&text)));
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		size_t len = 0;

		for (const char *at = odd[i]; *at; at++) {
			if (strncmp(at, "%s", 2) == 0) {
				memcpy(broken + len, hex, OID_HEX_LEN);
				len += OID_HEX_LEN;
				at++;
			} else {
				broken[len++] = *at;
			}
		}
		broken[len] = '\0';
		assert_false(head_message_names(broken, "desk"));
	}
	buf_clear(&text);
}

static void a_merge_note_reads_back_and_nothing_else_does(void **state)
{
	struct merge_note n = {.received = "2025-11-24T16:00:00.000Z", .index = 12, .rules_version = 1, .kept = BUF_INIT}, back;
	struct buf text = BUF_INIT;
	char broken[1024];

	(void)state;
	(void)snprintf(n.device, sizeof(n.device), "kib-kiosk");
	memset(n.rules_digest, 'a', SHA256_HEX_LEN);
	buf_adds(&n.kept, "qip/1.json\nqip/2.json\n");
	assert_int_equal(merge_note_format(&text, &n), STATUS_OK);
	assert_int_equal(merge_note_parse(&back, buf_text(&text), NULL), STATUS_OK);
	assert_string_equal(back.device, "kib-kiosk");
	assert_int_equal(back.index, 12);
	assert_string_equal(buf_text(&back.kept), buf_text(&n.kept));
	buf_clear(&back.kept);
	for (size_t i = 0; i < text.len; i++) { /* every byte counts */
		(void)snprintf(broken, sizeof(broken), "%s", buf_text(&text));
		broken[i] = broken[i] == '\n' ? ' ' : '\n';
		if (merge_note_parse(&back, broken, NULL) == STATUS_OK)
			fail_msg("accepted with byte %zu broken", i);
	}
	/* a number or digest written in another way is another message, whatever it means */
	(void)snprintf(broken, sizeof(broken), "%s", buf_text(&text));
	memcpy(strstr(broken, "Index: 12"), "Index: 07", 9);
	assert_int_equal(merge_note_parse(&back, broken, NULL), STATUS_MALFORMED);
	(void)snprintf(broken, sizeof(broken), "%s", buf_text(&text));
	*strstr(broken, "aaaa") = 'A';
	assert_int_equal(merge_note_parse(&back, broken, NULL), STATUS_MALFORMED);
	buf_clear(&text);
	buf_clear(&n.kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(staff_edits_and_answers_are_taken, begin, end),
		cmocka_unit_test(a_commit_may_name_the_one_it_makes_again_and_nothing_else),
		cmocka_unit_test_setup_teardown(the_same_head_again_is_known, begin, end),
		cmocka_unit_test_setup_teardown(an_older_head_is_stale, begin, end),
		cmocka_unit_test_setup_teardown(a_commit_by_another_key_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_kiosk_writes_in_its_own_folder_only, begin, end),
		cmocka_unit_test_setup_teardown(feedback_goes_on_without_a_gap_and_is_never_changed, begin, end),
		cmocka_unit_test_setup_teardown(numbering_goes_on_across_folders, begin, end),
		cmocka_unit_test_setup_teardown(claims_in_another_name_and_removed_claims_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(an_edit_number_cannot_jump_ahead, begin, end),
		cmocka_unit_test_setup_teardown(a_record_that_breaks_its_schema_or_is_newer_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(only_a_manager_takes_over_what_a_revoked_device_sent, begin, end),
		cmocka_unit_test_setup_teardown(an_auditor_or_icb_writes_no_plan, begin, end),
		cmocka_unit_test_setup_teardown(only_managers_invite_and_only_in_their_own_name, begin, end),
		cmocka_unit_test_setup_teardown(an_enrolment_adds_the_key_and_nothing_else, begin, end),
		cmocka_unit_test_setup_teardown(a_revoked_device_is_refused_and_a_retired_one_delivers, begin, end),
		cmocka_unit_test_setup_teardown(a_kiosk_that_another_one_ended_brings_nothing_more, begin, end),
		cmocka_unit_test_setup_teardown(the_last_manager_cannot_go, begin, end),
		cmocka_unit_test_setup_teardown(a_history_of_its_own_or_anothers_commits_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(an_unknown_device_is_refused, begin, end),
		cmocka_unit_test(a_merge_note_reads_back_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
