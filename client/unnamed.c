/* client/unnamed.c - see unnamed.h. */
#include "client/unnamed.h"

#include <string.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/files.h"

#define UNNAMED_FILE "unnamed.json"
#define SCHEMA "unnamed/1"

/* A note that cannot be read names nothing: it is written whole or not at all. */
static cJSON *read_list(const struct qip *q)
{
	cJSON *file = NULL, *list = NULL;

	if (files_read_json(&file, q->dir, UNNAMED_FILE, NULL) == STATUS_OK)
		list = cJSON_DetachItemFromObjectCaseSensitive(file, "blobs");
	cJSON_Delete(file);
	if (list && !cJSON_IsArray(list)) {
		cJSON_Delete(list);
		list = NULL;
	}
	return list;
}

/* Takes the list over. */
static enum status write_list(const struct qip *q, cJSON *list, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *file = NULL;

	if (cJSON_GetArraySize(list) == 0) {
		cJSON_Delete(list);
		return files_remove(q->dir, UNNAMED_FILE, e);
	}
	file = build_object(&st);
	build_string(&st, file, "schema", SCHEMA);
	build_item(&st, file, "blobs", list);
	st = st == STATUS_OK ? files_write_json(q->dir, UNNAMED_FILE, file, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

enum status unnamed_add(struct qip *q, const char *hex, struct error *e)
{
	cJSON *list = read_list(q), *item = cJSON_CreateString(hex);

	if (!list)
		list = cJSON_CreateArray();
	if (!list || !item || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(list);
		cJSON_Delete(item);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	return write_list(q, list, e);
}

/* ---- what the newest commit names ---- */

struct looking {
	struct qip *q;
	cJSON *list; /* those found are taken off it */
};

static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct looking *l = ctx;
	struct buf bytes = BUF_INIT;
	enum status st = STATUS_OK;

	(void)path;
	(void)old_id;
	if (!new_id)
		return STATUS_OK;
	st = repo_read(&bytes, l->q->repo, new_id, REPO_BLOB, RECORD_MAX_BYTES, e);
	for (int i = cJSON_GetArraySize(l->list) - 1; st == STATUS_OK && i >= 0; i--) {
		const cJSON *item = cJSON_GetArrayItem(l->list, i);

		if (!cJSON_IsString(item) || memmem(buf_text(&bytes), bytes.len, item->valuestring, strlen(item->valuestring)))
			cJSON_DeleteItemFromArray(l->list, i);
	}
	buf_clear(&bytes);
	return st;
}

static enum status take_named_off(struct qip *q, cJSON *list, struct error *e)
{
	struct looking l = {.q = q, .list = list};
	struct commit c = COMMIT_INIT;
	struct oid tip, before = {{0}};
	enum status st = home_ref(&tip, q, REF_WORK, e);

	if (st != STATUS_OK || oid_is_zero(&tip))
		return st;
	st = repo_commit_read(&c, q->repo, &tip, e);
	if (st == STATUS_OK && c.parents_len > 0)
		st = home_tree_of(&before, q, &c.parents[0], e);
	if (st == STATUS_OK && strcmp(c.author_name, q->identity.device) == 0)
		st = tree_diff(q->repo, &before, &c.tree, look_at, &l, e);
	commit_clear(&c);
	return st;
}

/* Nothing of it was ever sent: each opening of the home comes before its syncs. */
static enum status drop_all(struct qip *q, cJSON *list, struct error *e)
{
	const cJSON *item;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(item, list)
	{
		if (st == STATUS_OK && cJSON_IsString(item) && blobs_is_name(item->valuestring))
			st = blobs_drop(q, item->valuestring, e);
	}
	return st;
}

enum status unnamed_settle(struct qip *q, bool drop, struct error *e)
{
	cJSON *list = read_list(q);
	int before = cJSON_GetArraySize(list);
	enum status st = STATUS_OK;

	if (list)
		st = take_named_off(q, list, e);
	if (st == STATUS_OK && drop && list && cJSON_GetArraySize(list) != before)
		st = write_list(q, cJSON_Duplicate(list, true), e); /* what is named stays, wherever this is cut short */
	if (st == STATUS_OK && drop)
		st = drop_all(q, list, e);
	if (st == STATUS_OK && drop && list) {
		cJSON_Delete(list);
		return files_remove(q->dir, UNNAMED_FILE, e);
	}
	if (st == STATUS_OK && cJSON_GetArraySize(list) != before)
		return write_list(q, list, e);
	cJSON_Delete(list);
	return st;
}
