/* tests/client/test_retention.c - client/retention.c: comments go when the practice's time for them is over, and not before, whatever a clock says. */
#include "tests/client/kiosk_fixture.h"

#include "client/blobs.h"
#include "client/comments.h"
#include "client/erase.h"
#include "client/files.h"
#include "client/limits.h"
#include "client/retention_internal.h"
#include "client/sealed.h"

#define DAY_MS INT64_C(86400000)
#define YEAR_MS (366 * DAY_MS)

static struct env later; /* the machine, so many days on */
static int64_t later_ms;
static uint64_t answers;

static int64_t later_now(void *ctx)
{
	return env_system()->now_ms(ctx) + later_ms;
}

static int64_t now_ms(void)
{
	return env_system()->now_ms(env_system()->ctx);
}

/* A visit of a manager's device as it would be so long from now, by both clocks. */
static uint64_t visit(struct qip *q, int64_t own_ms, int64_t server_ms)
{
	const struct env *env = q->env;
	uint64_t erased = 0;

	later = *env_system();
	later.now_ms = later_now;
	later_ms = own_ms;
	q->env = &later;
	OK(retention_run(&erased, q, now_ms() + server_ms, &last_error));
	q->env = env;
	return erased;
}

static void comment(char id[ID_TEXT_LEN + 1], char hex[SHA256_HEX_LEN + 1])
{
	struct qip_capture *c = NULL;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;

	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(id_make(id, env_system()));
	OK(practice_capture(c, id, "good", "It was cold.", &answers));
	qip_capture_close(c);
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	policy_feedback_path(path, "kib-kiosk", answers);
	OK(qip_read(&record, boss, path, &last_error));
	memcpy(hex, json_string(json_get(record, "comment"), "sha256"), SHA256_HEX_LEN + 1);
	cJSON_Delete(record);
}

static bool server_has(const char *hex)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "server/C82999/blobs/%.2s/%s", hex, hex);
	return access(practice_path(&p, name), F_OK) == 0;
}

/* As "qip comments release" does it. */
static void release(char hex[SHA256_HEX_LEN + 1], struct qip *q, const char *id, const char *text)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL, *ref = NULL;

	comments_triage_path(path, id);
	if (qip_read(&record, q, path, NULL) != STATUS_OK) {
		record = cJSON_CreateObject();
		OK(json_set_string(record, "schema", "triage/1"));
		OK(json_set_string(record, "id", id));
	}
	OK(sealed_make(&ref, q, SEALED_RELEASED, id, text, strlen(text), &last_error));
	memcpy(hex, json_string(ref, "sha256"), SHA256_HEX_LEN + 1);
	OK(qip_edit_begin(&edit, q, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(record, "released", ref, &stamp, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Release", &last_error));
	cJSON_Delete(record);
}

static void set_months(int months)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *record = NULL;

	OK(qip_read(&record, boss, "practice.json", &last_error));
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(record, "retention_months", cJSON_CreateNumber(months), &stamp, &last_error));
	OK(qip_edit_put(edit, "practice.json", record, &last_error));
	OK(qip_edit_commit(edit, "Set how long comments are kept", &last_error));
	cJSON_Delete(record);
}

static void months_before_a_day_are_days_of_the_calendar(void **state)
{
	static const struct {
		const char *day;
		int64_t months;
		const char *before;
	} cases[] = {
		{"2026-11-23", 12, "2025-11-23"}, {"2026-01-15", 1, "2025-12-15"},  {"2026-03-31", 1, "2026-02-28"}, {"2024-03-31", 1, "2024-02-29"},
		{"2026-05-31", 1, "2026-04-30"},  {"2026-12-01", 13, "2025-11-01"}, {"2024-02-29", 12, "2023-02-28"}, {"2026-11-23", 1200, "1926-11-23"},
		{"0050-01-31", 1200, "0001-01-31"},
	};
	char day[11];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		retention_day(day, cases[i].day, cases[i].months);
		assert_string_equal(day, cases[i].before);
	}
}

