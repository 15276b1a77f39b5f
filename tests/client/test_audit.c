#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/audit.h"
#include "core/code.h"
#include "tests/support/practice.h"

static struct practice p;
static struct audit a;

static int begin(void **state)
{
	struct fixture_device *kiosk;

	(void)state;
	practice_begin(&p);
	kiosk = practice_device(&p, "kib-kiosk");
	for (uint64_t seq = 1; seq <= 3; seq++) {
		char path[TREE_PATH_MAX];

		policy_feedback_path(path, kiosk->id, seq);
		practice_write(&p, kiosk, path, practice_answer(&p, kiosk->id, (int64_t)seq));
	}
	practice_push(&p, kiosk);
	a = (struct audit)AUDIT_INIT;
	return 0;
}

static int end(void **state)
{
	(void)state;
	audit_clear(&a);
	practice_end(&p);
	return 0;
}

static void run(void)
{
	uint8_t pin[SHA256_LEN];
	struct error e = {0};

	key_fingerprint(pin, p.root);
	audit_clear(&a);
	assert_int_equal(repo_flush(p.repo, &e), STATUS_OK);
	if (audit_run(&a, p.repo, &p.main, FIXTURE_ODS, pin, &e) != STATUS_OK)
		fail_msg("%s", e.text);
}

/* Some finding says these words and, unless NULL, names that path and device. */
static void assert_finding(const char *words, const char *path, const char *device)
{
	for (size_t i = 0; i < a.findings_len; i++)
		if (strstr(a.findings[i].text, words) && (!path || strcmp(a.findings[i].path, path) == 0) &&
		    (!device || strcmp(a.findings[i].device, device) == 0))
			return;
	for (size_t i = 0; i < a.findings_len; i++)
		print_message("finding: %s %s %s: %s\n", a.findings[i].commit, a.findings[i].path, a.findings[i].device,
			      a.findings[i].text);
	fail_msg("no finding says \"%s\"", words);
}

static cJSON *action(const struct fixture_device *d, char path[TREE_PATH_MAX])
{
	struct stamp s = practice_stamp(&p, d, "2022-06-06");
	char id[ID_TEXT_LEN + 1];
	cJSON *r = cJSON_CreateObject();

	practice_id(&p, id);
	(void)cJSON_AddStringToObject(r, "schema", "action/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	assert_int_equal(record_set(r, "ref", cJSON_CreateString("QIP-01"), &s, NULL), STATUS_OK);
	(void)snprintf(path, TREE_PATH_MAX, "qip/%s.json", id);
	return r;
}

static void an_honest_history_passes(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&p, staff, path, action(staff, path));
	practice_push(&p, staff);
	run();
	if (a.findings_len)
		assert_finding("none", NULL, NULL);
	assert_int_equal(a.merges, p.index);
	assert_int_equal(a.backdated, 1);
	assert_string_equal(a.last_received, "2025-11-24T16:00:00.000Z");
	for (size_t i = 0; i < a.devices_len; i++)
		assert_int_equal(a.devices[i].answers, strcmp(a.devices[i].id, "kib-kiosk") == 0 ? 3 : 0);
}

static void without_a_root_key_or_with_another_it_does_not_pass(void **state)
{
	uint8_t pin[SHA256_LEN] = {1};
	struct error e = {0};

	(void)state;
	assert_int_equal(repo_flush(p.repo, &e), STATUS_OK);
	assert_int_equal(audit_run(&a, p.repo, &p.main, FIXTURE_ODS, NULL, &e), STATUS_OK);
	assert_int_equal(a.findings_len, 1);
	assert_finding("no root key was given", NULL, NULL);
	audit_clear(&a);
	assert_int_equal(audit_run(&a, p.repo, &p.main, FIXTURE_ODS, pin, &e), STATUS_OK);
	assert_finding("another root key", NULL, NULL);
	audit_clear(&a);
	run();
	assert_int_equal(a.findings_len, 0);
}

