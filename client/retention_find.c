/* client/retention_find.c - what was kept long enough, and what was released too late; see retention.h. */
#include "client/retention_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/limits.h"
#include "client/released.h"
#include "core/array.h"
#include "core/record_file.h"

/* ---- where the log had got to on a day ---- */

struct received_at {
	int64_t ms; /* of a merge; INT64_MIN where it says none */
	struct oid parent;
};

static enum status read_merge(struct received_at *out, struct qip *q, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {0};
	enum status st = repo_commit_read(&c, q->repo, id, e);

	*out = (struct received_at){.ms = INT64_MIN};
	if (st == STATUS_OK) {
		out->parent = c.parents_len > 0 ? c.parents[0] : out->parent;
		if (merge_note_parse(&note, c.message, NULL) != STATUS_OK || time_parse(&out->ms, note.received) != STATUS_OK)
			out->ms = INT64_MIN;
	}
	buf_clear(&note.kept);
	commit_clear(&c);
	return st;
}

enum status retention_merge(struct oid *out, struct qip *q, const struct oid *noted, int64_t day_ms, struct error *e)
{
	struct oid at, found;
	enum status st = home_ref(&at, q, REF_MAIN, e);

	found = at;
	while (st == STATUS_OK && !oid_is_zero(&at) && !oid_equal(&at, noted)) {
		struct received_at merge;

		st = read_merge(&merge, q, &at, e);
		if (st == STATUS_OK && merge.ms >= day_ms)
			found = merge.parent;
		at = merge.parent;
	}
	*out = found;
	return st;
}

/* ---- comments ---- */

/* Once. */
static enum status add(struct retained_list *l, const char *id, const char *device, const char *hex, struct error *e)
{
	struct retained *item = NULL;

