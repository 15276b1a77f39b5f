/* tests/client/test_refused.c - what a real server refuses is kept, told, and nobody is stranded by it. */
#include "tests/client/practice.h"

#include "client/blobs.h"
#include "client/chain.h"
#include "client/commit.h"
#include "client/files.h"
#include "client/void.h"

static struct practice p;
static struct qip *boss, *staff, *kiosk;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	staff = practice_device(&p, boss, "fleckney", ROLE_STAFF);
	kiosk = practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	qip_close(staff);
	qip_close(kiosk);
	practice_stop(&p);
	return 0;
}

/* Commit unjudged, as a program with a fault would. */
static void commit_edits(struct qip *q, const struct tree_edit *edits, size_t len, const char *subject)
{
	struct oid work, tree, commit;

	OK(home_ref(&work, q, REF_WORK, &last_error));
	OK(home_tree_of(&tree, q, &work, &last_error));
	OK(tree_apply(&tree, q->repo, &tree, edits, len, &last_error));
	OK(commit_write(&commit, q, &tree, &work, 1795323600000, subject, &last_error));
	OK(repo_flush(q->repo, &last_error));
	OK(home_move_ref(q, REF_WORK, &commit, &work, &last_error));
}

/* One file; json NULL: remove it. */
static void commit_unjudged(struct qip *q, const char *path, const char *json, const char *subject)
{
	struct tree_edit edit = {.path = path};
	cJSON *record = json ? cJSON_Parse(json) : NULL;

	assert_true(!json == !record);
	if (record)
		OK(commit_stage(&edit.id, q, record, &last_error));
	commit_edits(q, &edit, 1, subject);
	cJSON_Delete(record);
}

struct told {
	int count;
	struct qip_refusal last;
};

static enum status note_refusal(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct told *t = ctx;

	(void)e;
	t->count++;
	t->last = *r;
	return STATUS_OK;
}

static struct told refusals(struct qip *q)
{
	struct told t = {0};

	OK(qip_refused_each(q, note_refusal, &t, &last_error));
	return t;
}

static void the_rest_of_a_refused_push_goes_on(void **state)
{
	struct qip_sync_report report;
	char before[TREE_PATH_MAX], after[TREE_PATH_MAX];
	struct told told;
	struct oid kept;
	uint64_t waiting = 9;
	cJSON *record = NULL;

	(void)state;
	practice_add_action(before, staff, "QIP-01");
	commit_unjudged(staff, "sites/mine.json", "{\"id\":\"mine\",\"name\":\"Mine\",\"schema\":\"site/1\"}", "Take over");
	practice_set(staff, before, "ref", "QIP-02");
	practice_add_action(after, staff, "QIP-03");
	report = practice_sync(staff);
	assert_int_equal(report.refused, 1);
	assert_int_equal(report.commits_sent, 3);
	OK(qip_waiting(&waiting, staff, &last_error));
	assert_int_equal(waiting, 0);
	told = refusals(staff);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.number, 1);
	assert_string_equal(told.last.path, "sites/mine.json");
	assert_string_equal(told.last.subject, "Take over");
	assert_string_not_equal(told.last.reason, "");
	OK(repo_ref_get(&kept, qip_repo(staff), "refs/refused/1", &last_error));
	(void)practice_sync(boss);
	OK(qip_read(&record, boss, before, &last_error));
	assert_string_equal(json_string(record, "ref"), "QIP-02");
	assert_int_equal(record_conflicts(record), 0);
	cJSON_Delete(record);
	OK(qip_read(&record, boss, after, &last_error));
	cJSON_Delete(record);
	FAILS(qip_read(&record, boss, "sites/mine.json", &last_error), STATUS_NOT_FOUND);
	assert_int_equal(practice_sync(staff).refused, 0);
	assert_int_equal(refusals(staff).count, 1);
}

