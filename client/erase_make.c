/* client/erase_make.c - a manager has free text erased: the record that says so. See erase.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/erase.h"
#include "core/record_file.h"

#define BLOBS_MAX 100 /* of one record: core/schemas/erasure-1.json */

struct making {
	struct qip *q;
	const char *feedback; /* or NULL */
	char device[NAME_MAX_LEN + 1]; /* that collected it; "" for none */
	char blobs[BLOBS_MAX][SHA256_HEX_LEN + 1];
	size_t len;
	bool found, erased;
};

static enum status add_blob(struct making *m, const char *hex, struct error *e)
{
	if (strlen(hex) != SHA256_HEX_LEN || strspn(hex, "0123456789abcdef") != SHA256_HEX_LEN)
		return error_set(e, STATUS_MALFORMED, "\"%.80s\" names no sealed bytes", hex);
	if (blobs_is_erased(m->q, hex)) {
		m->erased = true;
		return STATUS_OK;
	}
	for (size_t i = 0; i < m->len; i++)
		if (strcmp(m->blobs[i], hex) == 0)
			return STATUS_OK;
	if (m->len == BLOBS_MAX)
		return error_set(e, STATUS_TOO_BIG, "it names more than %d pieces: erase once more for the rest", BLOBS_MAX);
	memcpy(m->blobs[m->len++], hex, SHA256_HEX_LEN + 1);
	return STATUS_OK;
}

/* ---- what there is of an answer ---- */

static enum status look_at_answer(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct making *m = ctx;
	const char *id = json_string(record, "id"), *hex = json_string(json_get(record, "comment"), "sha256");

	if (!id || strcmp(id, m->feedback) != 0 || strncmp(json_string(record, "schema"), "feedback/", strlen("feedback/")) != 0)
		return STATUS_OK;
	m->found = true;
	(void)path;
	(void)snprintf(m->device, sizeof(m->device), "%s", json_string(record, "device"));
	return hex ? add_blob(m, hex, e) : STATUS_OK;
}

/* Every text that was released, claims in conflict included. */
static enum status add_released(struct making *m, const cJSON *value, struct error *e)
{
	const cJSON *member = NULL;
	const char *hex = json_get(value, "size") ? json_string(value, "sha256") : NULL;
	enum status st = hex ? add_blob(m, hex, e) : STATUS_OK;

	cJSON_ArrayForEach(member, value)
	{
		if (st == STATUS_OK && (cJSON_IsObject(member) || cJSON_IsArray(member)))
			st = add_released(m, member, e);
	}
	return st;
}

/* Also what a later release replaced: back through the log to where nobody had looked at the answer yet. */
static enum status look_at_triage(struct making *m, struct error *e)
{
	struct oid at, tree, blob, last = {{0}};
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	bool is_dir = false;
	enum status st = home_ref(&at, m->q, REF_WORK, e);

	(void)snprintf(path, sizeof(path), "triage/%s/%s.json", m->feedback + ID_TEXT_LEN - 2, m->feedback);
	while (st == STATUS_OK && !oid_is_zero(&at)) {
		st = home_tree_of(&tree, m->q, &at, e);
		if (st == STATUS_OK)
			st = tree_find(&blob, &is_dir, m->q->repo, &tree, path, e);
		if (st == STATUS_NOT_FOUND)
			return STATUS_OK;
		if (st == STATUS_OK && !oid_equal(&blob, &last)) {
			st = record_read(&record, m->q->repo, &blob, e);
			if (st == STATUS_OK)
				st = add_released(m, record, e);
			cJSON_Delete(record);
			record = NULL;
			last = blob;
		}
		if (st == STATUS_OK)
			st = repo_commit_first_parent(&at, m->q->repo, &at, e);
	}
	return st;
}

/* ---- the record ---- */

static enum status build_record(cJSON **out, const struct making *m, const char *id, const char *reason)
{
	const char *device = m->device;
	enum status st = STATUS_OK;
	cJSON *record = build_object(&st), *blobs = cJSON_CreateArray();

