/* tests/client/test_blobs.c - free text on its way: from the kiosk to the server, and from there to whoever may open it; the records never wait for it. */
#include "tests/client/kiosk_fixture.h"

#include "client/blobs.h"
#include "client/blobs_send.h"
#include "client/files.h"
#include "client/sealed.h"

#define TEXT "Ring before 8:30? \u0ab8\u0ab5\u0abe\u0ab0\u0ac7"
#define DAY_MS INT64_C(86400000)

static uint64_t answers;
static char last_id[ID_TEXT_LEN + 1];

static void comment(const char *text)
{
	struct qip_capture *c = NULL;

	OK(id_make(last_id, env_system()));
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, last_id, "good", text, &answers));
	qip_capture_close(c);
}

/* The comment of the last answer, as the manager has the record; the caller's. */
static cJSON *named(void)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL, *ref = NULL;

	policy_feedback_path(path, "kib-kiosk", answers);
	OK(qip_read(&record, boss, path, &last_error));
	ref = cJSON_DetachItemFromObjectCaseSensitive(record, "comment");
	assert_non_null(ref);
	cJSON_Delete(record);
	return ref;
}

static enum status open_text(const cJSON *ref, const char *wanted)
{
	struct buf text = BUF_INIT;
	enum status st = sealed_open(&text, boss, SEALED_COMMENT, last_id, ref, &last_error);

	if (st == STATUS_OK)
		assert_string_equal(buf_text(&text), wanted);
	buf_clear(&text);
	return st;
}

static bool server_has(const char *hex)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "server/C82999/blobs/%.2s/%s", hex, hex);
	return access(practice_path(&p, name), F_OK) == 0;
}

static bool kiosk_has(const char *folder, const char *hex)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "kib-kiosk/%s/%s", folder, hex);
	return access(practice_path(&p, name), F_OK) == 0;
}

static void a_comment_reaches_whoever_may_open_it(void **state)
{
	struct qip_sync_report report;
	const char *hex = NULL;
	cJSON *ref = NULL;

	(void)state;
	comment(TEXT);
	report = practice_sync(kiosk);
	assert_int_equal(report.waiting, 0);
	assert_int_equal(report.blobs_sent, 1);
	assert_int_equal(report.blobs_waiting, 0);
	report = practice_sync(boss);
	assert_int_equal(report.blobs_received, 1);
	assert_int_equal(report.blobs_missing, 0);
	ref = named();
	hex = json_string(ref, "sha256");
	assert_true(server_has(hex));
	assert_true(kiosk_has(HOME_BLOBS, hex) && !kiosk_has(HOME_OUTBOX, hex));
	OK(open_text(ref, TEXT));
	assert_int_equal(practice_sync(kiosk).blobs_sent, 0);
	assert_int_equal(practice_sync(boss).blobs_received, 0);
	cJSON_Delete(ref);
}

static void records_do_not_wait_for_it(void **state)
{
	char blobs[PRACTICE_PATH], aside[PRACTICE_PATH];
	struct qip_sync_report report;
	struct qip_blobs blobs_of;
	cJSON *ref = NULL;
	int fd = -1;

	(void)state;
	(void)snprintf(blobs, sizeof(blobs), "%s", practice_path(&p, "server/C82999/blobs/new"));
	(void)snprintf(aside, sizeof(aside), "%s", practice_path(&p, "server/C82999/new.aside"));
	assert_int_equal(rename(blobs, aside), 0);
	fd = open(blobs, O_WRONLY | O_CREAT, 0600); /* no folder: the server can keep none */
	assert_true(fd >= 0);
	(void)close(fd);
	comment("While the server's disk fails.");
	report = practice_sync(kiosk);
	assert_int_equal(report.waiting, 0);
	assert_int_equal(report.blobs_sent, 0);
	assert_int_equal(report.blobs_waiting, 1);
	assert_int_equal(unlink(blobs), 0);
	assert_int_equal(rename(aside, blobs), 0);
	report = practice_sync(boss);
	assert_int_equal(report.blobs_received, 0);
	assert_int_equal(report.blobs_missing, 1);
	OK(qip_blobs(&blobs_of, kiosk, &last_error));
	assert_int_equal(blobs_of.waiting, 1);
	OK(qip_blobs(&blobs_of, boss, &last_error));
	assert_int_equal(blobs_of.waiting, 0);
	assert_int_equal(blobs_of.missing, 1);
	ref = named();
	FAILS(open_text(ref, ""), STATUS_NOT_FOUND);
	assert_int_equal(practice_sync(boss).blobs_missing, 1);
	assert_int_equal(practice_sync(kiosk).blobs_sent, 1);
	report = practice_sync(boss);
	assert_int_equal(report.blobs_received, 1);
	assert_int_equal(report.blobs_missing, 0);
	OK(open_text(ref, "While the server's disk fails."));
	cJSON_Delete(ref);
}

