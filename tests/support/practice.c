#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/signature.h"
#include "tests/support/folder.h"
#include "tests/support/must.h"
#include "tests/support/practice.h"

#define FIXTURE_TIME_MS 1764000000000 /* 24 November 2025 */
#define FIXTURE_TIME "2025-11-24T16:00:00.000Z"

void practice_id(struct practice *p, char out[ID_TEXT_LEN + 1])
{
	(void)snprintf(out, ID_TEXT_LEN + 1, "01920000-0000-7000-8000-%012x", ++p->next_id);
}

struct stamp practice_stamp(struct practice *p, const struct fixture_device *d, const char *effective)
{
	struct stamp s = {.at = FIXTURE_TIME};

	practice_id(p, s.id);
	(void)snprintf(s.device, sizeof(s.device), "%s", d->id);
	(void)snprintf(s.by, sizeof(s.by), "%s", role_text(d->role));
	(void)snprintf(s.effective, sizeof(s.effective), "%s", effective);
	return s;
}

struct oid practice_blob(struct practice *p, cJSON *record)
{
	struct buf bytes = BUF_INIT;
	struct error e = {0};
	struct oid id;

	must(json_canonical(&bytes, record), &e);
	must(repo_write(&id, p->repo, REPO_BLOB, bytes.data, bytes.len, &e), &e);
	buf_clear(&bytes);
	cJSON_Delete(record);
	return id;
}

struct oid practice_commit(struct practice *p, const struct fixture_device *d, const struct oid *tree, const struct oid *parent,
			   const struct key *key)
{
	char email[HEAD_EMAIL_MAX];
	struct buf message = BUF_INIT;
	struct error e = {0};
	struct oid id;
	struct commit_spec spec = {.tree = *tree, .name = d->id, .email = email, .time_ms = FIXTURE_TIME_MS, .key = key ? key : d->key};

	head_email(email, d->id, FIXTURE_ODS);
	if (oid_is_zero(&d->adopts))
		must(head_message_format(&message, "A change", d->id), &e);
	else
		must(head_message_adopt(&message, "A change", &d->adopts, d->id), &e);
	spec.message = buf_text(&message);
	if (!oid_is_zero(parent)) {
		spec.parents[0] = *parent;
		spec.parents_len = 1;
	}
	must(repo_commit_write(&id, p->repo, &spec, &e), &e);
	buf_clear(&message);
	return id;
}

static struct oid tree_of(struct practice *p, const struct oid *commit)
{
	struct commit c = COMMIT_INIT;
	struct error e = {0};
	struct oid tree;

	must(repo_commit_read(&c, p->repo, commit, &e), &e);
	tree = c.tree;
	commit_clear(&c);
	return tree;
}

void practice_write_on(struct practice *p, struct fixture_device *d, const struct oid *base, const char *path, cJSON *record)
{
	struct tree_edit edit = {.path = path};
	struct error e = {0};
	struct oid tree = {{0}};

	if (!oid_is_zero(base))
		tree = tree_of(p, base);
	if (record)
		edit.id = practice_blob(p, record);
	must(tree_apply(&tree, p->repo, &tree, &edit, 1, &e), &e);
	d->tip = practice_commit(p, d, &tree, base, NULL);
}

void practice_write(struct practice *p, struct fixture_device *d, const char *path, cJSON *record)
{
	struct error e = {0};
	bool in_main = false;

	if (!oid_is_zero(&d->tip))
		must(repo_is_ancestor(&in_main, p->repo, &d->tip, &p->main, &e), &e);
	practice_write_on(p, d, d->role != ROLE_KIOSK && in_main ? &p->main : &d->tip, path, record);
}

/* ---- the server's part ---- */

static struct head_context context(struct practice *p, const char *device)
{
	struct fixture_device *d = practice_device(p, device);
	struct head_context ctx = {.repo = p->repo, .ods = FIXTURE_ODS, .main = p->main, .main_tree = p->main_tree,
				   .registry = p->has_registry ? &p->registry : NULL, .device = device};

	if (d)
		ctx.last = d->accepted;
	return ctx;
}

enum status practice_judge(struct practice *p, const char *device, const struct oid *head, struct head *out, struct head_fault *fault,
			   struct error *e)
{
	struct head_context ctx = context(p, device);

	return head_check(out, fault, &ctx, head, e);
}

struct oid practice_merge_commit(struct practice *p, const char *device, const struct oid *head, const struct oid *tree, const char *kept)
{
	const struct rules *rules;
	struct merge_note note = {.index = p->index + 1, .kept = BUF_INIT};
	struct commit_spec spec = {.tree = *tree, .parents = {p->main, *head}, .parents_len = 2, .name = "server",
				   .time_ms = FIXTURE_TIME_MS, .key = p->server};
	char email[HEAD_EMAIL_MAX];
	struct buf message = BUF_INIT;
	struct error e = {0};
	struct oid id;

