/* tests/client/test_capture.c - answers on their way into a kiosk's journal. */
#include "tests/client/kiosk_fixture.h"

#include <dirent.h>
#include <fcntl.h>

#include "client/build.h"
#include "client/files.h"
#include "core/seal.h"

#define ID(n) "01900000-0000-7000-8000-00000000000" #n
#define WORDS "Nurse Priya was kind, but the lift was broken."

static void the_same_answer_twice_is_one_answer(void **state)
{
	struct qip_capture *c = NULL;
	uint64_t first = 0, again = 0, other = 0;

	(void)state;
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, ID(1), "good", NULL, &first));
	FAILS(practice_capture(c, ID(1), "good", NULL, &again), STATUS_EXISTS);
	assert_true(again == first);
	OK(practice_capture(c, ID(2), "poor", NULL, &other));
	assert_true(other == first + 1);
	qip_capture_close(c);
	OK(qip_capture_open(&c, kiosk, &last_error)); /* the browser sends it again after the power was gone */
	FAILS(practice_capture(c, ID(1), "good", NULL, &again), STATUS_EXISTS);
	assert_true(again == first);
	assert_true(qip_capture_last(c) == other);
	qip_capture_close(c);
}

/* As when the disk confirms an answer to nobody, gives it to a sync, and has lost it when the journal is opened again. */
static void a_number_that_only_the_branch_knows_is_not_given_again(void **state)
{
	struct qip_capture *c = NULL;
	char journal[PRACTICE_PATH], aside[PRACTICE_PATH];
	uint64_t before = 0, seq = 0;

	(void)state;
	(void)snprintf(journal, sizeof(journal), "%s", practice_path(&p, "kib-kiosk/journal"));
	(void)snprintf(aside, sizeof(aside), "%s", practice_path(&p, "journal-aside"));
	(void)practice_sync(kiosk);
	assert_int_equal(rename(journal, aside), 0);
	OK(files_write(kiosk->dir, HOME_JOURNAL, "x", 1, 0600, &last_error)); /* no folder: the capture opens in trouble */
	OK(qip_capture_open(&c, kiosk, &last_error));
	before = qip_capture_last(c);
	assert_int_equal(unlink(journal), 0);
	assert_int_equal(rename(aside, journal), 0);
	practice_answers(kiosk, 1);
	(void)practice_sync(kiosk);
	practice_remove(journal);
	OK(qip_capture_reload(c, kiosk, &last_error));
	OK(practice_capture(c, ID(9), "good", NULL, &seq));
	assert_int_equal(seq, before + 2);
	qip_capture_close(c);
	assert_int_equal(practice_sync(kiosk).records_sent, 1);
}

