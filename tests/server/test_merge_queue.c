#include "tests/server/queue.h"

#include <sys/stat.h>

#include "tests/support/library.h"

#define DEVICES 3

/* A practice with some managers; its server has ended, and its folder is open in this process. */
static struct world w;
static struct testdev manager, others[DEVICES], newcomer; /* that has its certificate, and has not pushed its enrolment */
static struct invite invites[DEVICES], newcomers_invite;
static struct queue q;

static int open_practice(void **state)
{
	char name[32];

	(void)state;
	world_open(&w);
	join_first(&w, &manager);
	for (int i = 0; i < DEVICES; i++) {
		(void)snprintf(name, sizeof(name), "manager-%d", i);
		join_invited(&w, &manager, &others[i], &invites[i], name, "manager");
	}
	invite_device(&w, &manager, &newcomers_invite, "newcomer", "staff");
	testdev_make(&newcomer, "newcomer", &newcomers_invite);
	assert_int_equal(testdev_enrol(&newcomer, &w, &newcomers_invite, NULL), 200);
	queue_open(&q, &w);
	return 0;
}

static int close_practice(void **state)
{
	(void)state;
	queue_close(&q);
	for (int i = 0; i < DEVICES; i++) {
		testdev_clear(&others[i]);
		invite_clear(&invites[i]);
	}
	testdev_clear(&newcomer);
	invite_clear(&newcomers_invite);
	testdev_clear(&manager);
	world_close(&w);
	return 0;
}

/* ---- heads ---- */

static struct oid edit(struct testdev *d, const char *path, cJSON *record)
{
	struct oid main_id = fetch_main(&w);
	struct file file = {path, record};

	return commit(&w, d, &main_id, &file, 1);
}

static struct oid site_edit(struct testdev *d, const char *site)
{
	struct stamp stamp = {.by = "manager", .effective = "2026-01-01", .at = "2026-01-01T00:00:00.000Z"};
	cJSON *record = OBJECT("schema", "site/1", "id", site);
	char path[96];

	(void)snprintf(stamp.device, sizeof(stamp.device), "%s", d->name);
	ok(id_make(stamp.id, env_system()));
	ok(record_set(record, "name", cJSON_CreateString("A site"), &stamp, NULL));
	(void)snprintf(path, sizeof(path), "sites/%s.json", site);
	return edit(d, path, record);
}

/* The manager takes `name` out of service, as main has its record. */
static struct oid retirement(struct testdev *by, const char *name)
{
	struct oid main_id = fetch_main(&w);
	struct commit c = COMMIT_INIT;
	cJSON *record = NULL;
	char path[96];

	(void)snprintf(path, sizeof(path), "devices/%s.json", name);
	ok(repo_commit_read(&c, w.local, &main_id, NULL));
	ok(record_read_path(&record, w.local, &c.tree, path, NULL));
	ok(json_set(record, "retired", OBJECT("by", by->name, "at", now_text())));
	commit_clear(&c);
	return edit(by, path, record);
}

/* ---- the log ---- */

static int64_t log_index(void)
{
	struct view *v = NULL;
	int64_t index = 0;

	ok(view_get(&v, q.practice, NULL));
	index = v->end.index;
	view_put(v);
	return index;
}

static bool holds(const struct oid *id)
{
	struct repo *r = NULL;
	bool found = false;

	ok(repo_open(&r, w.git, NULL));
	found = repo_has(r, id);
	repo_close(r);
	return found;
}

/* ---- tests ---- */

static void pushes_that_wait_together_share_one_pack_and_one_move_of_main(void **state)
{
	static const char *const sites[DEVICES] = {"ayton", "beeby", "coston"};
	struct push pushes[DEVICES];
	struct oid ids[DEVICES];
	int64_t index = log_index();
	size_t packs_before = packs(&w);

	(void)state;
	for (int i = 0; i < DEVICES; i++)
		ids[i] = site_edit(&others[i], sites[i]);
	for (int i = 0; i < DEVICES; i++)
		ok(queue_prepare(&pushes[i], &q, &others[i], &ids[i]));
	queue_run(pushes, DEVICES, &q);
	for (int i = 0; i < DEVICES; i++) {
		assert_int_equal(pushes[i].outcome.status, STATUS_OK);
		assert_true(queue_accepted(&q, &others[i], &ids[i]));
	}
	assert_int_equal(log_index(), index + DEVICES);
	assert_int_equal(packs(&w), packs_before + 1);
	assert_sound(&w);
}