static void work_that_builds_on_what_was_refused_keeps_what_it_saw_otherwise(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	char *text = NULL;

	(void)state;
	practice_add_action(path, staff, "QIP-10");
	(void)practice_sync(staff);
	OK(qip_read(&record, staff, path, &last_error)); /* an edit in another's name */
	OK(qip_edit_begin(&edit, staff, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	qip_edit_abort(edit);
	(void)snprintf(stamp.device, sizeof(stamp.device), "manager");
	OK(record_set(record, "ref", cJSON_CreateString("FORGED"), &stamp, &last_error));
	text = cJSON_PrintUnformatted(record);
	commit_unjudged(staff, path, text, "Forge");
	practice_set(staff, path, "status", "amber");
	assert_int_equal(practice_sync(staff).refused, 1);
	cJSON_Delete(record);
	(void)practice_sync(boss);
	OK(qip_read(&record, boss, path, &last_error));
	assert_string_equal(json_string(record, "ref"), "QIP-10");
	assert_string_equal(json_string(record, "status"), "amber");
	cJSON_Delete(record);
	cJSON_free(text);
}

static void several_refused_commits_are_each_kept(void **state)
{
	int before = refusals(staff).count;
	char path[TREE_PATH_MAX];

	(void)state;
	commit_unjudged(staff, "sites/a.json", "{\"id\":\"a\",\"name\":\"A\",\"schema\":\"site/1\"}", "A");
	practice_add_action(path, staff, "QIP-20");
	commit_unjudged(staff, "sites/b.json", "{\"id\":\"b\",\"name\":\"B\",\"schema\":\"site/1\"}", "B");
	assert_int_equal(practice_sync(staff).refused, 2);
	assert_int_equal(refusals(staff).count, before + 2);
	assert_string_equal(refusals(staff).last.subject, "B");
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "sites"), 1);
}

static void a_chain_of_nothing_but_refused_commits_leaves_the_log(void **state)
{
	struct oid main, tip;

	(void)state;
	commit_unjudged(staff, "sites/c.json", "{\"id\":\"c\",\"name\":\"C\",\"schema\":\"site/1\"}", "C");
	assert_int_equal(practice_sync(staff).refused, 1);
	(void)practice_sync(staff);
	OK(qip_main(&main, staff, &last_error));
	OK(qip_tip(&tip, staff, &last_error));
	assert_true(oid_equal(&main, &tip));
}

#define BAD_ANSWER(seq)                                                                                                                              \
	"{\"answers\":{\"experience\":\"good\"},\"device\":\"kib-kiosk\",\"id\":\"01900000-0000-7000-8000-000000000001\",\"language\":\"en\","          \
	"\"mode\":\"sms\",\"recorded\":{\"at\":\"2026-01-01T00:00:00.000Z\",\"earliest\":\"2026-01-01T00:00:00.000Z\",\"latest\":"                     \
	"\"2026-01-01T00:00:00.000Z\",\"quality\":\"unknown\"},\"schema\":\"feedback/1\",\"seq\":" #seq ",\"site\":\"kibworth\","                       \
	"\"survey\":{\"id\":\"fft\",\"version\":1}}"

static void a_refused_answer_is_followed_by_a_void_of_its_number(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	struct told told;

	(void)state;
	practice_answers(kiosk, 2);
	(void)practice_sync(kiosk);
	policy_feedback_path(path, "kib-kiosk", 3);
	commit_unjudged(kiosk, path, BAD_ANSWER(3), "Answers 3 to 3");
	practice_answers(kiosk, 2); /* numbered on from what the branch holds */
	assert_int_equal(practice_sync(kiosk).refused, 1);
	told = refusals(kiosk);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.last.path, path);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), 5);
	OK(qip_read(&record, boss, path, &last_error));
	assert_string_equal(json_string(record, "schema"), "void/1");
	assert_string_equal(json_string(record, "id"), "01900000-0000-7000-8000-000000000001");
	assert_string_equal(json_string(record, "reason"), told.last.reason);
	cJSON_Delete(record);
	policy_feedback_path(path, "kib-kiosk", 5);
	OK(qip_read(&record, boss, path, &last_error));
	assert_string_equal(json_string(record, "schema"), "feedback/1");
	cJSON_Delete(record);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
}

static bool waits(const char *home, const char *name)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/outbox/%s", home, name);
	return access(practice_path(&p, path), F_OK) == 0;
}