	for (size_t i = 0; i < l->len; i++)
		if (strcmp(l->items[i].hex, hex) == 0)
			return STATUS_OK;
	if (!array_room(&l->items, &l->cap, l->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	item = &l->items[l->len++];
	(void)snprintf(item->id, sizeof(item->id), "%s", id);
	(void)snprintf(item->device, sizeof(item->device), "%s", device);
	(void)snprintf(item->hex, sizeof(item->hex), "%s", hex);
	return STATUS_OK;
}

struct finding {
	struct qip *q;
	struct retained_list *list;
	bool more;
};

/* What cannot be read as a record is the audit's to tell. */
static enum status read_any(cJSON **out, struct qip *q, const struct oid *id, struct error *e)
{
	enum status st = record_read(out, q->repo, id, e);

	return st == STATUS_MALFORMED || st == STATUS_FORBIDDEN_FORM || st == STATUS_TOO_BIG ? STATUS_OK : st;
}

static enum status look_at_answer(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct finding *f = ctx;
	cJSON *record = NULL;
	const char *id = NULL, *device = NULL, *hex = NULL;
	enum status st = STATUS_OK;

	(void)path;
	(void)old_id;
	if (!new_id || f->more)
		return STATUS_OK;
	st = read_any(&record, f->q, new_id, e);
	id = json_string(record, "id");
	device = json_string(record, "device");
	hex = json_string(json_get(record, "comment"), "sha256");
	if (st == STATUS_OK && id && device && hex && !blobs_is_erased(f->q, hex)) {
		f->more = f->list->len == LIMIT_RETENTION;
		if (!f->more)
			st = add(f->list, id, device, hex, e);
	}
	cJSON_Delete(record);
	return st;
}

/* A folder of a commit; zero: there is none. */
static enum status folder_of(struct oid *out, struct qip *q, const struct oid *commit, const char *folder, struct error *e)
{
	struct oid tree;
	bool is_dir = false;
	enum status st = STATUS_OK;

	*out = (struct oid){{0}};
	if (oid_is_zero(commit))
		return STATUS_OK;
	st = home_tree_of(&tree, q, commit, e);
	if (st == STATUS_OK)
		st = tree_find(out, &is_dir, q->repo, &tree, folder, e);
	if (st == STATUS_NOT_FOUND)
		*out = (struct oid){{0}};
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status retention_due(struct retained_list *out, bool *more, struct qip *q, const struct oid *from, const struct oid *to, struct error *e)
{
	struct finding f = {.q = q, .list = out};
	struct oid before, after;
	enum status st = folder_of(&before, q, from, "feedback", e);

	if (st == STATUS_OK)
		st = folder_of(&after, q, to, "feedback", e);
	if (st == STATUS_OK && !oid_equal(&before, &after))
		st = tree_diff(q->repo, &before, &after, look_at_answer, &f, e);
	*more = f.more;
	return st;
}

static enum status add_released(void *ctx, const char *id, const char *hex, struct error *e)
{
	struct finding *f = ctx;

	return blobs_is_erased(f->q, hex) ? STATUS_OK : add(f->list, id, "", hex, e);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b); /* the id comes first in each */
}

enum status retention_add_released(struct retained_list *list, struct qip *q, struct error *e)
{
	struct finding f = {.q = q, .list = list};
	struct released_of *of = calloc(list->len + 1, sizeof(*of));
	size_t len = 0;
	enum status st = STATUS_OK;

	if (!of)
		return error_set(e, STATUS_NOMEM, "out of memory");
	for (size_t i = 0; i < list->len; i++)
		memcpy(of[i].id, list->items[i].id, sizeof(of[i].id));
	qsort(of, list->len, sizeof(*of), by_id);
	for (size_t i = 0; i < list->len; i++)
		if (len == 0 || strcmp(of[len - 1].id, of[i].id) != 0)
			of[len++] = of[i];
	if (len > 0)
		st = released_each(of, len, q, add_released, &f, e);
	free(of);
	return st;
}

/* ---- released too late ---- */

struct erased_id {
	char id[ID_TEXT_LEN + 1];
};

struct late {
	struct finding found;
	struct erased_id *erased; /* owned; sorted once all are read */
	size_t erased_len, erased_cap;
	struct oid triage;        /* the folder now */
	const char *id;           /* of the answer at hand */
};

static enum status add_erased(struct late *l, const char *id, struct error *e)
{
	if (!id || strlen(id) != ID_TEXT_LEN)
		return STATUS_OK;
	if (!array_room(&l->erased, &l->erased_cap, l->erased_len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	memcpy(l->erased[l->erased_len++].id, id, ID_TEXT_LEN + 1);
	return STATUS_OK;
}

typedef enum status (*answer_visit)(struct late *l, const char *id, struct error *e);

/* Each answer that an erasure names. */
static enum status each_answer(struct late *l, const struct oid *blob, answer_visit visit, struct error *e)
{
	const cJSON *item = NULL;
	cJSON *record = NULL;
	enum status st = read_any(&record, l->found.q, blob, e);

	if (st == STATUS_OK && json_string(record, "feedback"))
		st = visit(l, json_string(record, "feedback"), e);
	cJSON_ArrayForEach(item, json_get(record, "answers"))
	{
		if (st == STATUS_OK && cJSON_IsString(item))
			st = visit(l, item->valuestring, e);
	}
	cJSON_Delete(record);
	return st;
}

static enum status collect(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	(void)path;
	(void)old_id;
	return new_id ? each_answer(ctx, new_id, add_erased, e) : STATUS_OK;
}

static enum status add_late(void *ctx, const char *hex, struct error *e)
{
	struct late *l = ctx;

	return add_released(&l->found, l->id, hex, e);
}

static enum status look_at_triage(struct late *l, const char *id, const struct oid *blob, struct error *e)
{
	cJSON *record = NULL;
	enum status st = STATUS_OK;

	l->found.more = l->found.list->len >= LIMIT_RETENTION;
	if (l->found.more)
		return STATUS_OK;
	l->id = id;
	st = read_any(&record, l->found.q, blob, e);
	if (st == STATUS_OK)
		st = blobs_named(record, add_late, l, e);
	cJSON_Delete(record);
	return st;
}

/* What others released by the time that an erasure came. */
static enum status look_up(struct late *l, const char *id, struct error *e)
{
	char path[TREE_PATH_MAX];
	struct oid blob;
	enum status st = STATUS_NOT_FOUND;

	if (strlen(id) == ID_TEXT_LEN && !oid_is_zero(&l->triage)) {
		(void)snprintf(path, sizeof(path), "%s/%s.json", id + ID_TEXT_LEN - 2, id);
		st = tree_find(&blob, NULL, l->found.q->repo, &l->triage, path, e);
	}
	if (st == STATUS_OK)
		return look_at_triage(l, id, &blob, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status look_at_erasure(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	(void)path;
	return new_id && !old_id ? each_answer(ctx, new_id, look_up, e) : STATUS_OK;
}

/* What somebody released after it. */
static enum status look_at_change(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct late *l = ctx;
	const char *name = strrchr(path, '/');
	char id[ID_TEXT_LEN + 1];

	(void)old_id;
	if (!new_id || !name || strlen(name + 1) != ID_TEXT_LEN + strlen(".json"))
		return STATUS_OK;
	memcpy(id, name + 1, ID_TEXT_LEN);
	id[ID_TEXT_LEN] = '\0';
	return bsearch(id, l->erased, l->erased_len, sizeof(*l->erased), by_id) ? look_at_triage(l, id, new_id, e) : STATUS_OK;
}

enum status retention_late(struct retained_list *out, struct retention_note *note, struct qip *q, struct error *e)
{
	struct late l = {.found = {.q = q, .list = out}};
	struct oid main, erasures = {{0}}, none = {{0}};
	enum status st = home_ref(&main, q, REF_MAIN, e);

	if (st == STATUS_OK)
		st = folder_of(&l.triage, q, &main, "triage", e);
	if (st == STATUS_OK)
		st = folder_of(&erasures, q, &main, "erasures", e);
	if (st != STATUS_OK || (oid_equal(&l.triage, &note->triage) && oid_equal(&erasures, &note->erasures)))
		return st;
	if (!oid_equal(&erasures, &note->erasures))
		st = tree_diff(q->repo, &note->erasures, &erasures, look_at_erasure, &l, e);
	if (st == STATUS_OK && !oid_equal(&l.triage, &note->triage) && !oid_is_zero(&erasures))
		st = tree_diff(q->repo, &none, &erasures, collect, &l, e);
	if (l.erased_len > 1)
		qsort(l.erased, l.erased_len, sizeof(*l.erased), by_id);
	if (st == STATUS_OK && l.erased_len > 0)
		st = tree_diff(q->repo, &note->triage, &l.triage, look_at_change, &l, e);
	free(l.erased);
	if (st == STATUS_OK && out->len > 0)
		st = retention_add_released(out, q, e);
	if (st == STATUS_OK && !l.found.more) { /* else the next visit goes on */
		note->triage = l.triage;
		note->erasures = erasures;
	}
	return st;
}
