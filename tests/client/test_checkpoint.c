/* tests/client/test_checkpoint.c - how far each reader followed the log: said in the log when it is due, compared by every sync, and by texts that
 * go another way. */
#include "tests/client/server_log.h"

#include "client/checkpoint.h"
#include "client/place.h"
#include "client/replay.h"
#include "client/seen.h"

#define DAY_MS (24LL * 3600 * 1000)

static struct practice p;
static struct proxy line;
static struct qip *boss, *fleckney;
static int64_t server_days; /* how far forged merges have moved the log's times on */
static int server_themes;   /* that they hold */

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	proxy_start(&line, &p);
	boss = practice_manager(&p, "manager");
	fleckney = practice_device(&p, boss, "fleckney", ROLE_STAFF);
	(void)practice_sync(fleckney);
	(void)practice_sync(boss);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	qip_close(fleckney);
	proxy_stop(&line);
	practice_stop(&p);
	return 0;
}

/* The log goes on by so many merges, received so many days after those before. */
static void grow(int merges, int days)
{
	struct key *key = practice_server_key(&p);
	struct oid at;
	struct repo *r = server_log_begin(&p, &at);

	server_days += days;
	for (int i = 0; i < merges; i++) {
		char path[TREE_PATH_MAX];

		(void)snprintf(path, sizeof(path), "themes/%d.json", server_themes++);
		at = server_merge(r, &at,
				  &(struct server_merge){.key = key,
							 .received_ms = env_system()->now_ms(env_system()->ctx) + server_days * DAY_MS,
							 .path = path,
							 .bytes = "x",
							 .len = 1});
	}
	server_log_end(&p, r, &at);
	key_free(key);
}

/* The merge that a home's own last checkpoint names; 0 for none. */
static int64_t said_by(struct qip *q)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	int64_t index = 0;

	(void)snprintf(path, sizeof(path), "checkpoints/%s.json", qip_identity(q)->device);
	if (qip_read(&record, q, path, NULL) == STATUS_OK)
		assert_true(json_integer(record, "index", &index));
	cJSON_Delete(record);
	return index;
}

static void on_the_first_day_nothing_is_said(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	for (int i = 0; i < 3; i++) {
		practice_add_action(path, boss, "QIP-01");
		assert_false(practice_sync(boss).checkpoint);
		assert_false(practice_sync(fleckney).checkpoint);
	}
	assert_int_equal(said_by(boss), 0);
}

static void after_500_merges_it_is_due_and_names_what_was_followed(void **state)
{
	struct qip_sync_report report;

	(void)state;
	grow(LIMIT_CHECKPOINT_MERGES, 0);
	report = practice_sync(boss);
	assert_true(report.checkpoint);
	assert_int_equal(report.commits_sent, 0); /* nobody has made an edit */
	assert_int_equal(said_by(boss), report.main_index - 1);
	assert_false(practice_sync(boss).checkpoint);
}

static void idle_homes_do_not_answer_each_others_checkpoints(void **state)
{
	int64_t end = 0;

	(void)state;
	assert_true(practice_sync(fleckney).checkpoint);
	end = practice_sync(boss).main_index;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(practice_sync(boss).main_index, end);
		assert_int_equal(practice_sync(fleckney).main_index, end);
	}
}

static void a_day_by_the_servers_times_is_enough(void **state)
{
	int64_t before = said_by(boss);

	(void)state;
	grow(1, 0);
	assert_false(practice_sync(boss).checkpoint);
	grow(1, 2);
	assert_true(practice_sync(boss).checkpoint);
	assert_true(said_by(boss) > before);
}

static void cut_short_it_goes_with_the_next_sync_and_once(void **state)
{
	struct qip_sync_report report;
	uint64_t waiting = 0;
	int cut = 0;

	(void)state;
	grow(1, 2);
	atomic_store(&line.reply_bytes, 2500); /* enough for the list */
	for (int i = 0; i < 40 && qip_sync(boss, &report, &last_error) != STATUS_OK; i++, cut++)
		atomic_store(&line.reply_bytes, 2500 + 500 * i);
	atomic_store(&line.reply_bytes, PROXY_ALL);
	assert_true(cut > 0);
	report = practice_sync(boss);
	assert_false(report.checkpoint);
	OK(qip_waiting(&waiting, boss, &last_error));
	assert_int_equal(waiting, 0);
	assert_int_equal(said_by(boss), report.main_index - 1);
}