static bool server_has(const char *name)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "server/C82999/blobs/%.2s/%s", name, name);
	return access(practice_path(&p, path), F_OK) == 0;
}

/* Bytes that nothing on main names could never be erased at the server. */
static void the_sealed_comment_of_a_refused_answer_goes_nowhere(void **state)
{
	char path[TREE_PATH_MAX], name[SHA256_HEX_LEN + 1], json[1000];

	(void)state;
	(void)practice_sync(kiosk);
	OK(blobs_put(name, kiosk, "sealed, as it were", 18, &last_error));
	policy_feedback_path(path, "kib-kiosk", 6);
	(void)snprintf(json, sizeof(json),
		       "{\"comment\":{\"key\":1,\"publish\":true,\"sha256\":\"%s\",\"size\":18},\"device\":\"kib-kiosk\",\"id\":\"01900000-0000-7000-8000-000000000003\",\"schema\":\"feedback/1\",\"seq\":6}",
		       name);
	commit_unjudged(kiosk, path, json, "Answers 6 to 6");
	assert_int_equal(practice_sync(kiosk).refused, 1);
	assert_false(waits("kib-kiosk", name));
	assert_false(server_has(name));
	(void)practice_sync(boss);
}

static struct oid stage(const char *json)
{
	struct oid id = {{0}};
	cJSON *record = cJSON_Parse(json);

	OK(commit_stage(&id, kiosk, record, &last_error));
	cJSON_Delete(record);
	return id;
}

/* Both in one commit: the second is void already, so that no more than asking the host is left. */
static void where_even_void_records_are_refused_comments_stay(void **state)
{
	char answer[TREE_PATH_MAX], gap[TREE_PATH_MAX], name[SHA256_HEX_LEN + 1], json[1000];
	struct oid before, after, out;
	struct tree_edit edits[2] = {{.path = answer}, {.path = gap}};
	const struct held sent = {0};
	const struct void_order order = {.parent_tree = &before, .tree = &after, .path = "", .reason = "No.", .sent = &sent};

	(void)state;
	OK(blobs_put(name, kiosk, "sealed, and kept", 16, &last_error));
	policy_feedback_path(answer, "kib-kiosk", 7);
	policy_feedback_path(gap, "kib-kiosk", 8);
	(void)snprintf(json, sizeof(json), "{\"comment\":{\"sha256\":\"%s\",\"size\":16},\"schema\":\"feedback/1\"}", name);
	edits[0].id = stage(json);
	edits[1].id = stage("{\"schema\":\"void/1\"}");
	OK(home_ref(&before, kiosk, REF_WORK, &last_error));
	OK(home_tree_of(&before, kiosk, &before, &last_error));
	OK(tree_apply(&after, kiosk->repo, &before, edits, 2, &last_error));
	FAILS(void_records(&out, kiosk, &order, &last_error), STATUS_REFUSED);
	assert_true(waits("kib-kiosk", name));
	OK(tree_apply(&after, kiosk->repo, &before, edits, 1, &last_error));
	OK(void_records(&out, kiosk, &order, &last_error));
	assert_false(waits("kib-kiosk", name));
	repo_discard(kiosk->repo);
}

/* A title that no schema allows, and evidence. */
static void the_evidence_of_a_refused_edit_waits_with_it(void **state)
{
	char name[SHA256_HEX_LEN + 1], json[1000];
	struct told told;

	(void)state;
	OK(blobs_put(name, staff, "a sealed picture", 16, &last_error));
	(void)snprintf(json, sizeof(json), "{\"evidence\":{\"sha256\":\"%s\",\"size\":16},\"schema\":\"qip/1\"}", name);
	commit_unjudged(staff, "qip/01900000-0000-7000-8000-0000000000ff.json", json, "Evidence");
	assert_int_equal(practice_sync(staff).refused, 1);
	assert_true(waits("fleckney", name));
	(void)practice_sync(staff);
	assert_true(waits("fleckney", name) && !server_has(name));
	told = refusals(staff);
	OK(qip_refused_drop(staff, told.last.number, "It was a mistake.", &last_error));
	(void)practice_sync(staff);
	assert_false(waits("fleckney", name) || server_has(name));
}