/* The server changes a record while it merges somebody's honest head. */
static void forge_merge(const char *path, cJSON *record)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct tree_edit edit = {.path = path};
	struct head_context ctx = {.repo = p.repo, .ods = FIXTURE_ODS, .main = p.main, .main_tree = p.main_tree,
				   .registry = &p.registry, .device = staff->id, .last = staff->accepted};
	struct head_fault fault;
	struct head head;
	struct buf kept = BUF_INIT;
	const struct rules *rules;
	char own[TREE_PATH_MAX];
	struct oid tree, merge;

	practice_write(&p, staff, own, action(staff, own));
	assert_int_equal(rules_get(&rules, 1, NULL), STATUS_OK);
	assert_int_equal(head_check(&head, &fault, &ctx, &staff->tip, NULL), STATUS_OK);
	assert_int_equal(head_merge(&tree, &kept, &ctx, &head, rules, NULL), STATUS_OK);
	if (record)
		edit.id = practice_blob(&p, record);
	assert_int_equal(tree_apply(&tree, p.repo, &tree, &edit, 1, NULL), STATUS_OK);
	merge = practice_merge_commit(&p, staff->id, &staff->tip, &tree, "");
	practice_set_main(&p, &merge);
	staff->accepted = staff->tip;
	buf_clear(&kept);
}

static void a_record_altered_by_the_server_is_named(void **state)
{
	cJSON *answer = practice_read(&p, &p.main_tree, "feedback/kib-kiosk/0/0/2.json");

	(void)state;
	assert_int_equal(json_set_string(cJSON_GetObjectItemCaseSensitive(answer, "answers"), "experience", "very-poor"), STATUS_OK);
	forge_merge("feedback/kib-kiosk/0/0/2.json", answer);
	run();
	assert_finding("does not follow from its parents", "feedback/kib-kiosk/0/0/2.json", "fle-staff");
}

static void an_answer_removed_by_the_server_is_named(void **state)
{
	(void)state;
	forge_merge("feedback/kib-kiosk/0/0/2.json", NULL);
	run();
	assert_finding("does not follow from its parents", "feedback/kib-kiosk/0/0/2.json", NULL);
	assert_finding("number 2 of 3 is missing", "feedback/kib-kiosk/0/0/2.json", "kib-kiosk");
}

static void an_answer_invented_by_the_server_is_named(void **state)
{
	(void)state;
	forge_merge("feedback/ghost/0/0/1.json", practice_answer(&p, "ghost", 1));
	run();
	assert_finding("does not follow from its parents", "feedback/ghost/0/0/1.json", NULL);
	assert_finding("a device that nobody invited", "feedback/ghost/0/0/1.json", NULL);
}

/* The server merges a head with main's own tree, or another: what it says about it is in the merge's message. */
static void merge_anyway(const char *device, const struct oid *head, const struct oid *tree)
{
	struct oid merge = practice_merge_commit(&p, device, head, tree, "");

	practice_set_main(&p, &merge);
}

/* What a screen or a merge would take apart by names. */
static void records_that_are_none_are_named_and_harm_nothing(void **state)
{
	static const char *const odd[] = {"[1]", "7", "{\"conflicts\":[[1],2],\"edits\":[{}]}", "{\"edits\":\"x\",\"notes\":[1],\"schema\":\"action/1\"}"};
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	char path[TREE_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		practice_write(&p, staff, path, action(staff, path));
		practice_push(&p, staff);
		forge_merge(path, cJSON_Parse(odd[i])); /* the server puts it there, and then somebody edits it */
		practice_write_on(&p, staff, &p.main, path, action(staff, path));
		merge_anyway(staff->id, &staff->tip, &p.main_tree);
		run();
		assert_finding("does not follow from its parents", path, NULL);
	}
}