static void what_is_no_answer_gets_no_number(void **state)
{
	struct qip_capture *c = NULL;
	char *huge = malloc(QIP_COMMENT_MAX + 2);
	cJSON *answers = cJSON_Parse("{\"experience\":\"good\"}");
	uint64_t seq = 0, before = 0;

	(void)state;
	memset(huge, 'x', QIP_COMMENT_MAX + 1);
	huge[QIP_COMMENT_MAX + 1] = '\0';
	OK(qip_capture_open(&c, kiosk, &last_error));
	before = qip_capture_last(c);
	FAILS(practice_capture(c, "not-an-id", "good", NULL, &seq), STATUS_INVALID);
	FAILS(practice_capture(c, ID(3), "splendid", NULL, &seq), STATUS_INVALID);
	FAILS(practice_capture(c, ID(3), "good", huge, &seq), STATUS_INVALID);
	FAILS(practice_capture(c, ID(3), "good", "\xff\xfe", &seq), STATUS_INVALID);
	const struct qip_answer wrong[] = {
		{ID(3), "fft", 2, "en", "kiosk", answers, NULL, false, NULL},  {ID(3), "ffx", 1, "en", "kiosk", answers, NULL, false, NULL},
		{ID(3), "fft", 1, "en", "sms", answers, NULL, false, NULL},    {ID(3), "fft", 1, "English", "kiosk", answers, NULL, false, NULL},
		{ID(3), NULL, 1, "en", "kiosk", answers, NULL, false, NULL},   {ID(3), "fft", 1, "en", "kiosk", NULL, NULL, false, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		FAILS(qip_capture(&seq, c, &wrong[i], &last_error), STATUS_INVALID);
	assert_true(qip_capture_last(c) == before);
	huge[QIP_COMMENT_MAX] = '\0';
	OK(practice_capture(c, ID(3), "good", huge, &seq));
	qip_capture_close(c);
	cJSON_Delete(answers);
	free(huge);
}

/* True if any file below the folder holds the words. */
static bool found_below(const char *folder, const char *words)
{
	char path[PRACTICE_PATH * 3];
	struct dirent *entry = NULL;
	DIR *d = opendir(folder);
	bool found = false;

	assert_non_null(d);
	while (!found && (entry = readdir(d)) != NULL) {
		struct buf bytes = BUF_INIT;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR)
			found = found_below(path, words);
		else {
			OK(files_read(&bytes, AT_FDCWD, path, 100000000, &last_error));
			found = memmem(buf_text(&bytes), bytes.len, words, strlen(words)) != NULL;
		}
		buf_clear(&bytes);
	}
	(void)closedir(d);
	return found;
}

/* The comment key's private half, unwrapped with the manager's seal key. */
static void unwrap(uint8_t out[SEAL_KEY_LEN])
{
	struct buf text = BUF_INIT, sealed = BUF_INIT, plain = BUF_INIT;
	uint8_t seal_key[SEAL_KEY_LEN];
	cJSON *record = NULL;
	const char *wrapped = NULL;

	OK(files_read(&text, boss->dir, HOME_SEAL_KEY, 1000, &last_error));
	OK(build_read_bytes32(seal_key, buf_text(&text)));
	OK(qip_read(&record, boss, "keys/1.json", &last_error));
	wrapped = json_string(json_get(record, "wrapped"), "manager");
	assert_non_null(wrapped);
	OK(base64url_decode(&sealed, wrapped, strlen(wrapped)));
	OK(seal_open(&plain, seal_key, "qip comment key", "C82999/1", 8, sealed.data, sealed.len, &last_error));
	assert_int_equal(plain.len, SEAL_KEY_LEN);
	memcpy(out, plain.data, SEAL_KEY_LEN);
	cJSON_Delete(record);
	buf_wipe(&text);
	buf_wipe(&sealed);
	buf_wipe(&plain);
}

static void a_comment_is_sealed_before_it_touches_the_disk(void **state)
{
	struct qip_capture *c = NULL;
	struct buf sealed = BUF_INIT, plain = BUF_INIT;
	uint8_t private_key[SEAL_KEY_LEN];
	char path[TREE_PATH_MAX], name[128];
	cJSON *record = NULL;
	uint64_t seq = 0;
	int64_t size = 0;

	(void)state;
	OK(qip_capture_open(&c, kiosk, &last_error));
	assert_true(qip_capture_can_seal(c));
	OK(practice_capture(c, ID(5), "very-good", WORDS, &seq));
	qip_capture_close(c);
	assert_false(found_below(practice_path(&p, "kib-kiosk"), "Priya"));
	(void)practice_sync(kiosk);
	assert_false(found_below(practice_path(&p, "kib-kiosk"), "Priya"));
	(void)practice_sync(boss);
	policy_feedback_path(path, "kib-kiosk", seq);
	OK(qip_read(&record, boss, path, &last_error));
	assert_true(json_integer(json_get(record, "comment"), "size", &size));
	assert_int_equal(size, strlen(WORDS) + SEAL_OVERHEAD);
	assert_true(cJSON_IsTrue(json_get(json_get(record, "comment"), "publish")));
	(void)snprintf(name, sizeof(name), "blobs/%s", json_string(json_get(record, "comment"), "sha256"));
	OK(files_read(&sealed, kiosk->dir, name, 100000, &last_error));
	unwrap(private_key);
	OK(seal_open(&plain, private_key, "qip comment", "C82999/" ID(5), 7 + ID_TEXT_LEN, sealed.data, sealed.len, &last_error));
	assert_string_equal(buf_text(&plain), WORDS);
	cJSON_Delete(record);
	buf_clear(&sealed);
	buf_clear(&plain);
}

static void blanks_are_no_comment(void **state)
{
	struct qip_capture *c = NULL;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	uint64_t seq = 0;

	(void)state;
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, ID(6), "good", " \r\n\t", &seq));
	qip_capture_close(c);
	(void)practice_sync(kiosk);
	policy_feedback_path(path, "kib-kiosk", seq);
	OK(qip_read(&record, kiosk, path, &last_error));
	assert_null(json_get(record, "comment"));
	cJSON_Delete(record);
}