static enum status count_void(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	const char *schema = json_string(record, "schema");

	(void)path;
	(void)e;
	*(int *)ctx += schema && strcmp(schema, "void/1") == 0;
	return STATUS_OK;
}

static void a_refused_record_of_its_clock_costs_a_kiosk_no_answer(void **state)
{
	int before = practice_count(boss, "feedback/kib-kiosk"), voids = 0;
	struct told told = refusals(kiosk);

	(void)state;
	commit_unjudged(kiosk, "clock/kib-kiosk/0/1/300.json", "{\"device\":\"kib-kiosk\",\"schema\":\"clock/1\",\"seq\":300}", "The clock of this kiosk");
	practice_answers(kiosk, 2);
	assert_int_equal(practice_sync(kiosk).refused, 1);
	assert_int_equal(refusals(kiosk).count, told.count + 1);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), before + 2);
	OK(qip_each(boss, "feedback/kib-kiosk", count_void, &voids, &last_error));
	assert_int_equal(voids, 2); /* of the tests before */
}

static void a_gap_made_by_a_fault_is_told_and_nothing_is_dropped(void **state)
{
	struct qip_sync_report report;
	struct oid before, after;
	char path[TREE_PATH_MAX];

	(void)state;
	(void)practice_sync(kiosk);
	policy_feedback_path(path, "kib-kiosk", 10); /* the one before is missing: voids of it do not help */
	commit_unjudged(kiosk, path, "{\"device\":\"kib-kiosk\",\"id\":\"01900000-0000-7000-8000-000000000002\",\"reason\":\"x\",\"schema\":\"void/1\",\"seq\":10}",
			"Answers 10 to 10");
	OK(home_ref(&before, kiosk, REF_WORK, &last_error));
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_REFUSED);
	assert_non_null(strstr(last_error.text, "void"));
	OK(home_ref(&after, kiosk, REF_WORK, &last_error));
	assert_true(oid_equal(&before, &after));
}

/* ---- made again ---- */