/* One byte of a file, changed. */
static void damage(const char *home, const char *folder, const char *hex)
{
	char name[200];
	FILE *f = NULL;
	int was = 0;

	(void)snprintf(name, sizeof(name), "%s/%s/%s", home, folder, hex);
	f = fopen(practice_path(&p, name), "r+be");
	assert_non_null(f);
	assert_int_equal(fseek(f, 20, SEEK_SET), 0);
	was = fgetc(f);
	assert_int_equal(fseek(f, 20, SEEK_SET), 0);
	assert_int_equal(fputc(was ^ 0x10, f), was ^ 0x10);
	assert_int_equal(fclose(f), 0);
}

static void what_is_damaged_is_asked_for_again_or_put_aside(void **state)
{
	char hex[SHA256_HEX_LEN + 1], name[200];
	cJSON *ref = named();

	(void)state;
	memcpy(hex, json_string(ref, "sha256"), sizeof(hex));
	damage("manager", HOME_BLOBS, hex);
	FAILS(open_text(ref, ""), STATUS_CORRUPT);
	FAILS(open_text(ref, ""), STATUS_NOT_FOUND);
	assert_int_equal(practice_sync(boss).blobs_received, 1);
	OK(open_text(ref, "While the server's disk fails."));
	cJSON_Delete(ref);

	comment("On a card that fails.");
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	ref = named();
	memcpy(hex, json_string(ref, "sha256"), sizeof(hex));
	cJSON_Delete(ref);
	(void)snprintf(name, sizeof(name), "kib-kiosk/" HOME_OUTBOX "/%s", hex);
	assert_int_equal(rename(practice_path(&p, "kib-kiosk/" HOME_BLOBS), practice_path(&p, "kib-kiosk/was")), 0);
	practice_remove(practice_path(&p, "kib-kiosk/" HOME_OUTBOX));
	assert_int_equal(rename(practice_path(&p, "kib-kiosk/was"), practice_path(&p, "kib-kiosk/" HOME_OUTBOX)), 0);
	damage("kib-kiosk", HOME_OUTBOX, hex);
	assert_true(practice_sync(kiosk).blobs_sent > 0); /* the others */
	assert_false(kiosk_has(HOME_OUTBOX, hex) || kiosk_has(HOME_BLOBS, hex));
	(void)snprintf(name, sizeof(name), "kib-kiosk/" HOME_OUTBOX "/%s.damaged", hex);
	assert_int_equal(access(practice_path(&p, name), F_OK), 0);
}

static void a_restored_server_gets_it_again(void **state)
{
	cJSON *ref = NULL;

	(void)state;
	practice_kill(&p, SIGTERM);
	practice_copy(practice_path(&p, "server"), practice_path(&p, "before"));
	practice_serve(&p);
	comment("After the backup.");
	assert_int_equal(practice_sync(kiosk).blobs_sent, 1);
	practice_kill(&p, SIGTERM);
	practice_remove(practice_path(&p, "server"));
	practice_copy(practice_path(&p, "before"), practice_path(&p, "server"));
	practice_serve(&p);
	assert_true(practice_sync(kiosk).blobs_sent > 0);
	(void)practice_sync(boss);
	ref = named();
	OK(open_text(ref, "After the backup."));
	cJSON_Delete(ref);
}

