/* server/run_write.c - see run_write.h. */
#include "server/run_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/archive.h"

#define PART_BYTES (8 * 1024 * 1024)

struct writer {
	struct archive_out *tar;
	struct run_index *ix;
	const struct run_index *before; /* or NULL */
	const struct run_practice *had; /* the practice at hand, in it; or NULL */
	struct buf part;                /* of its pack */
	const char *ods;
	int parts;
	struct error *e;
};

static enum status put_file(void *ctx, const char *path, const void *bytes, size_t len, struct error *e)
{
	struct writer *w = ctx;

	return archive_out_add(w->tar, path, bytes, len, e);
}

/* ---- history ---- */

static enum status put_part(struct writer *w, struct error *e)
{
	char path[64];
	enum status st = STATUS_OK;

	if (!buf_ok(&w->part))
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)snprintf(path, sizeof(path), "%s/" RUN_PACK_DIR "/%08d", w->ods, w->parts++);
	st = archive_out_add(w->tar, path, w->part.data, w->part.len, e);
	buf_reset(&w->part);
	return st;
}

static enum status take_bytes(void *ctx, const void *bytes, size_t len)
{
	struct writer *w = ctx;

	if (w->part.len + len > PART_BYTES && w->part.len > 0) {
		enum status st = put_part(w, w->e);

		if (st != STATUS_OK)
			return st;
	}
	buf_add(&w->part, bytes, len);
	return buf_ok(&w->part) ? STATUS_OK : error_set(w->e, STATUS_NOMEM, "out of memory");
}

static enum status send_pack(struct writer *w, struct store_history *h, const struct run_practice *now, struct error *e)
{
	struct repo *r = NULL;
	uint32_t objects = 0;
	enum status st = store_reader_open(&r, h, e);

	w->parts = 0;
	w->e = e;
	buf_reset(&w->part);
	if (st != STATUS_OK)
		return st;
	st = repo_pack_send(r, now->refs, now->refs_len, w->had ? w->had->refs : NULL, w->had ? w->had->refs_len : 0, take_bytes, w, &objects, e);
	store_reader_close(r);
	return st == STATUS_OK && objects > 0 ? put_part(w, e) : st;
}

static enum status put_history(void *ctx, const char *ods, struct store_history *h, const struct store_refs *refs, struct error *e)
{
	struct writer *w = ctx;
	enum status st = run_index_practice(w->ix, ods, e);

	w->ods = ods;
	w->had = w->before ? run_index_find(w->before, ods) : NULL;
	for (size_t i = 0; st == STATUS_OK && i < refs->len; i++)
		st = run_index_ref(w->ix, &refs->refs[i].id, e);
	return st == STATUS_OK ? send_pack(w, h, &w->ix->practices[w->ix->len - 1], e) : st;
}

static enum status note_blob(void *ctx, const char *hex, bool *has, struct error *e)
{
	struct writer *w = ctx;

	*has = w->had && run_practice_has(w->had, hex);
	return run_index_blob(w->ix, hex, e);
}

/* ---- the whole ---- */

static enum status put_index(const struct writer *w, struct error *e)
{
	struct buf text = BUF_INIT;
	enum status st = run_index_text(&text, w->ix, e);

	if (st == STATUS_OK)
		st = archive_out_add(w->tar, RUN_INDEX_FILE, text.data, text.len, e);
	buf_clear(&text);
	return st;
}

enum status run_write(int fd, struct run_index *ix, const struct run_index *before, const char *dir, const struct env *env, backup_done done, void *ctx,
		      struct error *e)
{
	struct writer w = {.ix = ix, .before = before, .part = BUF_INIT};
	const struct backup_to to = {.file = put_file, .history = put_history, .blob = note_blob, .ctx = &w};
	enum status st = archive_out_open(&w.tar, fd, e);

	if (st == STATUS_OK)
		st = backup_write(&to, dir, env, done, ctx, e);
	if (st == STATUS_OK)
		st = put_index(&w, e);
	if (st == STATUS_OK)
		st = archive_out_finish(w.tar, e);
	archive_out_close(w.tar);
	buf_clear(&w.part);
	return st;
}
