/* tests/core/test_root_invite.c - a manager whom the root key alone invited, long after the practice's start. */
#include "tests/support/practice_fixture.h"

static struct error last_error;
static struct head_fault last_fault;
static const struct oid none = {{0}};

static void refused(struct fixture_device *d, enum status st, const char *words, const char *path)
{
	struct oid before = p.main;
	enum status got;

	memset(&last_error, 0, sizeof(last_error));
	got = practice_try(&p, d, &last_fault, &last_error);
	if (got != st || !strstr(last_error.text, words) || strcmp(last_fault.path, path) != 0)
		fail_msg("got %s, \"%s\" at \"%s\"", status_text(got), last_error.text, last_fault.path);
	assert_true(oid_equal(&before, &p.main));
}

static const char *path_of(const struct fixture_device *d)
{
	static char path[TREE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "devices/%s.json", d->id);
	return path;
}

/* Its enrolment, with an invite in the root's name that `key` signed. */
static cJSON *brought_along(struct fixture_device *d, const struct key *key)
{
	return practice_enrolment(&p, d, practice_invite(&p, d, "root", key));
}

static struct fixture_device *comes(const char *id, enum role role, const struct key *key)
{
	struct fixture_device *d = practice_stranger(&p, id, role);

	practice_write_on(&p, d, &none, path_of(d), brought_along(d, key));
	return d;
}

static void a_manager_comes_back_by_the_root_key_and_manages(void **state)
{
	struct fixture_device *d = comes("new-manager", ROLE_MANAGER, p.root), *other;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_push(&p, d);
	other = practice_stranger(&p, "new-staff", ROLE_STAFF);
	practice_write(&p, d, path_of(other), practice_invite(&p, other, d->id, d->key));
	practice_push(&p, d);
	practice_write(&p, other, path_of(other), practice_enrolment(&p, other, practice_read(&p, &p.main_tree, path_of(other))));
	practice_push(&p, other);
	practice_write(&p, other, path, action(other, path));
	practice_push(&p, other);
	practice_write(&p, staff, path, action(staff, path)); /* what was there before goes on */
	practice_push(&p, staff);
}

static void the_root_key_lets_in_managers_alone(void **state)
{
	static const enum role roles[] = {ROLE_STAFF, ROLE_KIOSK, ROLE_ICB, ROLE_AUDITOR};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		struct fixture_device *d = comes(role_text(roles[i]), roles[i], p.root);

		refused(d, STATUS_UNTRUSTED, "the root key may name managers only", path_of(d));
		p.devices_len--;
		key_free(d->invite);
		key_free(d->key);
	}
}

static void neither_the_server_nor_a_manager_nor_the_device_signs_for_the_root(void **state)
{
	struct fixture_device *d = comes("ghost", ROLE_MANAGER, p.server);

	(void)state;
	refused(d, STATUS_UNTRUSTED, "", path_of(d));
	practice_write_on(&p, d, &none, path_of(d), brought_along(d, manager->key));
	refused(d, STATUS_UNTRUSTED, "", path_of(d));
	practice_write_on(&p, d, &none, path_of(d), brought_along(d, d->key));
	refused(d, STATUS_UNTRUSTED, "", path_of(d));
}

/* The first manager's invite is by the root, and its code was the host's: under that name alone, which is taken. */
static void the_invite_of_the_start_lets_nobody_in_again(void **state)
{
	struct fixture_device *d = practice_stranger(&p, "ghost", ROLE_MANAGER);
	cJSON *record = practice_read(&p, &p.main_tree, "devices/kib-manager.json");

	(void)state;
	cJSON_DeleteItemFromObject(record, "enrolment");
	assert_int_equal(json_set_string(record, "id", d->id), STATUS_OK);
	practice_write_on(&p, d, &none, path_of(d), practice_enrolment(&p, d, record));
	refused(d, STATUS_UNTRUSTED, "", path_of(d));
}