/* Few objects, and more paths than can be counted. */
static void a_directory_that_names_itself_without_number_does_not_stall(void **state)
{
	static const char *const places[] = {"qip", "feedback", "incidents", "devices"};
	struct oid blob = practice_blob(&p, practice_answer(&p, "kib-kiosk", 4)), before = p.main;

	(void)state;
	for (int level = 0; level < 6; level++) {
		struct tree wide = {.entries = calloc(100, sizeof(*wide.entries)), .len = 100};

		for (size_t i = 0; i < wide.len; i++) {
			wide.entries[i] = (struct tree_entry){.name = malloc(24), .is_dir = level > 0, .id = blob};
			(void)snprintf(wide.entries[i].name, 24, "d%02zu", i);
		}
		assert_int_equal(repo_tree_write(&blob, p.repo, &wide, NULL), STATUS_OK);
		tree_clear(&wide);
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct fixture_device *staff = practice_device(&p, "fle-staff");
		struct tree_edit edit = {.path = places[i], .is_dir = true, .id = blob};
		struct oid tree;

		assert_int_equal(tree_apply(&tree, p.repo, &p.main_tree, &(struct tree_edit){.path = places[i]}, 1, NULL), STATUS_OK);
		assert_int_equal(tree_apply(&tree, p.repo, &tree, &edit, 1, NULL), STATUS_OK);
		practice_write_on(&p, staff, &p.main, "qip/01920000-0000-7000-8000-000000000000.json", practice_answer(&p, "x", 1));
		p.main = practice_merge_commit(&p, staff->id, &staff->tip, &tree, "");
		run();
		assert_true(a.findings_len > 0);
		p.main = before;
	}
}

static void a_device_that_nobody_invited_is_named(void **state)
{
	struct fixture_device ghost = {.role = ROLE_STAFF};

	(void)state;
	(void)snprintf(ghost.id, sizeof(ghost.id), "ghost");
	assert_int_equal(key_generate(&ghost.invite, NULL), STATUS_OK);
	forge_merge("devices/ghost.json", practice_invite(&p, &ghost, "kib-manager", p.server));
	run();
	assert_finding("devices/ghost.json: ", "devices/ghost.json", "");
	assert_finding("does not follow from its parents", "devices/ghost.json", NULL);
	key_free(ghost.invite);
}

static void a_commit_by_an_unknown_key_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct key *stranger;
	struct commit c = COMMIT_INIT;
	struct oid merge;
	char path[TREE_PATH_MAX], hex[OID_HEX_LEN + 1];

	(void)state;
	assert_int_equal(key_generate(&stranger, NULL), STATUS_OK);
	practice_write(&p, staff, path, action(staff, path));
	assert_int_equal(repo_commit_read(&c, p.repo, &staff->tip, NULL), STATUS_OK);
	staff->tip = practice_commit(&p, staff, &c.tree, &p.main, stranger);
	merge = practice_merge_commit(&p, staff->id, &staff->tip, &c.tree, "");
	practice_set_main(&p, &merge);
	run();
	oid_hex(hex, &staff->tip);
	assert_finding("not signed by the key of fle-staff", NULL, "fle-staff");
	assert_string_equal(a.findings[0].commit, hex);
	commit_clear(&c);
	key_free(stranger);
}

static void a_merge_by_an_unknown_server_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct key *server = p.server, *stranger;
	char path[TREE_PATH_MAX];

	(void)state;
	assert_int_equal(key_generate(&stranger, NULL), STATUS_OK);
	practice_write(&p, staff, path, action(staff, path));
	p.server = stranger;
	practice_push(&p, staff);
	p.server = server;
	run();
	assert_int_equal(a.findings_len, 1);
	assert_finding("not signed by a server key", NULL, "server");
	key_free(stranger);
}

