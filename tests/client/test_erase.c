/* tests/client/test_erase.c - free text that is erased: gone from every home, and it stays gone. */
#include "tests/client/kiosk_fixture.h"

#include <poll.h>

#include "client/audit.h"
#include "client/blobs.h"
#include "client/erase.h"
#include "client/files.h"
#include "client/sealed.h"

static struct qip *staff;
static uint64_t answers;
static char feedback[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1], erasure[ID_TEXT_LEN + 1];

static uint64_t given_back; /* the number of what the journal gave */

static enum status look_for_sealed(void *ctx, const struct journal_record *r, struct error *e)
{
	(void)e;
	if (r->seq == answers) {
		const uint8_t *bytes = r->attachment;

		given_back = r->seq;
		for (size_t i = 0; i < r->attachment_len; i++)
			*(bool *)ctx = *(bool *)ctx || bytes[i];
	}
	return STATUS_OK;
}

/* A patient's comment that has reached everybody; `feedback` and `hex` are its. */
static void comment_on(struct qip_capture *c)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;

	OK(id_make(feedback, env_system()));
	OK(practice_capture(c, feedback, "good", "Ask for Jyoti.", &answers));
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	(void)practice_sync(staff);
	policy_feedback_path(path, "kib-kiosk", answers);
	OK(qip_read(&record, boss, path, &last_error));
	memcpy(hex, json_string(json_get(record, "comment"), "sha256"), sizeof(hex));
	cJSON_Delete(record);
}

static void comment(void)
{
	struct qip_capture *c = NULL;

	OK(qip_capture_open(&c, kiosk, &last_error));
	comment_on(c);
	qip_capture_close(c);
}

static bool is_at(const char *folder)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "%s/%s", folder, hex);
	return access(practice_path(&p, name), F_OK) == 0;
}

static bool server_has(void)
{
	char folder[80];

	(void)snprintf(folder, sizeof(folder), "server/C82999/blobs/%.2s", hex);
	return is_at(folder);
}

static int acks(const char *device)
{
	char folder[TREE_PATH_MAX];

	(void)snprintf(folder, sizeof(folder), "acks/%s", device);
	return practice_count(boss, folder);
}

static void it_goes_from_every_home_and_each_says_so(void **state)
{
	(void)state;
	comment();
	assert_true(is_at("manager/blobs") && is_at("fle-staff/blobs") && is_at("kib-kiosk/blobs") && server_has());
	FAILS(erase_feedback(erasure, staff, feedback, "Asked for.", &last_error), STATUS_DENIED);
	FAILS(erase_feedback(erasure, boss, feedback, "", &last_error), STATUS_USAGE);
	OK(erase_feedback(erasure, boss, feedback, "The patient asked for it.", &last_error));
	assert_false(is_at("manager/blobs"));
	FAILS(erase_feedback(erasure, boss, feedback, "Again.", &last_error), STATUS_GONE);
	(void)practice_sync(boss);
	assert_false(server_has());
	assert_true(is_at("fle-staff/blobs") && is_at("kib-kiosk/blobs"));
	(void)practice_sync(staff);
	(void)practice_sync(kiosk);
	assert_false(is_at("fle-staff/blobs") || is_at("kib-kiosk/blobs") || is_at("kib-kiosk/outbox"));
	(void)practice_sync(boss);
	assert_int_equal(acks("manager"), 1);
	assert_int_equal(acks("fle-staff"), 1);
	assert_int_equal(acks("kib-kiosk"), 1);
	(void)practice_sync(staff);
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	assert_int_equal(acks("fle-staff"), 1);
}

/* Bytes of the journal's files, unmasked or not, that are the sealed ones: what the journal gives back of the answer. */
static bool journal_has_sealed(void)
{
	char path[PRACTICE_PATH];
	struct journal *j = NULL;
	bool has = false;

	(void)snprintf(path, sizeof(path), "%s", practice_path(&p, "kib-kiosk/" HOME_JOURNAL));
	OK(journal_open(&j, path, JOURNAL_READ, 1, env_system(), &last_error));
	OK(journal_each(j, answers, look_for_sealed, &has, &last_error));
	journal_close(j);
	return has;
}

static void the_kiosks_journal_keeps_the_answer_without_it(void **state)
{
	struct qip_capture *c = NULL;
	char id[ID_TEXT_LEN + 1];
	uint64_t seq = 0, first = 0;

	(void)state;
	OK(qip_capture_open(&c, kiosk, &last_error)); /* the screen runs on */
	comment_on(c);
	first = answers;
	assert_true(journal_has_sealed());
	OK(erase_feedback(erasure, boss, feedback, "The patient asked for it.", &last_error));
	(void)practice_sync(boss);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	assert_false(journal_has_sealed());
	assert_int_equal(given_back, first);
	OK(id_make(id, env_system()));
	OK(practice_capture(c, id, "good", "Another one.", &seq));
	assert_int_equal(seq, first + 1);
	qip_capture_close(c);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	answers = seq;
	assert_true(journal_has_sealed());
	answers = first;
	assert_false(journal_has_sealed());
}

