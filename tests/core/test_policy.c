#include "core/signature.h"
#include "tests/core/policy_fixture.h"

/* What a device might try that the role table forbids, through judging and merging as the server does both. */

static void note(const struct fixture_device *d, cJSON *record, const char *text, char id[ID_TEXT_LEN + 1])
{
	struct stamp s = practice_stamp(&p, d, "2025-11-01");
	cJSON *entry = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(entry, "text", text);
	assert_int_equal(record_append(record, "notes", entry, &s, NULL), STATUS_OK);
	if (id)
		memcpy(id, s.id, sizeof(s.id));
}

static cJSON *claims_of(cJSON *record, const char *group, const char *slot)
{
	return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(record, group), slot);
}

/* ---- others' words ---- */

static void an_entry_of_another_cannot_be_overwritten_under_its_id(void **state)
{
	struct oid before;
	char path[TREE_PATH_MAX], id[ID_TEXT_LEN + 1];
	cJSON *r = action(manager, path), *forged, *entry;

	(void)state;
	practice_write(&p, manager, path, cJSON_Duplicate(r, true));
	practice_push(&p, manager);
	before = p.main;
	note(manager, r, "They were told in May.", id);
	practice_write(&p, manager, path, r);
	practice_push(&p, manager);

	/* from where the entry was not there yet, and with greater bytes than it */
	forged = practice_read(&p, &p.main_tree, path);
	entry = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(forged, "notes"), id);
	assert_int_equal(json_set_string(entry, "device", staff->id), STATUS_OK);
	assert_int_equal(json_set_string(entry, "by", "staff"), STATUS_OK);
	assert_int_equal(json_set_string(entry, "at", "2099-01-01T00:00:00.000Z"), STATUS_OK);
	assert_int_equal(json_set_string(entry, "text", "They were never told."), STATUS_OK);
	practice_write_on(&p, staff, &before, path, forged);
	refused(staff, STATUS_DENIED, "two different entries have the id");
}

static void an_edit_of_another_cannot_be_overwritten_under_its_id(void **state)
{
	struct oid before;
	char path[TREE_PATH_MAX];
	cJSON *r = action(manager, path), *forged, *claim;

	(void)state;
	practice_write(&p, manager, path, cJSON_Duplicate(r, true));
	practice_push(&p, manager);
	before = p.main;
	set_text(manager, r, "due_date", "2026-01-01");
	practice_write(&p, manager, path, r);
	practice_push(&p, manager);

	forged = practice_read(&p, &p.main_tree, path);
	claim = claims_of(forged, "edits", "due_date")->child;
	assert_int_equal(json_set_string(claim, "device", staff->id), STATUS_OK);
	assert_int_equal(json_set_string(claim, "by", "staff"), STATUS_OK);
	assert_int_equal(json_set_string(claim, "at", "2099-01-01T00:00:00.000Z"), STATUS_OK);
	assert_int_equal(json_set_string(forged, "due_date", "2029-01-01"), STATUS_OK);
	practice_write_on(&p, staff, &before, path, forged);
	refused(staff, STATUS_DENIED, "two different edits have the id");
}

/* ---- the server's own word ---- */