static void a_commit_put_into_the_log_by_a_device_is_named(void **state)
{
	struct fixture_device *manager = practice_device(&p, "kib-manager");
	char path[TREE_PATH_MAX];
	struct oid tip;

	(void)state;
	practice_write(&p, manager, path, action(manager, path));
	tip = manager->tip;
	practice_set_main(&p, &tip);
	run();
	assert_finding("no merge stands in the log", NULL, NULL);
	assert_finding("where only the server's merges may", NULL, NULL);
}

static void a_head_that_was_merged_before_or_is_no_head_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff"), *kiosk = practice_device(&p, "kib-kiosk");
	struct oid older;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&p, staff, path, action(staff, path));
	practice_push(&p, staff);
	older = staff->accepted;
	practice_write(&p, staff, path, action(staff, path));
	practice_push(&p, staff);
	merge_anyway(staff->id, &staff->accepted, &p.main_tree);
	run();
	assert_int_equal(a.findings_len, 1);
	assert_finding("was accepted before", "", "fle-staff");
	merge_anyway(staff->id, &older, &p.main_tree);
	run();
	assert_finding("older than, or beside", "", "fle-staff");
	merge_anyway(staff->id, &p.main, &p.main_tree);
	run();
	assert_finding("not a new commit by fle-staff", "", "fle-staff");
	merge_anyway(staff->id, &kiosk->accepted, &p.main_tree);
	run();
	assert_finding("had accepted before", "", "fle-staff");
	merge_anyway("nobody", &kiosk->accepted, &p.main_tree);
	run();
	assert_finding("nobody is not a device of this practice", "devices/nobody.json", "nobody");
}

/* The host's word is good for auditors; whatever else it signs in its own name is no head. */
static void the_host_can_write_nothing_of_its_own(void **state)
{
	struct fixture_device host = {.id = "server", .key = p.server};
	struct fixture_device *spy = practice_stranger(&p, "spy", ROLE_STAFF), *auditor = practice_stranger(&p, "auditor", ROLE_AUDITOR);
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write_on(&p, &host, &p.main, "devices/auditor.json", practice_invite(&p, auditor, "server", p.server));
	practice_push(&p, &host);
	run();
	assert_int_equal(a.findings_len, 0);
	practice_write_on(&p, &host, &p.main, path, action(&host, path));
	merge_anyway("server", &host.tip, &p.main_tree);
	run();
	assert_finding("may not write there", path, "server");
	practice_write_on(&p, &host, &p.main, "devices/spy.json", practice_invite(&p, spy, "server", p.server));
	merge_anyway("server", &host.tip, &p.main_tree);
	run();
	assert_finding("the host may invite auditors only", "devices/spy.json", "server");
}

static void objects_that_are_missing_or_of_another_kind_are_named(void **state)
{
	const struct oid lost = {{1, 2, 3}};
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct oid blob = practice_blob(&p, cJSON_CreateObject()), before = p.main, before_tree = p.main_tree, head;
	const struct oid odd[] = {lost, blob, p.main_tree};
	int64_t index = p.index;
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&p, staff, path, action(staff, path));
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) { /* as the head */
		p.main = practice_merge_commit(&p, staff->id, &odd[i], &before_tree, "");
		run();
		assert_true(a.findings_len > 0);
		p.main = before;
	}
	for (size_t i = 0; i < 2; i++) { /* as the tree of the merge, and of the head */
		p.main = practice_merge_commit(&p, staff->id, &staff->tip, &odd[i], "");
		run();
		assert_finding("does not follow from its parents", NULL, staff->id);
		p.main = before;
		head = practice_commit(&p, staff, &odd[i], &before, NULL);
		p.main = practice_merge_commit(&p, staff->id, &head, &before_tree, "");
		run();
		assert_true(a.findings_len > 0);
		p.main = before;
	}
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) { /* as what came before it */
		p.main = odd[i];
		head = practice_merge_commit(&p, staff->id, &staff->tip, &before_tree, "");
		p.main = head;
		run();
		assert_finding("the log cannot be followed", NULL, NULL);
		p.main = before;
	}
	assert_int_equal(p.index, index);
}