static void a_push_refused_by_its_merge_leaves_nothing_and_harms_no_other(void **state)
{
	struct push pushes[DEVICES];
	struct oid ids[DEVICES];
	size_t packs_before = packs(&w);
	int64_t index = 0;

	(void)state;
	/* all others are out of service: the last manager that is left cannot go */
	for (int i = 0; i < DEVICES; i++) {
		ids[0] = retirement(&manager, others[i].name);
		ok(queue_prepare(&pushes[0], &q, &manager, &ids[0]));
		queue_run(pushes, 1, &q);
		assert_int_equal(pushes[0].outcome.status, STATUS_OK);
		manager.head = ids[0];
	}
	packs_before = packs(&w);
	index = log_index();
	ids[0] = site_edit(&others[0], "ayton");
	ids[1] = retirement(&manager, "manager");
	ids[2] = site_edit(&others[2], "beeby");
	ok(queue_prepare(&pushes[0], &q, &others[0], &ids[0]));
	ok(queue_prepare(&pushes[1], &q, &manager, &ids[1]));
	ok(queue_prepare(&pushes[2], &q, &others[2], &ids[2]));
	queue_run(pushes, DEVICES, &q);
	assert_int_equal(pushes[0].outcome.status, STATUS_OK);
	assert_int_equal(pushes[2].outcome.status, STATUS_OK);
	assert_int_equal(pushes[1].outcome.status, STATUS_DENIED);
	assert_non_null(strstr(pushes[1].outcome.text, "last manager"));
	assert_int_equal(log_index(), index + 2);
	assert_int_equal(packs(&w), packs_before + 1);
	assert_true(holds(&ids[0]) && holds(&ids[2]));
	assert_false(holds(&ids[1]));
	assert_sound(&w);
}

static void what_changes_the_rules_is_in_force_for_the_next_in_the_queue(void **state)
{
	struct push pushes[2];
	struct oid ids[2];
	struct commit c = COMMIT_INIT;
	struct oid main_id;
	cJSON *record = NULL;

	(void)state;
	/* manager-1 is revoked while its own push waits behind: it was well-founded when it came */
	main_id = fetch_main(&w);
	ok(repo_commit_read(&c, w.local, &main_id, NULL));
	ok(record_read_path(&record, w.local, &c.tree, "devices/manager-1.json", NULL));
	ok(json_set(record, "revoked", OBJECT("by", "manager", "at", now_text())));
	commit_clear(&c);
	ids[0] = edit(&manager, "devices/manager-1.json", record);
	ids[1] = site_edit(&others[1], "ayton");
	ok(queue_prepare(&pushes[0], &q, &manager, &ids[0]));
	ok(queue_prepare(&pushes[1], &q, &others[1], &ids[1]));
	queue_run(pushes, 2, &q);
	assert_int_equal(pushes[0].outcome.status, STATUS_OK);
	assert_int_equal(pushes[1].outcome.status, STATUS_DENIED);
	assert_non_null(strstr(pushes[1].outcome.text, "revoked"));
	assert_false(holds(&ids[1]));
	assert_sound(&w);
}

static struct oid survey_edit(struct testdev *d, const char *question)
{
	char text[400];

	(void)snprintf(text, sizeof(text),
		       "{\"schema\":\"survey/1\",\"id\":\"calls\",\"version\":1,\"questions\":[{\"id\":\"why\",\"kind\":\"text\","
		       "\"text\":{\"en\":{\"text\":\"%s\",\"status\":\"official\"}}}]}",
		       question);
	return edit(d, "surveys/calls.json", cJSON_Parse(text));
}

