/* client/genesis.c - a practice's first commit, and its keys on paper. */
#include "client/genesis.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/comment_key.h"
#include "client/commit.h"
#include "client/paper.h"
#include "core/embed.h"

#define SURVEY_FILE "fft-1.json"
#define SURVEY_PATH "surveys/fft.json"
#define FILES 4

static enum status make_practice(cJSON **out, struct qip *q, const struct genesis_input *in, const struct key *root, struct error *e)
{
	enum status st = STATUS_OK;
	struct stamp stamp = {.by = "manager"};
	struct buf statement = BUF_INIT;
	cJSON *record = build_object(&st), *endorsed = build_object(&st), *list = cJSON_CreateArray();
	char root_ssh[KEY_SSH_MAX];

	key_ssh(root_ssh, root);
	build_string(&st, record, "schema", "practice/1");
	build_string(&st, record, "ods", q->identity.ods);
	build_string(&st, record, "root_key", root_ssh);
	build_integer(&st, record, "schema_level", 1);
	build_string(&st, endorsed, "key", in->server_key);
	if (st == STATUS_OK)
		st = statement_server_key(&statement, q->identity.ods, in->server_key);
	build_signature(&st, endorsed, "signature", root, &statement);
	if (st == STATUS_OK && !cJSON_AddItemToArray(list, endorsed))
		st = STATUS_NOMEM;
	else if (st == STATUS_OK)
		endorsed = NULL;
	build_item(&st, record, "server_keys", list);
	if (st == STATUS_OK)
		st = id_make(stamp.id, q->env);
	memcpy(stamp.device, q->identity.device, sizeof(q->identity.device));
	date_format(stamp.effective, in->at_ms);
	time_format(stamp.at, in->at_ms);
	if (st == STATUS_OK)
		st = record_set(record, "name", cJSON_CreateString(in->name), &stamp, e);
	if (st == STATUS_OK) {
		*out = record;
		record = NULL;
	} else
		st = error_set(e, st, "practice.json could not be made: %s", status_text(st));
	cJSON_Delete(endorsed);
	cJSON_Delete(record);
	buf_clear(&statement);
	return st;
}

static enum status make_device(cJSON **out, struct qip *q, const struct genesis_input *in, const struct key *root, struct error *e)
{
	const struct qip_identity *id = &q->identity;
	enum status st = STATUS_OK;
	struct buf statement = BUF_INIT;
	cJSON *record = build_object(&st), *invite = build_object(&st);

	build_string(&st, invite, "key", in->invite_key);
	build_string(&st, invite, "by", "root");
	build_time(&st, invite, "at", in->at_ms);
	if (st == STATUS_OK)
		st = statement_invite(&statement, id->ods, id->device, role_text(id->role), id->site, in->invite_key);
	build_signature(&st, invite, "signature", root, &statement);
	build_string(&st, record, "schema", "device/1");
	build_string(&st, record, "id", id->device);
	build_string(&st, record, "role", role_text(id->role));
	if (id->site[0])
		build_string(&st, record, "site", id->site);
	build_item(&st, record, "invite", invite);
	build_item(&st, record, "enrolment", cJSON_Duplicate(in->enrolment, true));
	if (st == STATUS_OK) {
		*out = record;
		record = NULL;
	} else
		st = error_set(e, st, "the device's record could not be made: %s", status_text(st));
	buf_clear(&statement);
	cJSON_Delete(record);
	return st;
}

static enum status read_survey(cJSON **out, struct error *e)
{
	const struct embedded *file = embed_find(client_data, SURVEY_FILE);

	if (!file)
		return error_set(e, STATUS_CORRUPT, "this program was built without its survey");
	return json_parse(out, (const char *)file->bytes, file->len, e);
}

/* Stage the records and the tree of them. `records` are in the order of `paths`. */
static enum status stage_tree(struct oid *tree, struct qip *q, cJSON *const records[FILES], const char *const paths[FILES], struct error *e)
{
	struct tree_edit edits[FILES] = {0};
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < FILES; i++) {
		edits[i].path = paths[i];
		st = commit_stage(&edits[i].id, q, records[i], e);
	}
	return st == STATUS_OK ? tree_apply(tree, q->repo, NULL, edits, FILES, e) : st;
}

/* The first generation of the comment key, for this device and for who has the recovery key's paper. */
static enum status make_comment_key(cJSON **out, char recovery_text[QIP_PAPER_TEXT_MAX], struct qip *q, const struct genesis_input *in, const struct key *root,
				    struct error *e)
{
	const struct comment_reader reader = {.device = q->identity.device, .seal_key = in->seal_public};
	uint8_t recovery_private[SEAL_KEY_LEN] = {0}, recovery[SEAL_KEY_LEN];
	const struct comment_key_spec spec = {
		.ods = q->identity.ods,
		.generation = 1,
		.by = "root",
		.signer = root,
		.at_ms = in->at_ms,
		.readers = &reader,
		.readers_len = 1,
		.recovery = recovery,
	};
	enum status st = seal_generate(recovery_private, recovery, e);

	if (st == STATUS_OK)
		st = comment_key_make(out, &spec, e);
	if (st == STATUS_OK)
		paper_print(recovery_text, PAPER_RECOVERY, recovery_private);
	explicit_bzero(recovery_private, sizeof(recovery_private));
	return st;
}

static enum status print_root(struct genesis_papers *papers, const struct key *root)
{
	uint8_t scalar[KEY_PRIVATE_LEN] = {0};
	enum status st = key_private(scalar, root);

	if (st == STATUS_OK) {
		paper_print(papers->root, PAPER_ROOT, scalar);
		key_ssh(papers->root_ssh, root);
	}
	explicit_bzero(scalar, sizeof(scalar));
	return st;
}

enum status genesis_make(struct oid *commit, struct genesis_papers *papers, struct qip *q, const struct genesis_input *in, struct error *e)
{
	char device_path[TREE_PATH_MAX], key_path[TREE_PATH_MAX];
	cJSON *records[FILES] = {NULL};
	const char *paths[FILES] = {"practice.json", device_path, key_path, SURVEY_PATH};
	struct key *root = NULL;
	struct oid tree, none = {0};
	enum status st = key_generate(&root, e);

	(void)snprintf(device_path, sizeof(device_path), "devices/%s.json", q->identity.device);
	comment_key_path(key_path, 1);
	if (st == STATUS_OK)
		st = make_practice(&records[0], q, in, root, e);
	if (st == STATUS_OK)
		st = make_device(&records[1], q, in, root, e);
	if (st == STATUS_OK)
		st = make_comment_key(&records[2], papers->recovery, q, in, root, e);
	if (st == STATUS_OK)
		st = read_survey(&records[3], e);
	if (st == STATUS_OK)
		st = stage_tree(&tree, q, records, paths, e);
	if (st == STATUS_OK)
		st = commit_write(commit, q, &tree, &none, in->at_ms, "Start of the practice's history", e);
	if (st == STATUS_OK)
		st = print_root(papers, root);
	for (size_t i = 0; i < FILES; i++)
		cJSON_Delete(records[i]);
	key_free(root);
	return st;
}
