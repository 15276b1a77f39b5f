/* server/backup.c - a whole server folder, copied while it is served. */
#include "server/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/backup_blobs.h"
#include "server/backup_history.h"
#include "server/config.h"
#include "server/kept.h"
#include "server/link.h"
#include "server/practice.h"
#include "server/sums.h"

#define UNFINISHED "unfinished" /* marks a folder as ours to remove, and is held locked while we fill it */

struct backup {
	const char *dir, *to;
	char temporary[FILE_PATH_MAX];
	int mark; /* the marker, locked */
	char at[TIME_TEXT_MAX];
	struct store *store;
	cJSON *practices;
	backup_done done;
	void *ctx;
};

/* ---- the folder that is filled ---- */

static enum status hold_mark(int *out, const char *path, struct error *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		(void)close(fd);
		return error_set(e, STATUS_BUSY, "another backup to the same place is running");
	}
	*out = fd;
	return STATUS_OK;
}

static enum status refuse_others(void *ctx, const char *name, struct error *e)
{
	if (strncmp(name, UNFINISHED, strlen(UNFINISHED)) == 0) /* or on its way to be that */
		return STATUS_OK;
	return error_set(e, STATUS_EXISTS, "%s is in the way; please move it elsewhere", (const char *)ctx);
}

/* What an interrupted backup left is removed; anything else is somebody else's. */
static enum status clear_leftover(struct backup *b, const char *mark, struct error *e)
{
	enum status st = STATUS_OK;
	int fd = -1;

	if (!file_exists(b->temporary))
		return STATUS_OK;
	st = file_exists(mark) ? hold_mark(&fd, mark, e) : file_each(b->temporary, refuse_others, b->temporary, e);
	if (st == STATUS_OK)
		st = file_remove_tree(b->temporary, e);
	if (fd >= 0)
		(void)close(fd);
	return st;
}

static enum status begin(struct backup *b, struct error *e)
{
	char mark[FILE_PATH_MAX];
	size_t len = strlen(b->to);
	enum status st = STATUS_OK;

	while (len > 1 && b->to[len - 1] == '/')
		len--;
	if (snprintf(b->temporary, sizeof(b->temporary), "%.*s.tmp", (int)len, b->to) >= (int)sizeof(b->temporary))
		return error_set(e, STATUS_TOO_BIG, "the path %.100s… is too long", b->to);
	if (file_exists(b->to))
		return error_set(e, STATUS_EXISTS, "%s is there already; please name a new folder", b->to);
	st = file_path(mark, b->temporary, UNFINISHED, e);
	if (st == STATUS_OK)
		st = clear_leftover(b, mark, e);
	if (st == STATUS_OK)
		st = file_mkdir(b->temporary, 0700, e);
	if (st == STATUS_OK)
		st = file_write(mark, "", 0, 0600, e);
	return st == STATUS_OK ? hold_mark(&b->mark, mark, e) : st;
}

/* From here on the copy is whole; the marker says nothing any more. */
static enum status end(struct backup *b, struct error *e)
{
	char mark[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (rename(b->temporary, b->to))
		return error_set_errno(e, errno, "cannot rename %s to %s", b->temporary, b->to);
	st = file_sync_parent(b->temporary, e);
	if (st == STATUS_OK)
		st = file_path(mark, b->to, UNFINISHED, e);
	return st == STATUS_OK ? file_remove(mark, e) : st;
}

/* ---- one practice ---- */

/* The derived refs move under the lock too, so that all refs are of one moment. */
static enum status read_refs(struct store_refs *out, struct store_history *h, struct error *e)
{
	struct store_lock *lock = NULL;
	size_t kept = 0;
	enum status st = store_lock(&lock, h, LIMIT_LOCK_MS, e);

	if (st == STATUS_OK)
		st = store_refs(out, h, e);
	store_unlock(lock);
	for (size_t i = 0; st == STATUS_OK && i < out->len; i++) {
		if (strncmp(out->refs[i].name, BACKUP_OFFERS, strlen(BACKUP_OFFERS)) != 0)
			out->refs[kept++] = out->refs[i];
	}
	if (st == STATUS_OK)
		out->len = kept;
	return st;
}

static enum status find_main(struct link *out, struct store_history *h, const struct store_refs *refs, struct error *e)
{
	struct repo *r = NULL;
	enum status st = store_reader_open(&r, h, e);

	if (st != STATUS_OK)
		return st;
	st = error_set(e, STATUS_CORRUPT, "the history has no main");
	for (size_t i = 0; i < refs->len; i++) {
		if (strcmp(refs->refs[i].name, "refs/heads/main") == 0)
			st = link_read(out, r, &refs->refs[i].id, e);
	}
	store_reader_close(r);
	return st;
}

static enum status add_snapshot(struct buf *lines, const struct backup *b, const char *to, const struct link *main_link, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	struct buf text = BUF_INIT;
	cJSON *root = cJSON_CreateObject();
	enum status st = root ? json_set_string(root, "at", b->at) : STATUS_NOMEM;

	oid_hex(hex, &main_link->id);
	if (st == STATUS_OK)
		st = json_set_string(root, "main", hex);
	if (st == STATUS_OK)
		st = json_set_integer(root, "index", main_link->index);
	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "snapshot/1");
	if (st == STATUS_OK)
		st = json_canonical(&text, root);
	st = st == STATUS_OK ? sums_add(lines, to, BACKUP_SNAPSHOT, &text, e) : error_set(e, st, "out of memory");
	cJSON_Delete(root);
	buf_clear(&text);
	return st;
}

