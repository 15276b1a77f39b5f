/* client/erase_make.c - a manager has free text erased: the record that says so. See erase.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/erase.h"
#include "client/released.h"

struct making {
	struct qip *q;
	const char *feedback; /* or NULL */
	char device[NAME_MAX_LEN + 1]; /* that collected it; "" for none */
	char blobs[ERASE_BLOBS_MAX][SHA256_HEX_LEN + 1];
	size_t len;
	bool found, erased;
	bool more; /* than one record names */
};

static enum status add_blob(struct making *m, const char *hex, struct error *e)
{
	if (!blobs_is_name(hex))
		return error_set(e, STATUS_MALFORMED, "\"%.80s\" names no sealed bytes", hex);
	if (blobs_is_erased(m->q, hex)) {
		m->erased = true;
		return STATUS_OK;
	}
	for (size_t i = 0; i < m->len; i++)
		if (strcmp(m->blobs[i], hex) == 0)
			return STATUS_OK;
	if (m->len == ERASE_BLOBS_MAX) {
		m->more = true;
		return STATUS_OK;
	}
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

static enum status add_released(void *ctx, const char *id, const char *hex, struct error *e)
{
	(void)id;
	return add_blob(ctx, hex, e);
}

/* ---- the record ---- */

static enum status build_record(cJSON **out, const struct erase_what *w, const struct qip *q, const char *id, const char *reason)
{
	enum status st = STATUS_OK;
	cJSON *record = build_object(&st);

	build_string(&st, record, "schema", "erasure/1");
	build_string(&st, record, "id", id);
	build_string(&st, record, "device", q->identity.device);
	build_time(&st, record, "at", state_now_ms(&q->state, q->env));
	build_string(&st, record, "reason", reason);
	if (w->feedback)
		build_string(&st, record, "feedback", w->feedback);
	if (cJSON_GetArraySize(w->answers) > 0)
		build_item(&st, record, "answers", cJSON_Duplicate(w->answers, true));
	if (cJSON_GetArraySize(w->devices) > 0)
		build_item(&st, record, "devices", cJSON_Duplicate(w->devices, true));
	build_item(&st, record, "blobs", cJSON_Duplicate(w->blobs, true));
	if (st == STATUS_OK)
		*out = record;
	else
		cJSON_Delete(record);
	return st;
}

enum status erase_put(char id[ID_TEXT_LEN + 1], struct qip_edit *edit, struct qip *q, const struct erase_what *w, const char *reason, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = id_make(id, q->env);

	if (st == STATUS_OK)
		st = build_record(&record, w, q, id, reason);
	if (st != STATUS_OK)
		return error_set(e, st, "the erasure cannot be written: %s", status_text(st));
	(void)snprintf(path, sizeof(path), "erasures/%s/%s.json", id + ID_TEXT_LEN - 2, id);
	st = qip_edit_put(edit, path, record, e);
	cJSON_Delete(record);
	return st;
}

static enum status write_record(char id[ID_TEXT_LEN + 1], struct making *m, const char *reason, struct error *e)
{
	const char *blobs[ERASE_BLOBS_MAX], *device = m->device;
	struct erase_what what = {.feedback = m->feedback};
	struct qip_edit *edit = NULL;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < m->len; i++)
		blobs[i] = m->blobs[i];
	what.blobs = cJSON_CreateStringArray(blobs, (int)m->len);
	what.devices = device[0] ? cJSON_CreateStringArray(&device, 1) : NULL;
	if (!what.blobs || (device[0] && !what.devices))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = qip_edit_begin(&edit, m->q, NULL, e);
	if (st == STATUS_OK) {
		st = erase_put(id, edit, m->q, &what, reason, e);
		if (st == STATUS_OK)
			st = qip_edit_commit(edit, "Erase free text", e);
		else
			qip_edit_abort(edit);
	}
	cJSON_Delete(what.blobs);
	cJSON_Delete(what.devices);
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
	struct released_of of = {.open = true};
	enum status st = check(q, reason, e);

	if (st == STATUS_OK && !id_valid(feedback))
		st = error_set(e, STATUS_USAGE, "\"%.60s\" is no answer's id", feedback);
	if (st == STATUS_OK)
		st = erase_carry_out(NULL, q, e); /* so that what is erased is known */
	if (st == STATUS_OK)
		st = qip_each(q, "feedback/", look_at_answer, &m, e);
	if (st == STATUS_OK && !m.found)
		st = error_set(e, STATUS_NOT_FOUND, "there is no answer %s here", feedback);
	(void)snprintf(of.id, sizeof(of.id), "%s", feedback);
	if (st == STATUS_OK)
		st = released_each(&of, 1, q, add_released, &m, e);
	if (st == STATUS_OK && m.len == 0)
		st = error_set(e, STATUS_GONE, m.erased ? "the free text of %s was erased before" : "the answer %s has no free text", feedback);
	if (st == STATUS_OK)
		st = write_record(id, &m, reason, e);
	return st == STATUS_OK && m.more ? erase_feedback(id, q, feedback, reason, e) : st;
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