static void edits_made_anew_leave_their_checkpoint_behind(void **state)
{
	struct oid head, tip, tree, before;

	(void)state;
	OK(home_ref(&head, boss, boss->own_ref, &last_error)); /* a checkpoint */
	OK(home_ref(&tip, boss, REF_MAIN, &last_error));
	OK(place_find(&tip, boss, &tip, 3, &last_error));
	OK(home_tree_of(&tree, boss, &tip, &last_error));
	before = tree;
	OK(replay_commit(&tip, &tree, boss, &head, &last_error));
	assert_true(oid_equal(&tree, &before));
	repo_discard(boss->repo);
}

/* ---- texts ---- */

static struct qip_checked checked;

static enum status check(struct qip *q, const char *text)
{
	return qip_checkpoint_check(&checked, q, text, strlen(text), &last_error);
}

static void a_text_agrees_at_another_home(void **state)
{
	struct qip_checkpoint c;

	(void)state;
	(void)practice_sync(fleckney);
	OK(qip_checkpoint(&c, boss, &last_error));
	OK(check(fleckney, buf_text(&c.text)));
	assert_string_equal(checked.device, "manager");
	assert_int_equal(checked.index, c.index);
	assert_false(checked.waits);
	buf_clear(&c.text);
}

static void no_byte_of_a_text_may_change(void **state)
{
	struct qip_checkpoint c;

	(void)state;
	OK(qip_checkpoint(&c, boss, &last_error));
	for (size_t i = 0; i < c.text.len; i++) {
		char *at = (char *)c.text.data + i, kept = *at;
		enum status st = STATUS_OK;

		if (kept == '\n')
			continue;
		*at = kept == 'a' ? 'b' : 'a';
		st = check(fleckney, buf_text(&c.text));
		if (st != STATUS_MALFORMED && st != STATUS_UNTRUSTED)
			fail_msg("byte %zu: %s", i, status_text(st));
		*at = kept;
	}
	buf_clear(&c.text);
}

static void what_is_no_checkpoint_is_said_to_be_none(void **state)
{
	static const char *const bad[] = {"", " ", "12", "12 abc", "x 4b825dc642cb6eb9a060e54bf8d69288fbee4904", "-1 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
					  "1 4b825dc642cb6eb9a060e54bf8d69288fbee49041", "-----BEGIN SSH SIGNATURE-----", "qip checkpoint of C82999\n-----BEGIN SSH SIGNATURE-----",
					  "99999999999999999999999999999 4b825dc642cb6eb9a060e54bf8d69288fbee4904"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		FAILS(check(boss, bad[i]), STATUS_MALFORMED);
}

static void a_number_and_a_commit_may_be_read_out_in_groups(void **state)
{
	struct qip_checkpoint c;
	char text[128];

	(void)state;
	OK(qip_checkpoint(&c, boss, &last_error));
	(void)snprintf(text, sizeof(text), " %lld %.4s %.4s-%.32s\n", (long long)c.index, c.main, c.main + 4, c.main + 8);
	OK(check(fleckney, text));
	assert_string_equal(checked.device, "");
	(void)snprintf(text, sizeof(text), "%lld %s", (long long)c.index - 1, c.main);
	FAILS(check(fleckney, text), STATUS_CONTRADICTED);
	(void)snprintf(text, sizeof(text), "%lld %s", (long long)c.index + 1, c.main);
	OK(check(fleckney, text));
	assert_true(checked.waits);
	buf_clear(&c.text);
}

static bool any_stated(struct qip *q)
{
	cJSON *file = NULL;
	bool any = false;

	if (files_read_json(&file, q->dir, "seen.json", NULL) == STATUS_OK)
		any = cJSON_GetArraySize(json_get(file, "stated")) > 0;
	cJSON_Delete(file);
	return any;
}

static void a_text_of_a_later_merge_waits_for_the_next_sync(void **state)
{
	struct qip_checkpoint c;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_add_action(path, boss, "QIP-05");
	(void)practice_sync(boss);
	OK(qip_checkpoint(&c, boss, &last_error));
	OK(check(fleckney, buf_text(&c.text)));
	assert_true(checked.waits);
	assert_true(any_stated(fleckney));
	(void)practice_sync(fleckney);
	assert_false(any_stated(fleckney));
	buf_clear(&c.text);
}

/* ---- what was found ---- */

static enum status count_found(void *ctx, const struct qip_seen *s, struct error *e)
{
	(void)e;
	(*(int *)ctx)++;
	assert_int_equal(s->number, *(int *)ctx);
	return STATUS_OK;
}

static int found_in(struct qip *q)
{
	int count = 0;

	OK(qip_seen_each(q, count_found, &count, &last_error));
	return count;
}

/* A commit on the log's end that says this of fleckney, as fleckney's own are but for who signs it; staged. */
static struct oid make_head(const struct oid *main, const char *record, const struct key *key)
{
	struct commit_spec spec = {.name = "fleckney", .email = "fleckney@c82999.qip.invalid", .time_ms = 1795323600000, .parents_len = 1, .key = key};
	struct buf message = BUF_INIT;
	struct tree_edit edit = {.path = "checkpoints/fleckney.json"};
	struct oid tree, id;

	OK(head_message_format(&message, "Checkpoint", "fleckney"));
	OK(home_tree_of(&tree, boss, main, &last_error));
	OK(repo_write(&edit.id, boss->repo, REPO_BLOB, record, strlen(record), &last_error));
	OK(tree_apply(&spec.tree, boss->repo, &tree, &edit, 1, &last_error));
	spec.parents[0] = *main;
	spec.message = buf_text(&message);
	OK(repo_commit_write(&id, boss->repo, &spec, &last_error));
	buf_clear(&message);
	return id;
}

static void make_record(char out[256], int64_t index, const struct oid *named)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, named);
	(void)snprintf(out, 256, "{\"at\":\"\",\"device\":\"fleckney\",\"index\":%d,\"main\":\"%s\",\"schema\":\"checkpoint/1\"}", (int)index, hex);
}

