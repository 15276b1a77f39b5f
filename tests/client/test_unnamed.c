/* tests/client/test_unnamed.c - sealed bytes that no record came to name are gone before anybody else has them; those that one names are not. */
#include "tests/client/practice.h"

#include "client/sealed.h"
#include "client/unnamed.h"

static struct practice p;
static struct qip *boss;
static char id[ID_TEXT_LEN + 1]; /* of a person */

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	OK(id_make(id, env_system()));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static void reopen(void)
{
	qip_close(boss);
	boss = practice_open(&p, "manager");
}

/* The object that names it, the caller's. */
static cJSON *seal(char hex[SHA256_HEX_LEN + 1], const char *text)
{
	cJSON *ref = NULL;

	OK(sealed_make(&ref, boss, SEALED_NAME, id, text, strlen(text), &last_error));
	memcpy(hex, json_string(ref, "sha256"), SHA256_HEX_LEN + 1);
	return ref;
}

static bool waits(const char *hex)
{
	char name[120];

	(void)snprintf(name, sizeof(name), "manager/outbox/%s", hex);
	return access(practice_path(&p, name), F_OK) == 0;
}

static bool noted(void)
{
	return access(practice_path(&p, "manager/unnamed.json"), F_OK) == 0;
}

static void commit_person(cJSON *name)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	char path[TREE_PATH_MAX];
	cJSON *record = cJSON_CreateObject();

	OK(json_set_string(record, "schema", "person/1"));
	OK(json_set_string(record, "id", id));
	(void)snprintf(path, sizeof(path), "people/%s.json", id);
	OK(qip_edit_begin(&edit, boss, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(record, "job", cJSON_CreateString("nurse"), &stamp, &last_error));
	OK(record_set(record, "name", name, &stamp, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Add a person", &last_error));
	cJSON_Delete(record);
}

static void what_no_edit_came_to_name_goes_with_the_next_opening(void **state)
{
	char first[SHA256_HEX_LEN + 1], second[SHA256_HEX_LEN + 1];

	(void)state;
	cJSON_Delete(seal(first, "Nobody"));
	cJSON_Delete(seal(second, "Nobody else"));
	assert_true(waits(first) && waits(second) && noted());
	reopen();
	assert_false(waits(first) || waits(second) || noted());
}

static void what_an_edit_names_stays_and_arrives(void **state)
{
	char orphan[SHA256_HEX_LEN + 1], hex[SHA256_HEX_LEN + 1], at_server[200];

	(void)state;
	cJSON_Delete(seal(orphan, "Somebody who was not added"));
	commit_person(seal(hex, "Amina"));
	assert_true(waits(hex) && noted());
	reopen();
	assert_true(waits(hex));
	assert_false(waits(orphan) || noted());
	(void)practice_sync(boss);
	(void)snprintf(at_server, sizeof(at_server), "server/C82999/blobs/%.2s/%s", hex, hex);
	assert_int_equal(access(practice_path(&p, at_server), F_OK), 0);
}

/* Killed between the commit and the note. */
static void a_note_that_is_behind_costs_nothing(void **state)
{
	char hex[SHA256_HEX_LEN + 1];

	(void)state;
	OK(id_make(id, env_system()));
	commit_person(seal(hex, "Bartholomew"));
	assert_false(noted());
	OK(unnamed_add(boss, hex, &last_error));
	reopen();
	assert_true(waits(hex));
	assert_false(noted());
	OK(files_write(boss->dir, "unnamed.json", "{\"blobs\":7}", 11, 0600, &last_error));
	reopen();
	assert_true(waits(hex));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_edit_came_to_name_goes_with_the_next_opening),
		cmocka_unit_test(what_an_edit_names_stays_and_arrives),
		cmocka_unit_test(a_note_that_is_behind_costs_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
