/* client/void.c - void records in the place of a kiosk's refused answers, so that the numbering has no gap. */
#include "client/void.h"

#include <stdlib.h>
#include <string.h>

#include "client/answers.h"
#include "client/commit.h"
#include "core/array.h"

struct voiding {
	struct qip *q;
	const char *path;  /* "" for all */
	const char *reason;
	struct tree_edit *edits; /* owned, with their paths */
	size_t len, cap;
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

static enum status make_void(struct oid *out, struct voiding *v, const char *path, const struct oid *id, struct error *e)
{
	char fresh[ID_TEXT_LEN + 1];
	struct buf bytes = BUF_INIT;
	cJSON *old = NULL, *record = NULL;
	const char *schema = NULL, *old_id = NULL;
	enum status st = repo_read(&bytes, v->q->repo, id, REPO_BLOB, RECORD_MAX_BYTES, e);

	if (st == STATUS_OK && json_parse(&old, buf_text(&bytes), bytes.len, NULL) == STATUS_OK) {
		schema = json_string(old, "schema");
		old_id = json_string(old, "id");
	}
	if (schema && strncmp(schema, "void/", 5) == 0)
		v->again = true;
	if (st == STATUS_OK && !(old_id && id_valid(old_id))) {
		st = id_make(fresh, v->q->env);
		old_id = fresh;
	}
	if (st == STATUS_OK)
		st = answers_stand_in(&record, "void", old_id, v->q->identity.device, seq_of(path), v->reason[0] ? v->reason : "Refused.");
	if (st == STATUS_OK)
		st = commit_stage(out, v->q, record, e);
	cJSON_Delete(old);
	cJSON_Delete(record);
	buf_clear(&bytes);
	return st;
}

static enum status visit(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct voiding *v = ctx;
	struct oid id;
	enum status st = STATUS_OK;

	if (!new_id || strncmp(path, "feedback/", 9) != 0)
		return STATUS_OK;
	(void)old_id;
	if (v->path[0]) {
		if (strcmp(path, v->path) != 0)
			return STATUS_OK;
		v->named = true;
	}
	st = make_void(&id, v, path, new_id, e);
	return st == STATUS_OK ? add_edit(v, path, &id, e) : st;
}

enum status void_records(struct oid *out, struct qip *q, const struct oid *parent_tree, const struct oid *tree, const char *path,
			 const char *reason, struct error *e)
{
	struct voiding v = {.q = q, .path = path, .reason = reason};
	enum status st = tree_diff(q->repo, parent_tree, tree, visit, &v, e);

	if (st == STATUS_OK && path[0] && !v.named) {
		v.path = "";
		st = tree_diff(q->repo, parent_tree, tree, visit, &v, e);
	}
	if (st == STATUS_OK && v.len == 0) { /* it holds no answer: what a device says of itself may stay out */
		*out = *parent_tree;
		goto done;
	}
	if (st == STATUS_OK && v.again)
		st = error_set(e, STATUS_REFUSED, "the server refuses even void records: %s. Ask the host; the answers stay on this kiosk", reason);
	if (st == STATUS_OK)
		st = tree_apply(out, q->repo, tree, v.edits, v.len, e);
done:
	for (size_t i = 0; i < v.len; i++)
		free((char *)v.edits[i].path);
	free(v.edits);
	return st;
}
