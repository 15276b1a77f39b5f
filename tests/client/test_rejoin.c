/* tests/client/test_rejoin.c - a kiosk takes a new name: what it does where the server does not tell what it needs. */
#include "tests/client/kiosk_fixture.h"

#include "client/audit.h"
#include "client/carry.h"
#include "client/cli/tally.h"
#include "client/files.h"
#include "client/held.h"
#include "client/rejoin.h"
#include "client/journal.h"

/* ---- the look at what copies have sent fails ---- */

static enum status look_fails; /* STATUS_OK: it does not */

enum status __real_carry_look(struct carry *out, struct qip *q, struct remote *r, const struct remote_refs *refs, const struct oid *head, struct error *e);
enum status __wrap_carry_look(struct carry *out, struct qip *q, struct remote *r, const struct remote_refs *refs, const struct oid *head, struct error *e);
enum status __wrap_carry_look(struct carry *out, struct qip *q, struct remote *r, const struct remote_refs *refs, const struct oid *head, struct error *e)
{
	return look_fails == STATUS_OK ? __real_carry_look(out, q, r, refs, head, e) : error_set(e, look_fails, "it cannot be looked at");
}

/* ---- copies that send in one moment: neither sees what the other has sent ---- */

static bool look_is_early;

enum status __real_held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e);
enum status __wrap_held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e);
enum status __wrap_held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e)
{
	return look_is_early ? STATUS_OK : __real_held_add_kin(h, r, refs, e);
}

/* ---- copies that do not say what they carry: no server asks then ---- */

static bool says_nothing;

enum status __real_carry_most(uint64_t *out, struct qip *q, struct error *e);
enum status __wrap_carry_most(uint64_t *out, struct qip *q, struct error *e);
enum status __wrap_carry_most(uint64_t *out, struct qip *q, struct error *e)
{
	if (!says_nothing)
		return __real_carry_most(out, q, e);
	*out = 0;
	return STATUS_OK;
}

/* ---- no room to note what is left out ---- */

static bool has_no_room;

enum status __real_numbers_leave_out(struct numbers *n, uint64_t record);
enum status __wrap_numbers_leave_out(struct numbers *n, uint64_t record);
enum status __wrap_numbers_leave_out(struct numbers *n, uint64_t record)
{
	if (!has_no_room)
		return __real_numbers_leave_out(n, record);
	for (n->left_out_len = 0; n->left_out_len < LIMIT_LEFT_OUT; n->left_out_len++)
		n->left_out[n->left_out_len] = (struct numbers_range){1000000 + 2 * n->left_out_len, 1000000 + 2 * n->left_out_len};
	return STATUS_TOO_BIG;
}

/* ---- another box ---- */

static char card_now[ENV_HARDWARE_MAX] = "c1";
static struct env box;

static void box_card(void *ctx, int dir, char out[ENV_HARDWARE_MAX])
{
	(void)ctx;
	(void)dir;
	memcpy(out, card_now, ENV_HARDWARE_MAX);
}

static struct qip_options options(const char *home)
{
	return (struct qip_options){.home = practice_path(&p, home), .env = &box, .lock_wait_ms = 5000};
}

static struct qip *open_in_box(const char *home)
{
	struct qip_options o = options(home);
	struct qip *q = NULL;

	OK(qip_open(&q, &o, &last_error));
	return q;
}

static void put_into(const char *card)
{
	(void)snprintf(card_now, sizeof(card_now), "%s", card);
}