static void no_device_writes_incidents(void **state)
{
	char path[TREE_PATH_MAX], id[ID_TEXT_LEN + 1];
	cJSON *r = cJSON_CreateObject();

	(void)state;
	practice_id(&p, id);
	(void)snprintf(path, sizeof(path), "incidents/%s.json", id);
	(void)cJSON_AddStringToObject(r, "schema", "incident/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	practice_write(&p, manager, path, cJSON_Duplicate(r, true));
	refused(manager, STATUS_DENIED, "may not write there");
	practice_write(&p, kiosk, path, r);
	refused(kiosk, STATUS_DENIED, "may not write there");
}

/* ---- forms of a record that would stick ---- */

/* Two own claims at once, the better one with the higher number: nobody would see the other until it suddenly shows. */
static void one_commit_makes_one_edit_of_a_field(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(staff, path), *other = cJSON_Duplicate(r, true), *claims, *more;
	const struct rules *rules;

	(void)state;
	assert_int_equal(rules_get(&rules, RULES_VERSION, NULL), STATUS_OK);
	practice_write(&p, staff, path, cJSON_Duplicate(r, true));
	practice_push(&p, staff);
	set_text(staff, r, "driver", "leadership");
	set_text(staff, other, "driver", "a secret");
	set_text(staff, other, "driver", "staffing");
	claims = record_claims(r, "driver");
	more = record_claims(other, "driver");
	assert_true(cJSON_AddItemToArray(claims, cJSON_DetachItemFromArray(more, 0)));
	assert_int_equal(record_put_claims(r, "driver", claims, rules, NULL), STATUS_OK);
	practice_write(&p, staff, path, cJSON_Duplicate(r, true));
	refused(staff, STATUS_DENIED, "more than one edit");

	/* nor in two commits: the second saw the first */
	set_text(staff, other, "driver", "clarity");
	practice_write(&p, staff, path, cJSON_Duplicate(other, true));
	claims = record_claims(other, "driver");
	set_text(staff, other, "driver", "training");
	cJSON_Delete(more);
	more = record_claims(other, "driver");
	assert_true(cJSON_AddItemToArray(claims, cJSON_DetachItemFromArray(more, 0)));
	assert_int_equal(record_put_claims(other, "driver", claims, rules, NULL), STATUS_OK);
	practice_write(&p, staff, path, cJSON_Duplicate(other, true));
	refused(staff, STATUS_DENIED, "more than one edit");
	cJSON_Delete(more);
	cJSON_Delete(r);
	cJSON_Delete(other);
}

static void the_same_edit_does_not_stand_twice(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(staff, path), *claims;

	(void)state;
	practice_write(&p, staff, path, cJSON_Duplicate(r, true));
	practice_push(&p, staff);
	claims = claims_of(r, "edits", "status");
	assert_true(cJSON_AddItemToArray(claims, cJSON_Duplicate(claims->child, true)));
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_INVALID, "stands twice");
}

/* An element is in a set or not: anything else would be free text that nobody sees. */
static void an_element_of_a_set_is_claimed_or_not(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(manager, path), *claims, *odd;
	const struct rules *rules;

	(void)state;
	assert_int_equal(rules_get(&rules, RULES_VERSION, NULL), STATUS_OK);
	set(manager, r, "sites/kibworth", cJSON_CreateTrue());
	practice_write(&p, manager, path, cJSON_Duplicate(r, true));
	practice_push(&p, manager);
	claims = record_claims(r, "sites/kibworth");
	set(staff, r, "sites/kibworth", cJSON_CreateNull());
	odd = record_claims(r, "sites/kibworth");
	assert_int_equal(json_set_string(odd->child, "value", "what nobody should read"), STATUS_OK);
	assert_true(cJSON_AddItemToArray(claims, cJSON_DetachItemFromArray(odd, 0)));
	cJSON_Delete(odd);
	assert_int_equal(record_put_claims(r, "sites/kibworth", claims, rules, NULL), STATUS_OK);
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_DENIED, "true or null");
}

static void many_fields_can_be_set_in_one_edit(void **state)
{
	char path[TREE_PATH_MAX], slot[64];
	cJSON *r = action(staff, path);

	(void)state;
	for (int i = 0; i < 120; i++) {
		(void)snprintf(slot, sizeof(slot), "sites/site-%d", i);
		set(staff, r, slot, cJSON_CreateTrue());
	}
	practice_write(&p, staff, path, r);
	practice_push(&p, staff);
}

/* ---- limits that only a merge reaches ---- */

static void fill_notes(const struct fixture_device *d, cJSON *record, int entries, size_t bytes)
{
	char *text = calloc(1, bytes + 1);

	assert_non_null(text);
	memset(text, 'x', bytes);
	for (int i = 0; i < entries; i++)
		note(d, record, text, NULL);
	free(text);
}

/* Two sides that are fine by themselves: the second is told, and what stands on main stays editable by everybody. */
static void a_merge_never_makes_what_no_device_may_change(int entries, size_t bytes, const char *words)
{
	struct oid before;
	char path[TREE_PATH_MAX];
	cJSON *r = action(manager, path), *theirs;

	practice_write(&p, manager, path, cJSON_Duplicate(r, true));
	practice_push(&p, manager);
	before = p.main;
	theirs = cJSON_Duplicate(r, true);
	fill_notes(manager, r, entries, bytes);
	fill_notes(staff, theirs, entries, bytes);
	practice_write(&p, manager, path, r);
	practice_push(&p, manager);
	practice_write_on(&p, staff, &before, path, theirs);
	refused(staff, STATUS_TOO_BIG, words);

	r = practice_read(&p, &p.main_tree, path);
	set_text(staff, r, "status", "amber");
	practice_write(&p, staff, path, r);
	practice_push(&p, staff);
}