/* Each was well-founded when it came; a merge could only drop one of the two. */
static void of_two_surveys_that_come_at_once_the_second_is_refused(void **state)
{
	struct oid ids[2] = {survey_edit(&others[0], "Why did you call?"), survey_edit(&others[1], "Why do you call?")};
	struct push pushes[2];

	(void)state;
	ok(queue_prepare(&pushes[0], &q, &others[0], &ids[0]));
	ok(queue_prepare(&pushes[1], &q, &others[1], &ids[1]));
	queue_run(pushes, 2, &q);
	assert_int_equal(pushes[0].outcome.status, STATUS_OK);
	assert_int_equal(pushes[1].outcome.status, STATUS_DENIED);
	assert_non_null(strstr(pushes[1].outcome.text, "changed meanwhile"));
	assert_false(holds(&ids[1]));
	assert_sound(&w);
}

static void a_head_that_is_sent_twice_at_once_is_merged_once(void **state)
{
	struct push pushes[2];
	struct oid id = site_edit(&others[0], "ayton");
	int64_t index = log_index();

	(void)state;
	ok(queue_prepare(&pushes[0], &q, &others[0], &id));
	ok(queue_prepare(&pushes[1], &q, &others[0], &id));
	queue_run(pushes, 2, &q);
	assert_int_equal(pushes[0].outcome.status, STATUS_OK);
	assert_int_equal(pushes[1].outcome.status, STATUS_EXISTS);
	assert_int_equal(log_index(), index + 1);
	assert_sound(&w);
}

/* An enrolment is the one head whose first look is into main's directories. */
static void a_push_is_judged_by_a_log_that_moved_while_it_was_received(void **state)
{
	struct push pushes[2];
	struct oid ids[2] = {site_edit(&others[0], "ayton"),
			     enrolment_head(&w, &newcomer, &newcomers_invite, "staff", "manager", manager.key)};

	(void)state;
	queue_receive(&pushes[1], &q, &newcomer, &ids[1]);
	ok(queue_prepare(&pushes[0], &q, &others[0], &ids[0]));
	queue_run(pushes, 1, &q);
	assert_int_equal(pushes[0].outcome.status, STATUS_OK);
	ok(queue_judge(&pushes[1], &q));
	queue_run(pushes + 1, 1, &q);
	assert_int_equal(pushes[1].outcome.status, STATUS_OK);
	assert_true(queue_accepted(&q, &newcomer, &ids[1]));
	assert_sound(&w);
}

static void who_cannot_get_the_lock_is_told_to_try_again(void **state)
{
	struct push pushes[2];
	struct oid ids[2] = {site_edit(&others[0], "ayton"), site_edit(&others[1], "beeby")};
	char lock[300], away[310];

	(void)state;
	ok(queue_prepare(&pushes[0], &q, &others[0], &ids[0]));
	ok(queue_prepare(&pushes[1], &q, &others[1], &ids[1]));
	(void)snprintf(lock, sizeof(lock), "%s/" ODS "/lock", w.server);
	(void)snprintf(away, sizeof(away), "%s.away", lock);
	assert_int_equal(rename(lock, away), 0);
	assert_int_equal(mkdir(lock, 0700), 0);
	queue_add(pushes, 2, &q);
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(pushes[i].outcome.status, STATUS_OK);
		assert_true(push_failed_here(pushes[i].outcome.status));
		assert_false(holds(&ids[i]));
	}
	assert_int_equal(rmdir(lock), 0);
	assert_int_equal(rename(away, lock), 0);
	ok(queue_prepare(&pushes[0], &q, &others[0], &ids[0]));
	queue_run(pushes, 1, &q);
	assert_int_equal(pushes[0].outcome.status, STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pushes_that_wait_together_share_one_pack_and_one_move_of_main,
						open_practice, close_practice),
		cmocka_unit_test_setup_teardown(a_push_refused_by_its_merge_leaves_nothing_and_harms_no_other,
						open_practice, close_practice),
		cmocka_unit_test_setup_teardown(what_changes_the_rules_is_in_force_for_the_next_in_the_queue,
						open_practice, close_practice),
		cmocka_unit_test_setup_teardown(of_two_surveys_that_come_at_once_the_second_is_refused, open_practice,
						close_practice),
		cmocka_unit_test_setup_teardown(a_head_that_is_sent_twice_at_once_is_merged_once, open_practice,
						close_practice),
		cmocka_unit_test_setup_teardown(a_push_is_judged_by_a_log_that_moved_while_it_was_received, open_practice,
						close_practice),
		cmocka_unit_test_setup_teardown(who_cannot_get_the_lock_is_told_to_try_again, open_practice,
						close_practice),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