	must(rules_get(&rules, p->rules_version ? p->rules_version : RULES_VERSION, &e), &e);
	(void)snprintf(note.device, sizeof(note.device), "%s", device);
	(void)snprintf(note.received, sizeof(note.received), "%s", p->received ? p->received : FIXTURE_TIME);
	note.rules_version = rules_version(rules);
	(void)snprintf(note.rules_digest, sizeof(note.rules_digest), "%s", rules_digest(rules));
	buf_adds(&note.kept, kept);
	must(merge_note_format(&message, &note), &e);
	head_email(email, "server", FIXTURE_ODS);
	spec.email = email;
	spec.message = buf_text(&message);
	must(repo_commit_write(&id, p->repo, &spec, &e), &e);
	buf_clear(&message);
	buf_clear(&note.kept);
	return id;
}

void practice_set_main(struct practice *p, const struct oid *merge)
{
	struct registry reg = REGISTRY_INIT;
	struct error e = {0};

	must(repo_flush(p->repo, &e), &e);
	must(repo_ref_update(p->repo, "refs/heads/main", merge, &p->main, &e), &e);
	p->main = *merge;
	p->main_tree = tree_of(p, merge);
	p->index++;
	if (registry_load(&reg, p->repo, &p->main_tree, NULL, &e) == STATUS_OK) {
		registry_clear(&p->registry);
		p->registry = reg;
		p->has_registry = true;
	}
}

enum status practice_try(struct practice *p, struct fixture_device *d, struct head_fault *fault, struct error *e)
{
	struct head_context ctx = context(p, d->id);
	const struct rules *rules;
	struct buf kept = BUF_INIT;
	struct head head;
	struct oid tree, merge;
	enum status st;

	must(rules_get(&rules, p->rules_version ? p->rules_version : RULES_VERSION, e), e);
	ctx.rules = rules;
	st = head_check(&head, fault, &ctx, &d->tip, e);
	if (st == STATUS_OK)
		st = head_merge(&tree, &kept, &ctx, &head, rules, e);
	if (st == STATUS_OK) {
		merge = practice_merge_commit(p, d->id, &d->tip, &tree, buf_text(&kept));
		practice_set_main(p, &merge);
		d->accepted = d->tip;
	}
	buf_clear(&kept);
	return st;
}

void practice_push(struct practice *p, struct fixture_device *d)
{
	struct head_fault fault;
	struct error e = {0};

	must(practice_try(p, d, &fault, &e), &e);
}

/* ---- people and their devices ---- */

struct fixture_device *practice_device(struct practice *p, const char *id)
{
	for (size_t i = 0; i < p->devices_len; i++)
		if (strcmp(p->devices[i].id, id) == 0)
			return &p->devices[i];
	return NULL;
}

struct fixture_device *practice_stranger(struct practice *p, const char *id, enum role role)
{
	struct fixture_device *d = &p->devices[p->devices_len++];
	uint8_t private_key[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN];
	struct buf text = BUF_INIT;
	struct error e = {0};

	assert_true(p->devices_len <= FIXTURE_DEVICES);
	*d = (struct fixture_device){.role = role};
	(void)snprintf(d->id, sizeof(d->id), "%s", id);
	must(key_generate(&d->invite, &e), &e);
	must(key_generate(&d->key, &e), &e);
	must(seal_generate(private_key, public_key, &e), &e);
	base64url_encode(&text, public_key, sizeof(public_key));
	(void)snprintf(d->seal_key, sizeof(d->seal_key), "%s", buf_text(&text));
	buf_clear(&text);
	return d;
}

static cJSON *signed_text(const struct key *key, struct buf *statement)
{
	struct buf armored = BUF_INIT;
	struct error e = {0};
	cJSON *out;

	must(signature_make(&armored, key, SIGNATURE_NAMESPACE_RECORD, statement->data, statement->len, &e), &e);
	out = cJSON_CreateString(buf_text(&armored));
	buf_clear(&armored);
	buf_clear(statement);
	return out;
}

