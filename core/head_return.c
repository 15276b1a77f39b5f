/* core/head_return.c - is a monthly return still open where it is to be changed?
 *
 * A submitted return is locked, and two edits that never saw each other would get round that: the one submits while the other counts anew. So a
 * return that changed on main since the place that the head builds on takes no edit once it is submitted there, and cannot be submitted unseen.
 */
#include "core/head_internal.h"

static enum status find(struct oid *out, struct judge *j, const struct oid *tree, const char *path)
{
	enum status st = STATUS_NOT_FOUND;

	if (!oid_is_zero(tree))
		st = tree_find(out, NULL, j->ctx->repo, tree, path, j->e);
	if (st != STATUS_NOT_FOUND)
		return st;
	*out = (struct oid){{0}};
	return STATUS_OK;
}

static enum status read_submitted(bool *out, struct judge *j, const struct oid *id)
{
	struct buf bytes = BUF_INIT;
	cJSON *record = NULL;
	enum status st = repo_read(&bytes, j->ctx->repo, id, REPO_BLOB, RECORD_MAX_BYTES, j->e);

	if (st == STATUS_OK)
		st = json_parse(&record, buf_text(&bytes), bytes.len, j->e);
	if (st == STATUS_OK)
		*out = json_get(record, "submitted") != NULL;
	cJSON_Delete(record);
	buf_clear(&bytes);
	return st;
}

enum status head_check_return(struct judge *j, const char *path, const cJSON *after)
{
	struct oid now, then;
	bool submitted = false;
	enum status st = find(&now, j, &j->ctx->main_tree, path);

	if (st == STATUS_OK)
		st = find(&then, j, &j->base_tree, path);
	if (st != STATUS_OK || oid_is_zero(&now) || oid_equal(&now, &then))
		return st;
	st = read_submitted(&submitted, j, &now);
	if (st == STATUS_OK && submitted)
		st = error_set(j->e, STATUS_DENIED, "the return was submitted meanwhile and is locked");
	else if (st == STATUS_OK && json_get(after, "submitted"))
		st = error_set(j->e, STATUS_DENIED, "the return was changed meanwhile: look at it again before it is submitted");
	return st;
}
