/* tests/server/test_batch.c - copies of one kiosk whose pushes come together. Batches of all others:
 * test_merge_queue.c. */
#include "tests/server/queue.h"

#include "core/id.h"
#include "core/policy.h"
#include "core/tree.h"
#include "tests/support/library.h"

#define CARRIES 1 /* each copy's first answer may be the other's, too */

/* A practice with two copies of a kiosk, each joined again. */
static struct world w;
static struct testdev manager, former, copies[2];
static struct queue q;

/* One push that has the queue to itself. */
static void merge(struct testdev *d, const struct oid *id)
{
	struct push p;

	ok(queue_prepare(&p, &q, d, id));
	queue_run(&p, 1, &q);
	assert_int_equal(p.outcome.status, STATUS_OK);
	d->head = *id;
}

/* `before`: the kiosk whose answers it goes on with, or NULL. */
static void join_kiosk(struct testdev *d, const char *name, const struct testdev *before)
{
	struct oid main_id = fetch_main(&w), id;
	struct invite invite;
	struct file file;
	char path[96];

	ok(invite_make(&invite, ODS, w.config.authority->ca_fingerprint, w.root, env_system(), NULL));
	(void)snprintf(path, sizeof(path), "devices/%s.json", name);
	file = (struct file){path, device_record(name, "kiosk", "manager", manager.key, &invite, NULL)};
	id = commit(&w, &manager, &main_id, &file, 1);
	merge(&manager, &id);
	testdev_make(d, name, &invite);
	if (before)
		testdev_replace(d, &invite, before, CARRIES);
	id = enrolment_head(&w, d, &invite, "kiosk", "manager", manager.key);
	merge(d, &id);
	invite_clear(&invite);
}

static int open_practice(void **state)
{
	(void)state;
	world_open(&w);
	join_first(&w, &manager);
	queue_open(&q, &w);
	join_kiosk(&former, "kiosk-a", NULL);
	join_kiosk(&copies[0], "kiosk-b", &former);
	join_kiosk(&copies[1], "kiosk-c", &former);
	return 0;
}

static int close_practice(void **state)
{
	(void)state;
	queue_close(&q);
	testdev_clear(&copies[1]);
	testdev_clear(&copies[0]);
	testdev_clear(&former);
	testdev_clear(&manager);
	world_close(&w);
	return 0;
}

/* ---- records ---- */

/* A head with the kiosk's record of that number; `rest` is what it says beside id, device and number. */
static struct oid numbered(const struct testdev *d, const char *id, uint64_t seq, const char *rest)
{
	char path[TREE_PATH_MAX], text[1000];
	struct file file = {path, NULL};

	policy_feedback_path(path, d->name, seq);
	(void)snprintf(text, sizeof(text), "{\"id\":\"%s\",\"device\":\"%s\",\"seq\":%d,%s}", id, d->name, (int)seq,
		       rest);
	file.record = cJSON_Parse(text);
	assert_non_null(file.record);
	return commit(&w, d, &d->head, &file, 1);
}

static struct oid answer(const struct testdev *d, const char *id, uint64_t seq)
{
	return numbered(d, id, seq,
			"\"schema\":\"feedback/1\",\"site\":\"ayton\",\"survey\":{\"id\":\"fft\",\"version\":1},"
			"\"mode\":\"kiosk\",\"language\":\"en\",\"answers\":{\"experience\":\"good\"},\"recorded\":{"
			"\"at\":\"2026-01-01T00:00:00.000Z\",\"quality\":\"synchronised\","
			"\"earliest\":\"2026-01-01T00:00:00.000Z\",\"latest\":\"2026-01-01T00:00:00.000Z\"}");
}

/* What stands in the place of an answer that was refused. */
static struct oid left_out(const struct testdev *d, const char *id, uint64_t seq)
{
	return numbered(d, id, seq, "\"schema\":\"void/1\",\"reason\":\"a copy has sent it\"");
}

struct count {
	const char *id;
	int found;
};

static enum status count_id(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id,
			    struct error *e)
{
	struct count *count = ctx;
	cJSON *record = NULL;

	(void)path;
	(void)old_id;
	ok(record_read(&record, w.local, new_id, e));
	count->found += strcmp(json_string(record, "id"), count->id) == 0;
	cJSON_Delete(record);
	return STATUS_OK;
}

/* How many records of kiosks have this id in the log. */
static int times_in_log(const char *id)
{
	struct oid main_id = fetch_main(&w);
	struct commit c = COMMIT_INIT;
	struct count count = {id, 0};

	ok(repo_commit_read(&c, w.local, &main_id, NULL));
	ok(tree_each(w.local, &c.tree, "feedback/", count_id, &count, NULL));
	commit_clear(&c);
	return count.found;
}

/* ---- tests ---- */

/* Each was well-founded when it came. */
static void of_two_copies_that_send_one_answer_at_once_the_second_is_refused(void **state)
{
	char id[ID_TEXT_LEN + 1];
	struct push pushes[2];
	struct oid ids[2];

	(void)state;
	ok(id_make(id, env_system()));
	for (int i = 0; i < 2; i++) {
		ids[i] = answer(&copies[i], id, CARRIES);
		ok(queue_prepare(&pushes[i], &q, &copies[i], &ids[i]));
	}
	queue_run(pushes, 2, &q);
	assert_int_equal(pushes[0].outcome.status, STATUS_OK);
	assert_int_equal(pushes[1].outcome.status, STATUS_DENIED);
	assert_non_null(strstr(pushes[1].outcome.text, "kiosk-b, a copy of the same kiosk, has sent this answer"));
	assert_int_equal(times_in_log(id), 1);
	assert_sound(&w);
}

static void copies_that_have_sent_all_that_they_share_are_merged_together_like_others(void **state)
{
	char id[ID_TEXT_LEN + 1];
	struct push pushes[2];
	struct oid ids[2];
	size_t packs_before = 0;

	(void)state;
	ok(id_make(id, env_system()));
	ids[0] = answer(&copies[0], id, CARRIES);
	merge(&copies[0], &ids[0]);
	ok(id_make(id, env_system()));
	ids[1] = left_out(&copies[1], id, CARRIES);
	merge(&copies[1], &ids[1]);
	packs_before = packs(&w);
	for (int i = 0; i < 2; i++) {
		ok(id_make(id, env_system()));
		ids[i] = answer(&copies[i], id, CARRIES + 1);
		ok(queue_prepare(&pushes[i], &q, &copies[i], &ids[i]));
	}
	queue_run(pushes, 2, &q);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pushes[i].outcome.status, STATUS_OK);
		assert_true(queue_accepted(&q, &copies[i], &ids[i]));
	}
	assert_int_equal(packs(&w), packs_before + 1);
	assert_sound(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_two_copies_that_send_one_answer_at_once_the_second_is_refused,
						open_practice, close_practice),
		cmocka_unit_test_setup_teardown(
			copies_that_have_sent_all_that_they_share_are_merged_together_like_others, open_practice,
			close_practice),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
