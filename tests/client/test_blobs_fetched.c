/* tests/client/test_blobs_fetched.c - what of free text comes to whom, from a server that lacks some of it, alters it, or is cut off. */
#include "tests/client/kiosk_fixture.h"

#include "client/blobs.h"
#include "client/blobs_send.h"
#include "core/digest.h"

static uint64_t answers;

/* An answer with a comment, sent; the name of its sealed bytes. */
static void comment(char hex[SHA256_HEX_LEN + 1], const char *text)
{
	char id[ID_TEXT_LEN + 1], path[TREE_PATH_MAX];
	struct qip_capture *c = NULL;
	cJSON *record = NULL;

	OK(id_make(id, env_system()));
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, id, "good", text, &answers));
	qip_capture_close(c);
	assert_int_equal(practice_sync(kiosk).blobs_waiting, 0);
	policy_feedback_path(path, "kib-kiosk", answers);
	OK(qip_read(&record, kiosk, path, &last_error));
	memcpy(hex, json_string(json_get(record, "comment"), "sha256"), SHA256_HEX_LEN + 1);
	cJSON_Delete(record);
}

static const char *at_server(const char *hex)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "server/C82999/blobs/%.2s/%.64s", hex, hex);
	return practice_path(&p, name);
}

static bool reads(struct qip *q, const char *hex)
{
	struct buf bytes = BUF_INIT;
	enum status st = blobs_get(&bytes, q, hex, &last_error);

	buf_clear(&bytes);
	return st == STATUS_OK;
}

static void what_the_server_altered_is_not_kept_and_is_told(void **state)
{
	char hex[SHA256_HEX_LEN + 1], other[SHA256_HEX_LEN + 1];
	struct buf sealed = BUF_INIT;
	struct qip_sync_report report;

	(void)state;
	comment(hex, "To be altered.");
	comment(other, "To be left as it is.");
	OK(files_read(&sealed, AT_FDCWD, at_server(hex), 100000, &last_error));
	sealed.data[3] ^= 1;
	OK(files_write(AT_FDCWD, at_server(hex), sealed.data, sealed.len, 0600, &last_error));
	report = practice_sync(boss);
	assert_int_equal(report.blobs_received, 1);
	assert_int_equal(report.blobs_missing, 1);
	assert_non_null(strstr(report.blobs_why, "other bytes"));
	assert_true(reads(boss, other) && !blobs_has(boss, hex));
	sealed.data[3] ^= 1;
	OK(files_write(AT_FDCWD, at_server(hex), sealed.data, sealed.len, 0600, &last_error));
	report = practice_sync(boss);
	assert_int_equal(report.blobs_received, 1);
	assert_string_equal(report.blobs_why, "");
	assert_true(reads(boss, hex));
	buf_clear(&sealed);
}

static void erase(const char *hex)
{
	char path[TREE_PATH_MAX], at[TIME_TEXT_MAX], id[ID_TEXT_LEN + 1];
	struct qip_edit *edit = NULL;
	cJSON *record = cJSON_CreateObject();

	OK(id_make(id, env_system()));
	time_format(at, env_system()->now_ms(env_system()->ctx));
	OK(json_set_string(record, "schema", "erasure/1"));
	OK(json_set_string(record, "id", id));
	OK(json_set_string(record, "device", boss->identity.device));
	OK(json_set_string(record, "at", at));
	OK(json_set_string(record, "reason", "The patient asked for it."));
	OK(json_set(record, "blobs", cJSON_CreateStringArray(&hex, 1)));
	(void)snprintf(path, sizeof(path), "erasures/%s/%s.json", id + ID_TEXT_LEN - 2, id);
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Erase a comment", &last_error));
	cJSON_Delete(record);
}

static void what_was_erased_goes_and_nobody_waits_for_it(void **state)
{
	char hex[SHA256_HEX_LEN + 1], late[SHA256_HEX_LEN + 1];
	struct qip_sync_report report;
	struct qip *staff = NULL;

	(void)state;
	comment(hex, "To be erased.");
	comment(late, "To be erased before it came.");
	assert_int_equal(rename(at_server(late), practice_path(&p, "late")), 0);
	report = practice_sync(boss);
	assert_int_equal(report.blobs_missing, 1);
	assert_true(reads(boss, hex));
	erase(hex);
	erase(late);
	report = practice_sync(boss);
	assert_int_equal(report.blobs_missing, 0);
	assert_true(blobs_is_erased(boss, hex) && !blobs_has(boss, hex));
	assert_int_equal(practice_sync(boss).blobs_missing, 0);
	staff = practice_device(&p, boss, "fle-staff", ROLE_STAFF);
	report = practice_sync(staff);
	assert_int_equal(report.blobs_received, answers - 2);
	assert_int_equal(report.blobs_missing, 0);
	assert_false(blobs_has(staff, hex));
	qip_close(staff);
}

static void who_may_not_read_it_does_not_ask(void **state)
{
	struct qip *icb = practice_device(&p, boss, "lead-icb", ROLE_ICB);
	char hex[SHA256_HEX_LEN + 1];
	struct qip_sync_report report;

	(void)state;
	comment(hex, "Not for the ICB.");
	report = practice_sync(icb);
	assert_int_equal(report.blobs_received + report.blobs_missing, 0);
	assert_string_equal(report.blobs_why, "");
	assert_false(blobs_has(icb, hex));
	(void)practice_sync(boss);
	qip_close(icb);
}

