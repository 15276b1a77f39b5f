/* tests/client/test_people.c - client/people.c: names sealed beside the history, and who an edit is said to be of. */
#include "tests/client/practice.h"

#include "client/blobs.h"
#include "client/people.h"
#include "client/sealed.h"

#define NOBODY "01900000-0000-7000-8000-000000000000"

static struct practice p;
static struct qip *boss;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

/* A person with this name (NULL: none), committed; the id is in `id`. */
static void add(char id[ID_TEXT_LEN + 1], const char *name, const char *left)
{
	char path[TREE_PATH_MAX];
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *record = cJSON_CreateObject(), *ref = NULL;

	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	memcpy(id, stamp.id, ID_TEXT_LEN + 1);
	OK(json_set_string(record, "schema", "person/1"));
	OK(json_set_string(record, "id", id));
	OK(record_set(record, "job", cJSON_CreateString("practice nurse"), &stamp, &last_error));
	if (name) {
		OK(people_seal_name(&ref, boss, id, name, &last_error));
		OK(record_set(record, "name", ref, &stamp, &last_error));
	}
	if (left)
		OK(record_set(record, "left", cJSON_CreateString(left), &stamp, &last_error));
	people_path(path, id);
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Add a person", &last_error));
	cJSON_Delete(record);
}

static enum status name_of(struct buf *out, const char *id)
{
	cJSON *person = NULL;
	enum status st;

	OK(people_find(&person, boss, id, &last_error));
	st = people_name(out, boss, person, &last_error);
	cJSON_Delete(person);
	return st;
}

/* The person of the stamp that an edit would leave now, or why there is none. */
static enum status editor(char out[ID_TEXT_LEN + 1])
{
	struct qip_edit *edit = NULL;
	struct stamp stamp = {0};
	enum status st;

	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	st = qip_edit_stamp(&stamp, edit, &last_error);
	qip_edit_abort(edit);
	memcpy(out, stamp.person, ID_TEXT_LEN + 1);
	return st;
}

static void a_name_comes_back_as_it_was_given_and_takes_the_room_of_any_other(void **state)
{
	static const char *const names[] = {"Li", "Zo\xc3\xab \xe0\xaa\x9c\xe0\xab\x8d\xe0\xaa\xaf\xe0\xab\x8b\xe0\xaa\xa4\xe0\xaa\xbf", "x"};
	char id[ID_TEXT_LEN + 1], longest[PEOPLE_NAME_MAX + 2] = "";
	int64_t sizes[2] = {0};
	cJSON *refs[2] = {NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf name = BUF_INIT;

		add(id, names[i], NULL);
		OK(name_of(&name, id));
		assert_string_equal(buf_text(&name), names[i]);
		buf_clear(&name);
	}
	memset(longest, 'n', PEOPLE_NAME_MAX);
	OK(people_seal_name(&refs[0], boss, id, longest, &last_error));
	OK(people_seal_name(&refs[1], boss, id, "n", &last_error));
	for (int i = 0; i < 2; i++)
		assert_true(json_integer(refs[i], "size", &sizes[i]));
	assert_int_equal(sizes[0], sizes[1]);
	longest[PEOPLE_NAME_MAX] = 'n';
	FAILS(people_seal_name(&refs[0], boss, id, longest, &last_error), STATUS_TOO_BIG);
	cJSON_Delete(refs[0]);
	cJSON_Delete(refs[1]);
}

static void a_name_sealed_for_one_opens_for_no_other(void **state)
{
	char one[ID_TEXT_LEN + 1], other[ID_TEXT_LEN + 1];
	struct buf name = BUF_INIT;
	cJSON *person = NULL;

	(void)state;
	add(one, "Amina Khan", NULL);
	add(other, "Li", NULL);
	OK(people_find(&person, boss, one, &last_error));
	OK(json_set_string(person, "id", other));
	FAILS(people_name(&name, boss, person, &last_error), STATUS_UNTRUSTED);
	assert_int_equal(name.len, 0);
	cJSON_Delete(person);
	buf_clear(&name);
}

