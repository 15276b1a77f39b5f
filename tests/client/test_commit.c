/* tests/client/test_commit.c - edits become signed commits, or nothing at all; invites are edits too. */
#include "tests/client/practice.h"

#include "client/comment_key.h"
#include "core/signature.h"

static struct practice p;
static struct qip *boss, *staff;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	staff = practice_device(&p, boss, "fleckney", ROLE_STAFF);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	qip_close(staff);
	practice_stop(&p);
	return 0;
}

static struct oid tip_of(struct qip *q)
{
	struct oid tip;

	OK(qip_tip(&tip, q, &last_error));
	return tip;
}

/* Put one record; the edit is left open in *edit. */
static enum status put(struct qip_edit **edit, struct qip *q, const char *path, const char *json)
{
	cJSON *record = cJSON_Parse(json);
	enum status st = STATUS_OK;

	assert_non_null(record);
	OK(qip_edit_begin(edit, q, NULL, &last_error));
	st = qip_edit_put(*edit, path, record, &last_error);
	cJSON_Delete(record);
	return st;
}

static void an_edit_is_one_commit_signed_by_the_device(void **state)
{
	struct oid before = tip_of(staff), after;
	struct commit c = COMMIT_INIT;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_add_action(path, staff, "QIP-01");
	after = tip_of(staff);
	OK(repo_commit_read(&c, qip_repo(staff), &after, &last_error));
	assert_int_equal(c.parents_len, 1);
	assert_true(oid_equal(&c.parents[0], &before));
	assert_string_equal(c.message, "Add an action point\n\nQip-Device: fleckney\n");
	assert_string_equal(c.author_email, "fleckney@c82999.qip.invalid");
	OK(signature_check(c.signature, strlen(c.signature), staff->key, SIGNATURE_NAMESPACE_GIT, c.signed_text, c.signed_len, &last_error));
	commit_clear(&c);
}

static void an_edit_is_there_after_opening_again(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;

	(void)state;
	practice_add_action(path, staff, "QIP-02");
	qip_close(staff);
	staff = practice_open(&p, "fleckney");
	OK(qip_read(&record, staff, path, &last_error));
	assert_string_equal(json_string(record, "ref"), "QIP-02");
	cJSON_Delete(record);
}

static void an_empty_an_aborted_or_an_unchanged_edit_leaves_nothing(void **state)
{
	struct oid before = tip_of(boss), after;
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *site = NULL;

	(void)state;
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_commit(edit, "Nothing", &last_error));
	OK(qip_read(&site, boss, "sites/kibworth.json", &last_error));
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(site, "name", cJSON_CreateString("Another name"), &stamp, &last_error));
	OK(qip_edit_put(edit, "sites/kibworth.json", site, &last_error));
	qip_edit_abort(edit);
	cJSON_Delete(site);
	OK(qip_read(&site, boss, "sites/kibworth.json", &last_error));
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_put(edit, "sites/kibworth.json", site, &last_error));
	OK(qip_edit_commit(edit, "The same again", &last_error));
	cJSON_Delete(site);
	after = tip_of(boss);
	assert_true(oid_equal(&before, &after));
}

static void what_the_server_would_refuse_is_refused_at_once(void **state)
{
	static const struct {
		const char *path, *json;
	} bad[] = {
		{"sites/mine.json", "{\"schema\":\"site/1\",\"id\":\"mine\",\"name\":\"Mine\"}"}, /* staff may not */
		{"qip/x.json", "{\"schema\":\"action/1\",\"id\":\"x\"}"},
		{"qip/01900000-0000-7000-8000-000000000001.json", "{\"schema\":\"action/1\",\"id\":\"01900000-0000-7000-8000-000000000001\",\"status\":\"pink\"}"},
		{"../etc/passwd", "{\"schema\":\"action/1\"}"},
		{"notes.txt", "{\"schema\":\"action/1\"}"},
	};
	struct oid before = tip_of(staff), after;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct qip_edit *edit = NULL;

		assert_int_not_equal(put(&edit, staff, bad[i].path, bad[i].json), STATUS_OK);
		assert_non_null(strstr(last_error.text, bad[i].path));
		OK(qip_edit_commit(edit, "What is left of it", &last_error));
	}
	after = tip_of(staff);
	assert_true(oid_equal(&before, &after));
}