cJSON *practice_invite(struct practice *p, struct fixture_device *d, const char *by, const struct key *key)
{
	cJSON *record = cJSON_CreateObject(), *invite = cJSON_AddObjectToObject(record, "invite");
	char line[KEY_SSH_MAX];
	struct buf statement = BUF_INIT;

	(void)p;
	key_ssh(line, d->invite);
	(void)cJSON_AddStringToObject(record, "schema", "device/1");
	(void)cJSON_AddStringToObject(record, "id", d->id);
	(void)cJSON_AddStringToObject(record, "role", role_text(d->role));
	(void)cJSON_AddStringToObject(invite, "key", line);
	(void)cJSON_AddStringToObject(invite, "by", by);
	(void)cJSON_AddStringToObject(invite, "at", FIXTURE_TIME);
	must(statement_invite(&statement, FIXTURE_ODS, d->id, role_text(d->role), "", line), &(struct error){0});
	(void)cJSON_AddItemToObject(invite, "signature", signed_text(key, &statement));
	return record;
}

cJSON *practice_enrolment(struct practice *p, struct fixture_device *d, cJSON *record)
{
	cJSON *enrolment = cJSON_AddObjectToObject(record, "enrolment");
	char line[KEY_SSH_MAX];
	struct buf statement = BUF_INIT;

	(void)p;
	key_ssh(line, d->key);
	(void)cJSON_AddStringToObject(enrolment, "key", line);
	(void)cJSON_AddStringToObject(enrolment, "seal_key", d->seal_key);
	(void)cJSON_AddStringToObject(enrolment, "at", FIXTURE_TIME);
	must(statement_enrolment(&statement, FIXTURE_ODS, json_string(json_get(record, "invite"), "key"), line, d->seal_key),
	     &(struct error){0});
	(void)cJSON_AddItemToObject(enrolment, "proof", signed_text(d->invite, &statement));
	return record;
}

struct fixture_device *practice_add(struct practice *p, const char *id, enum role role)
{
	struct fixture_device *d = practice_stranger(p, id, role), *manager = &p->devices[0];
	char path[TREE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "devices/%s.json", id);
	practice_write(p, manager, path, practice_invite(p, d, manager->id, manager->key));
	practice_push(p, manager);
	practice_write(p, d, path, practice_enrolment(p, d, practice_read(p, &p->main_tree, path)));
	practice_push(p, d);
	return d;
}

static cJSON *endorsement(const struct key *key, const struct key *signer)
{
	cJSON *item = cJSON_CreateObject();
	char line[KEY_SSH_MAX];
	struct buf statement = BUF_INIT;

	key_ssh(line, key);
	(void)cJSON_AddStringToObject(item, "key", line);
	must(statement_server_key(&statement, FIXTURE_ODS, line), &(struct error){0});
	(void)cJSON_AddItemToObject(item, "signature", signed_text(signer, &statement));
	return item;
}

cJSON *practice_endorse(struct practice *p, const struct key *key, const struct key *signer)
{
	cJSON *record = practice_read(p, &p->main_tree, "practice.json");

	(void)cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(record, "server_keys"), endorsement(key, signer));
	return record;
}

cJSON *practice_retire(char path[TREE_PATH_MAX], const struct key *key, const char *device, const struct key *signer)
{
	cJSON *record = cJSON_CreateObject();
	char line[KEY_SSH_MAX], id[41];
	struct buf statement = BUF_INIT;

	registry_retired_path(path, key);
	(void)snprintf(id, sizeof(id), "%s", path + strlen(RETIRED_KEYS));
	key_ssh(line, key);
	(void)cJSON_AddStringToObject(record, "schema", "retired-key/1");
	(void)cJSON_AddStringToObject(record, "id", id);
	(void)cJSON_AddStringToObject(record, "key", line);
	(void)cJSON_AddStringToObject(record, "device", device);
	(void)cJSON_AddStringToObject(record, "at", FIXTURE_TIME);
	must(statement_retired_key(&statement, FIXTURE_ODS, line), &(struct error){0});
	(void)cJSON_AddItemToObject(record, "signature", signed_text(signer, &statement));
	return record;
}

static cJSON *practice_record(struct practice *p, const struct fixture_device *manager)
{
	cJSON *record = cJSON_CreateObject(), *keys = cJSON_AddArrayToObject(record, "server_keys");
	struct stamp stamp = practice_stamp(p, manager, "2025-11-24");
	char line[KEY_SSH_MAX];
	struct error e = {0};

	key_ssh(line, p->root);
	(void)cJSON_AddStringToObject(record, "schema", "practice/1");
	(void)cJSON_AddStringToObject(record, "ods", FIXTURE_ODS);
	(void)cJSON_AddStringToObject(record, "root_key", line);
	(void)cJSON_AddNumberToObject(record, "schema_level", 1);
	(void)cJSON_AddItemToArray(keys, endorsement(p->server, p->root));
	must(record_set(record, "name", cJSON_CreateString("Harborough Vale"), &stamp, &e), &e);
	return record;
}

