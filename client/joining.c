/* client/joining.c - a join under way. */
#include "client/joining.h"

#include <string.h>

#include "client/build.h"
#include "client/files.h"

#define JOINING_FILE "joining.json"

static enum status write_joining(const struct joining *j, struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st);

	build_string(&st, file, "schema", "joining/1");
	build_string(&st, file, "invite_key", j->invite_key);
	build_item(&st, file, "enrolment", cJSON_Duplicate(j->enrolment, true));
	build_item(&st, file, "roots", cJSON_Duplicate(j->roots, true));
	if (j->record)
		build_item(&st, file, "record", cJSON_Duplicate(j->record, true));
	if (st == STATUS_OK)
		st = files_write_json(q->dir, JOINING_FILE, file, 0600, e);
	else
		st = error_set(e, st, "the join cannot be noted: %s", status_text(st));
	cJSON_Delete(file);
	return st;
}

static enum status make_enrolment(struct joining *j, struct qip *q, const struct key *invite, struct error *e)
{
	enum status st = STATUS_OK;
	struct buf statement = BUF_INIT;
	char key[KEY_SSH_MAX];

	key_ssh(key, q->key);
	j->enrolment = build_object(&st);
	build_string(&st, j->enrolment, "key", key);
	build_bytes(&st, j->enrolment, "seal_key", j->seal_public, sizeof(j->seal_public));
	build_time(&st, j->enrolment, "at", state_now_ms(&q->state, q->env));
	if (st == STATUS_OK)
		st = statement_enrolment(&statement, j->code.ods, j->invite_key, key, json_string(j->enrolment, "seal_key"));
	build_signature(&st, j->enrolment, "proof", invite, &statement);
	buf_clear(&statement);
	return st == STATUS_OK ? st : error_set(e, st, "the enrolment cannot be made: %s", status_text(st));
}

/* Fresh keys; joining.json comes last and says that they are complete. */
static enum status start(struct joining *j, struct qip *q, const struct key *invite, const struct root_join *root, struct error *e)
{
	uint8_t seal_private[SEAL_KEY_LEN];
	struct buf pem = BUF_INIT, seal = BUF_INIT;
	enum status st = key_generate(&q->key, e);

	if (st == STATUS_OK)
		st = seal_generate(seal_private, j->seal_public, e);
	if (st == STATUS_OK)
		st = key_to_pem(&pem, q->key);
	base64url_encode(&seal, seal_private, sizeof(seal_private));
	if (st == STATUS_OK && (!buf_ok(&pem) || !buf_ok(&seal)))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = files_write(q->dir, HOME_KEY, pem.data, pem.len, 0600, e);
	if (st == STATUS_OK)
		st = files_write(q->dir, HOME_SEAL_KEY, seal.data, seal.len, 0600, e);
	if (st == STATUS_OK)
		st = make_enrolment(j, q, invite, e);
	if (st == STATUS_OK && root)
		st = root_join_record(&j->record, j->code.ods, j->invite_key, root, state_now_ms(&q->state, q->env), e);
	if (st == STATUS_OK) {
		j->roots = cJSON_CreateArray();
		st = j->roots ? write_joining(j, q, e) : error_set(e, STATUS_NOMEM, "out of memory");
	}
	explicit_bzero(seal_private, sizeof(seal_private));
	buf_wipe(&pem);
	buf_wipe(&seal);
	return st;
}

/* Another code's try may have been cut off after it made its own keys and before it noted itself. */
static bool is_enrolled_key(const struct key *key, const cJSON *enrolment)
{
	const char *noted = json_string(enrolment, "key");
	char text[KEY_SSH_MAX];

	key_ssh(text, key);
	return noted && strcmp(noted, text) == 0;
}

/* Go on with an earlier try of the same code. STATUS_NOT_FOUND: there is none. */
static enum status resume(struct joining *j, struct qip *q, bool by_root)
{
	enum status st = STATUS_NOT_FOUND;
	cJSON *file = NULL;
	struct buf pem = BUF_INIT;
	struct key *key = NULL;
	const char *invite = NULL;