static void what_is_a_year_old_goes_with_all_that_was_released_of_it(void **state)
{
	char id[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1], first[SHA256_HEX_LEN + 1], second[SHA256_HEX_LEN + 1], third[SHA256_HEX_LEN + 1];
	uint64_t erased = 9;

	(void)state;
	comment(id, hex);
	release(first, boss, id, "First");
	release(second, boss, id, "Second, sent together with the first");
	(void)practice_sync(boss);
	release(third, boss, id, "Third");
	(void)practice_sync(boss);
	assert_true(server_has(hex) && server_has(first) && server_has(second) && server_has(third));
	OK(retention_run(&erased, kiosk, now_ms() + 2 * YEAR_MS, &last_error));
	assert_int_equal(erased, 0);
	assert_int_equal(visit(boss, 0, 0), 0);
	assert_int_equal(visit(boss, 364 * DAY_MS, 364 * DAY_MS), 0);
	assert_int_equal(visit(boss, YEAR_MS + DAY_MS, YEAR_MS + DAY_MS), 1);
	assert_int_equal(visit(boss, YEAR_MS + DAY_MS, YEAR_MS + DAY_MS), 0);
	assert_true(blobs_is_erased(boss, hex) && blobs_is_erased(boss, first) && blobs_is_erased(boss, second) && blobs_is_erased(boss, third));
	assert_int_equal(practice_count(boss, "erasures"), 1);
	assert_int_equal(practice_sync(boss).refused, 0);
	assert_false(server_has(hex) || server_has(first) || server_has(second) || server_has(third));
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "acks/kib-kiosk"), 1);
}

static void one_clock_gone_wrong_erases_nothing(void **state)
{
	char id[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1];

	(void)state;
	comment(id, hex);
	assert_int_equal(visit(boss, 9 * YEAR_MS, 0), 0);
	assert_int_equal(visit(boss, 0, 9 * YEAR_MS), 0);
	assert_int_equal(visit(boss, -9 * YEAR_MS, 9 * YEAR_MS), 0);
	assert_false(blobs_is_erased(boss, hex));
}

static void the_practice_says_how_long(void **state)
{
	char id[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1];
	int64_t months = 0;

	(void)state;
	OK(retention_months(&months, boss, &last_error));
	assert_int_equal(months, 12);
	comment(id, hex);
	set_months(24);
	OK(retention_months(&months, boss, &last_error));
	assert_int_equal(months, 24);
	assert_int_equal(visit(boss, YEAR_MS + DAY_MS, YEAR_MS + DAY_MS), 0);
	assert_false(blobs_is_erased(boss, hex));
	set_months(6);
	assert_true(visit(boss, YEAR_MS + DAY_MS, YEAR_MS + DAY_MS) > 0); /* the same day */
	assert_true(blobs_is_erased(boss, hex));
	set_months(12);
	assert_int_equal(practice_sync(boss).refused, 0);
}

static void two_managers_at_once_make_the_same_end(void **state)
{
	struct qip *second = practice_device(&p, boss, "second", ROLE_MANAGER);
	char id[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1];

	(void)state;
	comment(id, hex);
	(void)practice_sync(second);
	assert_int_equal(visit(boss, YEAR_MS + DAY_MS, YEAR_MS + DAY_MS), 1);
	assert_true(visit(second, YEAR_MS + DAY_MS, YEAR_MS + DAY_MS) >= 1);
	assert_int_equal(practice_sync(boss).refused, 0);
	assert_int_equal(practice_sync(second).refused, 0);
	(void)practice_sync(boss);
	assert_false(server_has(hex));
	assert_int_equal(visit(boss, YEAR_MS + 2 * DAY_MS, YEAR_MS + 2 * DAY_MS), 0);
	assert_int_equal(visit(second, YEAR_MS + 2 * DAY_MS, YEAR_MS + 2 * DAY_MS), 0);
	qip_close(second);
}

/* The note comes last. */
static void a_cut_before_the_note_makes_nothing_twice(void **state)
{
	char id[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1];
	int before = 0;

	(void)state;
	comment(id, hex);
	assert_int_equal(visit(boss, 3 * YEAR_MS, 3 * YEAR_MS), 1);
	before = practice_count(boss, "erasures");
	OK(files_remove(boss->dir, "retention.json", &last_error));
	assert_int_equal(visit(boss, 3 * YEAR_MS, 3 * YEAR_MS), 0);
	OK(files_write(boss->dir, "retention.json", "{\"day\":1", 8, 0600, &last_error));
	assert_int_equal(visit(boss, 3 * YEAR_MS, 3 * YEAR_MS), 0);
	assert_int_equal(practice_count(boss, "erasures"), before);
	(void)practice_sync(boss);
}

