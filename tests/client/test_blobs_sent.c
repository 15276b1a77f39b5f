/* tests/client/test_blobs_sent.c - what of free text goes when, and what becomes of what the server does not take. */
#include "tests/client/kiosk_fixture.h"

#include "client/blobs.h"
#include "client/blobs_send.h"
#include "client/sealed.h"

static char last_id[ID_TEXT_LEN + 1];

static void comment(const char *text)
{
	struct qip_capture *c = NULL;
	uint64_t seq = 0;

	OK(id_make(last_id, env_system()));
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, last_id, "good", text, &seq));
	qip_capture_close(c);
}

static bool server_has(const char *hex)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "server/C82999/blobs/%.2s/%s", hex, hex);
	return access(practice_path(&p, name), F_OK) == 0;
}

static bool is_in(const char *home, const char *folder, const char *hex)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "%s/%s/%s", home, folder, hex);
	return access(practice_path(&p, name), F_OK) == 0;
}

static void what_an_earlier_program_kept_is_sent(void **state)
{
	char hex[SHA256_HEX_LEN + 1];

	(void)state;
	OK(blobs_put(hex, kiosk, "sealed by an earlier program", 28, &last_error));
	OK(blobs_arrived(kiosk, hex, 1, &last_error)); /* where that kept it */
	assert_int_equal(rmdir(practice_path(&p, "kib-kiosk/" HOME_OUTBOX)), 0);
	qip_close(kiosk);
	kiosk = practice_open(&p, "kib-kiosk");
	assert_true(is_in("kib-kiosk", HOME_OUTBOX, hex) && !is_in("kib-kiosk", HOME_BLOBS, hex));
	assert_int_equal(practice_sync(kiosk).blobs_sent, 1);
	assert_true(server_has(hex));
	qip_close(kiosk);
	kiosk = practice_open(&p, "kib-kiosk"); /* once */
	assert_true(is_in("kib-kiosk", HOME_BLOBS, hex));
	assert_int_equal(practice_sync(kiosk).blobs_sent, 0);
}

static struct blobs_sent send_some(struct qip *q, size_t count, int64_t bytes, enum status expected)
{
	const struct blobs_bounds bounds = {.count = count, .bytes = bytes};
	struct blobs_sent sent;
	struct remote remote;

	OK(remote_open(&remote, q, true, &last_error));
	FAILS(blobs_send(&sent, q, &remote, &bounds, &last_error), expected);
	remote_end(&remote, q);
	return sent;
}

static void the_oldest_go_first_and_no_more_than_fits(void **state)
{
	char hex[4][SHA256_HEX_LEN + 1];
	struct blobs_sent sent;

	(void)state;
	for (int i = 0; i < 4; i++) {
		char text[2] = {(char)('a' + i), '\0'};

		OK(blobs_put(hex[i], kiosk, text, 1, &last_error));
		blobs_put_off(kiosk, hex[i], 1700000000000 - i); /* the last is the oldest */
	}
	sent = send_some(kiosk, 2, 1000, STATUS_OK);
	assert_int_equal(sent.sent, 2);
	assert_int_equal(sent.waiting, 2);
	assert_true(server_has(hex[3]) && server_has(hex[2]) && !server_has(hex[1]) && !server_has(hex[0]));
	sent = send_some(kiosk, 100, 1, STATUS_OK);
	assert_int_equal(sent.sent, 1);
	assert_true(server_has(hex[1]) && !server_has(hex[0]));
	assert_int_equal(practice_sync(kiosk).blobs_sent, 1);
}

static void serve_with(const char *config)
{
	practice_kill(&p, SIGTERM);
	OK(files_write(AT_FDCWD, practice_path(&p, "server/server.json"), config, strlen(config), 0600, &last_error));
	practice_serve(&p);
}