static void whose_name_is_gone_or_was_never_given_is_told_apart(void **state)
{
	char id[ID_TEXT_LEN + 1], file[200];
	struct buf name = BUF_INIT;
	cJSON *person = NULL;
	const char *hex = NULL;

	(void)state;
	add(id, NULL, NULL);
	FAILS(name_of(&name, id), STATUS_NOT_FOUND);
	add(id, "Amina Khan", NULL);
	OK(people_find(&person, boss, id, &last_error));
	hex = json_string(json_get(person, "name"), "sha256");
	(void)snprintf(file, sizeof(file), "%s/%s%s", HOME_BLOBS, hex, BLOBS_ERASED);
	OK(files_write(boss->dir, file, "", 0, 0600, &last_error));
	FAILS(name_of(&name, id), STATUS_GONE);
	assert_int_equal(name.len, 0);
	cJSON_Delete(person);
	buf_clear(&name);
}

static void an_edit_is_of_the_person_whose_home_it_is_unless_another_is_named(void **state)
{
	char mine[ID_TEXT_LEN + 1], other[ID_TEXT_LEN + 1], got[ID_TEXT_LEN + 1];

	(void)state;
	add(mine, "Amina Khan", NULL);
	add(other, "Li", NULL);
	OK(editor(got));
	assert_string_equal(got, "");
	OK(people_set_me(boss, mine, &last_error));
	OK(editor(got));
	assert_string_equal(got, mine);
	qip_close(boss);
	boss = practice_open(&p, "manager");
	OK(editor(got));
	assert_string_equal(got, mine);
	people_act_as(boss, other);
	OK(editor(got));
	assert_string_equal(got, other);
	people_act_as(boss, "");
	OK(editor(got));
	assert_string_equal(got, "");
	people_act_as(boss, NULL);
	OK(people_set_me(boss, NULL, &last_error));
	OK(editor(got));
	assert_string_equal(got, "");
}

static void nobody_unknown_and_nobody_who_left_edits(void **state)
{
	char left[ID_TEXT_LEN + 1], leaving[ID_TEXT_LEN + 1], got[ID_TEXT_LEN + 1], today[11];

	(void)state;
	date_format(today, qip_now_ms(boss));
	add(left, NULL, "2020-01-01");
	add(leaving, NULL, today);
	people_act_as(boss, NOBODY);
	FAILS(editor(got), STATUS_INVALID);
	people_act_as(boss, left);
	FAILS(editor(got), STATUS_INVALID);
	assert_non_null(strstr(last_error.text, "left on 2020-01-01"));
	people_act_as(boss, leaving); /* it is a day of work */
	OK(editor(got));
	people_act_as(boss, NULL);
}

static void a_damaged_note_of_whose_home_it_is_stops_edits_and_no_sync(void **state)
{
	static const char *const damaged[] = {"", "{", "[]", "{\"person\":\"somebody\"}", "{\"person\":7}"};
	char got[ID_TEXT_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		OK(files_write(boss->dir, "person.json", damaged[i], strlen(damaged[i]), 0600, &last_error));
		FAILS(editor(got), STATUS_CORRUPT);
		assert_non_null(strstr(last_error.text, "qip people me"));
		(void)practice_sync(boss);
	}
	OK(people_set_me(boss, NULL, &last_error));
	OK(editor(got));
}

static void a_person_is_found_by_enough_of_an_id_if_it_is_one_alone(void **state)
{
	char id[ID_TEXT_LEN + 1], part[ID_TEXT_LEN + 1] = "";
	cJSON *person = NULL;

	(void)state;
	add(id, NULL, NULL);
	add(part, NULL, NULL); /* within the same minute */
	part[8] = '\0';
	if (strncmp(id, part, 8) == 0)
		FAILS(people_find(&person, boss, part, &last_error), STATUS_INVALID);
	part[7] = '\0';
	FAILS(people_find(&person, boss, part, &last_error), STATUS_NOT_FOUND);
	FAILS(people_find(&person, boss, "", &last_error), STATUS_NOT_FOUND);
	assert_null(person);
	for (char *at = id; *at; at++)
		*at = (char)(*at >= 'a' && *at <= 'f' ? *at - 'a' + 'A' : *at);
	OK(people_find(&person, boss, id, &last_error));
	cJSON_Delete(person);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_comes_back_as_it_was_given_and_takes_the_room_of_any_other),
		cmocka_unit_test(a_name_sealed_for_one_opens_for_no_other),
		cmocka_unit_test(whose_name_is_gone_or_was_never_given_is_told_apart),
		cmocka_unit_test(an_edit_is_of_the_person_whose_home_it_is_unless_another_is_named),
		cmocka_unit_test(nobody_unknown_and_nobody_who_left_edits),
		cmocka_unit_test(a_damaged_note_of_whose_home_it_is_stops_edits_and_no_sync),
		cmocka_unit_test(a_person_is_found_by_enough_of_an_id_if_it_is_one_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
