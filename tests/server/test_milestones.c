#include "tests/server/world.h"

#include "server/milestones.h"
#include "server/view.h"

#define MERGES (2 * MILESTONES_STEP + 40)

static struct world w;
static struct testdev manager, auditor, kiosk;
static struct store *store;
static struct practice *practice;
static struct oid log_ids[2 * MERGES];

/* The log as it is, then merges by the server's key up to number `to`; the server is not running. */
static void grow(int64_t from, int64_t to)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {.kept = BUF_INIT};
	struct commit_spec spec = {
		.name = "server", .email = "server@c82999.qip.invalid", .parents_len = 2, .key = practice->signing.present.key};
	struct repo *r = NULL;

	ok(repo_open(&r, w.git, NULL));
	ok(repo_commit_read(&c, r, &log_ids[from], NULL));
	ok(merge_note_parse(&note, c.message, NULL));
	spec.tree = c.tree;
	for (int64_t i = from + 1; i <= to; i++) {
		struct buf message = BUF_INIT;

		note.index = i;
		ok(merge_note_format(&message, &note));
		spec.message = buf_text(&message);
		spec.parents[0] = log_ids[i - 1];
		spec.parents[1] = c.parents[1];
		ok(repo_commit_write(&log_ids[i], r, &spec, NULL));
		buf_clear(&message);
	}
	ok(repo_flush(r, NULL));
	ok(repo_ref_update(r, "refs/heads/main", &log_ids[to], &log_ids[from], NULL));
	repo_close(r);
	buf_clear(&note.kept);
	commit_clear(&c);
}

/* Fill log_ids with what the server's devices made; its length. */
static int64_t read_log(void)
{
	struct oid ids[16], at;
	struct repo *r = NULL;
	int64_t len = 0;

	ok(repo_open(&r, w.git, NULL));
	ok(repo_ref_get(&at, r, "refs/heads/main", NULL));
	while (!oid_is_zero(&at)) {
		assert_true(len < (int64_t)ARRAY_LEN(ids));
		ids[len++] = at;
		ok(repo_commit_first_parent(&at, r, &at, NULL));
	}
	for (int64_t i = 0; i < len; i++)
		log_ids[i] = ids[len - 1 - i];
	repo_close(r);
	return len - 1;
}

static int set_up(void **state)
{
	struct invite invite;

	(void)state;
	world_open(&w);
	join_first(&w, &manager);
	join_invited(&w, &manager, &kiosk, &invite, "kiosk", "kiosk");
	invite_clear(&invite);
	join_invited(&w, &manager, &auditor, &invite, "auditor", "auditor");
	invite_clear(&invite);
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	ok(store_open(&store, w.server, NULL));
	ok(practice_open(&practice, w.server, store, ODS, NULL));
	grow(read_log(), MERGES);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	practice_close(practice);
	store_close(store);
	testdev_clear(&auditor);
	testdev_clear(&kiosk);
	testdev_clear(&manager);
	world_close(&w);
	return 0;
}

static void each_number_has_its_commit_and_each_commit_its_number(void **state)
{
	static const int64_t numbers[] = {
		0,	    1,	   5, MILESTONES_STEP - 1, MILESTONES_STEP, MILESTONES_STEP + 1, 2 * MILESTONES_STEP,
		MERGES - 1, MERGES};
	struct repo *reader = NULL;
	struct view *v = NULL;
	struct oid id;
	int64_t number = 0;

	(void)state;
	ok(view_get(&v, practice, NULL));
	ok(store_reader_open(&reader, practice->history, NULL));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		ok(milestones_at(&id, practice->milestones, v, reader, numbers[i], NULL));
		assert_true(oid_equal(&id, &log_ids[numbers[i]]));
		ok(milestones_number(&number, practice->milestones, v, reader, &id, NULL));
		assert_int_equal(number, numbers[i]);
	}
	assert_int_equal(milestones_at(&id, practice->milestones, v, reader, MERGES + 1, NULL), STATUS_NOT_FOUND);
	assert_int_equal(milestones_at(&id, practice->milestones, v, reader, -1, NULL), STATUS_NOT_FOUND);
	assert_int_equal(milestones_number(&number, practice->milestones, v, reader, &manager.head, NULL),
			 STATUS_NOT_FOUND);
	assert_int_equal(milestones_number(&number, practice->milestones, v, reader, &v->end.tree, NULL),
			 STATUS_NOT_FOUND);
	store_reader_close(reader);
	view_put(v);
}

