/* tests/client/test_follow.c - a server that forges its own log is found out, and nothing of it is taken over. */
#include "tests/client/kiosk_fixture.h"

#include <fcntl.h>

#include "client/files.h"

static char history[PRACTICE_PATH * 2];

static int set_up_log(void **state)
{
	char path[TREE_PATH_MAX];

	(void)set_up(state);
	practice_add_action(path, boss, "QIP-01");
	(void)practice_sync(boss);
	(void)snprintf(history, sizeof(history), "%s", practice_path(&p, "server/C82999/history.git"));
	return 0;
}

struct forgery {
	bool foreign_key;     /* not the endorsed one */
	int64_t index_step;   /* 1 is right */
	bool other_root;      /* starts from nothing instead of from the known log */
	const char *ref;
};

/* Put a commit of the same tree on a ref of the stopped server; the old value. */
static struct oid forge(const struct forgery *f)
{
	struct commit last = COMMIT_INIT;
	struct merge_note note = {.kept = BUF_INIT};
	struct commit_spec spec = {.name = "server", .email = "server@c82999.qip.invalid", .time_ms = 1795323600000};
	struct buf message = BUF_INIT;
	struct key *key = NULL;
	struct repo *r = NULL;
	struct oid old, id;

	OK(repo_open(&r, history, &last_error));
	OK(repo_ref_get(&old, r, f->ref, &last_error));
	OK(repo_commit_read(&last, r, &old, &last_error));
	if (merge_note_parse(&note, last.message, NULL) == STATUS_OK) {
		note.index += f->index_step;
		OK(merge_note_format(&message, &note));
	} else
		buf_adds(&message, "What kiosks may read\n\nQip-Index: 99\n");
	if (f->foreign_key)
		OK(key_generate(&key, &last_error));
	else
		key = practice_server_key(&p);
	spec.tree = last.tree;
	spec.parents[0] = old;
	spec.parents[1] = last.parents[1];
	spec.parents_len = f->other_root ? 0 : last.parents_len > 1 ? 2 : 1;
	spec.message = buf_text(&message);
	spec.key = key;
	OK(repo_commit_write(&id, r, &spec, &last_error));
	OK(repo_flush(r, &last_error));
	OK(repo_ref_update(r, f->ref, &id, &old, &last_error));
	repo_close(r);
	key_free(key);
	buf_clear(&message);
	buf_clear(&note.kept);
	commit_clear(&last);
	return old;
}

static void set_back(const char *ref, const struct oid *old)
{
	struct repo *r = NULL;
	struct oid now;

	OK(repo_open(&r, history, &last_error));
	OK(repo_ref_get(&now, r, ref, &last_error));
	OK(repo_ref_update(r, ref, old, &now, &last_error));
	repo_close(r);
}

/* What a home says to the forged log; its own copy must not have moved. */
static void found_out(struct qip *q, const char *own_ref, const struct forgery *f, const char *words)
{
	struct qip_sync_report report;
	struct oid before, after, old;
	char said[ERROR_TEXT_MAX];

	practice_kill(&p, SIGKILL);
	OK(home_ref(&before, q, own_ref, &last_error));
	old = forge(f);
	practice_serve(&p);
	FAILS(qip_sync(q, &report, &last_error), STATUS_UNTRUSTED);
	memcpy(said, last_error.text, sizeof(said));
	if (!strstr(said, words))
		fail_msg("it said: %s", said);
	OK(home_ref(&after, q, own_ref, &last_error));
	assert_true(oid_equal(&before, &after));
	practice_kill(&p, SIGKILL);
	set_back(f->ref, &old);
	practice_serve(&p);
}

static void a_merge_by_another_key_is_found_out(void **state)
{
	const struct forgery f = {.foreign_key = true, .index_step = 1, .ref = REF_MAIN};

	(void)state;
	found_out(boss, REF_MAIN, &f, "signature");
}

static void a_merge_with_a_wrong_number_is_found_out(void **state)
{
	const struct forgery skips = {.index_step = 2, .ref = REF_MAIN}, repeats = {.index_step = 0, .ref = REF_MAIN};

	(void)state;
	found_out(boss, REF_MAIN, &skips, "jumps");
	found_out(boss, REF_MAIN, &repeats, "jumps");
}

static void an_old_configuration_does_not_come_back_on_a_kiosk(void **state)
{
	const struct forgery foreign = {.foreign_key = true, .ref = REF_CONFIG}, anew = {.other_root = true, .ref = REF_CONFIG};

	(void)state;
	found_out(kiosk, REF_CONFIG, &foreign, "signature");
	found_out(kiosk, REF_CONFIG, &anew, "another history");
}

static void after_all_that_the_true_log_is_followed(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	practice_add_action(path, boss, "QIP-02");
	assert_int_equal(practice_sync(boss).commits_sent, 1);
	practice_answers(kiosk, 1);
	assert_int_equal(practice_sync(kiosk).records_sent, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_merge_by_another_key_is_found_out),
		cmocka_unit_test(a_merge_with_a_wrong_number_is_found_out),
		cmocka_unit_test(an_old_configuration_does_not_come_back_on_a_kiosk),
		cmocka_unit_test(after_all_that_the_true_log_is_followed),
	};

	return cmocka_run_group_tests(tests, set_up_log, tear_down);
}