	for (size_t i = 0; st == STATUS_OK && i < m->len; i++)
		if (!cJSON_AddItemToArray(blobs, cJSON_CreateString(m->blobs[i])))
			st = STATUS_NOMEM;
	build_string(&st, record, "schema", "erasure/1");
	build_string(&st, record, "id", id);
	build_string(&st, record, "device", m->q->identity.device);
	build_time(&st, record, "at", state_now_ms(&m->q->state, m->q->env));
	build_string(&st, record, "reason", reason);
	if (m->feedback)
		build_string(&st, record, "feedback", m->feedback);
	if (device[0])
		build_item(&st, record, "devices", cJSON_CreateStringArray(&device, 1));
	build_item(&st, record, "blobs", blobs);
	if (st == STATUS_OK)
		*out = record;
	else
		cJSON_Delete(record);
	return st;
}

static enum status write_record(char id[ID_TEXT_LEN + 1], struct making *m, const char *reason, struct error *e)
{
	struct qip_edit *edit = NULL;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = id_make(id, m->q->env);

	if (st == STATUS_OK)
		st = build_record(&record, m, id, reason);
	if (st != STATUS_OK)
		return error_set(e, st, "the erasure cannot be written: %s", status_text(st));
	(void)snprintf(path, sizeof(path), "erasures/%s/%s.json", id + ID_TEXT_LEN - 2, id);
	st = qip_edit_begin(&edit, m->q, NULL, e);
	if (st == STATUS_OK) {
		st = qip_edit_put(edit, path, record, e);
		if (st == STATUS_OK)
			st = qip_edit_commit(edit, "Erase free text", e);
		else
			qip_edit_abort(edit);
	}
	cJSON_Delete(record);
	return st == STATUS_OK ? erase_carry_out(NULL, m->q, e) : st;
}

static enum status check(const struct qip *q, const char *reason, struct error *e)
{
	if (q->identity.role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager has free text erased");
	if (!reason || !reason[0] || strlen(reason) > ERASE_REASON_MAX)
		return error_set(e, STATUS_USAGE, "please say why in at most %d bytes: it stays in the history for ever, so no names", ERASE_REASON_MAX);
	return STATUS_OK;
}

enum status erase_feedback(char id[ID_TEXT_LEN + 1], struct qip *q, const char *feedback, const char *reason, struct error *e)
{
	struct making m = {.q = q, .feedback = feedback};
	enum status st = check(q, reason, e);

	if (st == STATUS_OK && !id_valid(feedback))
		st = error_set(e, STATUS_USAGE, "\"%.60s\" is no answer's id", feedback);
	if (st == STATUS_OK)
		st = erase_carry_out(NULL, q, e); /* so that what is erased is known */
	if (st == STATUS_OK)
		st = qip_each(q, "feedback/", look_at_answer, &m, e);
	if (st == STATUS_OK && !m.found)
		st = error_set(e, STATUS_NOT_FOUND, "there is no answer %s here", feedback);
	if (st == STATUS_OK)
		st = look_at_triage(&m, e);
	if (st == STATUS_OK && m.len == 0)
		st = error_set(e, STATUS_GONE, m.erased ? "the free text of %s was erased before" : "the answer %s has no free text", feedback);
	return st == STATUS_OK ? write_record(id, &m, reason, e) : st;
}

enum status erase_blob(char id[ID_TEXT_LEN + 1], struct qip *q, const char *hex, const char *reason, struct error *e)
{
	struct making m = {.q = q};
	enum status st = check(q, reason, e);

	if (st == STATUS_OK)
		st = erase_carry_out(NULL, q, e);
	if (st == STATUS_OK)
		st = add_blob(&m, hex, e);
	if (st == STATUS_OK && m.len == 0)
		st = error_set(e, STATUS_GONE, "it was erased before");
	return st == STATUS_OK ? write_record(id, &m, reason, e) : st;
}