/* An edit with a number that is not the record's next: refused, and right once it is made again. */
static cJSON *numbered(struct qip *q, const char *path, const char *slot, const char *value, int64_t n)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *record = NULL;

	OK(qip_read(&record, q, path, &last_error));
	OK(qip_edit_begin(&edit, q, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	qip_edit_abort(edit);
	stamp.n = n;
	OK(record_set(record, slot, cJSON_CreateString(value), &stamp, &last_error));
	return record;
}

static void refuse_numbered(struct qip *q, const char *path, const char *slot, const char *value, int64_t n)
{
	cJSON *record = numbered(q, path, slot, value, n);
	char *text = cJSON_PrintUnformatted(record);

	commit_unjudged(q, path, text, "Set a field with a fault");
	cJSON_free(text);
	cJSON_Delete(record);
}

static void assert_field(struct qip *q, const char *path, const char *slot, const char *value, int conflicts)
{
	cJSON *record = NULL;

	OK(qip_read(&record, q, path, &last_error));
	assert_string_equal(json_string(record, slot), value);
	assert_int_equal(record_conflicts(record), conflicts);
	cJSON_Delete(record);
}

static void a_refused_edit_is_made_again_and_accepted(void **state)
{
	struct qip_retried r;
	char path[TREE_PATH_MAX];
	int number = 0;

	(void)state;
	practice_add_action(path, staff, "QIP-30");
	(void)practice_sync(staff);
	refuse_numbered(staff, path, "status", "amber", 4000);
	assert_int_equal(practice_sync(staff).refused, 1);
	number = refusals(staff).last.number;
	(void)practice_sync(boss);
	practice_set(boss, path, "ref", "QIP-31"); /* the record goes on meanwhile */
	(void)practice_sync(boss);
	(void)practice_sync(staff);
	OK(qip_refused_retry(&r, staff, number, &last_error));
	assert_int_equal(r.state, QIP_REFUSAL_MADE);
	assert_int_equal(r.changes, 1);
	OK(qip_refused_retry(&r, staff, number, &last_error));
	assert_true(r.already);
	assert_int_equal(practice_sync(staff).commits_sent, 1);
	assert_int_equal(refusals(staff).last.state, QIP_REFUSAL_DONE);
	(void)practice_sync(boss);
	assert_field(boss, path, "status", "amber", 0);
	assert_field(boss, path, "ref", "QIP-31", 0);
	practice_set(staff, path, "status", "red");
	OK(qip_refused_retry(&r, staff, number, &last_error));
	assert_int_equal(r.state, QIP_REFUSAL_DONE);
	assert_field(staff, path, "status", "red", 0);
	FAILS(qip_refused_drop(staff, number, "late", &last_error), STATUS_USAGE);
}

static void what_others_set_meanwhile_stays_beside_what_is_made_again(void **state)
{
	struct qip_retried r;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_add_action(path, staff, "QIP-40");
	(void)practice_sync(staff);
	refuse_numbered(staff, path, "ref", "QIP-41", 4000);
	assert_int_equal(practice_sync(staff).refused, 1);
	(void)practice_sync(boss);
	practice_set(boss, path, "ref", "QIP-42"); /* which the refused edit has not seen */
	(void)practice_sync(boss);
	(void)practice_sync(staff);
	OK(qip_refused_retry(&r, staff, refusals(staff).last.number, &last_error));
	assert_int_equal(practice_sync(staff).refused, 0);
	assert_field(staff, path, "ref", "QIP-41", 1);
}

static void what_this_device_set_anew_is_left_alone(void **state)
{
	struct qip_retried r;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_add_action(path, staff, "QIP-50");
	(void)practice_sync(staff);
	refuse_numbered(staff, path, "ref", "QIP-51", 4000);
	assert_int_equal(practice_sync(staff).refused, 1);
	practice_set(staff, path, "ref", "QIP-52");
	OK(qip_refused_retry(&r, staff, refusals(staff).last.number, &last_error));
	assert_int_equal(r.state, QIP_REFUSAL_DONE);
	assert_int_equal(r.overtaken, 1);
	assert_field(staff, path, "ref", "QIP-52", 0);
	(void)practice_sync(staff);
}

/* Of the two own edits that are left, the later one is meant. */
static void a_field_set_again_after_a_refused_edit_arrives_and_replaces_what_stood_before_both(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	practice_add_action(path, staff, "QIP-60");
	(void)practice_sync(staff);
	refuse_numbered(staff, path, "ref", "QIP-61", 1);
	practice_set(staff, path, "ref", "QIP-62");
	assert_int_equal(practice_sync(staff).refused, 1);
	(void)practice_sync(boss);
	assert_field(boss, path, "ref", "QIP-62", 0);
}

static void an_earlier_edit_of_this_device_does_not_count_as_setting_anew(void **state)
{
	struct qip_retried r;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_add_action(path, staff, "QIP-70");
	(void)practice_sync(staff);
	refuse_numbered(staff, path, "ref", "QIP-71", 1);
	refuse_numbered(staff, path, "ref", "QIP-72", 1);
	assert_int_equal(practice_sync(staff).refused, 2);
	OK(qip_refused_retry(&r, staff, refusals(staff).last.number, &last_error));
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.overtaken, 0);
	assert_int_equal(practice_sync(staff).refused, 0);
	(void)practice_sync(boss);
	assert_field(boss, path, "ref", "QIP-72", 0);
}

