/* tests/client/test_rejoin.c - a kiosk takes a new name: what it does where the server does not tell what it needs. */
#include "tests/client/box_fixture.h"

#include "client/carry.h"
#include "client/files.h"
#include "client/journal.h"
#include "client/rejoin.h"

/* ---- the look at what copies have sent fails ---- */

static enum status look_fails; /* STATUS_OK: it does not */

enum status __real_carry_look(struct carry *out, struct qip *q, const struct carry_place *at, struct error *e);
enum status __wrap_carry_look(struct carry *out, struct qip *q, const struct carry_place *at, struct error *e);
enum status __wrap_carry_look(struct carry *out, struct qip *q, const struct carry_place *at, struct error *e)
{
	return look_fails == STATUS_OK ? __real_carry_look(out, q, at, e) : error_set(e, look_fails, "it cannot be looked at");
}

static enum status join_again(const char *code)
{
	struct qip_options o = options("kib-kiosk");
	enum status st = STATUS_OK;

	qip_close(kiosk);
	kiosk = NULL;
	st = qip_join(&o, p.url, code, NULL, NULL, &last_error);
	kiosk = open_in_box("kib-kiosk");
	return st;
}

/* ---- tests ---- */

static void a_look_that_fails_ends_nobody_and_uses_no_code_up(void **state)
{
	static const enum status failures[] = {STATUS_NO_SPACE, STATUS_IO, STATUS_NOMEM, STATUS_TOO_BIG, STATUS_CORRUPT, STATUS_UNTRUSTED, STATUS_REFUSED};
	char code[CODE_TEXT_MAX];

	(void)state;
	practice_answers(kiosk, 2);
	(void)practice_sync(kiosk);
	qip_close(kiosk);
	kiosk = NULL;
	practice_copy(practice_path(&p, "kib-kiosk"), practice_path(&p, "first"));
	put_into("c2");
	invite(code, "kib-copy");
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		look_fails = failures[i];
		FAILS(join_again(code), failures[i]);
		assert_string_equal(kiosk->identity.device, "kib-kiosk");
	}
	look_fails = STATUS_OK;
	OK(join_again(code));
	assert_string_equal(kiosk->identity.device, "kib-copy");
	practice_answers(kiosk, 1);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	qip_close(kiosk);
	put_into("c1");
	kiosk = open_in_box("first"); /* which still sends under its name */
	practice_answers(kiosk, 1);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	assert_int_equal(count_of("kib-kiosk"), 3);
	assert_int_equal(count_of("kib-copy"), 1);
}

/* A folder as it is now and as it was, in each other's place. */
static void swap(const char *name)
{
	char before[PRACTICE_PATH];

	(void)snprintf(before, sizeof(before), "%s.before", name);
	assert_int_equal(renameat2(AT_FDCWD, practice_path(&p, name), AT_FDCWD, practice_path(&p, before), RENAME_EXCHANGE), 0);
}

static void a_restored_log_that_does_not_know_the_old_name_takes_all_under_the_new_one(void **state)
{
	char code[CODE_TEXT_MAX];
	struct qip_sync_report report;

	(void)state;
	qip_close(kiosk);
	kiosk = NULL;
	qip_close(boss);
	practice_kill(&p, SIGTERM);
	practice_copy(practice_path(&p, "server"), practice_path(&p, "server.before"));
	practice_copy(practice_path(&p, "manager"), practice_path(&p, "manager.before"));
	practice_serve(&p);
	boss = practice_open(&p, "manager");
	practice_remove(practice_path(&p, "kib-kiosk"));
	qip_close(practice_device(&p, boss, "kib-second", ROLE_KIOSK));
	assert_int_equal(rename(practice_path(&p, "kib-second"), practice_path(&p, "kib-kiosk")), 0);
	assert_int_equal(unlink(practice_path(&p, "kib-kiosk/incarnation.json")), 0); /* as if joined in this box */
	put_into("c1");
	kiosk = open_in_box("kib-kiosk");
	practice_answers(kiosk, 3);
	(void)practice_sync(kiosk);
	practice_answers(kiosk, 1);
	qip_close(boss);
	practice_kill(&p, SIGTERM);
	swap("server");
	swap("manager");
	practice_serve(&p);
	boss = practice_open(&p, "manager");
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_REFUSED);
	assert_non_null(strstr(last_error.text, "ask a manager for a join code"));
	invite(code, "kib-third");
	OK(join_again(code));
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	assert_int_equal(count_of("kib-third"), 4);
	practice_answers(kiosk, 1);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	assert_int_equal(count_of("kib-third"), 5);
}

/* ---- where an answer was given ---- */