static void another_start_or_number_of_a_merge_is_named(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct oid before = p.main, none = {{0}};
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&p, staff, path, action(staff, path));
	p.index += 3;
	practice_push(&p, staff);
	run();
	assert_finding("calls itself number", "", "fle-staff");
	/* a log that starts in the middle, with what stood there */
	p.main = practice_commit(&p, staff, &p.main_tree, &none, p.server);
	practice_write_on(&p, staff, &p.main, path, action(staff, path));
	p.main = practice_merge_commit(&p, staff->id, &staff->tip, &p.main_tree, "");
	run();
	assert_finding("does not start with an empty tree", "", "server");
	p.main = before;
}

/* Forged: the server leaves out what the device wrote. */
static void push_action(const char *device, bool forged)
{
	struct fixture_device *d = practice_device(&p, device);
	struct oid before = p.main_tree;
	char path[TREE_PATH_MAX];

	practice_write(&p, d, path, action(d, path));
	if (!forged) {
		practice_push(&p, d);
		return;
	}
	merge_anyway(d->id, &d->tip, &before);
	d->accepted = d->tip;
}

/* Signed by the server's true key, whatever it says. */
static struct oid merge_saying(const struct merge_note *note, const char *author)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct commit_spec spec = {.tree = p.main_tree, .parents = {p.main, staff->tip}, .parents_len = 2, .name = "server", .email = author,
				   .time_ms = 1764000000000, .key = p.server};
	struct buf message = BUF_INIT;
	struct oid id;

	assert_int_equal(merge_note_format(&message, note), STATUS_OK);
	spec.message = buf_text(&message);
	assert_int_equal(repo_commit_write(&id, p.repo, &spec, NULL), STATUS_OK);
	buf_clear(&message);
	return id;
}

static struct merge_note note_of(const char *device, const char *received, int rules_number)
{
	const struct rules *rules;
	struct merge_note note = {.index = p.index + 1, .rules_version = rules_number, .kept = BUF_INIT};

	assert_int_equal(rules_get(&rules, RULES_VERSION, NULL), STATUS_OK);
	(void)snprintf(note.device, sizeof(note.device), "%s", device);
	(void)snprintf(note.received, sizeof(note.received), "%s", received);
	(void)snprintf(note.rules_digest, sizeof(note.rules_digest), "%s", rules_digest(rules));
	return note;
}

#define SERVER_EMAIL "server@c82999.qip.invalid"

static void rules_that_are_unknown_altered_or_older_than_those_before_are_named(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct merge_note note = note_of("fle-staff", "2025-11-24T16:00:00.000Z", 2);
	char path[TREE_PATH_MAX];
	struct oid merge;

	(void)state;
	practice_write(&p, staff, path, action(staff, path));
	merge = merge_saying(&note, SERVER_EMAIL);
	practice_set_main(&p, &merge);
	run();
	assert_finding("names rules 2, which this program does not know", "", "fle-staff");
	practice_write(&p, staff, path, action(staff, path));
	note = note_of("fle-staff", "2025-11-24T16:00:00.000Z", 1);
	note.rules_digest[0] = note.rules_digest[0] == '0' ? '1' : '0';
	merge = merge_saying(&note, SERVER_EMAIL);
	practice_set_main(&p, &merge);
	run();
	assert_finding("goes back to rules 1 after rules 2", "", "fle-staff");
	assert_finding("names rules 1, whose table is not the one known here", "", "fle-staff");
}

/* What a lying server says is printed on an auditor's screen, and put into JSON. */
static void what_a_forger_wrote_steers_no_screen(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct merge_note note = note_of("\033[2J", "2025-11-24T16:00:00.000Z", 1);
	char path[TREE_PATH_MAX];
	struct oid merge;

	(void)state;
	practice_write(&p, staff, path, action(staff, path));
	merge = merge_saying(&note, "se\033\xffrver");
	practice_set_main(&p, &merge);
	run();
	assert_finding("not as the server writes it", "", "");
	assert_finding("a commit by se??rver stands in the log", "", "server");
}