static void a_sync_beside_an_open_capture_sends_what_it_took(void **state)
{
	struct qip_capture *c = NULL;
	uint64_t seq = 0;

	(void)state;
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, ID(7), "good", NULL, &seq));
	assert_int_equal(practice_sync(kiosk).answers_committed, 1);
	OK(practice_capture(c, ID(8), "good", NULL, &seq));
	OK(qip_capture_reload(c, kiosk, &last_error));
	assert_int_equal(practice_sync(kiosk).answers_committed, 1);
	qip_capture_close(c);
	FAILS(qip_capture_open(&c, boss, &last_error), STATUS_DENIED);
}

static void a_lost_folder_of_comments_holds_up_no_answer(void **state)
{
	struct qip_capture *c = NULL;
	char id[ID_TEXT_LEN + 1];
	uint64_t seq = 0;

	(void)state;
	OK(id_make(id, qip_env(kiosk)));
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, id, "good", WORDS, &seq));
	qip_capture_close(c);
	practice_remove(practice_path(&p, "kib-kiosk/blobs"));
	assert_int_equal(practice_sync(kiosk).records_sent, 1);
}

/* The journal is gone (a new card, the rest restored): numbers go on, nothing is numbered twice. */
static void a_lost_journal_does_not_number_anew(void **state)
{
	struct qip_capture *c = NULL;
	uint64_t seq = 0, last = 0;

	(void)state;
	OK(qip_capture_open(&c, kiosk, &last_error));
	last = qip_capture_last(c);
	qip_capture_close(c);
	practice_remove(practice_path(&p, "kib-kiosk/journal"));
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, ID(9), "good", NULL, &seq));
	assert_true(seq == last + 1);
	qip_capture_close(c);
	assert_int_equal(practice_sync(kiosk).records_sent, 1);
}

/* A box that starts in 1970 and learns the time from the server. */
struct box {
	int64_t wall_ms, monotonic_ms;
	const char *boot;
};

static int64_t box_now(void *ctx)
{
	return ((struct box *)ctx)->wall_ms;
}

static int64_t box_monotonic(void *ctx)
{
	return ((struct box *)ctx)->monotonic_ms;
}

static enum clock_quality box_quality(void *ctx)
{
	(void)ctx;
	return CLOCK_UNKNOWN;
}

static void box_boot(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	(void)snprintf(out, ENV_BOOT_ID_MAX, "%s", ((struct box *)ctx)->boot);
}

static enum status box_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	return env_system()->random(env_system()->ctx, out, len);
}

static int64_t time_in(const cJSON *record, const char *member)
{
	int64_t ms = 0;

	OK(time_parse(&ms, json_string(json_get(record, "recorded"), member)));
	return ms;
}

static bool is_flagged(const cJSON *record, const char *flag)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, json_get(record, "flags"))
	{
		if (strcmp(item->valuestring, flag) == 0)
			return true;
	}
	return false;
}

static bool in_one_month(const cJSON *record)
{
	const cJSON *recorded = json_get(record, "recorded");

	return strncmp(json_string(recorded, "earliest"), json_string(recorded, "latest"), strlen("2026-11")) == 0;
}

static void a_box_at_1970_syncs_and_its_answers_get_an_interval(void **state)
{
	struct box box = {.wall_ms = 5000, .monotonic_ms = 5000, .boot = "first"};
	const struct env env = {.now_ms = box_now, .monotonic_ms = box_monotonic, .quality = box_quality,
				.boot_id = box_boot, .random = box_random, .ctx = &box};
	struct qip_options o = {.home = practice_path(&p, "kib-kiosk"), .env = &env, .lock_wait_ms = 0};
	int64_t now_ms = env_system()->now_ms(env_system()->ctx);
	char path[TREE_PATH_MAX];
	uint64_t last = 0;
	cJSON *record = NULL;

	(void)state;
	qip_close(kiosk);
	OK(qip_open(&kiosk, &o, &last_error));
	practice_answers(kiosk, 1);
	box = (struct box){.wall_ms = INT64_C(4070908800000), .monotonic_ms = 7000, .boot = "second"};
	practice_answers(kiosk, 1);
	box.monotonic_ms += 60000;
	(void)practice_sync(kiosk);
	OK(qip_waiting(&last, kiosk, &last_error));
	assert_int_equal(last, 0);
	last = (uint64_t)kiosk->state.last_sync_seq;
	policy_feedback_path(path, "kib-kiosk", last - 1);
	OK(qip_read(&record, kiosk, path, &last_error));
	assert_string_equal(json_string(json_get(record, "recorded"), "quality"), "unknown");
	assert_true(time_in(record, "at") == 5000);
	assert_true(time_in(record, "earliest") > now_ms - 600000 && time_in(record, "earliest") <= time_in(record, "latest"));
	assert_true(is_flagged(record, "clock-unsure"));
	cJSON_Delete(record);
	policy_feedback_path(path, "kib-kiosk", last);
	OK(qip_read(&record, kiosk, path, &last_error));
	assert_string_equal(json_string(json_get(record, "recorded"), "quality"), "estimated");
	assert_true(llabs(time_in(record, "at") - (now_ms - 60000)) < 30000);
	assert_true(is_flagged(record, "clock-unsure") != in_one_month(record));
	cJSON_Delete(record);
}