static void what_the_host_finds_too_large_stays_and_keeps_nothing_else(void **state)
{
	static char large[2 * 1024 * 1024];
	char big[SHA256_HEX_LEN + 1], small[SHA256_HEX_LEN + 1];
	struct qip_sync_report report;
	struct buf was = BUF_INIT;
	cJSON *ref = NULL;

	(void)state;
	OK(files_read(&was, AT_FDCWD, practice_path(&p, "server/server.json"), 10000, &last_error));
	serve_with("{\"schema\":\"server/1\",\"hosts\":[\"localhost\"],\"limits\":{\"blob_bytes\":1048576}}");
	OK(blobs_put(big, boss, large, sizeof(large), &last_error));
	blobs_put_off(boss, big, 1700000000000); /* it would be first */
	OK(blobs_put(small, boss, "small", 5, &last_error));
	report = practice_sync(boss);
	assert_int_equal(report.blobs_sent, 1);
	assert_int_equal(report.blobs_waiting, 1);
	assert_non_null(strstr(report.blobs_why, "too large"));
	assert_true(server_has(small) && !server_has(big) && is_in("manager", HOME_OUTBOX, big));
	OK(blobs_put(small, boss, "another", 7, &last_error));
	blobs_put_off(boss, small, 1700000000000);
	assert_int_equal(send_some(boss, 1, 1000000000, STATUS_OK).sent, 1); /* what was refused before stands behind */
	FAILS(sealed_make(&ref, boss, SEALED_EVIDENCE, "0190c8a2-7f1e-7000-8000-000000000000", large, 1048576 - SEAL_OVERHEAD + 1, &last_error), STATUS_TOO_BIG);
	assert_non_null(strstr(last_error.text, "1048528 bytes")); /* before it is sealed */
	boss->state.blob_bytes = SEAL_OVERHEAD + 1;
	OK(sealed_make(&ref, boss, SEALED_EVIDENCE, "0190c8a2-7f1e-7000-8000-000000000000", "few", 3, &last_error)); /* no server tells so little */
	cJSON_Delete(ref);
	assert_int_equal(practice_sync(boss).blobs_waiting, 1);
	serve_with(buf_text(&was));
	report = practice_sync(boss);
	assert_int_equal(report.blobs_sent, 1);
	assert_string_equal(report.blobs_why, "");
	assert_true(server_has(big));
	OK(sealed_make(&ref, boss, SEALED_EVIDENCE, "0190c8a2-7f1e-7000-8000-000000000000", large, 1048576, &last_error));
	cJSON_Delete(ref);
	buf_clear(&was);
}

static void what_was_erased_before_it_arrived_is_deleted_and_marked(void **state)
{
	char hex[SHA256_HEX_LEN + 1], path[TREE_PATH_MAX], at[TIME_TEXT_MAX], id[ID_TEXT_LEN + 1];
	struct qip_edit *edit = NULL;
	cJSON *record = cJSON_CreateObject();
	const char *blobs[] = {hex};
	struct blobs_sent sent;

	(void)state;
	OK(blobs_put(hex, kiosk, "to be erased", 12, &last_error));
	OK(id_make(id, env_system()));
	time_format(at, env_system()->now_ms(env_system()->ctx));
	OK(json_set_string(record, "schema", "erasure/1"));
	OK(json_set_string(record, "id", id));
	OK(json_set_string(record, "device", boss->identity.device));
	OK(json_set_string(record, "at", at));
	OK(json_set_string(record, "reason", "The patient asked for it."));
	OK(json_set(record, "blobs", cJSON_CreateStringArray(blobs, 1)));
	(void)snprintf(path, sizeof(path), "erasures/%s/%s.json", id + ID_TEXT_LEN - 2, id);
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Erase a comment", &last_error));
	(void)practice_sync(boss);
	sent = send_some(kiosk, 100, 1000000, STATUS_OK); /* before it has heard of the erasure */
	assert_int_equal(sent.sent, 0);
	assert_int_equal(sent.waiting, 0);
	assert_true(blobs_is_erased(kiosk, hex) && !blobs_has(kiosk, hex) && !server_has(hex));
	FAILS(blobs_put(hex, kiosk, "to be erased", 12, &last_error), STATUS_GONE);
	cJSON_Delete(record);
}

/* Whatever of the server's words does not arrive. */
static void a_line_that_fails_anywhere_loses_and_doubles_nothing(void **state)
{
	struct proxy line;
	struct qip_sync_report report;
	bool whole = false;
	uint64_t cut_after_answers = 0;
	int given = 0;

	(void)state;
	(void)practice_sync(boss);
	proxy_start(&line, &p);
	(void)snprintf(kiosk->identity.url, sizeof(kiosk->identity.url), "%s", p.url);
	for (long bytes = 200; !whole && given < 60; bytes += 150) {
		comment("Typed while the line was bad.");
		given++;
		atomic_store(&line.reply_bytes, bytes);
		report = (struct qip_sync_report){0};
		whole = qip_sync(kiosk, &report, &last_error) == STATUS_OK && report.blobs_waiting == 0;
		cut_after_answers += report.records_sent > 0 && report.blobs_waiting > 0;
		atomic_store(&line.reply_bytes, PROXY_ALL);
		report = practice_sync(kiosk);
		assert_int_equal(report.waiting, 0);
		assert_int_equal(report.blobs_waiting, 0);
	}
	assert_true(whole && given > 3);
	assert_true(cut_after_answers > 0); /* and that visit counted as one that went through */
	proxy_stop(&line);
	(void)snprintf(p.url, sizeof(p.url), "https://localhost:%d", p.port);
	(void)snprintf(kiosk->identity.url, sizeof(kiosk->identity.url), "%s", p.url);
	assert_int_equal(practice_sync(boss).blobs_received, given);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_earlier_program_kept_is_sent),
		cmocka_unit_test(the_oldest_go_first_and_no_more_than_fits),
		cmocka_unit_test(what_the_host_finds_too_large_stays_and_keeps_nothing_else),
		cmocka_unit_test(what_was_erased_before_it_arrived_is_deleted_and_marked),
		cmocka_unit_test(a_line_that_fails_anywhere_loses_and_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