static void a_log_that_was_walked_once_is_not_walked_again(void **state)
{
	struct repo *reader = NULL;
	struct view *v = NULL, *before = NULL;
	struct oid id;

	(void)state;
	ok(view_get(&before, practice, NULL));
	grow(MERGES, MERGES + MILESTONES_STEP);
	ok(view_get(&v, practice, NULL));
	ok(store_reader_open(&reader, practice->history, NULL));
	ok(milestones_at(&id, practice->milestones, v, reader, MERGES + 3, NULL));
	assert_true(oid_equal(&id, &log_ids[MERGES + 3]));
	assert_in_range(repo_reads(reader), 1, 2 * MILESTONES_STEP);
	store_reader_close(reader);
	ok(store_reader_open(&reader, practice->history, NULL));
	ok(milestones_at(&id, practice->milestones, v, reader, 3, NULL));
	ok(milestones_at(&id, practice->milestones, before, reader, MERGES - 1,
			 NULL)); /* asked by who saw the log as it was */
	assert_true(oid_equal(&id, &log_ids[MERGES - 1]));
	assert_in_range(repo_reads(reader), 1, 2 * MILESTONES_STEP);
	store_reader_close(reader);
	view_put(before);
	view_put(v);
}

/* ---- the address that answers by it ---- */

static int ask(struct buf *said, const struct testdev *d, const char *json)
{
	struct reply r;
	int code = 0;

	post(&r, &w, d, "/" ODS "/slice", "application/json", json, strlen(json));
	code = r.code;
	buf_reset(said);
	buf_add(said, r.body.data, r.body.len);
	reply_clear(&r);
	return code;
}

/* Behind `from` (-1: of all) by so many merges lies `number`. */
static void says(int64_t from, int64_t merges, int64_t number)
{
	struct buf said = BUF_INIT;
	char hex[OID_HEX_LEN + 1], text[256], expected[256];

	(void)snprintf(text, sizeof(text), "{\"merges\":%lld}", (long long)merges);
	if (from >= 0) {
		oid_hex(hex, &log_ids[from]);
		(void)snprintf(text, sizeof(text), "{\"from\":\"%s\",\"merges\":%lld}", hex, (long long)merges);
	}
	assert_int_equal(ask(&said, &auditor, text), 200);
	oid_hex(hex, &log_ids[number]);
	(void)snprintf(expected, sizeof(expected), "{\"number\":%lld,\"to\":\"%s\"}", (long long)number, hex);
	assert_string_equal(buf_text(&said), expected);
	buf_clear(&said);
}

static void a_client_is_told_how_far_a_slice_goes(void **state)
{
	(void)state;
	server_start(&w);
	says(-1, 100, 100);
	says(100, 100, 200);
	says(MILESTONES_STEP, 1, MILESTONES_STEP + 1);
	says(100, LIMIT_LOG_MERGES, MERGES + MILESTONES_STEP);
	assert_int_equal(server_stop(&w, SIGTERM), 0);
}

static void what_is_no_question_about_the_log_is_refused(void **state)
{
	static const char *const bad[] = {"{}",
					  "[]",
					  "{\"merges\":0}",
					  "{\"merges\":-1}",
					  "{\"merges\":16777217}",
					  "{\"merges\":\"1\"}",
					  "{\"from\":1,\"merges\":1}",
					  "{\"from\":\"abc\",\"merges\":1}"};
	char text[128], hex[OID_HEX_LEN + 1];
	struct buf said = BUF_INIT;

	(void)state;
	server_start(&w);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(ask(&said, &auditor, bad[i]), 400);
	oid_hex(hex, &manager.head);
	(void)snprintf(text, sizeof(text), "{\"from\":\"%s\",\"merges\":1}", hex);
	assert_int_equal(ask(&said, &auditor, text), 404);
	assert_int_equal(ask(&said, &kiosk, "{\"merges\":1}"), 403);
	assert_non_null(strstr(buf_text(&said), "may not read the log"));
	assert_int_equal(ask(&said, NULL, "{\"merges\":1}"), 403);
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	buf_clear(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_number_has_its_commit_and_each_commit_its_number),
		cmocka_unit_test(a_log_that_was_walked_once_is_not_walked_again),
		cmocka_unit_test(a_client_is_told_how_far_a_slice_goes),
		cmocka_unit_test(what_is_no_question_about_the_log_is_refused),
	};

	int failed = 0;

	ok(repo_init_library(NULL));
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	repo_shutdown_library();
	return failed;
}
