#include "core/record.h"
#include "core/signature.h"
#include "tests/support/practice_fixture.h"

static struct oid with(const char *path, cJSON *record)
{
	struct tree_edit edit = {.path = path, .id = practice_blob(&p, record)};
	struct oid tree;

	assert_int_equal(tree_apply(&tree, p.repo, &p.main_tree, &edit, 1, NULL), STATUS_OK);
	return tree;
}

static void refused(const struct oid *tree, enum status st, const char *words)
{
	struct registry reg = REGISTRY_INIT;
	struct error e = {0};
	enum status got = registry_load(&reg, p.repo, tree, NULL, &e);

	if (got != st || !strstr(e.text, words))
		fail_msg("got %s, \"%s\"", status_text(got), e.text);
	assert_null(reg.devices);
}

static void a_practice_is_read_with_roles_and_keys(void **state)
{
	struct registry reg = REGISTRY_INIT;
	const struct device *d;
	uint8_t pin[SHA256_LEN];
	char line[KEY_SSH_MAX];

	(void)state;
	key_fingerprint(pin, p.root);
	assert_int_equal(registry_load(&reg, p.repo, &p.main_tree, pin, NULL), STATUS_OK);
	assert_string_equal(reg.ods, FIXTURE_ODS);
	assert_int_equal(reg.devices_len, 4);
	assert_int_equal(reg.server_keys_len, 1);
	d = registry_find(&reg, "kib-kiosk");
	assert_int_equal(d->role, ROLE_KIOSK);
	assert_string_equal(d->invited_by, "kib-manager");
	key_ssh(line, practice_device(&p, "kib-kiosk")->key);
	assert_ptr_equal(registry_find_key(&reg, line), d);
	assert_null(registry_find(&reg, "nobody"));
	registry_clear(&reg);
}

static void claim_often(cJSON *practice, const char *slot, const char *value)
{
	const struct rules *rules;
	cJSON *claims = cJSON_CreateArray();

	for (int i = 0; i < RECORD_MAX_CLAIMS; i++) {
		struct stamp s = practice_stamp(&p, &p.devices[0], "2025-11-24");
		cJSON *alone;

		assert_int_equal(record_set(practice, slot, cJSON_CreateString(i ? value : "U12345"), &s, NULL), STATUS_OK);
		alone = record_claims(practice, slot);
		assert_true(cJSON_AddItemToArray(claims, cJSON_DetachItemFromArray(alone, 0)));
		cJSON_Delete(alone);
	}
	assert_int_equal(rules_get(&rules, RULES_VERSION, NULL), STATUS_OK);
	assert_int_equal(record_put_claims(practice, slot, claims, rules, NULL), STATUS_OK);
}