static void a_name_that_is_taken_or_revoked_does_not_come_back(void **state)
{
	struct fixture_device thief = {0};
	cJSON *record;

	(void)state;
	end_device("fle-staff", "revoked", manager);
	practice_push(&p, manager);
	staff->role = ROLE_MANAGER;
	practice_write_on(&p, staff, &none, path_of(staff), brought_along(staff, p.root));
	staff->accepted = none;
	refused(staff, STATUS_DENIED, "has been revoked", "");

	thief = *practice_stranger(&p, "thief", ROLE_MANAGER);
	memcpy(thief.id, kiosk->id, sizeof(thief.id));
	practice_write_on(&p, &thief, &none, path_of(&thief), brought_along(&thief, p.root));
	refused(&thief, STATUS_STALE, "a history of its own", "");

	/* invited by a manager, and not enrolled yet: its invite is the one that counts */
	thief = *practice_stranger(&p, "late", ROLE_MANAGER);
	record = practice_invite(&p, &thief, "kib-manager", manager->key);
	practice_write(&p, manager, path_of(&thief), record);
	practice_push(&p, manager);
	practice_write_on(&p, &thief, &none, path_of(&thief), brought_along(&thief, p.root));
	refused(&thief, STATUS_DENIED, "adding its key", path_of(&thief));
}

static void it_brings_its_enrolment_and_nothing_else(void **state)
{
	struct fixture_device *d = practice_stranger(&p, "new-manager", ROLE_MANAGER);
	struct tree_edit edits[] = {{.path = "devices/new-manager.json"}, {.path = "sites/new.json"}};
	struct oid tree;
	cJSON *record;

	(void)state;
	/* no key of its own */
	practice_write_on(&p, d, &none, path_of(d), practice_invite(&p, d, "root", p.root));
	refused(d, STATUS_DENIED, "has not enrolled yet", "");

	/* a key that the invite's does not vouch for */
	record = brought_along(d, p.root);
	assert_int_equal(json_set_string(cJSON_GetObjectItem(record, "enrolment"), "seal_key", manager->seal_key), STATUS_OK);
	practice_write_on(&p, d, &none, path_of(d), record);
	refused(d, STATUS_UNTRUSTED, "", path_of(d));

	/* another record beside it */
	edits[0].id = practice_blob(&p, brought_along(d, p.root));
	edits[1].id = practice_blob(&p, cJSON_Parse("{\"id\":\"new\",\"name\":\"New\",\"schema\":\"site/1\"}"));
	assert_int_equal(tree_apply(&tree, p.repo, NULL, edits, ARRAY_LEN(edits), NULL), STATUS_OK);
	d->tip = practice_commit(&p, d, &tree, &none, NULL);
	refused(d, STATUS_DENIED, "own record and nothing else", "sites/new.json");

	/* on top of main, as what a device does that is enrolled */
	practice_write_on(&p, d, &p.main, path_of(d), brought_along(d, p.root));
	refused(d, STATUS_INVALID, "an enrolment is a commit without parents", "");

	/* a manager's commit brings nobody in whom the root invited */
	practice_write(&p, manager, path_of(d), practice_invite(&p, d, "root", p.root));
	refused(manager, STATUS_DENIED, "not in the name of kib-manager", path_of(d));
}

static void a_key_that_another_device_has_is_refused(void **state)
{
	struct fixture_device *d = practice_stranger(&p, "new-manager", ROLE_MANAGER), twin = *d;

	(void)state;
	twin.key = staff->key;
	practice_write_on(&p, &twin, &none, path_of(&twin), brought_along(&twin, p.root));
	refused(&twin, STATUS_UNTRUSTED, "each device has one of its own", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_manager_comes_back_by_the_root_key_and_manages, begin, end),
		cmocka_unit_test_setup_teardown(the_root_key_lets_in_managers_alone, begin, end),
		cmocka_unit_test_setup_teardown(neither_the_server_nor_a_manager_nor_the_device_signs_for_the_root, begin, end),
		cmocka_unit_test_setup_teardown(the_invite_of_the_start_lets_nobody_in_again, begin, end),
		cmocka_unit_test_setup_teardown(a_name_that_is_taken_or_revoked_does_not_come_back, begin, end),
		cmocka_unit_test_setup_teardown(it_brings_its_enrolment_and_nothing_else, begin, end),
		cmocka_unit_test_setup_teardown(a_key_that_another_device_has_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
