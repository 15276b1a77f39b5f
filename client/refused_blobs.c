/* client/refused_blobs.c - see refused_blobs.h. */
#include "client/refused_blobs.h"

#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/refused_note.h"
#include "core/array.h"
#include "core/log.h"

struct settling {
	struct qip *q;
	struct refused_blobs *held;
	struct oid work; /* its tree */
	struct buf now;  /* the file at hand as it stands there */
	bool drop;
};

static enum status settle_one(void *ctx, const char *hex, struct error *e)
{
	struct settling *s = ctx;
	struct refused_blobs *held = s->held;

	if (memmem(buf_text(&s->now), s->now.len, hex, SHA256_HEX_LEN))
		return STATUS_OK;
	if (s->drop)
		return blobs_drop(s->q, hex, e);
	if (!array_room(&held->held, &held->cap, held->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	memcpy(held->held[held->len++], hex, SHA256_HEX_LEN + 1);
	return STATUS_OK;
}

/* A file that the refused commit wrote, and what stands there now: what was made again is named by that. */
static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct settling *s = ctx;
	struct buf bytes = BUF_INIT;
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
		st = repo_read(&s->now, s->q->repo, &there, REPO_BLOB, RECORD_MAX_BYTES, e);
	if (st == STATUS_NOT_FOUND)
		st = STATUS_OK;
	if (st == STATUS_OK && json_parse(&record, buf_text(&bytes), bytes.len, NULL) == STATUS_OK)
		st = blobs_named(record, settle_one, s, e);
	cJSON_Delete(record);
	buf_clear(&bytes);
	buf_clear(&s->now);
	return st;
}

static enum status settle_commit(struct settling *s, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct oid before = {{0}};
	enum status st = repo_commit_read(&c, s->q->repo, id, e);

	if (st == STATUS_OK && c.parents_len > 0)
		st = home_tree_of(&before, s->q, &c.parents[0], e);
	if (st == STATUS_OK)
		st = tree_diff(s->q->repo, &before, &c.tree, look_at, s, e);
	commit_clear(&c);
	return st;
}

static enum status visit(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct settling *s = ctx;
	struct oid id;
	enum status st = STATUS_OK;

	if ((r->state != QIP_REFUSAL_OPEN && r->state != QIP_REFUSAL_DROPPED) || oid_parse(&id, r->commit, strlen(r->commit)) != STATUS_OK)
		return STATUS_OK;
	s->drop = r->state == QIP_REFUSAL_DROPPED;
	st = settle_commit(s, &id, e);
	if (st != STATUS_CORRUPT && st != STATUS_NOT_FOUND)
		return st;
	/* what it named is not known any more; the rest is not to wait for it for ever */
	log_line(LOG_LEVEL_WARN, "a refused edit can no longer be read", "commit", r->commit, NULL);
	return STATUS_OK;
}

enum status refused_blobs_settle(struct refused_blobs *out, struct qip *q, struct error *e)
{
	struct settling s = {.q = q, .held = out, .now = BUF_INIT};
	struct oid work;
	enum status st = STATUS_OK;

	*out = (struct refused_blobs){NULL, 0, 0};
	if (home_is_kiosk(q)) /* what it is refused becomes void, and its sealed bytes go with that: see void.h */
		return STATUS_OK;
	st = home_ref(&work, q, REF_WORK, e);
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
