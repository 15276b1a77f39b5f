/* tests/client/test_copies.c - copies of one kiosk that wait with the same answers: each answer arrives once, and is told where it did not. */
#include "tests/client/box_fixture.h"

#include "client/audit.h"
#include "client/carry.h"
#include "client/cli/tally.h"
#include "client/held.h"
#include "client/journal.h"

/* ---- the look at what copies have sent: too early to see it, or it fails ---- */

static bool look_is_early;
static int held_back; /* so many looks are too early */
static enum status look_fails; /* STATUS_OK: it does not */

enum status __real_held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e);
enum status __wrap_held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e);
enum status __wrap_held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e)
{
	if (look_fails != STATUS_OK)
		return error_set(e, look_fails, "it cannot be looked at");
	if (held_back > 0) {
		held_back--;
		return STATUS_OK;
	}
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

/* ---- two copies of one card ---- */

static struct qip *host; /* who invites; the boss, unless a test says otherwise */

static struct qip *join_copy(const char *home, const char *card, const char *name)
{
	struct qip_options o = options(home);
	char code[CODE_TEXT_MAX];

	put_into(card);
	invite_by(host ? host : boss, code, name);
	OK(qip_join(&o, p.url, code, NULL, NULL, &last_error));
	return open_in_box(home);
}

/* A kiosk whose card is copied with so many answers that wait. */
static void copy_card(const char *old, int waiting)
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
	practice_answers(q, waiting);
	qip_close(q);
	practice_copy(practice_path(&p, old), practice_path(&p, second));
}

/* Both copies take new names before either has sent. */
static void join_copies(struct qip *out[2], const char *old, const char *one, const char *other)
{
	char second[64];

	(void)snprintf(second, sizeof(second), "%s.copy", old);
	out[1] = join_copy(second, "c2", other);
	out[0] = join_copy(old, "c1", one);
	practice_answers(out[0], 1);
	practice_answers(out[1], 1);
}

static void make_copies(struct qip *out[2], const char *old, const char *one, const char *other)
{
	copy_card(old, 2);
	join_copies(out, old, one, other);
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
	struct qip_sync_report report;
	struct qip *q[2];

	(void)state;
	make_copies(q, "kib-race", "kib-race-a", "kib-race-b");
	OK(qip_sync(q[0], &report, &last_error));
	held_back = 1; /* the first look of the other one's visit is too early */
	sync_pair(q, 1);
	assert_int_equal(held_back, 0);
	assert_kinds("kib-race-a", "fff");
	assert_kinds("kib-race-b", "vvf");
}

/* Both in other boxes than before: each in doubt. */
static void join_by_later_manager(const char *old, int waiting, const char *one, const char *other, const char *kinds, const char *other_kinds)
{
	struct qip *q[2];
	char manager[64], copy[64];

	(void)snprintf(copy, sizeof(copy), "%s.copy", old);
	(void)snprintf(manager, sizeof(manager), "%s-boss", old);
	copy_card(old, waiting);
	host = practice_device(&p, boss, manager, ROLE_MANAGER);
	q[0] = join_copy(copy, "c2", one);
	q[1] = join_copy(old, "c3", other);
	practice_answers(q[0], 1);
	practice_answers(q[1], 1);
	sync_pair(q, 0);
	qip_close(host);
	host = NULL;
	assert_kinds(one, kinds);
	assert_kinds(other, other_kinds);
}

static void a_manager_who_came_since_can_let_both_copies_join_again(void **state)
{
	(void)state;
	join_by_later_manager("kib-since", 2, "kib-since-a", "kib-since-b", "fff", "vvf");
	join_by_later_manager("kib-idle", 0, "kib-idle-a", "kib-idle-b", "f", "f"); /* the first does not end the old name, and the second asks under it */
}

static void a_copys_head_that_does_not_hold_keeps_no_answer_back(void **state)
{
	static const enum status lasting[] = {STATUS_UNTRUSTED, STATUS_CORRUPT, STATUS_TOO_BIG}, passing[] = {STATUS_NETWORK, STATUS_NO_SPACE, STATUS_IO};
	struct qip_sync_report report;
	struct qip *q[2];

	(void)state;
	make_copies(q, "kib-lie", "kib-lie-a", "kib-lie-b");
	for (size_t i = 0; i < ARRAY_LEN(passing); i++) {
		look_fails = passing[i];
		FAILS(qip_sync(q[0], &report, &last_error), passing[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(lasting); i++) {
		look_fails = lasting[i];
		report = practice_sync(q[i % 2]);
		assert_int_equal(report.waiting, 0);
	}
	look_fails = STATUS_OK;
	sync_pair(q, 0);
	assert_kinds("kib-lie-a", "fff");
	assert_kinds("kib-lie-b", "vvf");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_joined_before_either_has_sent_send_each_answer_once),
		cmocka_unit_test(what_two_copies_send_in_one_moment_the_server_takes_once),
		cmocka_unit_test(an_answer_that_came_twice_all_the_same_counts_once_and_is_told),
		cmocka_unit_test(a_manager_who_came_since_can_let_both_copies_join_again),
		cmocka_unit_test(a_copys_head_that_does_not_hold_keeps_no_answer_back),
		cmocka_unit_test(what_cannot_be_noted_as_sent_gets_void_records),
		cmocka_unit_test(a_journal_that_jumps_is_sent_under_a_new_name),
	};

	return cmocka_run_group_tests(tests, set_up_boxes, tear_down);
}
