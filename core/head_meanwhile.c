/* core/head_meanwhile.c - did others change on main, since the place that the head builds on, what a merge could not keep beside it?
 *
 * A survey is one whole: of two that managers made apart a merge could only drop one, and answers name the survey by its version. A submitted
 * return is locked, and two edits that never saw each other would get round that: the one submits while the other counts anew. Of two
 * server's keys that were endorsed apart a merge would keep one.
 */
#include "core/head_internal.h"
#include "core/record_file.h"

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
	cJSON *record = NULL;
	enum status st = record_read(&record, j->ctx->repo, id, j->e);

	if (st == STATUS_OK)
		*out = json_get(record, "submitted") != NULL;
	cJSON_Delete(record);
	return st;
}

/* What stands on main under the path, if that changed since the base; zero otherwise. */
static enum status changed(struct oid *now, struct judge *j, const char *path)
{
	struct oid then;
	enum status st = find(now, j, &j->ctx->main_tree, path);

	if (st == STATUS_OK)
		st = find(&then, j, &j->base_tree, path);
	if (st == STATUS_OK && oid_equal(now, &then))
		*now = (struct oid){{0}};
	return st;
}

enum status head_check_survey(struct judge *j, const char *path, const struct oid *after)
{
	struct oid now;
	enum status st = changed(&now, j, path);

	if (st != STATUS_OK || oid_is_zero(&now) || (after && oid_equal(&now, after)))
		return st;
	return error_set(j->e, STATUS_DENIED, "the survey was changed meanwhile: look at it again, then change it under the next version");
}

enum status head_check_return(struct judge *j, const char *path, const cJSON *after)
{
	struct oid now;
	bool submitted = false;
	enum status st = changed(&now, j, path);

	if (st != STATUS_OK || oid_is_zero(&now))
		return st;
	st = read_submitted(&submitted, j, &now);
	if (st == STATUS_OK && submitted)
		st = error_set(j->e, STATUS_DENIED, "the return was submitted meanwhile and is locked");
	else if (st == STATUS_OK && json_get(after, "submitted"))
		st = error_set(j->e, STATUS_DENIED, "the return was changed meanwhile: look at it again before it is submitted");
	return st;
}

/* Two commits of one head may each add a key. */
static bool begins_with(const cJSON *list, const cJSON *start)
{
	const cJSON *item = list ? list->child : NULL, *other;

	cJSON_ArrayForEach(other, start) {
		if (!item || !json_equal(item, other))
			return false;
		item = item->next;
	}
	return true;
}

enum status head_check_server_keys(struct judge *j, const cJSON *before, const cJSON *after)
{
	const cJSON *then = json_get(before, "server_keys"), *keys = json_get(after, "server_keys");
	cJSON *now = NULL;
	enum status st;

	if (json_equal(then, keys))
		return STATUS_OK;
	st = record_read_path(&now, j->ctx->repo, &j->ctx->main_tree, "practice.json", j->e);
	if (st == STATUS_OK && !begins_with(keys, json_get(now, "server_keys")))
		st = error_set(j->e, STATUS_DENIED, "another key of the server was endorsed meanwhile: sync, and look which keys it has");
	cJSON_Delete(now);
	return st;
}
