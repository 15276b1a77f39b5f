/* tests/client/test_own_head.c - what a kiosk makes of a head that the server shows as its own. */
#include "tests/client/kiosk_fixture.h"

#include "client/commit.h"
#include "client/forget.h"
#include "client/remote.h"

static int given;

static void answer(int count)
{
	practice_answers(kiosk, count);
	given += count;
}

static void sync_all(void)
{
	assert_int_equal(practice_sync(kiosk).waiting, 0);
}

static void all_there_once(void)
{
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), given);
}

static void reopen(void)
{
	qip_close(kiosk);
	kiosk = practice_open(&p, "kib-kiosk");
}

/* ---- a server that lies about the own head ---- */

static struct oid told; /* zero: the truth */

enum status __real_remote_list(struct remote_refs *out, struct remote *r, const struct qip *q, struct error *e);
enum status __wrap_remote_list(struct remote_refs *out, struct remote *r, const struct qip *q, struct error *e);
enum status __wrap_remote_list(struct remote_refs *out, struct remote *r, const struct qip *q, struct error *e)
{
	enum status st = __real_remote_list(out, r, q, e);

	if (st == STATUS_OK && q == kiosk && !oid_is_zero(&told))
		out->own = told;
	return st;
}

static void stays_itself_when_told(const struct oid *head, enum status expected, const char *text)
{
	struct qip_sync_report report;

	told = *head;
	FAILS(qip_sync(kiosk, &report, &last_error), expected);
	assert_non_null(strstr(last_error.text, text));
	told = (struct oid){0};
	assert_string_equal(qip_doubt(kiosk), "");
	reopen();
	assert_string_equal(qip_doubt(kiosk), "");
	sync_all();
	all_there_once();
}

/* ---- tests ---- */

static void a_head_that_this_device_did_not_sign_is_no_reason_for_doubt(void **state)
{
	struct key *own = kiosk->key, *other = NULL;
	struct oid head, tree, forged;

	(void)state;
	answer(3);
	sync_all();
	answer(1);
	OK(home_ref(&head, kiosk, kiosk->own_ref, &last_error));
	OK(home_tree_of(&tree, kiosk, &head, &last_error));
	OK(key_generate(&other, &last_error));
	kiosk->key = other;
	OK(commit_write(&forged, kiosk, &tree, &head, 1700000000000, "Not by this device", &last_error));
	OK(repo_flush(kiosk->repo, &last_error));
	kiosk->key = own;
	key_free(other);
	stays_itself_when_told(&forged, STATUS_UNTRUSTED, "was not made by it");
}

static void a_head_that_the_server_does_not_have_is_no_reason_for_doubt(void **state)
{
	struct oid nothing;

	(void)state;
	answer(1);
	memset(&nothing, 0x5a, sizeof(nothing));
	stays_itself_when_told(&nothing, STATUS_REFUSED, "");
}

static void a_card_that_takes_back_its_history_goes_on_from_the_servers(void **state)
{
	(void)state;
	practice_copy(practice_path(&p, "kib-kiosk/history.git"), practice_path(&p, "history.before"));
	answer(3);
	sync_all();
	answer(1);
	sync_all();
	answer(2);
	qip_close(kiosk);
	kiosk = NULL;
	practice_remove(practice_path(&p, "kib-kiosk/history.git"));
	practice_copy(practice_path(&p, "history.before"), practice_path(&p, "kib-kiosk/history.git"));
	kiosk = practice_open(&p, "kib-kiosk");
	sync_all();
	assert_string_equal(qip_doubt(kiosk), "");
	all_there_once();
}

static void a_server_set_back_to_what_was_forgotten_here_is_no_reason_for_doubt(void **state)
{
	const struct forget_bounds bounds = {.bytes = 1, .keep_ms = 0, .keep = 3};
	struct qip_sync_report report;
	bool forgot = false;

	(void)state;
	practice_kill(&p, SIGTERM);
	practice_copy(practice_path(&p, "server"), practice_path(&p, "server.before"));
	practice_serve(&p);
	for (int i = 0; i < 9; i++) {
		answer(1);
		sync_all();
	}
	OK(forget_sent(&forgot, kiosk, &bounds, env_system()->now_ms(env_system()->ctx) + 10000, &last_error));
	assert_true(forgot);
	reopen();
	answer(1);
	practice_kill(&p, SIGTERM);
	assert_int_equal(rename(practice_path(&p, "server"), practice_path(&p, "server.after")), 0);
	assert_int_equal(rename(practice_path(&p, "server.before"), practice_path(&p, "server")), 0);
	practice_serve(&p);
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_REFUSED);
	assert_non_null(strstr(last_error.text, "ask a manager for a new code"));
	assert_string_equal(qip_doubt(kiosk), "");
	practice_kill(&p, SIGTERM);
	practice_remove(practice_path(&p, "server"));
	assert_int_equal(rename(practice_path(&p, "server.after"), practice_path(&p, "server")), 0);
	practice_serve(&p);
	sync_all();
	all_there_once();
}

static void an_older_card_with_other_answers_under_its_numbers_is_in_doubt(void **state)
{
	struct qip_sync_report report;

	(void)state;
	answer(1);
	qip_close(kiosk);
	kiosk = NULL;
	practice_copy(practice_path(&p, "kib-kiosk"), practice_path(&p, "older"));
	kiosk = practice_open(&p, "kib-kiosk");
	answer(1);
	sync_all();
	qip_close(kiosk);
	kiosk = NULL;
	practice_remove(practice_path(&p, "kib-kiosk"));
	practice_copy(practice_path(&p, "older"), practice_path(&p, "kib-kiosk"));
	kiosk = practice_open(&p, "kib-kiosk");
	practice_answers(kiosk, 1);
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_UNTRUSTED);
	assert_non_null(strstr(qip_doubt(kiosk), "another copy"));
	all_there_once();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_that_this_device_did_not_sign_is_no_reason_for_doubt),
		cmocka_unit_test(a_head_that_the_server_does_not_have_is_no_reason_for_doubt),
		cmocka_unit_test(a_card_that_takes_back_its_history_goes_on_from_the_servers),
		cmocka_unit_test(a_server_set_back_to_what_was_forgotten_here_is_no_reason_for_doubt),
		cmocka_unit_test(an_older_card_with_other_answers_under_its_numbers_is_in_doubt),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