static void invite(char code[CODE_TEXT_MAX], const char *name)
{
	struct qip_sync_report report;

	OK(qip_invite(code, boss, name, ROLE_KIOSK, "kibworth", &last_error));
	OK(qip_sync(boss, &report, &last_error));
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

static int count_of(const char *device)
{
	char path[TREE_PATH_MAX];

	(void)practice_sync(boss);
	(void)snprintf(path, sizeof(path), "feedback/%s", device);
	return practice_count(boss, path);
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

/* ---- two copies of one card ---- */

static struct qip *join_copy(const char *home, const char *card, const char *name)
{
	struct qip_options o = options(home);
	char code[CODE_TEXT_MAX];

	put_into(card);
	invite(code, name);
	OK(qip_join(&o, p.url, code, NULL, NULL, &last_error));
	return open_in_box(home);
}

/* A kiosk whose card is copied with two answers that wait, and both copies under new names, before either has sent. */
static void make_copies(struct qip *out[2], const char *old, const char *one, const char *other)
{
	char second[64], file[64];
	struct qip *q = NULL;

	(void)snprintf(second, sizeof(second), "%s.copy", old);
	(void)snprintf(file, sizeof(file), "%s/incarnation.json", old);
	qip_close(practice_device(&p, boss, old, ROLE_KIOSK));
	assert_int_equal(unlink(practice_path(&p, file)), 0);
	put_into("c1");
	q = open_in_box(old);
	practice_answers(q, 1);
	(void)practice_sync(q);
	practice_answers(q, 2);
	qip_close(q);
	practice_copy(practice_path(&p, old), practice_path(&p, second));
	out[1] = join_copy(second, "c2", other);
	out[0] = join_copy(old, "c1", one);
	practice_answers(out[0], 1);
	practice_answers(out[1], 1);
}

static void assert_kinds(const char *device, const char *kinds)
{
	for (uint64_t seq = 1; seq <= strlen(kinds); seq++) {
		char path[TREE_PATH_MAX];
		cJSON *record = NULL;

		policy_feedback_path(path, device, seq);
		OK(qip_read(&record, boss, path, &last_error));
		assert_int_equal(json_string(record, "schema")[0], kinds[seq - 1]);
		cJSON_Delete(record);
	}
	assert_int_equal(count_of(device), strlen(kinds));
}

static void sync_pair(struct qip *q[2], size_t refused)
{
	for (int i = 0; i < 2; i++) {
		struct qip_sync_report report = practice_sync(q[i]);

		assert_int_equal(report.waiting, 0);
		assert_int_equal(report.refused, i == 1 ? refused : 0);
		qip_close(q[i]);
	}
	(void)practice_sync(boss);
}

static void copies_joined_before_either_has_sent_send_each_answer_once(void **state)
{
	struct qip *q[2];

	(void)state;
	make_copies(q, "kib-pair", "kib-pair-a", "kib-pair-b");
	sync_pair(q, 0);
	assert_kinds("kib-pair", "f");
	assert_kinds("kib-pair-a", "fff");
	assert_kinds("kib-pair-b", "vvf");
}

static void what_two_copies_send_in_one_moment_the_server_takes_once(void **state)
{
	struct qip *q[2];

	(void)state;
	make_copies(q, "kib-race", "kib-race-a", "kib-race-b");
	look_is_early = true;
	sync_pair(q, 2);
	look_is_early = false;
	assert_kinds("kib-race-a", "fff");
	assert_kinds("kib-race-b", "vvf");
}

/* A kiosk in box c1, which has sent nothing. */
static struct qip *open_new(const char *name)
{
	char file[64];

	(void)snprintf(file, sizeof(file), "%s/incarnation.json", name);
	qip_close(practice_device(&p, boss, name, ROLE_KIOSK));
	assert_int_equal(unlink(practice_path(&p, file)), 0);
	put_into("c1");
	return open_in_box(name);
}

static void what_cannot_be_noted_as_sent_gets_void_records(void **state)
{
	struct qip *q = open_new("kib-mixed");

	(void)state;
	practice_answers(q, 2);
	qip_close(q);
	practice_copy(practice_path(&p, "kib-mixed"), practice_path(&p, "kib-mixed.copy"));
	q = open_in_box("kib-mixed");
	assert_int_equal(practice_sync(q).waiting, 0);
	qip_close(q);
	has_no_room = true;
	q = join_copy("kib-mixed.copy", "c2", "kib-mixed-b");
	practice_answers(q, 1);
	assert_int_equal(practice_sync(q).waiting, 0);
	has_no_room = false;
	qip_close(q);
	(void)practice_sync(boss);
	assert_kinds("kib-mixed", "ff");
	assert_kinds("kib-mixed-b", "vvf");
}

static void a_journal_that_jumps_is_sent_under_a_new_name(void **state)
{
	struct qip *q = open_new("kib-leap");
	struct qip_sync_report report;
	struct journal *j = NULL;
	uint64_t seq = 0;

	(void)state;
	practice_answers(q, 1);
	(void)practice_sync(q);
	practice_answers(q, 1);
	OK(journal_open(&j, practice_path(&p, "kib-leap/journal"), JOURNAL_WRITE, 3 + 2 * LIMIT_LOST, &box, &last_error));
	OK(journal_append(&seq, j, "{}", 2, NULL, 0, &last_error)); /* no answer: it becomes a lost one */
	journal_close(j);
	practice_answers(q, 2);
	FAILS(qip_sync(q, &report, &last_error), STATUS_CORRUPT);
	assert_non_null(strstr(last_error.text, "a code for a new name"));
	qip_close(q);
	q = join_copy("kib-leap", "c1", "kib-leap-b");
	practice_answers(q, 1);
	assert_int_equal(practice_sync(q).waiting, 0);
	qip_close(q);
	(void)practice_sync(boss);
	assert_kinds("kib-leap-b", "flfff");
}

static uint64_t audited_doubles(const char *device, const char *first)
{
	struct audit a = AUDIT_INIT;
	struct oid main;
	uint64_t doubled = 0;

	OK(qip_main(&main, boss, &last_error));
	OK(audit_run(&a, qip_repo(boss), &main, boss->identity.ods, boss->root_pin, &last_error));
	assert_int_equal(a.findings_len, 0);
	for (size_t i = 0; i < a.devices_len; i++) {
		if (strcmp(a.devices[i].id, device) != 0) {
			assert_int_equal(a.devices[i].doubled, 0);
			continue;
		}
		assert_string_equal(a.devices[i].doubled_first, first);
		doubled = a.devices[i].doubled;
	}
	audit_clear(&a);
	return doubled;
}

static void an_answer_that_came_twice_all_the_same_counts_once_and_is_told(void **state)
{
	struct tally before, after;
	struct qip *q[2];

	(void)state;
	OK(tally_read(&before, boss, NULL, &last_error));
	says_nothing = look_is_early = true;
	make_copies(q, "kib-twice", "kib-twice-a", "kib-twice-b");
	sync_pair(q, 0);
	says_nothing = look_is_early = false;
	assert_kinds("kib-twice-a", "fff");
	assert_kinds("kib-twice-b", "fff");
	OK(tally_read(&after, boss, NULL, &last_error));
	assert_int_equal(after.total - before.total, 1 + 2 + 1 + 1);
	for (size_t i = 0; i < after.devices_len; i++)
		assert_int_equal(after.devices[i].doubled, strcmp(after.devices[i].id, "kib-twice-b") == 0 ? 2 : 0);
	assert_int_equal(audited_doubles("kib-twice-b", "feedback/kib-twice-b/0/0/1.json"), 2);
	tally_clear(&before);
	tally_clear(&after);
}

static int set_up_boxes(void **state)
{
	box = *env_system();
	box.machine_id = NULL;
	box.storage_serial = box_card;
	set_up(state);
	qip_close(kiosk);
	assert_int_equal(unlink(practice_path(&p, "kib-kiosk/incarnation.json")), 0);
	kiosk = open_in_box("kib-kiosk");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_that_fails_ends_nobody_and_uses_no_code_up),
		cmocka_unit_test(copies_joined_before_either_has_sent_send_each_answer_once),
		cmocka_unit_test(what_two_copies_send_in_one_moment_the_server_takes_once),
		cmocka_unit_test(an_answer_that_came_twice_all_the_same_counts_once_and_is_told),
		cmocka_unit_test(what_cannot_be_noted_as_sent_gets_void_records),
		cmocka_unit_test(a_journal_that_jumps_is_sent_under_a_new_name),
		cmocka_unit_test(a_restored_log_that_does_not_know_the_old_name_takes_all_under_the_new_one),
		cmocka_unit_test(an_answer_keeps_the_site_where_it_was_given_also_while_a_screen_does_not_know_its_new_one),
		cmocka_unit_test(the_old_history_stays_for_35_days_after_all_of_it_arrived),
	};

	return cmocka_run_group_tests(tests, set_up_boxes, tear_down);
}