static void a_clock_set_back_and_devices_that_fell_silent_are_told(void **state)
{
	static const char *const times[] = {"2025-12-24T16:00:00.000Z", "2025-12-24T15:00:00.000Z", "2026-01-03T09:00:00.000Z"};
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	char path[TREE_PATH_MAX], hex[2][OID_HEX_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		p.received = times[i];
		practice_write(&p, staff, path, action(staff, path));
		practice_push(&p, staff);
		oid_hex(hex[i == 1], &p.main);
	}
	run();
	assert_int_equal(a.findings_len, 0);
	assert_int_equal(a.clock_back, 1);
	assert_string_equal(a.clock_back_first, hex[1]);
	for (size_t i = 0; i < a.devices_len; i++) {
		bool is_staff = strcmp(a.devices[i].id, "fle-staff") == 0;

		assert_int_equal(a.devices[i].silent, !is_staff);
		assert_string_equal(a.devices[i].last_received, is_staff ? times[2] : "2025-11-24T16:00:00.000Z");
	}
}

/* A tree that git would not make, as the server keeps it: one directory's bytes, put in the place of another. */
static void put_tree_bytes(const char *dir, const struct buf *bytes)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	struct tree root = TREE_INIT;
	struct tree_entry *grown;
	struct oid tree, merge;

	assert_int_equal(repo_tree_read(&root, p.repo, &p.main_tree, NULL), STATUS_OK);
	grown = realloc(root.entries, (root.len + 1) * sizeof(*grown));
	assert_non_null(grown);
	root.entries = grown;
	grown[root.len] = (struct tree_entry){.name = strdup(dir), .is_dir = true};
	assert_int_equal(repo_write(&grown[root.len].id, p.repo, REPO_TREE, bytes->data, bytes->len, NULL), STATUS_OK);
	root.len++;
	assert_int_equal(repo_tree_write(&tree, p.repo, &root, NULL), STATUS_OK);
	tree_clear(&root);
	staff->tip = practice_commit(&p, staff, &tree, &p.main, NULL);
	merge = practice_merge_commit(&p, staff->id, &staff->tip, &tree, "");
	practice_set_main(&p, &merge);
}

static void a_directory_out_of_form_is_named_with_its_entry(void **state)
{
	struct oid blob = practice_blob(&p, cJSON_CreateObject());
	struct buf bytes = BUF_INIT;

	(void)state;
	buf_add(&bytes, "100755 a.json", 14);
	buf_add(&bytes, blob.id, OID_LEN);
	put_tree_bytes("opel", &bytes);
	run();
	assert_finding("the entry \"a.json\" has a mode or place that is not allowed", "opel", "fle-staff");
	buf_clear(&bytes);
}

static void a_long_history_of_many_devices_passes(void **state)
{
	static const char *const devices[] = {"fle-staff", "kib-manager", "desk-a", "desk-b"}; /* the last two come on the way */

	(void)state;
	for (int i = 0; i < 100; i++) {
		if (i == 30 || i == 60)
			(void)practice_add(&p, devices[i / 30 + 1], ROLE_STAFF);
		push_action(devices[i % (i < 31 ? 2 : i < 61 ? 3 : 4)], false);
	}
	run();
	if (a.findings_len)
		assert_finding("none", NULL, NULL);
	assert_int_equal(a.merges, p.index);
	assert_int_equal(a.backdated, 100);
}

/* Whichever thread comes upon a fault first. */
static void faults_are_listed_as_they_follow_in_the_log(void **state)
{
	char commits[30][OID_HEX_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commits); i++) {
		push_action("fle-staff", false);
		push_action("fle-staff", true);
		oid_hex(commits[i], &p.main);
	}
	run();
	assert_int_equal(a.findings_len, ARRAY_LEN(commits));
	for (size_t i = 0; i < ARRAY_LEN(commits); i++)
		assert_string_equal(a.findings[i].commit, commits[i]);
}