/* Whatever size of record policy takes, the registry reads: else the practice would be stuck. */
static void a_practice_with_many_claims_is_read(void **state)
{
	struct registry reg = REGISTRY_INIT;
	struct error e = {0};
	cJSON *r = practice_read(&p, &p.main_tree, "practice.json");
	struct buf bytes = BUF_INIT;
	struct oid tree;
	char text[200 * 4 + 1] = "";

	(void)state;
	for (size_t i = 0; i < 200; i++) /* the schema counts characters */
		memcpy(text + 4 * i, "\xF0\x9F\x8F\xA5", 5);
	claim_often(r, "name", text);
	claim_often(r, "pcn", "U12345");
	assert_int_equal(json_canonical(&bytes, r), STATUS_OK);
	assert_true(bytes.len > 64 * 1024 && bytes.len < RECORD_MAX_BYTES);
	buf_clear(&bytes);
	tree = with("practice.json", r);
	if (registry_load(&reg, p.repo, &tree, NULL, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	registry_clear(&reg);
}

/* Sound by its own schema, and with nothing in it that is looked for. */
static void a_record_of_another_kind_in_the_place_of_one_is_refused(void **state)
{
	static const char id[] = "01920000-0000-7000-8000-00000000aa01";
	char path[TREE_PATH_MAX];
	struct oid tree;

	(void)state;
	(void)snprintf(path, sizeof(path), "devices/%s.json", id);
	tree = with(path, cJSON_Parse("{\"schema\":\"triage/1\",\"id\":\"01920000-0000-7000-8000-00000000aa01\"}"));
	refused(&tree, STATUS_INVALID, "a record of type triage where one of type device has to stand");
	tree = with("practice.json", cJSON_Parse("{\"schema\":\"opel/1\",\"week\":\"2022-W49\"}"));
	refused(&tree, STATUS_INVALID, "a record of type opel where one of type practice has to stand");
}

static void a_tree_without_a_practice_says_so(void **state)
{
	struct oid none = {{0}};

	(void)state;
	refused(&none, STATUS_NOT_FOUND, "practice.json");
}

static void another_root_key_is_not_trusted(void **state)
{
	struct registry reg = REGISTRY_INIT;
	uint8_t pin[SHA256_LEN] = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(registry_load(&reg, p.repo, &p.main_tree, pin, &e), STATUS_UNTRUSTED);
	assert_non_null(strstr(e.text, "another root key"));
}

static void an_invite_that_a_non_manager_signed_is_not_trusted(void **state)
{
	struct fixture_device ghost = {.id = "ghost", .role = ROLE_STAFF};
	struct oid tree;

	(void)state;
	assert_int_equal(key_generate(&ghost.invite, NULL), STATUS_OK);
	tree = with("devices/ghost.json", practice_invite(&p, &ghost, "fle-staff", staff->key));
	refused(&tree, STATUS_UNTRUSTED, "no manager");
	tree = with("devices/ghost.json", practice_invite(&p, &ghost, "kib-manager", staff->key));
	refused(&tree, STATUS_UNTRUSTED, "devices/ghost.json");
	tree = with("devices/ghost.json", practice_invite(&p, &ghost, "root", p.root));
	refused(&tree, STATUS_UNTRUSTED, "managers only");
	tree = with("devices/ghost.json", practice_invite(&p, &ghost, "server", p.server));
	refused(&tree, STATUS_UNTRUSTED, "auditors only");
	key_free(ghost.invite);
}

static void the_host_may_invite_auditors(void **state)
{
	struct fixture_device auditor = {.id = "cqc", .role = ROLE_AUDITOR};
	struct registry reg = REGISTRY_INIT;
	struct oid tree;

	(void)state;
	assert_int_equal(key_generate(&auditor.invite, NULL), STATUS_OK);
	tree = with("devices/cqc.json", practice_invite(&p, &auditor, "server", p.server));
	assert_int_equal(registry_load(&reg, p.repo, &tree, NULL, NULL), STATUS_OK);
	assert_null(registry_find(&reg, "cqc")->key);
	registry_clear(&reg);
	key_free(auditor.invite);
}

/* Two managers that vouch for each other and for nobody else's sake. */
static void a_ring_of_managers_does_not_lead_to_the_root(void **state)
{
	struct fixture_device one = {.id = "one", .role = ROLE_MANAGER}, two = {.id = "two", .role = ROLE_MANAGER};
	struct tree_edit edit = {.path = "devices/two.json"};
	struct oid tree;

	(void)state;
	(void)snprintf(one.seal_key, sizeof(one.seal_key), "%s", manager->seal_key);
	(void)snprintf(two.seal_key, sizeof(two.seal_key), "%s", manager->seal_key);
	assert_int_equal(key_generate(&one.invite, NULL), STATUS_OK);
	assert_int_equal(key_generate(&one.key, NULL), STATUS_OK);
	assert_int_equal(key_generate(&two.invite, NULL), STATUS_OK);
	assert_int_equal(key_generate(&two.key, NULL), STATUS_OK);
	tree = with("devices/one.json", practice_enrolment(&p, &one, practice_invite(&p, &one, "two", two.key)));
	edit.id = practice_blob(&p, practice_enrolment(&p, &two, practice_invite(&p, &two, "one", one.key)));
	assert_int_equal(tree_apply(&tree, p.repo, &tree, &edit, 1, NULL), STATUS_OK);
	refused(&tree, STATUS_UNTRUSTED, "do not lead to the root");
	key_free(one.invite);
	key_free(one.key);
	key_free(two.invite);
	key_free(two.key);
}

static enum status load_after(const struct registry *known, const struct oid *tree)
{
	struct registry reg = REGISTRY_INIT;
	enum status st = registry_load_after(&reg, known, p.repo, tree, NULL, NULL);

	registry_clear(&reg);
	return st;
}

/* A registry that is believed to hold a forged record shows what is believed: that record, and only under the keys of then. */
static void what_was_checked_before_is_checked_again_only_under_other_keys(void **state)
{
	struct fixture_device ghost = {.id = "fle-staff", .role = ROLE_STAFF};
	struct registry known = REGISTRY_INIT;
	struct device *d = NULL;
	struct oid tree, blob;

	(void)state;
	assert_int_equal(key_generate(&ghost.invite, NULL), STATUS_OK);
	tree = with("devices/fle-staff.json", practice_invite(&p, &ghost, "kib-manager", staff->key));
	assert_int_equal(tree_find(&blob, NULL, p.repo, &tree, "devices/fle-staff.json", NULL), STATUS_OK);
	assert_int_equal(registry_load(&known, p.repo, &p.main_tree, NULL, NULL), STATUS_OK);
	assert_int_equal(load_after(&known, &p.main_tree), STATUS_OK);
	assert_int_equal(load_after(&known, &tree), STATUS_UNTRUSTED);
	for (size_t i = 0; i < known.devices_len; i++)
		if (strcmp(known.devices[i].id, "fle-staff") == 0)
			known.devices[i].record = blob;
	assert_int_equal(load_after(&known, &tree), STATUS_OK);
	for (size_t i = 0; i < known.devices_len; i++)
		if (strcmp(known.devices[i].id, "kib-manager") == 0)
			d = &known.devices[i];
	d->key_ssh[60] ^= 1;
	assert_int_equal(load_after(&known, &tree), STATUS_UNTRUSTED);
	d->key_ssh[60] ^= 1;
	known.root_ssh[60] ^= 1;
	assert_int_equal(load_after(&known, &tree), STATUS_UNTRUSTED);
	registry_clear(&known);
	key_free(ghost.invite);
}

/* A kiosk invited by the manager that says it goes on with another's answers, signed by `signer`. */
static struct oid with_replacement(struct fixture_device *d, const char *replaces, bool ends, const struct key *signer)
{
	char path[TREE_PATH_MAX], line[KEY_SSH_MAX], invite[KEY_SSH_MAX];
	struct statement_replacement says = {.ods = FIXTURE_ODS, .replaces = replaces, .device = d->id, .invite_key = invite, .key = line, .ends = ends};
	struct buf statement = BUF_INIT, proof = BUF_INIT;
	cJSON *member = cJSON_CreateObject(), *record = NULL;

	if (!d->key) {
		assert_int_equal(key_generate(&d->invite, NULL), STATUS_OK);
		assert_int_equal(key_generate(&d->key, NULL), STATUS_OK);
		(void)snprintf(d->seal_key, sizeof(d->seal_key), "%s", manager->seal_key);
	}
	key_ssh(line, d->key);
	key_ssh(invite, d->invite);
	assert_int_equal(statement_replacement(&statement, &says), STATUS_OK);
	assert_int_equal(signature_make(&proof, signer, SIGNATURE_NAMESPACE_RECORD, statement.data, statement.len, NULL), STATUS_OK);
	cJSON_AddStringToObject(member, "device", replaces);
	cJSON_AddBoolToObject(member, "ends", ends);
	cJSON_AddStringToObject(member, "proof", buf_text(&proof));
	record = practice_enrolment(&p, d, practice_invite(&p, d, "kib-manager", manager->key));
	cJSON_AddItemToObject(cJSON_GetObjectItem(record, "enrolment"), "replaces", member);
	(void)snprintf(path, sizeof(path), "devices/%s.json", d->id);
	buf_clear(&statement);
	buf_clear(&proof);
	return with(path, record);
}

static void a_kiosk_goes_on_only_with_the_answers_of_one_whose_key_it_holds(void **state)
{
	struct fixture_device next = {.id = "kib-next", .role = ROLE_KIOSK}, clerk = {.id = "kib-clerk", .role = ROLE_STAFF};
	const struct key *key = practice_device(&p, "kib-kiosk")->key;
	struct registry reg = REGISTRY_INIT;
	struct oid tree;

	(void)state;
	tree = with_replacement(&next, "kib-kiosk", true, key);
	assert_int_equal(registry_load(&reg, p.repo, &tree, NULL, NULL), STATUS_OK);
	assert_string_equal(registry_find(&reg, "kib-next")->replaces, "kib-kiosk");
	assert_string_equal(registry_find(&reg, "kib-kiosk")->replaced_by, "kib-next");
	assert_true(registry_are_kin(&reg, "kib-next", "kib-kiosk") && registry_are_kin(&reg, "kib-kiosk", "kib-next"));
	assert_false(registry_are_kin(&reg, "kib-next", "fle-staff") || registry_are_kin(&reg, "nobody", "nobody"));
	registry_clear(&reg);
	tree = with_replacement(&next, "kib-kiosk", false, key);
	assert_int_equal(registry_load(&reg, p.repo, &tree, NULL, NULL), STATUS_OK);
	assert_string_equal(registry_find(&reg, "kib-kiosk")->replaced_by, "");
	registry_clear(&reg);
	tree = with_replacement(&next, "kib-kiosk", true, next.key);
	refused(&tree, STATUS_UNTRUSTED, "devices/kib-next.json");
	tree = with_replacement(&next, "fle-staff", true, staff->key);
	refused(&tree, STATUS_UNTRUSTED, "none that could be");
	tree = with_replacement(&next, "nobody", true, key);
	refused(&tree, STATUS_UNTRUSTED, "none that could be");
	tree = with_replacement(&next, "kib-next", true, next.key);
	refused(&tree, STATUS_UNTRUSTED, "none that could be");
	tree = with_replacement(&clerk, "kib-kiosk", true, key);
	refused(&tree, STATUS_UNTRUSTED, "none that could be");
	key_free(next.invite);
	key_free(next.key);
	key_free(clerk.invite);
	key_free(clerk.key);
}

static struct oid beside(const struct oid *tree, const char *path, cJSON *record)
{
	struct tree_edit edit = {.path = path, .id = practice_blob(&p, record)};
	struct oid out;

	assert_int_equal(tree_apply(&out, p.repo, tree, &edit, 1, NULL), STATUS_OK);
	return out;
}

/* Is kib-kiosk ended in the tree; and does the registry of another tree still hold there? */
static bool is_ended(const struct oid *tree)
{
	struct registry reg = REGISTRY_INIT;
	bool ended;

	assert_int_equal(registry_load(&reg, p.repo, tree, NULL, NULL), STATUS_OK);
	ended = registry_find(&reg, "kib-kiosk")->replaced_by[0] != '\0';
	registry_clear(&reg);
	return ended;
}

static bool same_ends(const struct oid *read, const struct oid *asked)
{
	struct registry reg = REGISTRY_INIT;
	bool same;

	assert_int_equal(registry_load(&reg, p.repo, read, NULL, NULL), STATUS_OK);
	assert_int_equal(registry_same_ends(&same, &reg, p.repo, asked, NULL), STATUS_OK);
	registry_clear(&reg);
	return same;
}

static void a_successor_that_was_revoked_before_it_brought_an_answer_ends_nobody(void **state)
{
	struct fixture_device next = {.id = "kib-next", .role = ROLE_KIOSK};
	struct oid begun = with_replacement(&next, "kib-kiosk", true, practice_device(&p, "kib-kiosk")->key), revoked, answered;
	cJSON *record = practice_read(&p, &begun, "devices/kib-next.json"), *end = cJSON_CreateObject();

	(void)state;
	cJSON_AddStringToObject(end, "at", "2025-11-24T09:00:00.000Z");
	cJSON_AddStringToObject(end, "by", "kib-manager");
	cJSON_AddItemToObject(record, "revoked", end);
	revoked = beside(&begun, "devices/kib-next.json", record);
	answered = beside(&revoked, "feedback/kib-next/0/0/1.json", cJSON_CreateObject());
	assert_true(is_ended(&begun));
	assert_false(is_ended(&revoked));
	assert_true(is_ended(&answered));
	assert_true(same_ends(&revoked, &revoked) && same_ends(&answered, &answered));
	assert_false(same_ends(&revoked, &answered) || same_ends(&answered, &revoked));
	key_free(next.invite);
	key_free(next.key);
}

static void a_key_that_signs_for_one_kiosk_serves_no_other(void **state)
{
	struct fixture_device next = {.id = "kib-next", .role = ROLE_KIOSK}, other = {.id = "kib-other", .role = ROLE_KIOSK};
	const struct key *key = practice_device(&p, "kib-kiosk")->key;
	struct oid tree = with_replacement(&next, "kib-kiosk", true, key);
	cJSON *record = practice_read(&p, &tree, "devices/kib-next.json"), *replaces;

	(void)state;
	replaces = cJSON_DetachItemFromObject(cJSON_GetObjectItem(record, "enrolment"), "replaces");
	cJSON_Delete(record);
	other.key = next.key;
	other.invite = next.invite;
	(void)snprintf(other.seal_key, sizeof(other.seal_key), "%s", next.seal_key);
	record = practice_enrolment(&p, &other, practice_invite(&p, &other, "kib-manager", manager->key));
	cJSON_AddItemToObject(cJSON_GetObjectItem(record, "enrolment"), "replaces", replaces);
	tree = with("devices/kib-other.json", cJSON_Duplicate(record, true));
	refused(&tree, STATUS_UNTRUSTED, "devices/kib-other.json");
	cJSON_DeleteItemFromObject(cJSON_GetObjectItem(record, "enrolment"), "replaces");
	tree = with_replacement(&next, "kib-kiosk", true, key);
	tree = beside(&tree, "devices/kib-other.json", record);
	refused(&tree, STATUS_UNTRUSTED, "each device has one of its own");
	key_free(next.invite);
	key_free(next.key);
}

static void a_record_under_another_name_is_refused(void **state)
{
	struct oid tree = with("devices/other.json", practice_read(&p, &p.main_tree, "devices/fle-staff.json"));

	(void)state;
	refused(&tree, STATUS_INVALID, "holds the record of");
}

static void a_server_key_that_the_root_did_not_endorse_is_not_trusted(void **state)
{
	cJSON *practice = practice_read(&p, &p.main_tree, "practice.json"), *keys;
	struct key *other;
	char line[KEY_SSH_MAX];
	struct oid tree;

	(void)state;
	assert_int_equal(key_generate(&other, NULL), STATUS_OK);
	key_ssh(line, other);
	keys = cJSON_GetObjectItemCaseSensitive(practice, "server_keys");
	assert_int_equal(json_set_string(keys->child, "key", line), STATUS_OK);
	tree = with("practice.json", practice);
	refused(&tree, STATUS_UNTRUSTED, "did not endorse");
	key_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_practice_is_read_with_roles_and_keys, begin, end),
		cmocka_unit_test_setup_teardown(a_practice_with_many_claims_is_read, begin, end),
		cmocka_unit_test_setup_teardown(a_record_of_another_kind_in_the_place_of_one_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_tree_without_a_practice_says_so, begin, end),
		cmocka_unit_test_setup_teardown(another_root_key_is_not_trusted, begin, end),
		cmocka_unit_test_setup_teardown(an_invite_that_a_non_manager_signed_is_not_trusted, begin, end),
		cmocka_unit_test_setup_teardown(the_host_may_invite_auditors, begin, end),
		cmocka_unit_test_setup_teardown(a_ring_of_managers_does_not_lead_to_the_root, begin, end),
		cmocka_unit_test_setup_teardown(what_was_checked_before_is_checked_again_only_under_other_keys, begin, end),
		cmocka_unit_test_setup_teardown(a_kiosk_goes_on_only_with_the_answers_of_one_whose_key_it_holds, begin, end),
		cmocka_unit_test_setup_teardown(a_successor_that_was_revoked_before_it_brought_an_answer_ends_nobody, begin, end),
		cmocka_unit_test_setup_teardown(a_key_that_signs_for_one_kiosk_serves_no_other, begin, end),
		cmocka_unit_test_setup_teardown(a_record_under_another_name_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_server_key_that_the_root_did_not_endorse_is_not_trusted, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
