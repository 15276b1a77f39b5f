/* tests/client/test_rotate.c - client/rotate.c: who is left out of a new generation stays out, whoever makes it and in whatever order. */
#include "tests/client/practice.h"

#include "client/commit.h"
#include "client/keys.h"
#include "client/rotate.h"

static struct practice p;
static struct qip *boss, *second, *desk;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	second = practice_device(&p, boss, "second", ROLE_MANAGER);
	desk = practice_device(&p, boss, "desk", ROLE_STAFF);
	(void)practice_sync(boss);
	(void)practice_sync(second);
	(void)practice_sync(desk);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(desk);
	qip_close(second);
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static enum status opens(struct qip *q, int64_t generation)
{
	uint8_t private_key[SEAL_KEY_LEN] = {0};
	enum status st = comment_key_open(private_key, q, generation, &last_error);

	explicit_bzero(private_key, sizeof(private_key));
	return st;
}

static int64_t newest(struct qip *q)
{
	struct comment_key key;

	OK(comment_key_find(&key, q, &last_error));
	return key.generation;
}

static void all_sync(void)
{
	for (int i = 0; i < 2; i++) {
		(void)practice_sync(boss);
		(void)practice_sync(second);
		(void)practice_sync(desk);
	}
}

/* Nothing that was refused waits for anybody. */
static enum status count_open(void *ctx, const struct qip_refusal *r, struct error *e)
{
	(void)e;
	*(int *)ctx += r->state == QIP_REFUSAL_OPEN;
	return STATUS_OK;
}

static int open_refusals(struct qip *q)
{
	int n = 0;

	OK(qip_refused_each(q, count_open, &n, &last_error));
	return n;
}

static void every_reader_opens_a_new_generation_and_so_does_the_paper(void **state)
{
	struct comment_key first, next;

	(void)state;
	OK(comment_key_find(&first, boss, &last_error));
	assert_true(first.has_recovery);
	OK(rotate_now(boss, &last_error));
	all_sync();
	OK(comment_key_find(&next, desk, &last_error));
	assert_int_equal(next.generation, first.generation + 1);
	assert_true(next.has_recovery);
	assert_memory_equal(next.recovery, first.recovery, sizeof(first.recovery));
	assert_int_not_equal(memcmp(next.public_key, first.public_key, sizeof(first.public_key)), 0);
	OK(opens(boss, next.generation));
	OK(opens(second, next.generation));
	OK(opens(desk, next.generation));
}

static void staff_say_nothing_about_keys(void **state)
{
	struct keys_granted did;

	(void)state;
	FAILS(rotate_now(desk, &last_error), STATUS_DENIED);
	FAILS(rotate_without(desk, "second", &last_error), STATUS_DENIED);
	FAILS(keys_grant_to(&did, desk, "second", &last_error), STATUS_DENIED);
	assert_int_equal(practice_sync(desk).commits_sent, 0);
}

static void a_device_that_is_shut_out_is_not_let_in_again_by_a_sync(void **state)
{
	int64_t last = newest(boss);
	struct keys_granted did = {.granted = 9};

	(void)state;
	FAILS(rotate_without(boss, "nobody", &last_error), STATUS_NOT_FOUND);
	OK(rotate_without(boss, "desk", &last_error));
	FAILS(rotate_without(boss, "desk", &last_error), STATUS_EXISTS);
	all_sync();
	OK(opens(desk, last));
	FAILS(opens(desk, last + 1), STATUS_DENIED);
	OK(opens(second, last + 1));
	OK(rotate_now(second, &last_error)); /* by somebody else, too */
	all_sync();
	FAILS(opens(desk, last + 2), STATUS_DENIED);
	OK(opens(boss, last + 2));
	OK(keys_grant_to(&did, boss, "desk", &last_error));
	assert_int_equal(did.granted, 2);
	all_sync();
	OK(opens(desk, last + 1));
	OK(opens(desk, last + 2));
	OK(rotate_now(boss, &last_error));
	all_sync();
	OK(opens(desk, last + 3));
	OK(keys_grant_to(&did, boss, "desk", &last_error));
	assert_int_equal(did.granted, 0);
}

static void the_last_reader_cannot_be_shut_out(void **state)
{
	struct keys_granted did;

	(void)state;
	OK(rotate_without(boss, "desk", &last_error));
	OK(rotate_without(boss, "second", &last_error));
	FAILS(rotate_without(boss, "manager", &last_error), STATUS_INVALID);
	all_sync();
	OK(keys_grant_to(&did, boss, "desk", &last_error));
	OK(keys_grant_to(&did, boss, "second", &last_error));
	all_sync();
	OK(opens(second, newest(second)));
}

/* Both plain: the one that the server took serves for both. */
static void two_managers_who_rotate_apart_come_to_one_generation(void **state)
{
	int64_t last = newest(boss);

	(void)state;
	OK(rotate_now(boss, &last_error));
	OK(rotate_now(second, &last_error));
	(void)practice_sync(boss);
	assert_int_equal(practice_sync(second).refused, 0); /* settled by itself */
	all_sync();
	assert_int_equal(newest(boss), last + 1);
	assert_int_equal(open_refusals(second), 0);
	OK(opens(second, last + 1));
	OK(opens(desk, last + 1));
}