static void what_would_be_refused_again_is_not_made(void **state)
{
	struct qip_retried r;
	uint64_t waiting = 9;
	int number = 0;

	(void)state;
	commit_unjudged(staff, "sites/d.json", "{\"id\":\"d\",\"name\":\"D\",\"schema\":\"site/1\"}", "D");
	assert_int_equal(practice_sync(staff).refused, 1);
	number = refusals(staff).last.number;
	assert_int_not_equal(qip_refused_retry(&r, staff, number, &last_error), STATUS_OK);
	assert_non_null(strstr(last_error.text, "would be refused again"));
	OK(qip_waiting(&waiting, staff, &last_error));
	assert_int_equal(waiting, 0);
	assert_int_equal(refusals(staff).last.state, QIP_REFUSAL_OPEN);
	OK(qip_refused_drop(staff, number, "a slip", &last_error));
	assert_int_equal(refusals(staff).last.state, QIP_REFUSAL_DROPPED);
	assert_string_equal(refusals(staff).last.why, "a slip");
	FAILS(qip_refused_drop(staff, number, "a slip", &last_error), STATUS_EXISTS);
	FAILS(qip_refused_retry(&r, staff, number, &last_error), STATUS_EXISTS);
	FAILS(qip_refused_retry(&r, staff, 7777, &last_error), STATUS_NOT_FOUND);
	FAILS(qip_refused_retry(&r, boss, 1, &last_error), STATUS_NOT_FOUND);
	assert_non_null(strstr(last_error.text, "nothing was ever refused"));
}

static void a_change_of_a_record_that_is_not_here_now_is_made_when_it_is_back(void **state)
{
	struct qip_retried r;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	int number = 0;

	(void)state;
	practice_add_action(path, staff, "QIP-75");
	(void)practice_sync(staff);
	refuse_numbered(staff, path, "status", "amber", 4000);
	assert_int_equal(practice_sync(staff).refused, 1);
	number = refusals(staff).last.number;
	commit_unjudged(staff, path, NULL, "Delete it, which nobody may");
	FAILS(qip_refused_retry(&r, staff, number, &last_error), STATUS_NOT_FOUND);
	assert_non_null(strstr(last_error.text, "sync first"));
	assert_int_equal(qip_read(&record, staff, path, &last_error), STATUS_NOT_FOUND);
	assert_int_equal(practice_sync(staff).refused, 1);
	OK(qip_refused_retry(&r, staff, number, &last_error));
	assert_int_equal(practice_sync(staff).refused, 0);
	assert_field(staff, path, "status", "amber", 0);
}

static void what_is_not_here_now_keeps_the_rest_of_an_edit_from_nothing(void **state)
{
	struct qip_retried r;
	struct tree_edit edits[2];
	char gone[TREE_PATH_MAX], here[TREE_PATH_MAX];
	cJSON *records[2];
	int number = 0;

	(void)state;
	practice_add_action(gone, staff, "QIP-76");
	practice_add_action(here, staff, "QIP-77");
	(void)practice_sync(staff);
	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		edits[i] = (struct tree_edit){.path = i == 0 ? gone : here};
		records[i] = numbered(staff, edits[i].path, "status", "amber", 4000);
	}
	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		OK(commit_stage(&edits[i].id, staff, records[i], &last_error));
		cJSON_Delete(records[i]);
	}
	commit_edits(staff, edits, ARRAY_LEN(edits), "Set two with a fault");
	assert_int_equal(practice_sync(staff).refused, 1);
	number = refusals(staff).last.number;
	commit_unjudged(staff, gone, NULL, "Delete it, which nobody may");
	OK(qip_refused_retry(&r, staff, number, &last_error));
	assert_int_equal(r.state, QIP_REFUSAL_OPEN);
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.left, 1);
	assert_non_null(strstr(r.why, gone));
	assert_field(staff, here, "status", "amber", 0);
	FAILS(qip_refused_retry(&r, staff, number, &last_error), STATUS_NOT_FOUND); /* the rest is made once */
	assert_int_equal(practice_sync(staff).refused, 1);
	OK(qip_refused_retry(&r, staff, number, &last_error));
	assert_int_equal(r.state, QIP_REFUSAL_MADE);
	assert_int_equal(r.changes, 1);
	assert_int_equal(practice_sync(staff).refused, 0);
	assert_field(staff, gone, "status", "amber", 0);
	assert_field(staff, here, "status", "amber", 0);
}