static void is_found(struct qip *q, struct retention_note *note, const char *hex)
{
	struct retained_list found = {.len = 0};

	OK(retention_late(&found, note, q, &last_error));
	assert_int_equal(found.len, 1);
	assert_string_equal(found.items[0].hex, hex);
	free(found.items);
}

/* Whichever of the two is news: the erasure, or what was released. */
static void is_found_from_both_sides(struct qip *q, const char *hex)
{
	struct retention_note note = {.months = 0};
	struct retained_list none = {.len = 0};

	is_found(q, &note, hex);
	OK(retention_late(&none, &note, q, &last_error));
	assert_int_equal(none.len, 0);
	note.erasures = (struct oid){{0}};
	is_found(q, &note, hex);
	note.triage = (struct oid){{0}};
	is_found(q, &note, hex);
}

/* A text that a colleague released while the manager erased the comment, and one that came later still. */
static void what_is_released_too_late_goes_too(void **state)
{
	struct qip *desk = practice_device(&p, boss, "desk", ROLE_STAFF);
	char id[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1], late[SHA256_HEX_LEN + 1], later_still[SHA256_HEX_LEN + 1], erasure[ID_TEXT_LEN + 1];

	(void)state;
	comment(id, hex);
	(void)practice_sync(desk);
	OK(erase_feedback(erasure, boss, id, "Asked for.", &last_error));
	release(late, desk, id, "Too late");
	(void)practice_sync(desk); /* before the erasure is known */
	assert_true(server_has(late));
	assert_int_equal(practice_sync(boss).retention_erased, 1);
	assert_false(server_has(late) || server_has(hex));
	release(later_still, desk, id, "Later still"); /* by a program that does not ask */
	(void)practice_sync(desk);
	is_found_from_both_sides(desk, later_still);
	assert_int_equal(practice_sync(boss).retention_erased, 1);
	(void)practice_sync(desk);
	assert_false(server_has(later_still));
	assert_true(blobs_is_erased(desk, later_still) && blobs_is_erased(desk, late));
	assert_int_equal(practice_sync(boss).retention_erased, 0);
	qip_close(desk);
}

/* More than one visit takes, in records that each take a hundred. */
static void many_go_in_several_visits(void **state)
{
	struct qip_capture *c = NULL;
	char id[ID_TEXT_LEN + 1], one[ID_TEXT_LEN + 1], hex[SHA256_HEX_LEN + 1];
	int before = practice_count(boss, "erasures");

	(void)state;
	OK(qip_capture_open(&c, kiosk, &last_error));
	for (int i = 0; i < LIMIT_RETENTION + 20; i++) {
		OK(id_make(id, env_system()));
		OK(practice_capture(c, id, "good", "The same again", &answers));
		if (i == 50)
			memcpy(one, id, sizeof(one));
	}
	qip_capture_close(c);
	while (practice_sync(kiosk).blobs_waiting > 0)
		;
	(void)practice_sync(boss);
	release(hex, boss, one, "One piece more than answers");
	assert_int_equal(visit(boss, 4 * YEAR_MS, 4 * YEAR_MS), LIMIT_RETENTION);
	assert_int_equal(practice_count(boss, "erasures"), before + LIMIT_RETENTION / 100 + 1);
	assert_int_equal(visit(boss, 4 * YEAR_MS, 4 * YEAR_MS), 20);
	assert_int_equal(visit(boss, 4 * YEAR_MS, 4 * YEAR_MS), 0);
	assert_int_equal(practice_count(boss, "erasures"), before + LIMIT_RETENTION / 100 + 2);
	assert_int_equal(practice_sync(boss).refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(months_before_a_day_are_days_of_the_calendar),
		cmocka_unit_test(what_is_a_year_old_goes_with_all_that_was_released_of_it),
		cmocka_unit_test(one_clock_gone_wrong_erases_nothing),
		cmocka_unit_test(the_practice_says_how_long),
		cmocka_unit_test(two_managers_at_once_make_the_same_end),
		cmocka_unit_test(a_cut_before_the_note_makes_nothing_twice),
		cmocka_unit_test(what_is_released_too_late_goes_too),
		cmocka_unit_test(many_go_in_several_visits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