static void who_was_shut_out_by_the_slower_of_two_is_out(void **state)
{
	int64_t last = newest(boss);
	struct keys_granted did;

	(void)state;
	OK(rotate_now(boss, &last_error));
	OK(rotate_without(second, "desk", &last_error));
	(void)practice_sync(boss);
	assert_int_equal(practice_sync(second).refused, 0);
	all_sync();
	assert_int_equal(open_refusals(second), 0);
	assert_int_equal(newest(boss), last + 2);
	OK(opens(desk, last + 1)); /* nobody could know */
	FAILS(opens(desk, last + 2), STATUS_DENIED);
	OK(opens(boss, last + 2));
	OK(keys_grant_to(&did, boss, "desk", &last_error));
	all_sync();
}

static void what_both_wanted_is_done_once(void **state)
{
	int64_t last = newest(boss);
	struct keys_granted did;

	(void)state;
	OK(rotate_without(boss, "desk", &last_error));
	OK(rotate_without(second, "desk", &last_error));
	(void)practice_sync(boss);
	assert_int_equal(practice_sync(second).refused, 0);
	all_sync();
	assert_int_equal(newest(boss), last + 1);
	assert_int_equal(open_refusals(second), 0);
	FAILS(opens(desk, last + 1), STATUS_DENIED);
	OK(keys_grant_to(&did, boss, "desk", &last_error));
	all_sync();
}

static void a_paper_that_was_printed_by_the_slower_of_two_opens_what_comes(void **state)
{
	struct papers printed = {.root = ""};
	struct comment_key before, after;

	(void)state;
	OK(comment_key_find(&before, boss, &last_error));
	OK(rotate_now(boss, &last_error));
	OK(rotate_paper(second, keep_papers, &printed, &last_error));
	assert_memory_equal(printed.recovery, "RECOVERY-", 9);
	assert_string_equal(printed.root, "");
	(void)practice_sync(boss);
	(void)practice_sync(second);
	all_sync();
	OK(comment_key_find(&after, boss, &last_error));
	assert_int_equal(after.generation, before.generation + 2);
	assert_int_not_equal(memcmp(after.recovery, before.recovery, sizeof(before.recovery)), 0);
	assert_int_equal(open_refusals(second), 0);
}

static void a_revocation_that_met_another_generation_makes_its_own(void **state)
{
	struct qip *lost = practice_device(&p, boss, "lost", ROLE_STAFF);
	const struct registry *reg = NULL;
	int64_t last = 0;

	(void)state;
	all_sync();
	(void)practice_sync(lost);
	last = newest(boss);
	OK(opens(lost, last));
	OK(rotate_now(boss, &last_error));
	OK(qip_end_device(second, "lost", true, NULL, &last_error));
	(void)practice_sync(boss);
	assert_int_equal(practice_sync(second).refused, 0);
	all_sync();
	OK(view_registry(&reg, boss, &last_error));
	assert_true(registry_find(reg, "lost")->revoked);
	assert_int_equal(newest(boss), last + 2);
	assert_int_equal(open_refusals(second), 0);
	qip_close(lost);
}

static void who_revoked_its_own_device_is_left_out_by_another_s_sync(void **state)
{
	struct qip *third = practice_device(&p, boss, "third", ROLE_MANAGER);
	struct qip_sync_report report;
	cJSON *record = NULL;
	char path[TREE_PATH_MAX];
	int64_t last = 0;

	(void)state;
	all_sync();
	(void)practice_sync(third);
	last = newest(third);
	OK(opens(third, last));
	OK(qip_end_device(third, "third", true, NULL, &last_error));
	FAILS(qip_sync(third, &report, &last_error), STATUS_REFUSED); /* its last word went through, and it hears no more */
	all_sync();
	assert_int_equal(newest(boss), last + 1);
	assert_int_equal(newest(second), last + 1);
	comment_key_path(path, last + 1);
	OK(qip_read(&record, boss, path, &last_error));
	assert_null(json_get(json_get(record, "wrapped"), "third"));
	assert_non_null(json_get(json_get(record, "wrapped"), "desk"));
	cJSON_Delete(record);
	qip_close(third);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reader_opens_a_new_generation_and_so_does_the_paper),
		cmocka_unit_test(staff_say_nothing_about_keys),
		cmocka_unit_test(a_device_that_is_shut_out_is_not_let_in_again_by_a_sync),
		cmocka_unit_test(the_last_reader_cannot_be_shut_out),
		cmocka_unit_test(two_managers_who_rotate_apart_come_to_one_generation),
		cmocka_unit_test(who_was_shut_out_by_the_slower_of_two_is_out),
		cmocka_unit_test(what_both_wanted_is_done_once),
		cmocka_unit_test(a_paper_that_was_printed_by_the_slower_of_two_opens_what_comes),
		cmocka_unit_test(a_revocation_that_met_another_generation_makes_its_own),
		cmocka_unit_test(who_revoked_its_own_device_is_left_out_by_another_s_sync),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
