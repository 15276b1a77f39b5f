/* client/void.c - void records in the place of a kiosk's refused answers, so that the numbering has no gap. */
#include "client/void.h"

#include <stdlib.h>
#include <string.h>

#include "client/answers.h"
#include "client/blobs.h"
#include "client/commit.h"
#include "core/array.h"

struct voiding {
	struct qip *q;
	const struct void_order *order;
	const char *path;  /* "" for all */
	struct tree_edit *edits; /* owned, with their paths */
	size_t len, cap;
	char (*comments)[SHA256_HEX_LEN + 1]; /* owned; of the answers that become void */
	size_t comments_len, comments_cap;
	bool named;        /* path is one of the commit's records */
	bool again;        /* one of them was void already */
};

static enum status add_edit(struct voiding *v, const char *path, const struct oid *id, struct error *e)
{
	char *copy = NULL;

	if (!array_room(&v->edits, &v->cap, v->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	copy = strdup(path);
	if (!copy)
		return error_set(e, STATUS_NOMEM, "out of memory");
	v->edits[v->len++] = (struct tree_edit){.path = copy, .id = *id};
	return STATUS_OK;
}

/* The number is the file's name; what the record says of itself may be the fault. */
static uint64_t seq_of(const char *path)
{
	const char *name = strrchr(path, '/');

	return name ? strtoull(name + 1, NULL, 10) : 0;
}

static enum status make_void(struct voiding *v, const char *path, const char *id, const char *reason, struct error *e)
{
	char fresh[ID_TEXT_LEN + 1];
	cJSON *record = NULL;
	struct oid blob;
	enum status st = STATUS_OK;

	if (!(id && id_valid(id))) {
		st = id_make(fresh, v->q->env);
		id = fresh;
	}
	if (st == STATUS_OK)
		st = answers_stand_in(&record, "void", id, v->q->identity.device, seq_of(path), reason[0] ? reason : "Refused.");
	if (st == STATUS_OK)
		st = commit_stage(&blob, v->q, record, e);
	if (st == STATUS_OK)
		st = add_edit(v, path, &blob, e);
	cJSON_Delete(record);
	return st;
}

static enum status note_comment(struct voiding *v, const cJSON *answer, struct error *e)
{
	const char *hex = json_string(json_get(answer, "comment"), "sha256");

	if (!hex || !blobs_is_name(hex))
		return STATUS_OK;
	if (!array_room(&v->comments, &v->comments_cap, v->comments_len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	memcpy(v->comments[v->comments_len++], hex, SHA256_HEX_LEN + 1);
	return STATUS_OK;
}

/* Nothing names their sealed bytes any more: at the server nobody could have them erased. */
static enum status drop_comments(struct voiding *v, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < v->comments_len; i++)
		st = blobs_drop(v->q, v->comments[i], e);
	return st;
}

static enum status visit(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct voiding *v = ctx;
	bool meant = !v->path[0] || strcmp(path, v->path) == 0;
	struct buf bytes = BUF_INIT;
	cJSON *old = NULL;
	const char *schema = NULL, *id = NULL;
	enum status st = STATUS_OK;

	(void)old_id;
	if (!new_id || strncmp(path, "feedback/", 9) != 0 || !(meant || v->order->sent->len > 0))
		return STATUS_OK;
	v->named = v->named || (meant && v->path[0]);
	st = repo_read(&bytes, v->q->repo, new_id, REPO_BLOB, RECORD_MAX_BYTES, e);
	if (st == STATUS_OK && json_parse(&old, buf_text(&bytes), bytes.len, NULL) == STATUS_OK) {
		schema = json_string(old, "schema");
		id = json_string(old, "id");
	}
	if (schema && strncmp(schema, "void/", 5) == 0)
		v->again = v->again || meant;
	else if (!meant && held_has(v->order->sent, id))
		st = make_void(v, path, id, ANSWERS_SENT_BY_COPY, e);
	if (st == STATUS_OK && meant)
		st = make_void(v, path, id, v->order->reason, e);
	if (st == STATUS_OK && meant)
		st = note_comment(v, old, e);
	cJSON_Delete(old);
	buf_clear(&bytes);
	return st;
}

static enum status visit_all(struct voiding *v, struct error *e)
{
	return tree_diff(v->q->repo, v->order->parent_tree, v->order->tree, visit, v, e);
}

static void clear(struct voiding *v)
{
	for (size_t i = 0; i < v->len; i++)
		free((char *)v->edits[i].path);
	free(v->edits);
	free(v->comments);
	*v = (struct voiding){.q = v->q, .order = v->order, .path = ""};
}

enum status void_records(struct oid *out, struct qip *q, const struct void_order *o, struct error *e)
{
	struct voiding v = {.q = q, .order = o, .path = o->path};
	enum status st = visit_all(&v, e);

	if (st == STATUS_OK && o->path[0] && !v.named) {
		clear(&v);
		st = visit_all(&v, e);
	}
	if (st == STATUS_OK && v.again)
		st = error_set(e, STATUS_REFUSED, "the server refuses even void records: %s. Ask the host; the answers stay on this kiosk", o->reason);
	else if (st == STATUS_OK && v.len == 0) /* it holds no answer: what a device says of itself may stay out */
		*out = *o->parent_tree;
	else if (st == STATUS_OK)
		st = tree_apply(out, q->repo, o->tree, v.edits, v.len, e);
	if (st == STATUS_OK)
		st = drop_comments(&v, e);
	clear(&v);
	return st;
}