static enum status add_refs(struct buf *lines, const char *to, const struct store_refs *refs, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	struct buf text = BUF_INIT;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < refs->len; i++) {
		oid_hex(hex, &refs->refs[i].id);
		buf_addf(&text, "%s %s\n", hex, refs->refs[i].name);
	}
	st = buf_ok(&text) ? sums_add(lines, to, BACKUP_REFS, &text, e) : error_set(e, STATUS_NOMEM, "out of memory");
	buf_clear(&text);
	return st;
}

/* The refs are read first: what the log speaks of was there before it, and certificates and blobs that come meanwhile do no harm. */
static enum status copy_practice(const struct backup *b, const struct practice *p, const char *to, int64_t *index, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct store_refs refs = STORE_REFS_INIT;
	struct buf lines = BUF_INIT;
	struct link main_link = {.index = 0};
	enum status st = read_refs(&refs, p->history, e);

	if (st == STATUS_OK)
		st = find_main(&main_link, p->history, &refs, e);
	if (st == STATUS_OK)
		st = file_mkdir(to, 0700, e);
	if (st == STATUS_OK)
		st = sums_copy(&lines, p->dir, to, "", e);
	if (st == STATUS_OK)
		st = sums_copy(&lines, p->dir, to, "certificates", e);
	if (st == STATUS_OK)
		st = sums_copy(&lines, p->dir, to, KEPT_DIR, e);
	if (st == STATUS_OK)
		st = add_snapshot(&lines, b, to, &main_link, e);
	if (st == STATUS_OK)
		st = add_refs(&lines, to, &refs, e);
	if (st == STATUS_OK)
		st = file_path(path, to, BACKUP_HISTORY, e);
	if (st == STATUS_OK)
		st = backup_history_write(path, p->history, &refs, e);
	if (st == STATUS_OK)
		st = backup_blobs_write(to, p->history, e);
	if (st == STATUS_OK)
		st = sums_write(&lines, to, e);
	*index = main_link.index;
	store_refs_clear(&refs);
	buf_clear(&lines);
	return st;
}

static enum status add_practice(struct backup *b, const char *ods, struct error *e)
{
	char to[FILE_PATH_MAX];
	struct practice *p = NULL;
	int64_t index = 0;
	cJSON *item = NULL;
	enum status st = practice_open(&p, b->dir, b->store, ods, e);

	if (st == STATUS_OK)
		st = file_path(to, b->temporary, ods, e);
	if (st == STATUS_OK)
		st = copy_practice(b, p, to, &index, e);
	practice_close(p);
	if (st != STATUS_OK)
		return error_prefix(e, st, "%s", ods);
	item = cJSON_CreateString(ods);
	if (!item || !cJSON_AddItemToArray(b->practices, item)) {
		cJSON_Delete(item);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	if (b->done)
		b->done(b->ctx, ods, index);
	return STATUS_OK;
}

/* A practice that is being made is not there yet: its entry is written last. */
static enum status visit_entry(void *ctx, const char *name, struct error *e)
{
	struct backup *b = ctx;
	char dir[FILE_PATH_MAX], entry[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (!ods_valid(name))
		return STATUS_OK;
	st = file_path(dir, b->dir, name, e);
	if (st == STATUS_OK)
		st = file_path(entry, dir, "practice.json", e);
	return st == STATUS_OK && file_exists(entry) ? add_practice(b, name, e) : st;
}

/* ---- the whole ---- */

static enum status write_head(struct backup *b, struct error *e)
{
	struct buf lines = BUF_INIT, text = BUF_INIT;
	cJSON *root = cJSON_CreateObject();
	enum status st = root ? json_set_string(root, "at", b->at) : STATUS_NOMEM;

	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "backup/1");
	if (st == STATUS_OK) {
		st = json_set(root, "practices", b->practices);
		b->practices = NULL;
	}
	if (st == STATUS_OK)
		st = json_canonical(&text, root);
	if (st != STATUS_OK)
		st = error_set(e, st, "out of memory");
	if (st == STATUS_OK)
		st = sums_copy(&lines, b->dir, b->temporary, "", e);
	if (st == STATUS_OK)
		st = sums_add(&lines, b->temporary, BACKUP_FILE, &text, e);
	if (st == STATUS_OK)
		st = sums_write(&lines, b->temporary, e);
	cJSON_Delete(root);
	buf_clear(&text);
	buf_clear(&lines);
	return st;
}

static enum status make(struct backup *b, struct error *e)
{
	enum status st = store_open(&b->store, b->dir, e);

	b->practices = cJSON_CreateArray();
	if (st == STATUS_OK && !b->practices)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = file_each(b->dir, visit_entry, b, e);
	if (st == STATUS_OK)
		st = write_head(b, e);
	if (st == STATUS_OK)
		st = end(b, e);
	cJSON_Delete(b->practices);
	store_close(b->store);
	return st;
}

enum status backup_make(const char *dir, const char *to, const struct env *env, backup_done done, void *ctx, struct error *e)
{
	struct backup b = {.dir = dir, .to = to, .mark = -1, .done = done, .ctx = ctx};
	struct config config = CONFIG_INIT;
	enum status st = config_load(&config, dir, e);

	config_clear(&config);
	if (st == STATUS_OK)
		st = begin(&b, e);
	if (st != STATUS_OK)
		return st;
	time_format(b.at, env->now_ms(env->ctx));
	st = make(&b, e);
	if (st != STATUS_OK) /* what cannot be removed now is removed by the next backup */
		(void)(file_remove_tree(b.temporary, NULL) == STATUS_OK);
	(void)close(b.mark);
	return st;
}