static void genesis(struct practice *p)
{
	struct fixture_device *manager = practice_stranger(p, "kib-manager", ROLE_MANAGER);
	struct tree_edit edits[] = {{.path = "practice.json"}, {.path = "devices/kib-manager.json"}};
	struct oid tree, none = {{0}};
	struct error e = {0};

	edits[0].id = practice_blob(p, practice_record(p, manager));
	edits[1].id = practice_blob(p, practice_enrolment(p, manager, practice_invite(p, manager, "root", p->root)));
	must(tree_apply(&tree, p->repo, NULL, edits, ARRAY_LEN(edits), &e), &e);
	manager->tip = practice_commit(p, manager, &tree, &none, NULL);
	practice_push(p, manager);
}

void practice_open(struct practice *p)
{
	struct commit_spec spec = {.name = "server", .time_ms = FIXTURE_TIME_MS,
				   .message = "Start of the log of " FIXTURE_ODS "\n\nQip-Index: 0\n"};
	struct tree empty = TREE_INIT;
	char email[HEAD_EMAIL_MAX], path[96];
	struct error e = {0};

	*p = (struct practice){.dir = ""};
	folder_make(p->dir, "practice");
	must(repo_init_library(&e), &e);
	(void)snprintf(path, sizeof(path), "%s/history.git", p->dir);
	must(repo_create(path, &e), &e);
	must(repo_open(&p->repo, path, &e), &e);
	must(key_generate(&p->root, &e), &e);
	must(key_generate(&p->server, &e), &e);
	must(repo_tree_write(&p->main_tree, p->repo, &empty, &e), &e);
	head_email(email, "server", FIXTURE_ODS);
	spec.tree = p->main_tree;
	spec.email = email;
	spec.key = p->server;
	must(repo_commit_write(&p->main, p->repo, &spec, &e), &e);
	must(repo_flush(p->repo, &e), &e);
	must(repo_ref_update(p->repo, "refs/heads/main", &p->main, NULL, &e), &e);
}

void practice_begin(struct practice *p)
{
	practice_open(p);
	genesis(p);
	(void)practice_add(p, "fle-staff", ROLE_STAFF);
	(void)practice_add(p, "kib-kiosk", ROLE_KIOSK);
	(void)practice_add(p, "lead-icb", ROLE_ICB);
}

void practice_end(struct practice *p)
{
	for (size_t i = 0; i < p->devices_len; i++) {
		key_free(p->devices[i].invite);
		key_free(p->devices[i].key);
	}
	key_free(p->root);
	key_free(p->server);
	registry_clear(&p->registry);
	repo_close(p->repo);
	repo_shutdown_library();
	folder_remove(p->dir);
}

cJSON *practice_read(struct practice *p, const struct oid *tree, const char *path)
{
	struct buf bytes = BUF_INIT;
	struct error e = {0};
	cJSON *record = NULL;
	enum status st = tree_read_path(&bytes, p->repo, tree, path, RECORD_MAX_BYTES, &e);

	if (st == STATUS_OK)
		must(json_parse_canonical(&record, buf_text(&bytes), bytes.len, &e), &e);
	else
		assert_int_equal(st, STATUS_NOT_FOUND);
	buf_clear(&bytes);
	return record;
}

cJSON *practice_answer(struct practice *p, const char *device, int64_t seq)
{
	cJSON *record = cJSON_CreateObject(), *child;
	char id[ID_TEXT_LEN + 1];

	practice_id(p, id);
	(void)cJSON_AddStringToObject(record, "schema", "feedback/1");
	(void)cJSON_AddStringToObject(record, "id", id);
	(void)cJSON_AddStringToObject(record, "device", device);
	(void)cJSON_AddNumberToObject(record, "seq", (double)seq);
	(void)cJSON_AddStringToObject(record, "site", "kibworth");
	(void)cJSON_AddStringToObject(record, "mode", "kiosk");
	(void)cJSON_AddStringToObject(record, "language", "en");
	child = cJSON_AddObjectToObject(record, "survey");
	(void)cJSON_AddStringToObject(child, "id", "fft");
	(void)cJSON_AddNumberToObject(child, "version", 1);
	child = cJSON_AddObjectToObject(record, "answers");
	(void)cJSON_AddStringToObject(child, "experience", "very-good");
	child = cJSON_AddObjectToObject(record, "recorded");
	(void)cJSON_AddStringToObject(child, "at", FIXTURE_TIME);
	(void)cJSON_AddStringToObject(child, "quality", "synchronised");
	(void)cJSON_AddStringToObject(child, "earliest", FIXTURE_TIME);
	(void)cJSON_AddStringToObject(child, "latest", FIXTURE_TIME);
	return record;
}