static void a_merge_does_not_outgrow_the_size_of_a_record(void **state)
{
	(void)state;
	a_merge_never_makes_what_no_device_may_change(40, 3600, "merged record");
}

static void a_merge_does_not_outgrow_the_number_of_entries(void **state)
{
	(void)state;
	a_merge_never_makes_what_no_device_may_change(300, 1, "at most 500");
}

/* A manager's claims on the practice's name, each of them allowed, must not make the registry unreadable. */
static void the_registry_stays_readable_when_practice_json_grows(void **state)
{
	struct fixture_device *d;
	struct registry reg = REGISTRY_INIT;
	struct error e = {0};
	cJSON *r = practice_read(&p, &p.main_tree, "practice.json"), *edits, *claims;
	char id[ID_TEXT_LEN + 1];

	(void)state;
	edits = cJSON_GetObjectItemCaseSensitive(r, "edits");
	claims = cJSON_AddArrayToObject(edits, "pcn");
	assert_int_equal(json_set_string(r, "pcn", "U12345"), STATUS_OK);
	for (int i = 0; i < 64; i++) {
		cJSON *claim = cJSON_Duplicate(claims_of(r, "edits", "name")->child, true);

		practice_id(&p, id);
		assert_int_equal(json_set_string(claim, "id", id), STATUS_OK);
		assert_int_equal(json_set_integer(claim, "n", 2 + i), STATUS_OK);
		assert_true(cJSON_AddItemToArray(claims, claim));
	}
	practice_write(&p, manager, "practice.json", r);
	refused(manager, STATUS_DENIED, "more than one edit");

	r = practice_read(&p, &p.main_tree, "practice.json");
	set_text(manager, r, "name", "Kibworth & Fleckney");
	practice_write(&p, manager, "practice.json", r);
	practice_push(&p, manager);
	assert_int_equal(registry_load(&reg, p.repo, &p.main_tree, NULL, &e), STATUS_OK);
	assert_string_equal(reg.name, "Kibworth & Fleckney");
	registry_clear(&reg);
	d = practice_add(&p, "late-staff", ROLE_STAFF);
	assert_non_null(d);
}

/* ---- shapes of trees ---- */

static const struct oid empty_tree = {{0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60,
				       0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49, 0x04}};