static void an_old_copy_that_was_put_back_is_erased_again_before_it_is_read(void **state)
{
	struct buf text = BUF_INIT;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;

	(void)state;
	comment();
	qip_close(staff);
	practice_copy(practice_path(&p, "fle-staff/blobs"), practice_path(&p, "old"));
	staff = practice_open(&p, "fle-staff");
	OK(erase_feedback(erasure, boss, feedback, "The patient asked for it.", &last_error));
	(void)practice_sync(boss);
	(void)practice_sync(staff);
	assert_false(is_at("fle-staff/blobs"));
	practice_remove(practice_path(&p, "fle-staff/blobs"));
	practice_copy(practice_path(&p, "old"), practice_path(&p, "fle-staff/blobs"));
	assert_true(is_at("fle-staff/blobs"));
	policy_feedback_path(path, "kib-kiosk", answers);
	OK(qip_read(&record, staff, path, &last_error));
	FAILS(sealed_open(&text, staff, SEALED_COMMENT, feedback, json_get(record, "comment"), &last_error), STATUS_GONE);
	assert_int_equal(text.len, 0);
	assert_false(is_at("fle-staff/blobs"));
	cJSON_Delete(record);
	/* a file alone, beside its mark */
	practice_remove(practice_path(&p, "fle-staff/outbox"));
	practice_copy(practice_path(&p, "old"), practice_path(&p, "fle-staff/outbox"));
	(void)practice_sync(staff);
	assert_false(is_at("fle-staff/outbox"));
	assert_false(server_has());
}

static void a_device_that_joins_later_has_nothing_to_say(void **state)
{
	struct qip *late = NULL;

	(void)state;
	(void)poll(NULL, 0, 200); /* who joined when is told by clocks, and each has its own idea of the server's */
	late = practice_device(&p, boss, "late", ROLE_STAFF);
	(void)practice_sync(late);
	(void)practice_sync(boss);
	assert_int_equal(acks("late"), 0);
	assert_false(is_at("late/blobs"));
	qip_close(late);
}

/* It held what is erased: that its note is gone does not change that. */
static void who_lost_the_note_of_it_says_so_all_the_same(void **state)
{
	int before = acks("fle-staff");

	(void)state;
	comment();
	assert_int_equal(unlink(practice_path(&p, "fle-staff/erased.json")), 0);
	OK(erase_feedback(erasure, boss, feedback, "Withdrawn.", &last_error));
	(void)practice_sync(boss);
	(void)practice_sync(staff);
	(void)practice_sync(boss);
	assert_false(is_at("fle-staff/blobs"));
	assert_int_equal(acks("fle-staff"), before + 1);
}

static void the_audit_passes_before_and_after(void **state)
{
	struct audit a = AUDIT_INIT;
	struct oid main;

	(void)state;
	OK(qip_main(&main, boss, &last_error));
	OK(audit_run(&a, qip_repo(boss), &main, boss->identity.ods, boss->root_pin, &last_error));
	assert_int_equal(a.findings_len, 0);
	audit_clear(&a);
}

static void what_has_no_free_text_is_told(void **state)
{
	char id[ID_TEXT_LEN + 1];

	(void)state;
	OK(id_make(id, env_system()));
	FAILS(erase_feedback(erasure, boss, id, "Why not.", &last_error), STATUS_NOT_FOUND);
	FAILS(erase_feedback(erasure, boss, "no-id", "Why not.", &last_error), STATUS_USAGE);
	FAILS(erase_blob(erasure, boss, "no-hash", "Why not.", &last_error), STATUS_MALFORMED);
}

static int begin(void **state)
{
	set_up(state);
	staff = practice_device(&p, boss, "fle-staff", ROLE_STAFF);
	return 0;
}

static int end(void **state)
{
	qip_close(staff);
	return tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_from_every_home_and_each_says_so),
		cmocka_unit_test(the_kiosks_journal_keeps_the_answer_without_it),
		cmocka_unit_test(an_old_copy_that_was_put_back_is_erased_again_before_it_is_read),
		cmocka_unit_test(a_device_that_joins_later_has_nothing_to_say),
		cmocka_unit_test(who_lost_the_note_of_it_says_so_all_the_same),
		cmocka_unit_test(the_audit_passes_before_and_after),
		cmocka_unit_test(what_has_no_free_text_is_told),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