static void what_is_refused_again_has_a_new_number_and_the_old_one_says_so(void **state)
{
	struct qip_retried r;
	struct oid main, work;
	cJSON *record = NULL, *claim = NULL;
	char path[TREE_PATH_MAX], *text = NULL;
	struct told told;
	int number = 0;

	(void)state;
	practice_add_action(path, staff, "QIP-60");
	(void)practice_sync(staff);
	refuse_numbered(staff, path, "ref", "QIP-61", 4000);
	assert_int_equal(practice_sync(staff).refused, 1);
	number = refusals(staff).last.number;
	OK(qip_refused_retry(&r, staff, number, &last_error));
	OK(qip_read(&record, staff, path, &last_error)); /* and spoilt on its way */
	claim = cJSON_GetObjectItem(cJSON_GetObjectItem(record, "edits"), "ref")->child;
	OK(json_set_integer(claim, "n", 4000));
	text = cJSON_PrintUnformatted(record);
	OK(qip_main(&main, staff, &last_error));
	OK(home_ref(&work, staff, REF_WORK, &last_error));
	OK(home_move_ref(staff, REF_WORK, &main, &work, &last_error));
	commit_unjudged(staff, path, text, "Made again, with a fault");
	assert_int_equal(practice_sync(staff).refused, 1);
	told = refusals(staff);
	assert_int_equal(told.last.number, number + 1);
	assert_int_equal(told.last.state, QIP_REFUSAL_OPEN);
	FAILS(qip_refused_retry(&r, staff, number, &last_error), STATUS_USAGE);
	assert_non_null(strstr(last_error.text, "refused again"));
	OK(qip_refused_retry(&r, staff, number + 1, &last_error));
	assert_int_equal(practice_sync(staff).refused, 0);
	assert_field(staff, path, "ref", "QIP-61", 0);
	cJSON_free(text);
	cJSON_Delete(record);
}

/* In a process of its own that ends at the n-th look at a clock; true when it came to its end. */
static bool retry_dying(int number, int n)
{
	struct dying d;
	struct qip_options o = {.home = practice_path(&p, "fleckney"), .lock_wait_ms = 1000, .env = &d.env};
	struct qip_retried r;
	struct qip *q = NULL;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		dying_init(&d, n);
		_exit(qip_open(&q, &o, &last_error) == STATUS_OK && qip_refused_retry(&r, q, number, &last_error) == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42));
	return WEXITSTATUS(status) == 0;
}

static void a_retry_cut_short_anywhere_is_made_once(void **state)
{
	char path[TREE_PATH_MAX], value[24];
	struct qip_retried r;
	bool whole = false;

	(void)state;
	practice_add_action(path, staff, "QIP-70");
	(void)practice_sync(staff);
	for (int n = 0; !whole; n++) {
		int number = 0;

		assert_true(n < 60);
		(void)snprintf(value, sizeof(value), "QIP-7-%d", n);
		refuse_numbered(staff, path, "ref", value, 4000);
		assert_int_equal(practice_sync(staff).refused, 1);
		number = refusals(staff).last.number;
		qip_close(staff);
		whole = retry_dying(number, n);
		staff = practice_open(&p, "fleckney");
		OK(qip_refused_retry(&r, staff, number, &last_error));
		assert_int_equal(practice_sync(staff).commits_sent, 1);
		assert_int_equal(refusals(staff).last.state, QIP_REFUSAL_DONE);
		assert_field(staff, path, "ref", value, 0);
	}
}

/* As if the state of the refusal had been set so long ago. */
static void settle_long_ago(struct qip *q, int number, const char *since)
{
	char name[64];
	cJSON *note = NULL;

	(void)snprintf(name, sizeof(name), "refused/%d.json", number);
	OK(files_read_json(&note, q->dir, name, &last_error));
	OK(json_set_string(note, "since", since));
	OK(files_write_json(q->dir, name, note, 0600, &last_error));
	cJSON_Delete(note);
}

static enum status find_number(void *ctx, const struct qip_refusal *r, struct error *e)
{
	int *number = ctx;

	(void)e;
	if (r->number == *number)
		*number = 0;
	return STATUS_OK;
}

static bool is_kept(struct qip *q, int number)
{
	OK(qip_refused_each(q, find_number, &number, &last_error));
	return number == 0;
}