static void flags_of_the_kiosk_go_with_the_answer(void **state)
{
	static const char *const doubts[] = {"out-of-hours", "rapid-repeat", NULL}, *const invented[] = {"dubious", NULL};
	cJSON *answers = cJSON_Parse("{\"experience\":\"good\"}"), *record = NULL;
	struct qip_answer a = {.survey = "fft", .survey_version = 1, .language = "en", .mode = "kiosk", .answers = answers, .flags = doubts};
	struct qip_capture *c = NULL;
	char id[ID_TEXT_LEN + 1], path[TREE_PATH_MAX];
	uint64_t seq = 0, none = 0;

	(void)state;
	OK(id_make(id, qip_env(kiosk)));
	a.id = id;
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(qip_capture(&seq, c, &a, &last_error));
	OK(id_make(id, qip_env(kiosk)));
	a.flags = invented;
	FAILS(qip_capture(&none, c, &a, &last_error), STATUS_INVALID);
	qip_capture_close(c);
	(void)practice_sync(kiosk);
	policy_feedback_path(path, "kib-kiosk", seq);
	OK(qip_read(&record, kiosk, path, &last_error));
	assert_true(is_flagged(record, "out-of-hours") && is_flagged(record, "rapid-repeat") && !is_flagged(record, "dubious"));
	cJSON_Delete(record);
	cJSON_Delete(answers);
}

/* A survey that a manager wrote, at the server. */
static void put_survey(const char *text)
{
	struct qip_edit *edit = NULL;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;

	OK(json_parse(&record, text, strlen(text), &last_error));
	(void)snprintf(path, sizeof(path), "surveys/%s.json", json_string(record, "id"));
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "A survey", &last_error));
	cJSON_Delete(record);
	(void)practice_sync(boss);
}

#define LIFT(version, more, options) \
	"{\"schema\":\"survey/1\",\"id\":\"lift\",\"version\":" #version "," more "\"questions\":[{\"id\":\"used\",\"kind\":\"choice\"," \
	"\"text\":{\"en\":{\"text\":\"Did you use the lift?\",\"status\":\"reviewed\"}},\"options\":[" options "]}]}"
#define OPTION(id) "{\"id\":\"" id "\",\"text\":{\"en\":{\"text\":\"x\",\"status\":\"reviewed\"}}}"

static size_t shown(char ids[100], struct qip_capture *c)
{
	cJSON *list = NULL;
	const cJSON *item = NULL;
	size_t at = 0, count = 0;

	ids[0] = '\0';
	OK(qip_surveys(&list, c, &last_error));
	cJSON_ArrayForEach(item, list)
		at += (size_t)snprintf(ids + at, 100 - at, "%s%s", at > 0 ? " " : "", json_string(item, "id"));
	count = (size_t)cJSON_GetArraySize(list);
	cJSON_Delete(list);
	return count;
}

static void assert_last_names(const char *survey, int64_t version)
{
	char path[TREE_PATH_MAX];
	int64_t number = 0;
	cJSON *record = NULL;

	policy_feedback_path(path, "kib-kiosk", kiosk->state.last_sync_seq);
	OK(qip_read(&record, kiosk, path, &last_error));
	assert_string_equal(json_string(json_get(record, "survey"), "id"), survey);
	assert_true(json_integer(json_get(record, "survey"), "version", &number) && number == version);
	cJSON_Delete(record);
}