	if (files_read_json(&file, q->dir, JOINING_FILE, NULL) != STATUS_OK)
		goto done;
	invite = json_string(file, "invite_key");
	if (!invite || strcmp(invite, j->invite_key) != 0)
		goto done;
	if (cJSON_IsObject(json_get(file, "record")) != by_root)
		goto done;
	if (!cJSON_IsObject(json_get(file, "enrolment")) || !cJSON_IsArray(json_get(file, "roots")))
		goto done;
	if (build_read_bytes32(j->seal_public, json_string(json_get(file, "enrolment"), "seal_key")) != STATUS_OK)
		goto done;
	if (files_read(&pem, q->dir, HOME_KEY, LIMIT_FILE_BYTES, NULL) != STATUS_OK ||
	    key_from_pem(&key, buf_text(&pem), NULL) != STATUS_OK || !is_enrolled_key(key, json_get(file, "enrolment")))
		goto done;
	j->enrolment = cJSON_DetachItemFromObjectCaseSensitive(file, "enrolment");
	j->record = cJSON_DetachItemFromObjectCaseSensitive(file, "record");
	j->roots = cJSON_DetachItemFromObjectCaseSensitive(file, "roots");
	q->key = key;
	key = NULL;
	st = STATUS_OK;
done:
	key_free(key);
	buf_wipe(&pem);
	cJSON_Delete(file);
	return st;
}

enum status joining_begin(struct joining *out, struct qip *q, const struct code *code, const struct root_join *root, struct error *e)
{
	struct joining j = {.code = *code};
	struct key *invite = NULL;
	enum status st = code_invite_key(&invite, code, e);

	if (st == STATUS_OK) {
		key_ssh(j.invite_key, invite);
		st = resume(&j, q, root != NULL);
		if (st == STATUS_NOT_FOUND)
			st = start(&j, q, invite, root, e);
	}
	key_free(invite);
	if (st != STATUS_OK) {
		joining_clear(&j);
		return st;
	}
	*out = j;
	return STATUS_OK;
}

enum status joining_replace(struct joining *j, const struct qip *q, struct error *e)
{
	const struct statement_replacement says = {
		.ods = j->code.ods,
		.replaces = q->replaces->device,
		.device = q->identity.device,
		.invite_key = j->invite_key,
		.key = json_string(j->enrolment, "key"),
		.ends = q->replaces->ends,
	};
	enum status st = STATUS_OK;
	cJSON *replaces = build_object(&st);
	struct buf statement = BUF_INIT;

	build_integer(&st, replaces, "carries", (int64_t)q->replaces->carries);
	build_string(&st, replaces, "device", says.replaces);
	build_bool(&st, replaces, "ends", says.ends);
	if (st == STATUS_OK)
		st = statement_replacement(&statement, &says);
	build_signature(&st, replaces, "proof", q->replaces->key, &statement);
	build_item(&st, j->enrolment, "replaces", replaces);
	buf_clear(&statement);
	return st == STATUS_OK ? st : error_set(e, st, "the enrolment cannot be made: %s", status_text(st));
}

enum status joining_add_root(struct joining *j, struct qip *q, const char *root_ssh, struct error *e)
{
	cJSON *item = cJSON_CreateString(root_ssh);

	if (!item || !cJSON_AddItemToArray(j->roots, item)) {
		cJSON_Delete(item);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	if (cJSON_GetArraySize(j->roots) > JOINING_MAX_ROOTS)
		cJSON_DeleteItemFromArray(j->roots, 0);
	return write_joining(j, q, e);
}

enum status joining_end(struct qip *q, struct error *e)
{
	return files_remove(q->dir, JOINING_FILE, e);
}

void joining_clear(struct joining *j)
{
	explicit_bzero(&j->code, sizeof(j->code));
	cJSON_Delete(j->enrolment);
	cJSON_Delete(j->record);
	cJSON_Delete(j->roots);
	*j = (struct joining){0};
}