/* What is said to a merge of this head, whose tree has this record and which is behind another merge: of all, and of what is new. */
static struct checkpoint_fault compare_merge(const struct oid *head, const char *record)
{
	const struct oid none = {{0}};
	const struct registry *reg = NULL;
	struct key *key = practice_server_key(&p);
	struct checkpoint_fault all, fresh;
	struct oid main, tree, end;

	OK(home_ref(&main, boss, REF_MAIN, &last_error));
	end = server_merge(boss->repo, &main, &(struct server_merge){.key = key, .path = "themes/y.json", .bytes = "y", .len = 1});
	end = server_merge(boss->repo, &end,
			   &(struct server_merge){
				   .key = key, .head = head, .device = "fleckney", .path = "checkpoints/fleckney.json", .bytes = record, .len = strlen(record)});
	end = server_merge(boss->repo, &end, &(struct server_merge){.key = key, .path = "themes/z.json", .bytes = "z", .len = 1});
	OK(home_tree_of(&tree, boss, &end, &last_error));
	OK(view_registry_of(&reg, boss, &tree, &last_error));
	OK(checkpoint_compare(&all, boss, reg, &none, &end, &last_error));
	OK(checkpoint_compare(&fresh, boss, reg, &main, &end, &last_error));
	assert_string_equal(all.device, fresh.device);
	assert_int_equal(all.is_forged, fresh.is_forged);
	assert_true(oid_equal(&all.shown, &fresh.shown));
	key_free(key);
	return fresh;
}

/* Fleckney has signed that this is the merge of that number. */
static void assert_fault(int64_t index, const struct oid *named, const struct oid *shown)
{
	struct checkpoint_fault fault;
	struct oid main, head;
	char record[256];

	make_record(record, index, named);
	OK(home_ref(&main, boss, REF_MAIN, &last_error));
	head = make_head(&main, record, fleckney->key);
	fault = compare_merge(&head, record);
	assert_false(fault.is_forged);
	assert_string_equal(fault.device, shown ? "fleckney" : "");
	assert_true(!shown || (fault.index == index && oid_equal(&fault.said, named) && oid_equal(&fault.shown, shown)));
	repo_discard(boss->repo);
}

static void a_checkpoint_that_the_log_does_not_bear_out_is_named(void **state)
{
	const struct oid none = {{0}};
	struct oid main, early;
	int64_t end = practice_sync(boss).main_index;

	(void)state;
	OK(home_ref(&main, boss, REF_MAIN, &last_error));
	OK(place_find(&early, boss, &main, 3, &last_error));
	assert_fault(3, &early, NULL);
	assert_fault(end, &main, NULL);
	assert_fault(end, &early, &main);
	assert_fault(3, &main, &early);
	assert_fault(end + 5, &main, &none);
}