/* Put a directory entry that tree_apply would not. */
static void put_directory(struct fixture_device *d, const struct oid *base, const char *folder, const char *name, const struct oid *id)
{
	struct commit c = COMMIT_INIT;
	struct tree t = TREE_INIT;
	struct oid tree, sub;
	struct tree_edit edit = {.path = folder, .is_dir = true};
	struct error e = {0};

	assert_int_equal(repo_commit_read(&c, p.repo, base, &e), STATUS_OK);
	tree = c.tree;
	commit_clear(&c);
	if (folder[0] && tree_find(&sub, NULL, p.repo, &tree, folder, NULL) == STATUS_OK)
		assert_int_equal(repo_tree_read(&t, p.repo, &sub, &e), STATUS_OK);
	else if (!folder[0])
		assert_int_equal(repo_tree_read(&t, p.repo, &tree, &e), STATUS_OK);
	t.entries = realloc(t.entries, (t.len + 1) * sizeof(*t.entries));
	assert_non_null(t.entries);
	t.entries[t.len++] = (struct tree_entry){.name = strdup(name), .is_dir = true, .id = *id};
	if (repo_tree_write(&sub, p.repo, &t, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	tree_clear(&t);
	edit.id = sub;
	if (folder[0])
		assert_int_equal(tree_apply(&tree, p.repo, &tree, &edit, 1, &e), STATUS_OK);
	else
		tree = sub;
	d->tip = practice_commit(&p, d, &tree, base, NULL);
}

/* A folder called as the kiosk's next answer would have hidden that answer; and any path would have stuck on main. */
static void an_empty_folder_is_refused_wherever_it_stands(void **state)
{
	static const char *const places[][2] = {
		{"", "junk"}, {"sites", "fleckney.json"}, {"devices", "kib-2.json"}, {"feedback/kib-kiosk/0/0", "1.json"}, {"", "surveys"}};
	struct oid none = {{0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		put_directory(staff, &p.main, places[i][0], places[i][1], &empty_tree);
		refused(staff, STATUS_INVALID, "is empty");
	}
	put_directory(staff, &p.main, "", "junk", &none);
	refused(staff, STATUS_INVALID, "is empty");
}

static void a_path_in_another_case_or_between_folders_is_refused(void **state)
{
	static const char *const paths[] = {"QIP/a.json", "Practice.json", "practice.json.bak", "feedback/fle-staff/1.json",
					    "feedback/fle-staff/0/0/1/1.json", "qip/notes.txt", "devices/a/b.json", "keys/01.json"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct head_fault fault;
		struct error e = {0};
		struct head head;

		practice_write(&p, staff, paths[i], practice_answer(&p, staff->id, 1));
		assert_int_not_equal(practice_judge(&p, staff->id, &staff->tip, &head, &fault, &e), STATUS_OK);
		assert_string_equal(fault.path, paths[i]);
		staff->tip = staff->accepted;
	}
}

/* ---- devices ---- */

static void the_name_of_an_invite_is_not_given_twice(void **state)
{
	struct fixture_device *second = practice_add(&p, "fle-manager", ROLE_MANAGER);
	struct fixture_device *guest = practice_stranger(&p, "guest", ROLE_STAFF), *thief = practice_stranger(&p, "guest", ROLE_STAFF);
	struct oid before = p.main;
	cJSON *r;

	(void)state;
	practice_write(&p, manager, "devices/guest.json", practice_invite(&p, guest, manager->id, manager->key));
	practice_push(&p, manager);
	/* an invite that "at" makes the greater one */
	r = practice_invite(&p, thief, second->id, second->key);
	assert_int_equal(json_set_string(cJSON_GetObjectItemCaseSensitive(r, "invite"), "at", "2099-01-01T00:00:00.000Z"), STATUS_OK);
	practice_write_on(&p, second, &before, "devices/guest.json", r);
	refused(second, STATUS_DENIED, "there is one of that name already");
}

static cJSON *comment_key(const struct fixture_device *by, int64_t generation, const char *at)
{
	cJSON *r = cJSON_CreateObject();
	struct buf statement = BUF_INIT, armored = BUF_INIT;
	struct error e = {0};

	assert_int_equal(statement_comment_key(&statement, FIXTURE_ODS, generation, by->seal_key, NULL), STATUS_OK);
	assert_int_equal(signature_make(&armored, by->key, SIGNATURE_NAMESPACE_RECORD, statement.data, statement.len, &e), STATUS_OK);
	(void)cJSON_AddStringToObject(r, "schema", "key/1");
	(void)cJSON_AddNumberToObject(r, "generation", (double)generation);
	(void)cJSON_AddStringToObject(r, "public_key", by->seal_key);
	(void)cJSON_AddStringToObject(r, "by", by->id);
	(void)cJSON_AddStringToObject(r, "at", at);
	(void)cJSON_AddStringToObject(r, "signature", buf_text(&armored));
	(void)cJSON_AddObjectToObject(r, "wrapped");
	buf_clear(&statement);
	buf_clear(&armored);
	return r;
}

/* What was sealed to a generation can be opened as long as that generation is what it was. */
static void a_generation_of_comment_keys_is_made_once(void **state)
{
	struct fixture_device *second = practice_add(&p, "fle-manager", ROLE_MANAGER);
	struct oid before = p.main;

	(void)state;
	practice_write(&p, manager, "keys/2.json", comment_key(manager, 2, "2025-11-24T16:00:00.000Z"));
	practice_push(&p, manager);
	practice_write_on(&p, second, &before, "keys/2.json", comment_key(second, 2, "2099-11-24T16:00:00.000Z"));
	refused(second, STATUS_DENIED, "there is one of that name already");
}

/* Its private half wrapped to one more device, in the record as it stands at the log's end. */
static cJSON *wrapped_to(const char *device, const char *sealed)
{
	cJSON *r = practice_read(&p, &p.main_tree, "keys/2.json");

	assert_int_equal(json_set_string(cJSON_GetObjectItemCaseSensitive(r, "wrapped"), device, sealed), STATUS_OK);
	return r;
}

#define SEALED "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void managers_wrap_a_comment_key_to_further_devices_and_change_nothing_else_of_it(void **state)
{
	struct fixture_device *second = practice_add(&p, "fle-manager", ROLE_MANAGER);
	struct oid before;
	cJSON *r = NULL;

	(void)state;
	practice_write(&p, manager, "keys/2.json", comment_key(manager, 2, "2025-11-24T16:00:00.000Z"));
	practice_push(&p, manager);
	before = p.main;
	practice_write(&p, second, "keys/2.json", wrapped_to("fle-staff", SEALED));
	practice_write_on(&p, manager, &before, "keys/2.json", wrapped_to("kib-staff", SEALED));
	practice_push(&p, second);
	practice_push(&p, manager); /* neither saw the other's: both stay */
	r = practice_read(&p, &p.main_tree, "keys/2.json");
	assert_int_equal(cJSON_GetArraySize(json_get(r, "wrapped")), 2);
	cJSON_Delete(r);
	practice_write(&p, staff, "keys/2.json", wrapped_to("more", SEALED));
	refused(staff, STATUS_DENIED, "may not write there");
	practice_write(&p, second, "keys/2.json", wrapped_to("fle-staff", "B" SEALED));
	refused(second, STATUS_DENIED, "nothing changes but for whom it is wrapped");
	r = wrapped_to("more", SEALED);
	cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(r, "wrapped"), "kib-staff");
	practice_write(&p, second, "keys/2.json", r);
	refused(second, STATUS_DENIED, "nothing changes but for whom it is wrapped");
	r = wrapped_to("more", SEALED);
	assert_int_equal(json_set_string(r, "at", "2099-11-24T16:00:00.000Z"), STATUS_OK);
	practice_write(&p, second, "keys/2.json", r);
	refused(second, STATUS_DENIED, "nothing changes but for whom it is wrapped");
}

/* ---- erasures ---- */

static cJSON *erasure(const struct fixture_device *d, char path[TREE_PATH_MAX])
{
	static const char *const blobs[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
	char id[ID_TEXT_LEN + 1];
	cJSON *r = cJSON_CreateObject();

	practice_id(&p, id);
	(void)cJSON_AddStringToObject(r, "schema", "erasure/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	(void)cJSON_AddStringToObject(r, "device", d->id);
	(void)cJSON_AddStringToObject(r, "at", "2025-11-24T16:00:00.000Z");
	(void)cJSON_AddStringToObject(r, "reason", "The patient asked for it.");
	(void)cJSON_AddItemToObject(r, "blobs", cJSON_CreateStringArray(blobs, 1));
	(void)snprintf(path, TREE_PATH_MAX, "erasures/%s/%s.json", id + ID_TEXT_LEN - 2, id);
	return r;
}

static void managers_erase_in_their_own_name_and_for_good(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = erasure(manager, path);

	(void)state;
	practice_write(&p, manager, path, cJSON_Duplicate(r, true));
	practice_push(&p, manager);

	assert_int_equal(json_set_string(r, "reason", "They did not."), STATUS_OK);
	practice_write(&p, manager, path, r);
	refused(manager, STATUS_DENIED, "what stands there is never changed");
	practice_write(&p, manager, path, NULL);
	refused(manager, STATUS_DENIED, "records are never deleted");
	r = erasure(staff, path);
	practice_write(&p, manager, path, r);
	refused(manager, STATUS_DENIED, "not in the name of kib-manager");
	r = erasure(staff, path);
	practice_write(&p, staff, path, r);
	refused(staff, STATUS_DENIED, "a device with the role staff may not write there");
}

static void an_erasure_stands_in_the_folder_of_its_last_digits(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	for (int i = 0; i < 5; i++) {
		cJSON *r = erasure(manager, path);
		const char *id = json_string(r, "id"), *xx = id + ID_TEXT_LEN - 2;

		(void)(i == 0   ? snprintf(path, sizeof(path), "erasures/%s.json", id)
		       : i == 1 ? snprintf(path, sizeof(path), "erasures/zz/%s.json", id)
		       : i == 2 ? snprintf(path, sizeof(path), "erasures/%.1s/%s.json", xx, id)
		       : i == 3 ? snprintf(path, sizeof(path), "erasures/%s/x/%s.json", xx, id)
				: snprintf(path, sizeof(path), "erasures/%s/other.json", xx));
		practice_write(&p, manager, path, r);
		refused(manager, STATUS_INVALID, "names itself otherwise");
	}
}

static void invite(struct fixture_device *d, const struct fixture_device *by)
{
	char path[TREE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "devices/%s.json", d->id);
	practice_write(&p, practice_device(&p, by->id), path, practice_invite(&p, d, by->id, by->key));
	practice_push(&p, practice_device(&p, by->id));
}

static void enrol(struct fixture_device *d)
{
	char path[TREE_PATH_MAX];
	struct oid none = {{0}};

	(void)snprintf(path, sizeof(path), "devices/%s.json", d->id);
	practice_write_on(&p, d, &none, path, practice_enrolment(&p, d, practice_read(&p, &p.main_tree, path)));
}

static void an_enrolment_brings_nothing_else_along(void **state)
{
	struct fixture_device *d = practice_stranger(&p, "fle-manager", ROLE_MANAGER);
	struct commit c = COMMIT_INIT;
	struct tree_edit edit = {.path = "practice.json"};
	struct oid none = {{0}}, tree;
	cJSON *r = practice_read(&p, &p.main_tree, "practice.json");

	(void)state;
	invite(d, manager);
	enrol(d);
	assert_int_equal(repo_commit_read(&c, p.repo, &d->tip, NULL), STATUS_OK);
	set_text(d, r, "name", "Ours now");
	edit.id = practice_blob(&p, r);
	assert_int_equal(tree_apply(&tree, p.repo, &c.tree, &edit, 1, NULL), STATUS_OK);
	commit_clear(&c);
	d->tip = practice_commit(&p, d, &tree, &none, NULL);
	refused(d, STATUS_DENIED, "and nothing else");
}

static void an_invite_that_was_withdrawn_or_whose_manager_was_revoked_admits_nobody(void **state)
{
	struct fixture_device *second = practice_add(&p, "fle-manager", ROLE_MANAGER);
	struct fixture_device *a = practice_stranger(&p, "guest-a", ROLE_STAFF), *b = practice_stranger(&p, "guest-b", ROLE_MANAGER);

	(void)state;
	invite(a, manager);
	end_device("guest-a", "retired", manager);
	practice_push(&p, manager);
	enrol(a);
	refused(a, STATUS_DENIED, "was withdrawn");

	invite(b, second);
	end_device("fle-manager", "revoked", manager);
	practice_push(&p, manager);
	enrol(b);
	refused(b, STATUS_DENIED, "has been revoked");
}

/* Otherwise a retired manager would appoint itself anew. */
static void a_retired_manager_delivers_but_appoints_and_ends_nobody(void **state)
{
	struct fixture_device *second = practice_add(&p, "fle-manager", ROLE_MANAGER), *again = practice_stranger(&p, "again", ROLE_MANAGER);
	char path[TREE_PATH_MAX];
	cJSON *r = action(second, path);

	(void)state;
	end_device("fle-manager", "retired", manager);
	practice_push(&p, manager);
	practice_write(&p, second, "devices/again.json", practice_invite(&p, again, second->id, second->key));
	refused(second, STATUS_DENIED, "retired");
	end_device("kib-kiosk", "revoked", second);
	refused(second, STATUS_DENIED, "retired");
	practice_write(&p, second, "keys/2.json", comment_key(second, 2, "2025-11-24T16:00:00.000Z"));
	refused(second, STATUS_DENIED, "retired");
	practice_write(&p, second, path, r);
	practice_push(&p, second);
}

static void nobody_becomes_server_or_root(void **state)
{
	static const char *const names[] = {"server", "root"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct fixture_device *d = practice_stranger(&p, names[i], ROLE_MANAGER);
		char path[TREE_PATH_MAX];

		(void)snprintf(path, sizeof(path), "devices/%s.json", names[i]);
		practice_write(&p, manager, path, practice_invite(&p, d, manager->id, manager->key));
		refused(manager, STATUS_INVALID, "otherwise than its path");
	}
}

static void a_role_a_key_and_what_the_root_signed_are_fixed(void **state)
{
	cJSON *r = practice_read(&p, &p.main_tree, "devices/kib-kiosk.json");

	(void)state;
	assert_int_equal(json_set_string(r, "role", "manager"), STATUS_OK);
	practice_write(&p, manager, "devices/kib-kiosk.json", r);
	refused(manager, STATUS_DENIED, "only its end can be added");
	r = practice_read(&p, &p.main_tree, "devices/kib-kiosk.json");
	assert_int_equal(json_set_string(cJSON_GetObjectItemCaseSensitive(r, "enrolment"), "at", "2026-01-01T00:00:00.000Z"), STATUS_OK);
	practice_write(&p, manager, "devices/kib-kiosk.json", r);
	refused(manager, STATUS_DENIED, "only its end can be added");
	r = practice_read(&p, &p.main_tree, "practice.json");
	assert_int_equal(json_set(r, "server_keys", cJSON_CreateArray()), STATUS_OK);
	practice_write(&p, manager, "practice.json", r);
	refused(manager, STATUS_DENIED, "changed or removed");
	r = practice_read(&p, &p.main_tree, "practice.json");
	assert_int_equal(json_set_integer(r, "schema_level", 2), STATUS_OK);
	practice_write(&p, manager, "practice.json", r);
	refused(manager, STATUS_DENIED, "fixed once");
}

/* ---- checkpoints ---- */

static cJSON *checkpoint(const char *device, const struct oid *main, int64_t index)
{
	char hex[OID_HEX_LEN + 1];
	cJSON *r = cJSON_CreateObject();

	oid_hex(hex, main);
	(void)cJSON_AddStringToObject(r, "schema", "checkpoint/1");
	(void)cJSON_AddStringToObject(r, "device", device);
	(void)cJSON_AddStringToObject(r, "main", hex);
	(void)cJSON_AddNumberToObject(r, "index", (double)index);
	(void)cJSON_AddStringToObject(r, "at", "2025-11-24T16:00:00.000Z");
	return r;
}

static void whoever_follows_the_log_says_how_far_in_its_own_name(void **state)
{
	struct fixture_device *readers[] = {manager, staff, practice_device(&p, "lead-icb"), practice_add(&p, "an-auditor", ROLE_AUDITOR)};
	char path[TREE_PATH_MAX];
	cJSON *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		(void)snprintf(path, sizeof(path), "checkpoints/%s.json", readers[i]->id);
		for (int again = 0; again < 2; again++) {
			practice_write_on(&p, readers[i], &p.main, path, checkpoint(readers[i]->id, &p.main, p.index));
			practice_push(&p, readers[i]);
		}
		r = practice_read(&p, &p.main_tree, path);
		assert_string_equal(json_string(r, "device"), readers[i]->id);
		cJSON_Delete(r);
	}
	practice_write_on(&p, staff, &p.main, "checkpoints/kib-manager.json", checkpoint(manager->id, &p.main, p.index));
	refused(staff, STATUS_DENIED, "under its own name only");
	practice_write_on(&p, staff, &p.main, "checkpoints/fle-staff.json", checkpoint(manager->id, &p.main, p.index));
	refused(staff, STATUS_INVALID, "names itself otherwise");
	practice_write(&p, kiosk, "checkpoints/kib-kiosk.json", checkpoint(kiosk->id, &p.main, p.index));
	refused(kiosk, STATUS_DENIED, "role kiosk may not write there");
}

static void a_checkpoint_names_a_merge_of_the_log_by_its_number_and_never_falls(void **state)
{
	static const char own[] = "checkpoints/fle-staff.json";
	struct oid earlier = p.main, later, never = p.main;
	int64_t index = p.index;
	char path[TREE_PATH_MAX];
	cJSON *r = action(manager, path);

	(void)state;
	practice_write(&p, manager, path, r);
	practice_push(&p, manager);
	later = p.main;
	never.id[0] ^= 1;
	practice_write_on(&p, staff, &later, own, checkpoint(staff->id, &later, index));
	refused(staff, STATUS_UNTRUSTED, "is not number");
	practice_write_on(&p, staff, &later, own, checkpoint(staff->id, &earlier, index + 1));
	refused(staff, STATUS_UNTRUSTED, "is not number");
	practice_write_on(&p, staff, &later, own, checkpoint(staff->id, &never, index + 1));
	refused(staff, STATUS_UNTRUSTED, "is not number");
	practice_write_on(&p, staff, &later, own, checkpoint(staff->id, &later, index + 2));
	refused(staff, STATUS_UNTRUSTED, "is not number");
	practice_write_on(&p, staff, &later, own, checkpoint(staff->id, &manager->accepted, index + 1));
	refused(staff, STATUS_UNTRUSTED, "is not number");
	/* it is on main, but not below the place that the head builds on */
	practice_write_on(&p, staff, &earlier, own, checkpoint(staff->id, &later, index + 1));
	refused(staff, STATUS_UNTRUSTED, "is not number");

	practice_write_on(&p, staff, &later, own, checkpoint(staff->id, &earlier, index)); /* an earlier one is true as well */
	practice_push(&p, staff);
	practice_write(&p, staff, own, checkpoint(staff->id, &later, index + 1)); /* on its own last head */
	practice_push(&p, staff);
	practice_write_on(&p, staff, &p.main, own, checkpoint(staff->id, &earlier, index));
	refused(staff, STATUS_DENIED, "falls from merge");
	practice_write_on(&p, staff, &p.main, own, NULL);
	refused(staff, STATUS_DENIED, "never deleted");
}

/* ---- heads ---- */

static void mains_end_or_anothers_head_is_no_head_of_ones_own(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(manager, path);

	(void)state;
	staff->tip = p.main;
	refused(staff, STATUS_STALE, "not a new commit");
	practice_write(&p, manager, path, r);
	practice_push(&p, manager);
	staff->tip = manager->accepted;
	refused(staff, STATUS_STALE, "not a new commit");
}

/* From its own enrolment on, a device may know nothing of main: what it adds joins what is there, and nothing goes. */
static void a_record_made_beside_main_takes_nothing_from_it(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *r = action(manager, path), *beside = cJSON_CreateObject();

	(void)state;
	set_text(manager, r, "driver", "leadership");
	note(manager, r, "kept", NULL);
	practice_write(&p, manager, path, cJSON_Duplicate(r, true));
	practice_push(&p, manager);
	(void)cJSON_AddStringToObject(beside, "schema", "action/1");
	(void)cJSON_AddStringToObject(beside, "id", json_string(r, "id"));
	set_text(staff, beside, "ref", "QIP-99");
	set_text(staff, beside, "status", "blue");
	practice_write_on(&p, staff, &staff->accepted, path, beside);
	practice_push(&p, staff);
	beside = practice_read(&p, &p.main_tree, path);
	assert_string_equal(json_string(beside, "status"), "red");
	assert_string_equal(json_string(beside, "driver"), "leadership");
	assert_int_equal(cJSON_GetArraySize(json_get(beside, "notes")), 1);
	assert_int_equal(record_conflicts(beside), 2);
	cJSON_Delete(beside);
	cJSON_Delete(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_entry_of_another_cannot_be_overwritten_under_its_id, begin, end),
		cmocka_unit_test_setup_teardown(an_edit_of_another_cannot_be_overwritten_under_its_id, begin, end),
		cmocka_unit_test_setup_teardown(no_device_writes_incidents, begin, end),
		cmocka_unit_test_setup_teardown(one_commit_makes_one_edit_of_a_field, begin, end),
		cmocka_unit_test_setup_teardown(the_same_edit_does_not_stand_twice, begin, end),
		cmocka_unit_test_setup_teardown(an_element_of_a_set_is_claimed_or_not, begin, end),
		cmocka_unit_test_setup_teardown(many_fields_can_be_set_in_one_edit, begin, end),
		cmocka_unit_test_setup_teardown(a_merge_does_not_outgrow_the_size_of_a_record, begin, end),
		cmocka_unit_test_setup_teardown(a_merge_does_not_outgrow_the_number_of_entries, begin, end),
		cmocka_unit_test_setup_teardown(the_registry_stays_readable_when_practice_json_grows, begin, end),
		cmocka_unit_test_setup_teardown(an_empty_folder_is_refused_wherever_it_stands, begin, end),
		cmocka_unit_test_setup_teardown(a_path_in_another_case_or_between_folders_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(the_name_of_an_invite_is_not_given_twice, begin, end),
		cmocka_unit_test_setup_teardown(a_generation_of_comment_keys_is_made_once, begin, end),
		cmocka_unit_test_setup_teardown(managers_wrap_a_comment_key_to_further_devices_and_change_nothing_else_of_it, begin, end),
		cmocka_unit_test_setup_teardown(managers_erase_in_their_own_name_and_for_good, begin, end),
		cmocka_unit_test_setup_teardown(an_erasure_stands_in_the_folder_of_its_last_digits, begin, end),
		cmocka_unit_test_setup_teardown(an_enrolment_brings_nothing_else_along, begin, end),
		cmocka_unit_test_setup_teardown(an_invite_that_was_withdrawn_or_whose_manager_was_revoked_admits_nobody, begin, end),
		cmocka_unit_test_setup_teardown(a_retired_manager_delivers_but_appoints_and_ends_nobody, begin, end),
		cmocka_unit_test_setup_teardown(nobody_becomes_server_or_root, begin, end),
		cmocka_unit_test_setup_teardown(a_role_a_key_and_what_the_root_signed_are_fixed, begin, end),
		cmocka_unit_test_setup_teardown(whoever_follows_the_log_says_how_far_in_its_own_name, begin, end),
		cmocka_unit_test_setup_teardown(a_checkpoint_names_a_merge_of_the_log_by_its_number_and_never_falls, begin, end),
		cmocka_unit_test_setup_teardown(mains_end_or_anothers_head_is_no_head_of_ones_own, begin, end),
		cmocka_unit_test_setup_teardown(a_record_made_beside_main_takes_nothing_from_it, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