static void a_subject_of_two_lines_or_a_day_that_is_none_is_refused(void **state)
{
	struct oid before = tip_of(boss), after;
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *site = cJSON_Parse("{\"schema\":\"site/1\",\"id\":\"two\"}");

	(void)state;
	FAILS(qip_edit_begin(&edit, boss, "2022-02-30", &last_error), STATUS_USAGE);
	OK(qip_edit_begin(&edit, boss, "2022-02-28", &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	assert_string_equal(stamp.effective, "2022-02-28");
	assert_string_equal(stamp.by, "manager");
	OK(record_set(site, "name", cJSON_CreateString("Two"), &stamp, &last_error));
	OK(qip_edit_put(edit, "sites/two.json", site, &last_error));
	assert_int_not_equal(qip_edit_commit(edit, "One\nQip-Device: other", &last_error), STATUS_OK);
	after = tip_of(boss);
	assert_true(oid_equal(&before, &after));
	cJSON_Delete(site);
}

static void only_managers_invite_and_a_name_is_used_once(void **state)
{
	char code[CODE_TEXT_MAX];
	struct code parsed;

	(void)state;
	FAILS(qip_invite(code, staff, "new", ROLE_STAFF, "", &last_error), STATUS_DENIED);
	FAILS(qip_invite(code, boss, "fleckney", ROLE_STAFF, "", &last_error), STATUS_EXISTS);
	FAILS(qip_invite(code, boss, "Not A Name", ROLE_STAFF, "", &last_error), STATUS_INVALID);
	FAILS(qip_invite(code, boss, "server", ROLE_STAFF, "", &last_error), STATUS_INVALID);
	FAILS(qip_invite(code, boss, "new", ROLE_NONE, "", &last_error), STATUS_INVALID);
	FAILS(qip_invite(code, boss, "new", ROLE_KIOSK, NULL, &last_error), STATUS_INVALID);
	OK(qip_invite(code, boss, "new", ROLE_STAFF, NULL, &last_error));
	OK(code_parse(&parsed, code, &last_error));
	assert_true(parsed.has_root);
	assert_string_equal(parsed.ods, "C82999");
	FAILS(qip_invite(code, boss, "new", ROLE_STAFF, NULL, &last_error), STATUS_EXISTS);
}

static void the_last_manager_cannot_go(void **state)
{
	(void)state;
	FAILS(qip_end_device(boss, "manager", false, NULL, &last_error), STATUS_DENIED);
	FAILS(qip_end_device(boss, "manager", true, NULL, &last_error), STATUS_DENIED);
	FAILS(qip_end_device(boss, "nobody", true, NULL, &last_error), STATUS_NOT_FOUND);
	FAILS(qip_end_device(staff, "manager", true, NULL, &last_error), STATUS_DENIED);
}

static void who_is_revoked_reads_no_comment_from_then_on(void **state)
{
	struct comment_key before, after;
	cJSON *record = NULL;

	(void)state;
	OK(comment_key_find(&before, boss, &last_error));
	OK(qip_end_device(boss, "fleckney", true, "Left", &last_error));
	FAILS(qip_end_device(boss, "fleckney", true, "Left", &last_error), STATUS_EXISTS);
	OK(comment_key_find(&after, boss, &last_error));
	assert_int_equal(before.generation, 1);
	assert_int_equal(after.generation, 2);
	OK(qip_read(&record, boss, "keys/2.json", &last_error));
	assert_non_null(json_string(json_get(record, "wrapped"), "manager"));
	assert_null(json_get(json_get(record, "wrapped"), "fleckney"));
	cJSON_Delete(record);
	assert_int_equal(practice_sync(boss).refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_is_one_commit_signed_by_the_device),
		cmocka_unit_test(an_edit_is_there_after_opening_again),
		cmocka_unit_test(an_empty_an_aborted_or_an_unchanged_edit_leaves_nothing),
		cmocka_unit_test(what_the_server_would_refuse_is_refused_at_once),
		cmocka_unit_test(a_subject_of_two_lines_or_a_day_that_is_none_is_refused),
		cmocka_unit_test(only_managers_invite_and_a_name_is_used_once),
		cmocka_unit_test(the_last_manager_cannot_go),
		cmocka_unit_test(who_is_revoked_reads_no_comment_from_then_on),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