/* Even one that agrees with the log: fleckney may have followed another. */
static void a_checkpoint_that_the_server_made_up_is_not_the_devices_word(void **state)
{
	struct key *key = practice_server_key(&p);
	struct checkpoint_fault fault;
	struct oid main, heads[3];
	int64_t end = practice_sync(boss).main_index;
	char record[256], other[256];

	(void)state;
	OK(home_ref(&main, boss, REF_MAIN, &last_error));
	make_record(record, end, &main);
	make_record(other, end - 1, &main);
	heads[0] = make_head(&main, record, key);
	heads[1] = make_head(&main, record, boss->key);
	heads[2] = make_head(&main, other, fleckney->key);
	for (size_t i = 0; i <= ARRAY_LEN(heads); i++) {
		fault = compare_merge(i < ARRAY_LEN(heads) ? &heads[i] : NULL, record);
		assert_string_equal(fault.device, "fleckney");
		assert_true(fault.is_forged);
		assert_int_equal(fault.merge_index, end + 2);
	}
	heads[0] = make_head(&main, record, fleckney->key);
	assert_string_equal(compare_merge(&heads[0], record).device, "");
	heads[1] = make_head(&heads[0], record, boss->key); /* the first that says it is fleckney's */
	assert_string_equal(compare_merge(&heads[1], record).device, "");
	repo_discard(boss->repo);
	key_free(key);
}

static void the_same_is_kept_once_and_not_without_end(void **state)
{
	struct seen s = {.kind = "dropped", .text = "something"};

	(void)state;
	for (int i = 0; i < LIMIT_SEEN + 5; i++) {
		s.shown.id[0] = (uint8_t)(i + 1);
		FAILS(seen_contradiction(fleckney, &s, &last_error), STATUS_CONTRADICTED);
		FAILS(seen_contradiction(fleckney, &s, &last_error), STATUS_CONTRADICTED);
	}
	assert_int_equal(found_in(fleckney), LIMIT_SEEN);
	FAILS(qip_seen_settle(fleckney, LIMIT_SEEN + 1, "why", &last_error), STATUS_NOT_FOUND);
	FAILS(qip_seen_settle(fleckney, 0, "why", &last_error), STATUS_NOT_FOUND);
	OK(qip_seen_settle(fleckney, 1, "why", &last_error));
}

static void a_damaged_list_is_said_and_nothing_of_it_overwritten(void **state)
{
	struct seen s = {.kind = "gone", .text = "something"};
	struct buf bytes = BUF_INIT;

	(void)state;
	OK(files_write(fleckney->dir, "seen.json", "{\"found\":[", 10, 0600, &last_error));
	FAILS(seen_contradiction(fleckney, &s, &last_error), STATUS_CORRUPT);
	assert_non_null(strstr(last_error.text, "give a copy of it to the ICB"));
	OK(files_read(&bytes, fleckney->dir, "seen.json", 100, &last_error));
	assert_int_equal(bytes.len, 10);
	buf_clear(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_the_first_day_nothing_is_said),
		cmocka_unit_test(after_500_merges_it_is_due_and_names_what_was_followed),
		cmocka_unit_test(idle_homes_do_not_answer_each_others_checkpoints),
		cmocka_unit_test(a_day_by_the_servers_times_is_enough),
		cmocka_unit_test(cut_short_it_goes_with_the_next_sync_and_once),
		cmocka_unit_test(edits_made_anew_leave_their_checkpoint_behind),
		cmocka_unit_test(a_text_agrees_at_another_home),
		cmocka_unit_test(no_byte_of_a_text_may_change),
		cmocka_unit_test(what_is_no_checkpoint_is_said_to_be_none),
		cmocka_unit_test(a_number_and_a_commit_may_be_read_out_in_groups),
		cmocka_unit_test(a_text_of_a_later_merge_waits_for_the_next_sync),
		cmocka_unit_test(a_checkpoint_that_the_log_does_not_bear_out_is_named),
		cmocka_unit_test(a_checkpoint_that_the_server_made_up_is_not_the_devices_word),
		cmocka_unit_test(the_same_is_kept_once_and_not_without_end),
		cmocka_unit_test(a_damaged_list_is_said_and_nothing_of_it_overwritten),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