static void an_answer_begun_under_an_older_version_is_good_and_names_it(void **state)
{
	struct qip_capture *c = NULL;
	cJSON *old = cJSON_Parse("{\"used\":\"sometimes\"}"), *survey = NULL;
	struct qip_answer a = {.survey = "lift", .survey_version = 1, .language = "en", .mode = "kiosk", .answers = old};
	char id[ID_TEXT_LEN + 1], ids[100];
	uint64_t seq = 0;

	(void)state;
	put_survey(LIFT(1, , OPTION("always") "," OPTION("sometimes")));
	(void)practice_sync(kiosk);
	OK(qip_capture_open(&c, kiosk, &last_error));
	assert_int_equal(shown(ids, c), 2);
	assert_string_equal(ids, "fft lift");
	put_survey(LIFT(2, , OPTION("yes") "," OPTION("no")));
	(void)practice_sync(kiosk);
	OK(qip_capture_reload(c, kiosk, &last_error));
	OK(qip_survey(&survey, c, "lift", 1, &last_error));
	cJSON_Delete(survey);
	FAILS(qip_survey(&survey, c, "lift", 3, &last_error), STATUS_NOT_FOUND);
	OK(id_make(id, qip_env(kiosk)));
	a.id = id;
	OK(qip_capture(&seq, c, &a, &last_error));
	OK(id_make(id, qip_env(kiosk)));
	qip_capture_close(c); /* the power goes while somebody answers */
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(qip_capture(&seq, c, &a, &last_error));
	OK(id_make(id, qip_env(kiosk)));
	a.survey_version = 2; /* has no such option */
	FAILS(qip_capture(&seq, c, &a, &last_error), STATUS_INVALID);
	qip_capture_close(c);
	assert_int_equal(practice_sync(kiosk).records_sent, 2);
	assert_last_names("lift", 1);
	cJSON_Delete(old);
}

static void a_survey_of_another_site_or_of_days_gone_by_is_not_shown(void **state)
{
	struct qip_capture *c = NULL;
	char ids[100];

	(void)state;
	put_survey(LIFT(3, "\"sites\":[\"fleckney\"],", OPTION("yes") "," OPTION("no")));
	(void)practice_sync(kiosk);
	OK(qip_capture_open(&c, kiosk, &last_error));
	assert_int_equal(shown(ids, c), 1);
	put_survey(LIFT(4, "\"ends\":\"2022-06-06\",", OPTION("yes") "," OPTION("no")));
	(void)practice_sync(kiosk);
	OK(qip_capture_reload(c, kiosk, &last_error));
	assert_int_equal(shown(ids, c), 1);
	put_survey(LIFT(5, "\"starts\":\"2022-06-06\",\"ends\":\"2999-06-06\",", OPTION("yes") "," OPTION("no")));
	(void)practice_sync(kiosk);
	OK(qip_capture_reload(c, kiosk, &last_error));
	assert_int_equal(shown(ids, c), 2);
	qip_capture_close(c);
}

/* Years wrong either way: what ended is not shown again, what is in force stays. */
static void with_an_unsure_clock_the_day_of_the_last_sync_counts(void **state)
{
	static const int64_t walls_ms[] = {5000, INT64_C(4070908800000)};
	struct box box = {.boot = "third"};
	const struct env env = {.now_ms = box_now, .monotonic_ms = box_monotonic, .quality = box_quality,
				.boot_id = box_boot, .random = box_random, .ctx = &box};
	struct qip_options o = {.home = practice_path(&p, "kib-kiosk"), .env = &env, .lock_wait_ms = 0};
	struct qip_capture *c = NULL;
	char ids[100];

	(void)state;
	qip_close(kiosk);
	for (size_t i = 0; i < ARRAY_LEN(walls_ms); i++) {
		box.wall_ms = walls_ms[i];
		OK(qip_open(&kiosk, &o, &last_error));
		OK(qip_capture_open(&c, kiosk, &last_error));
		assert_int_equal(shown(ids, c), 2);
		qip_capture_close(c);
		qip_close(kiosk);
	}
	o.env = NULL;
	OK(qip_open(&kiosk, &o, &last_error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_answer_twice_is_one_answer),
		cmocka_unit_test(what_is_no_answer_gets_no_number),
		cmocka_unit_test(a_number_that_only_the_branch_knows_is_not_given_again),
		cmocka_unit_test(flags_of_the_kiosk_go_with_the_answer),
		cmocka_unit_test(a_comment_is_sealed_before_it_touches_the_disk),
		cmocka_unit_test(blanks_are_no_comment),
		cmocka_unit_test(a_sync_beside_an_open_capture_sends_what_it_took),
		cmocka_unit_test(a_lost_folder_of_comments_holds_up_no_answer),
		cmocka_unit_test(a_lost_journal_does_not_number_anew),
		cmocka_unit_test(an_answer_begun_under_an_older_version_is_good_and_names_it),
		cmocka_unit_test(a_survey_of_another_site_or_of_days_gone_by_is_not_shown),
		cmocka_unit_test(with_an_unsure_clock_the_day_of_the_last_sync_counts),
		cmocka_unit_test(a_box_at_1970_syncs_and_its_answers_get_an_interval),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
