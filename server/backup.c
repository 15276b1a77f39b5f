/* server/backup.c - a whole server folder, read while it is served, into a backup of any form. */
#include "server/backup.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "server/backup_blobs.h"
#include "server/config.h"
#include "server/kept.h"
#include "server/link.h"
#include "server/practice.h"
#include "server/sums.h"

struct backup {
	const struct backup_to *to;
	const char *dir;
	char at[TIME_TEXT_MAX];
	struct store *store;
	cJSON *practices;
	backup_done done;
	void *ctx;
};

/* ---- one practice ---- */

/* The server's keys, present and next. */
static const char *const key_files[] = {SIGNING_FILE, SIGNING_NEXT_FILE, NULL};
#define KEY_FILES (ARRAY_LEN(key_files) - 1)

/* Of one moment, under the lock: refs that derive from main move under it too, and so does the key that signs on top of them. It is let go before
 * anything is written, which may take its time. */
struct moment {
	struct store_refs refs;
	struct buf keys[KEY_FILES]; /* empty: not there */
};

static enum status read_refs(struct store_refs *out, struct store_history *h, struct error *e)
{
	size_t kept = 0;
	enum status st = store_refs(out, h, e);

	for (size_t i = 0; st == STATUS_OK && i < out->len; i++) {
		if (strncmp(out->refs[i].name, BACKUP_OFFERS, strlen(BACKUP_OFFERS)) != 0)
			out->refs[kept++] = out->refs[i];
	}
	if (st == STATUS_OK)
		out->len = kept;
	return st;
}

static enum status read_key(struct buf *out, const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, dir, name, e);

	if (st == STATUS_OK)
		st = file_read(out, path, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status read_moment(struct moment *m, const struct practice *p, struct error *e)
{
	struct store_lock *lock = NULL;
	enum status st = store_lock(&lock, p->history, LIMIT_LOCK_MS, e);

	if (st == STATUS_OK)
		st = read_refs(&m->refs, p->history, e);
	for (size_t i = 0; st == STATUS_OK && i < KEY_FILES; i++)
		st = read_key(&m->keys[i], p->dir, key_files[i], e);
	store_unlock(lock);
	if (st == STATUS_OK && !p->signing.present.key) /* the rest is worth all the more */
		log_line(LOG_LEVEL_WARN, "the practice's signing key is lost, and not in the backup", "practice", p->ods, NULL);
	return st;
}

static void moment_clear(struct moment *m)
{
	store_refs_clear(&m->refs);
	for (size_t i = 0; i < KEY_FILES; i++)
		buf_wipe(&m->keys[i]);
}

static enum status add_keys(struct sums *sums, const struct moment *m, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < KEY_FILES; i++)
		if (m->keys[i].len > 0)
			st = sums_add(sums, key_files[i], &m->keys[i], e);
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

static enum status add_snapshot(struct sums *sums, const struct backup *b, const struct link *main_link, struct error *e)
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
	st = st == STATUS_OK ? sums_add(sums, BACKUP_SNAPSHOT, &text, e) : error_set(e, st, "out of memory");
	cJSON_Delete(root);
	buf_clear(&text);
	return st;
}

static enum status add_refs(struct sums *sums, const struct store_refs *refs, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	struct buf text = BUF_INIT;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < refs->len; i++) {
		oid_hex(hex, &refs->refs[i].id);
		buf_addf(&text, "%s %s\n", hex, refs->refs[i].name);
	}
	st = buf_ok(&text) ? sums_add(sums, BACKUP_REFS, &text, e) : error_set(e, STATUS_NOMEM, "out of memory");
	buf_clear(&text);
	return st;
}

/* The refs are read first: what the log speaks of was there before it, and certificates and blobs that come meanwhile do no harm. */
static enum status copy_practice(const struct backup *b, const struct practice *p, int64_t *index, struct error *e)
{
	struct moment m = {.refs = STORE_REFS_INIT};
	struct sums sums = {.to = b->to, .folder = p->ods, .besides = key_files};
	struct link main_link = {.index = 0};
	enum status st = read_moment(&m, p, e);

	if (st == STATUS_OK)
		st = find_main(&main_link, p->history, &m.refs, e);
	if (st == STATUS_OK)
		st = sums_copy(&sums, p->dir, "", e);
	if (st == STATUS_OK)
		st = add_keys(&sums, &m, e);
	if (st == STATUS_OK)
		st = sums_copy(&sums, p->dir, "certificates", e);
	if (st == STATUS_OK)
		st = sums_copy(&sums, p->dir, KEPT_DIR, e);
	if (st == STATUS_OK)
		st = add_snapshot(&sums, b, &main_link, e);
	if (st == STATUS_OK)
		st = add_refs(&sums, &m.refs, e);
	if (st == STATUS_OK)
		st = b->to->history(b->to->ctx, p->ods, p->history, &m.refs, e);
	if (st == STATUS_OK)
		st = backup_blobs_write(b->to, p->ods, p->history, e);
	if (st == STATUS_OK)
		st = sums_write(&sums, e);
	*index = main_link.index;
	moment_clear(&m);
	buf_clear(&sums.lines);
	return st;
}

static enum status add_practice(struct backup *b, const char *ods, struct error *e)
{
	struct practice *p = NULL;
	int64_t index = 0;
	cJSON *item = NULL;
	enum status st = practice_open(&p, b->dir, b->store, ods, e);

	if (st == STATUS_OK)
		st = copy_practice(b, p, &index, e);
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
	struct sums sums = {.to = b->to, .folder = ""};
	struct buf text = BUF_INIT;
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
		st = sums_copy(&sums, b->dir, "", e);
	if (st == STATUS_OK)
		st = sums_add(&sums, BACKUP_FILE, &text, e);
	if (st == STATUS_OK)
		st = sums_write(&sums, e);
	cJSON_Delete(root);
	buf_clear(&text);
	buf_clear(&sums.lines);
	return st;
}

static enum status read_all(struct backup *b, struct error *e)
{
	enum status st = store_open(&b->store, b->dir, e);

	b->practices = cJSON_CreateArray();
	if (st == STATUS_OK && !b->practices)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = file_each(b->dir, visit_entry, b, e);
	if (st == STATUS_OK)
		st = write_head(b, e);
	cJSON_Delete(b->practices);
	store_close(b->store);
	return st;
}

enum status backup_write(const struct backup_to *to, const char *dir, const struct env *env, backup_done done, void *ctx, struct error *e)
{
	struct backup b = {.to = to, .dir = dir, .done = done, .ctx = ctx};
	struct config config = CONFIG_INIT;
	enum status st = config_load(&config, dir, e);

	config_clear(&config);
	time_format(b.at, env->now_ms(env->ctx));
	return st == STATUS_OK ? read_all(&b, e) : st;
}