/* One more edit that the server refuses; its number. */
static int refuse_one(const char *path, const char *value)
{
	refuse_numbered(staff, path, "ref", value, 4000);
	assert_int_equal(practice_sync(staff).refused, 1);
	return refusals(staff).last.number;
}

static void what_is_settled_for_long_is_forgotten_and_what_is_open_never(void **state)
{
	char path[TREE_PATH_MAX], name[32];
	int dropped = 0, recent = 0, open = 0, latest = 0, next = 0;
	cJSON *json = cJSON_CreateObject();

	(void)state;
	practice_add_action(path, staff, "QIP-71");
	(void)practice_sync(staff);
	dropped = refuse_one(path, "QIP-71-a");
	recent = refuse_one(path, "QIP-71-b");
	open = refuse_one(path, "QIP-71-c");
	latest = refuse_one(path, "QIP-71-d");
	OK(qip_refused_drop(staff, dropped, "not wanted", &last_error));
	OK(qip_refused_drop(staff, recent, "not wanted", &last_error));
	OK(qip_refused_drop(staff, latest, "not wanted", &last_error));
	settle_long_ago(staff, dropped, "2021-01-01T00:00:00.000Z");
	settle_long_ago(staff, open, "2021-01-01T00:00:00.000Z");
	settle_long_ago(staff, latest, "2021-01-01T00:00:00.000Z");
	(void)practice_sync(staff);
	assert_false(is_kept(staff, dropped));
	assert_true(is_kept(staff, recent));
	assert_true(is_kept(staff, open));
	assert_true(is_kept(staff, latest)); /* the next one goes on from its number */
	(void)snprintf(name, sizeof(name), "refused/%d.json", dropped);
	assert_int_equal(faccessat(staff->dir, name, F_OK, 0), -1);
	OK(files_write_json(staff->dir, name, json, 0600, &last_error)); /* a program was killed before it came to the note */
	(void)practice_sync(staff);
	assert_int_equal(faccessat(staff->dir, name, F_OK, 0), -1);
	next = refuse_one(path, "QIP-71-e");
	assert_int_equal(next, latest + 1);
	(void)practice_sync(staff);
	assert_false(is_kept(staff, latest));
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rest_of_a_refused_push_goes_on),
		cmocka_unit_test(work_that_builds_on_what_was_refused_keeps_what_it_saw_otherwise),
		cmocka_unit_test(several_refused_commits_are_each_kept),
		cmocka_unit_test(a_chain_of_nothing_but_refused_commits_leaves_the_log),
		cmocka_unit_test(a_refused_edit_is_made_again_and_accepted),
		cmocka_unit_test(what_others_set_meanwhile_stays_beside_what_is_made_again),
		cmocka_unit_test(what_this_device_set_anew_is_left_alone),
		cmocka_unit_test(a_field_set_again_after_a_refused_edit_arrives_and_replaces_what_stood_before_both),
		cmocka_unit_test(an_earlier_edit_of_this_device_does_not_count_as_setting_anew),
		cmocka_unit_test(what_would_be_refused_again_is_not_made),
		cmocka_unit_test(a_change_of_a_record_that_is_not_here_now_is_made_when_it_is_back),
		cmocka_unit_test(what_is_not_here_now_keeps_the_rest_of_an_edit_from_nothing),
		cmocka_unit_test(what_is_refused_again_has_a_new_number_and_the_old_one_says_so),
		cmocka_unit_test(a_retry_cut_short_anywhere_is_made_once),
		cmocka_unit_test(what_is_settled_for_long_is_forgotten_and_what_is_open_never),
		cmocka_unit_test(a_refused_answer_is_followed_by_a_void_of_its_number),
		cmocka_unit_test(the_sealed_comment_of_a_refused_answer_goes_nowhere),
		cmocka_unit_test(where_even_void_records_are_refused_comments_stay),
		cmocka_unit_test(the_evidence_of_a_refused_edit_waits_with_it),
		cmocka_unit_test(a_refused_record_of_its_clock_costs_a_kiosk_no_answer),
		cmocka_unit_test(a_gap_made_by_a_fault_is_told_and_nothing_is_dropped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