/* As many as can be noted are awaited already. */
static void more_than_can_be_noted_are_looked_for_again(void **state)
{
	char hex[SHA256_HEX_LEN + 1];
	cJSON *wanted = cJSON_CreateObject(), *missing = cJSON_CreateArray();

	(void)state;
	for (int i = 0; i < LIMIT_BLOBS_MISSING; i++) {
		char name[SHA256_HEX_LEN + 1];

		(void)snprintf(name, sizeof(name), "%064x", i + 1);
		assert_true(cJSON_AddItemToArray(missing, cJSON_CreateString(name)));
	}
	comment(hex, "One too many.");
	assert_int_equal(rename(at_server(hex), practice_path(&p, "aside")), 0);
	OK(json_set(wanted, "missing", missing));
	OK(files_write_json(boss->dir, HOME_WANTED, wanted, 0600, &last_error));
	assert_int_equal(practice_sync(boss).blobs_missing, LIMIT_BLOBS_MISSING + 1);
	assert_int_equal(rename(practice_path(&p, "aside"), at_server(hex)), 0);
	assert_int_equal(practice_sync(boss).blobs_received, 1);
	assert_true(reads(boss, hex));
	OK(files_remove(boss->dir, HOME_WANTED, &last_error));
	assert_int_equal(practice_sync(boss).blobs_missing, 0);
	cJSON_Delete(wanted);
}

/* Whatever of the server's words does not arrive. */
static void a_line_that_fails_anywhere_leaves_what_came_and_goes_on(void **state)
{
	char hex[SHA256_HEX_LEN + 1];
	struct proxy line;
	bool whole = false;
	int given = 0, cut = 0;

	(void)state;
	proxy_start(&line, &p);
	for (long bytes = 200; !whole && given < 60; bytes += 250) {
		struct qip_sync_report report = {0};

		comment(hex, "Fetched while the line was bad.");
		given++;
		(void)snprintf(boss->identity.url, sizeof(boss->identity.url), "https://localhost:%d", line.port);
		atomic_store(&line.reply_bytes, bytes);
		whole = qip_sync(boss, &report, &last_error) == STATUS_OK && blobs_has(boss, hex);
		cut += report.merges_received > 0 && report.blobs_why[0];
		atomic_store(&line.reply_bytes, PROXY_ALL);
		report = practice_sync(boss);
		assert_int_equal(report.blobs_missing, 0);
		assert_string_equal(report.blobs_why, "");
		assert_true(reads(boss, hex));
	}
	assert_true(whole && given > 3);
	assert_true(cut > 0); /* and that visit counted as one that went through */
	proxy_stop(&line);
	(void)snprintf(p.url, sizeof(p.url), "https://localhost:%d", p.port);
	(void)snprintf(boss->identity.url, sizeof(boss->identity.url), "%s", p.url);
}

/* Whoever joins late has much to fetch: each visit takes its part, and none of it twice. */
static void a_visit_takes_so_many_and_the_next_ones_the_rest(void **state)
{
	const struct blobs_bounds two = {.count = 2, .bytes = 1000000};
	struct qip *late = NULL;
	struct blobs_fetched got = {.more = true};
	char hex[SHA256_HEX_LEN + 1];
	uint64_t all = 0;
	int visits = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		comment(hex, "One of several.");
	(void)practice_sync(boss);
	late = practice_device(&p, boss, "newcomer", ROLE_STAFF);
	for (; got.more; visits++) {
		struct remote remote;

		OK(remote_open(&remote, late, true, &last_error));
		OK(blobs_fetch(&got, late, &remote, &two, &last_error));
		remote_end(&remote, late);
		assert_true(got.received <= 2 && visits < 100);
		all += got.received;
	}
	assert_true(visits >= 3 && all >= 5 && reads(late, hex));
	assert_int_equal(practice_sync(late).blobs_received, 0);
	assert_false(practice_sync(late).blobs_more);
	qip_close(late);
}

/* What a visit did not get to is not forgotten, though no record is looked at again for it. */
static void what_was_missing_comes_in_steps_too(void **state)
{
	const struct blobs_bounds two = {.count = 2, .bytes = 1000000};
	char hex[5][SHA256_HEX_LEN + 1], name[80];
	struct blobs_fetched got = {.more = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		comment(hex[i], "It comes later.");
		(void)snprintf(name, sizeof(name), "aside.%zu", i);
		assert_int_equal(rename(at_server(hex[i]), practice_path(&p, name)), 0);
	}
	assert_int_equal(practice_sync(boss).blobs_missing, 5);
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		char from[200];

		(void)snprintf(name, sizeof(name), "aside.%zu", i);
		(void)snprintf(from, sizeof(from), "%s", practice_path(&p, name));
		assert_int_equal(rename(from, at_server(hex[i])), 0);
	}
	for (int visits = 0; got.more && visits < 10; visits++) {
		struct remote remote;

		OK(remote_open(&remote, boss, true, &last_error));
		OK(blobs_fetch(&got, boss, &remote, &two, &last_error));
		remote_end(&remote, boss);
		assert_true(got.received <= 2);
		assert_int_equal(got.missing, 0);
	}
	assert_false(got.more);
	for (size_t i = 0; i < ARRAY_LEN(hex); i++)
		assert_true(reads(boss, hex[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_server_altered_is_not_kept_and_is_told),
		cmocka_unit_test(what_was_erased_goes_and_nobody_waits_for_it),
		cmocka_unit_test(who_may_not_read_it_does_not_ask),
		cmocka_unit_test(more_than_can_be_noted_are_looked_for_again),
		cmocka_unit_test(a_visit_takes_so_many_and_the_next_ones_the_rest),
		cmocka_unit_test(what_was_missing_comes_in_steps_too),
		cmocka_unit_test(a_line_that_fails_anywhere_leaves_what_came_and_goes_on),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