static void of_very_many_faults_the_first_hundred_are_listed(void **state)
{
	char first[OID_HEX_LEN + 1], last[OID_HEX_LEN + 1];

	(void)state;
	for (int i = 0; i < AUDIT_MAX_FINDINGS + 20; i++) {
		push_action("fle-staff", true);
		if (i == 0)
			oid_hex(first, &p.main);
		if (i == AUDIT_MAX_FINDINGS - 1)
			oid_hex(last, &p.main);
	}
	run();
	assert_int_equal(a.findings_len, AUDIT_MAX_FINDINGS);
	assert_int_equal(a.findings_more, 20);
	assert_string_equal(a.findings[0].commit, first);
	assert_string_equal(a.findings[AUDIT_MAX_FINDINGS - 1].commit, last);
}

/* One more after that costs nothing, whatever stands behind. */
static void after_a_thousand_faults_the_rest_of_the_log_is_not_judged(void **state)
{
	struct fixture_device *staff = practice_device(&p, "fle-staff");
	const uint64_t sound = (uint64_t)p.index;

	(void)state;
	for (int i = 0; i < AUDIT_MAX_FAULTS + 200; i++) { /* a head that was accepted before, again and again */
		p.main = practice_merge_commit(&p, staff->id, &staff->accepted, &p.main_tree, "");
		p.index++;
	}
	run();
	assert_int_equal(a.findings_len, AUDIT_MAX_FINDINGS);
	assert_int_equal(a.findings_more, AUDIT_MAX_FAULTS - AUDIT_MAX_FINDINGS);
	assert_true(a.merges >= sound + AUDIT_MAX_FAULTS && a.merges < sound + AUDIT_MAX_FAULTS + 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_honest_history_passes, begin, end),
		cmocka_unit_test_setup_teardown(without_a_root_key_or_with_another_it_does_not_pass, begin, end),
		cmocka_unit_test_setup_teardown(a_record_altered_by_the_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_removed_by_the_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_invented_by_the_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(records_that_are_none_are_named_and_harm_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_directory_that_names_itself_without_number_does_not_stall, begin, end),
		cmocka_unit_test_setup_teardown(a_device_that_nobody_invited_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_commit_by_an_unknown_key_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_merge_by_an_unknown_server_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_commit_put_into_the_log_by_a_device_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_head_that_was_merged_before_or_is_no_head_is_named, begin, end),
		cmocka_unit_test_setup_teardown(the_host_can_write_nothing_of_its_own, begin, end),
		cmocka_unit_test_setup_teardown(objects_that_are_missing_or_of_another_kind_are_named, begin, end),
		cmocka_unit_test_setup_teardown(another_start_or_number_of_a_merge_is_named, begin, end),
		cmocka_unit_test_setup_teardown(rules_that_are_unknown_altered_or_older_than_those_before_are_named, begin, end),
		cmocka_unit_test_setup_teardown(what_a_forger_wrote_steers_no_screen, begin, end),
		cmocka_unit_test_setup_teardown(a_clock_set_back_and_devices_that_fell_silent_are_told, begin, end),
		cmocka_unit_test_setup_teardown(a_directory_out_of_form_is_named_with_its_entry, begin, end),
		cmocka_unit_test_setup_teardown(a_long_history_of_many_devices_passes, begin, end),
		cmocka_unit_test_setup_teardown(faults_are_listed_as_they_follow_in_the_log, begin, end),
		cmocka_unit_test_setup_teardown(of_very_many_faults_the_first_hundred_are_listed, begin, end),
		cmocka_unit_test_setup_teardown(after_a_thousand_faults_the_rest_of_the_log_is_not_judged, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