static void a_receipt_that_was_lost_sends_nothing_again(void **state)
{
	struct oid accepted, none = {{0}};

	(void)state;
	OK(home_ref(&accepted, kiosk, kiosk->own_ref, &last_error));
	OK(repo_commit_first_parent(&none, kiosk->repo, &accepted, &last_error));
	OK(home_move_ref(kiosk, kiosk->own_ref, &none, &accepted, &last_error));
	assert_int_equal(practice_sync(kiosk).blobs_sent, 0);
}

static void a_kiosk_keeps_it_for_35_days(void **state)
{
	char old[SHA256_HEX_LEN + 1], young[SHA256_HEX_LEN + 1];
	const int64_t now_ms = env_system()->now_ms(env_system()->ctx);
	cJSON *ref = named();

	(void)state;
	memcpy(young, json_string(ref, "sha256"), sizeof(young));
	cJSON_Delete(ref);
	OK(blobs_put(old, kiosk, "sealed before", 13, &last_error));
	OK(blobs_arrived(kiosk, old, now_ms - 35 * DAY_MS - 1000, &last_error));
	assert_true(kiosk_has(HOME_BLOBS, old) && kiosk_has(HOME_BLOBS, young));
	kiosk->state.tidied_ms = 0; /* a day later */
	blobs_tidy(kiosk, now_ms);
	assert_false(kiosk_has(HOME_BLOBS, old));
	assert_true(kiosk_has(HOME_BLOBS, young));
}

static void what_was_erased_does_not_come_back(void **state)
{
	char hex[SHA256_HEX_LEN + 1];
	struct buf out = BUF_INIT;
	cJSON *ref = named();

	(void)state;
	memcpy(hex, json_string(ref, "sha256"), sizeof(hex));
	OK(sealed_open(&out, boss, SEALED_COMMENT, last_id, ref, &last_error));
	cJSON_Delete(ref);
	buf_clear(&out);
	OK(blobs_erase(boss, hex, &last_error));
	assert_true(blobs_is_erased(boss, hex) && !blobs_has(boss, hex));
	FAILS(blobs_get(&out, boss, hex, &last_error), STATUS_GONE);
	OK(files_remove(boss->dir, HOME_WANTED, &last_error)); /* all is looked at again */
	(void)practice_sync(boss);
	assert_false(blobs_has(boss, hex));
	FAILS(blobs_keep(boss, hex, "other", 5, 0, &last_error), STATUS_UNTRUSTED);
	assert_false(blobs_has(boss, hex));
}

/* An erasure is the server's word: it names sealed bytes, or nothing. */
static void no_other_file_goes_by_the_name_of_an_erasure(void **state)
{
	static const char *const names[] = {"../device.key", "../seal.key", "", "..", "0123456789abcdef", "../outbox/00000000000000000000000000000000000000000000000000000"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		FAILS(blobs_erase(boss, names[i], &last_error), STATUS_MALFORMED);
		FAILS(blobs_drop(boss, names[i], &last_error), STATUS_MALFORMED);
	}
	assert_int_equal(access(practice_path(&p, "manager/device.key"), F_OK), 0);
	assert_int_equal(access(practice_path(&p, "manager/seal.key"), F_OK), 0);
	assert_int_not_equal(access(practice_path(&p, "manager/device.key.erased"), F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comment_reaches_whoever_may_open_it),
		cmocka_unit_test(records_do_not_wait_for_it),
		cmocka_unit_test(what_is_damaged_is_asked_for_again_or_put_aside),
		cmocka_unit_test(a_restored_server_gets_it_again),
		cmocka_unit_test(a_receipt_that_was_lost_sends_nothing_again),
		cmocka_unit_test(a_kiosk_keeps_it_for_35_days),
		cmocka_unit_test(what_was_erased_does_not_come_back),
		cmocka_unit_test(no_other_file_goes_by_the_name_of_an_erasure),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