/* As programs wrote it that did not note the site yet. */
static void answer_without_site(void)
{
	char id[ID_TEXT_LEN + 1], json[512];
	struct journal *j = NULL;
	uint64_t seq = 0;

	OK(id_make(id, &box));
	(void)snprintf(json, sizeof(json), "{\"answers\":{\"fft\":\"poor\"},\"id\":\"%s\",\"language\":\"en\",\"mode\":\"kiosk\",\"survey\":{\"id\":\"fft\",\"version\":1}}", id);
	OK(journal_open(&j, practice_path(&p, "kib-kiosk/" HOME_JOURNAL), JOURNAL_WRITE, 1, &box, &last_error));
	OK(journal_append(&seq, j, json, strlen(json), NULL, 0, &last_error));
	journal_close(j);
}

static void assert_sites(const char *device, const char *const *sites, uint64_t count)
{
	(void)practice_sync(boss);
	for (uint64_t seq = 1; seq <= count; seq++) {
		char path[TREE_PATH_MAX];
		cJSON *record = NULL;

		policy_feedback_path(path, device, seq);
		OK(qip_read(&record, boss, path, &last_error));
		assert_string_equal(json_string(record, "schema"), "feedback/1");
		assert_string_equal(json_string(record, "site"), sites[seq - 1]);
		cJSON_Delete(record);
	}
}

static void an_answer_keeps_the_site_where_it_was_given_also_while_a_screen_does_not_know_its_new_one(void **state)
{
	static const char *const sites[] = {"kibworth", "kibworth", "fleckney"};
	char code[CODE_TEXT_MAX], id[ID_TEXT_LEN + 1];
	struct qip_capture *screen = NULL;
	struct qip_sync_report report;
	uint64_t seq = 0;

	(void)state;
	qip_close(kiosk);
	kiosk = NULL;
	practice_remove(practice_path(&p, "kib-kiosk"));
	qip_close(practice_device(&p, boss, "kib-moving", ROLE_KIOSK));
	assert_int_equal(rename(practice_path(&p, "kib-moving"), practice_path(&p, "kib-kiosk")), 0);
	assert_int_equal(unlink(practice_path(&p, "kib-kiosk/incarnation.json")), 0);
	put_into("c1");
	kiosk = open_in_box("kib-kiosk");
	answer_without_site();
	OK(qip_capture_open(&screen, kiosk, &last_error));
	OK(qip_invite(code, boss, "kib-moved", ROLE_KIOSK, "fleckney", &last_error));
	OK(qip_sync(boss, &report, &last_error));
	OK(join_again(code));
	OK(id_make(id, &box));
	OK(practice_capture(screen, id, "good", NULL, &seq));
	OK(qip_capture_reload(screen, kiosk, &last_error));
	OK(id_make(id, &box));
	OK(practice_capture(screen, id, "good", NULL, &seq));
	qip_capture_close(screen);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	assert_sites("kib-moved", sites, ARRAY_LEN(sites));
}

/* ---- what stays of the old name ---- */

static void set_receipts_back(int64_t by_ms)
{
	cJSON *note = NULL;
	int64_t at_ms = 0;

	OK(files_read_json(&note, kiosk->dir, REJOIN_RECEIPTS, &last_error));
	assert_true(json_integer(note, "at", &at_ms));
	OK(json_set_integer(note, "at", at_ms - by_ms));
	OK(files_write_json(kiosk->dir, REJOIN_RECEIPTS, note, 0600, &last_error));
	cJSON_Delete(note);
}

static bool former_is_there(void)
{
	return access(practice_path(&p, "kib-kiosk/" REJOIN_FORMER), F_OK) == 0;
}

static void the_old_history_stays_for_35_days_after_all_of_it_arrived(void **state)
{
	char code[CODE_TEXT_MAX];

	(void)state;
	practice_answers(kiosk, 1);
	invite(code, "kib-again");
	OK(join_again(code));
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	set_receipts_back(LIMIT_KEEP_RECEIPTED_MS - 60000);
	(void)practice_sync(kiosk);
	assert_true(former_is_there());
	set_receipts_back(-LIMIT_KEEP_RECEIPTED_MS); /* of a clock that was set back since: from now on */
	(void)practice_sync(kiosk);
	set_receipts_back(0);
	assert_true(former_is_there());
	set_receipts_back(LIMIT_KEEP_RECEIPTED_MS);
	(void)practice_sync(kiosk);
	assert_false(former_is_there());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_that_fails_ends_nobody_and_uses_no_code_up),
		cmocka_unit_test(a_restored_log_that_does_not_know_the_old_name_takes_all_under_the_new_one),
		cmocka_unit_test(an_answer_keeps_the_site_where_it_was_given_also_while_a_screen_does_not_know_its_new_one),
		cmocka_unit_test(the_old_history_stays_for_35_days_after_all_of_it_arrived),
	};

	return cmocka_run_group_tests(tests, set_up_boxes, tear_down);
}
