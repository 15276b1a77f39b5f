/* client/refused_blobs.c - see refused_blobs.h. */
#include "client/refused_blobs.h"

#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/refused_note.h"
#include "core/array.h"

struct settling {
	struct qip *q;
	struct refused_blobs *held;
	struct oid work; /* its tree */
	bool drop;
};

static enum status settle_one(struct settling *s, const char *hex, const struct buf *now, struct error *e)
{
	struct refused_blobs *held = s->held;

	if (strlen(hex) != SHA256_HEX_LEN || memmem(buf_text(now), now->len, hex, SHA256_HEX_LEN))
		return STATUS_OK;
	if (s->drop)
		return blobs_drop(s->q, hex, e);
	if (!array_room(&held->held, &held->cap, held->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	memcpy(held->held[held->len++], hex, SHA256_HEX_LEN + 1);
	return STATUS_OK;
}

static enum status settle_all(struct settling *s, const cJSON *value, const struct buf *now, struct error *e)
{
	const cJSON *member = NULL;
	const char *hex = json_get(value, "size") ? json_string(value, "sha256") : NULL;
	enum status st = hex ? settle_one(s, hex, now, e) : STATUS_OK;

	cJSON_ArrayForEach(member, value)
	{
		if (st == STATUS_OK && (cJSON_IsObject(member) || cJSON_IsArray(member)))
			st = settle_all(s, member, now, e);
	}
	return st;
}

/* A file that the refused commit wrote, and what stands there now: what was made again is named by that. */
static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct settling *s = ctx;
	struct buf bytes = BUF_INIT, now = BUF_INIT;
	cJSON *record = NULL;
	struct oid there;
	bool is_dir = false;
	enum status st = STATUS_OK;

	(void)old_id;
	if (!new_id)
		return STATUS_OK;
	st = repo_read(&bytes, s->q->repo, new_id, REPO_BLOB, RECORD_MAX_BYTES, e);
	if (st == STATUS_OK)
		st = tree_find(&there, &is_dir, s->q->repo, &s->work, path, e);
	if (st == STATUS_OK && !is_dir)
		st = repo_read(&now, s->q->repo, &there, REPO_BLOB, RECORD_MAX_BYTES, e);
	if (st == STATUS_NOT_FOUND)
		st = STATUS_OK;
	if (st == STATUS_OK && json_parse(&record, buf_text(&bytes), bytes.len, NULL) == STATUS_OK)
		st = settle_all(s, record, &now, e);
	cJSON_Delete(record);
	buf_clear(&bytes);
	buf_clear(&now);
	return st;
}

static enum status visit(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct settling *s = ctx;
	struct commit c = COMMIT_INIT;
	struct oid id, before = {{0}};
	enum status st = STATUS_OK;

	if ((r->state != QIP_REFUSAL_OPEN && r->state != QIP_REFUSAL_DROPPED) || oid_parse(&id, r->commit, strlen(r->commit)) != STATUS_OK)
		return STATUS_OK;
	s->drop = r->state == QIP_REFUSAL_DROPPED;
	st = repo_commit_read(&c, s->q->repo, &id, e);
	if (st == STATUS_OK && c.parents_len > 0)
		st = home_tree_of(&before, s->q, &c.parents[0], e);
	if (st == STATUS_OK)
		st = tree_diff(s->q->repo, &before, &c.tree, look_at, s, e);
	commit_clear(&c);
	return st;
}

enum status refused_blobs_settle(struct refused_blobs *out, struct qip *q, struct error *e)
{
	struct settling s = {.q = q, .held = out};
	struct oid work;
	enum status st = home_ref(&work, q, REF_WORK, e);

	*out = (struct refused_blobs){NULL, 0, 0};
	if (st == STATUS_OK && !oid_is_zero(&work))
		st = home_tree_of(&s.work, q, &work, e);
	return st == STATUS_OK ? refused_note_each(q, visit, &s, e) : st;
}

bool refused_blobs_has(const struct refused_blobs *r, const char *hex)
{
	for (size_t i = 0; i < r->len; i++)
		if (strcmp(r->held[i], hex) == 0)
			return true;
	return false;
}

void refused_blobs_clear(struct refused_blobs *r)
{
	free(r->held);
	*r = (struct refused_blobs){NULL, 0, 0};
}
