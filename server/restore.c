/* server/restore.c - a server folder made from a backup. */
#include "server/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/backup_blobs.h"
#include "server/backup_history.h"
#include "server/closed.h"
#include "server/sums.h"

struct restore {
	const char *from, *dir;
	char now[TIME_TEXT_MAX];
	struct store *store;
	backup_done done;
	void *ctx;
};

/* ---- small files ---- */

/* What a visit of the backup's files fills. */
struct copying {
	const char *to;
	const char *last; /* the file that makes the folder whole: it is written at the end */
	struct buf last_content;
	cJSON *head;	 /* backup.json or snapshot.json */
	struct buf refs; /* a practice's */
};

static void copying_clear(struct copying *c)
{
	buf_clear(&c->last_content);
	cJSON_Delete(c->head);
	buf_clear(&c->refs);
}

static enum status keep(struct buf *out, const struct buf *content, struct error *e)
{
	buf_add(out, content->data, content->len);
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

/* "certificates/kib-kiosk.json" needs its folder. */
static enum status make_folder(const char *to, const char *name, struct error *e)
{
	char sub[FILE_PATH_MAX], path[FILE_PATH_MAX];
	const char *slash = strchr(name, '/');
	enum status st = STATUS_OK;

	if (!slash)
		return STATUS_OK;
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(slash - name), name);
	st = file_path(path, to, sub, e);
	return st == STATUS_OK ? file_mkdir(path, 0700, e) : st;
}

static enum status copy_file(void *ctx, const char *name, const struct buf *content, struct error *e)
{
	struct copying *c = ctx;
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (strcmp(name, BACKUP_FILE) == 0 || strcmp(name, BACKUP_SNAPSHOT) == 0)
		return json_parse(&c->head, buf_text(content), content->len, e);
	if (strcmp(name, BACKUP_REFS) == 0)
		return keep(&c->refs, content, e);
	if (strcmp(name, c->last) == 0)
		return keep(&c->last_content, content, e);
	st = make_folder(c->to, name, e);
	if (st == STATUS_OK)
		st = file_path(path, c->to, name, e);
	return st == STATUS_OK ? file_write(path, content->data, content->len, 0600, e) : st;
}

static enum status write_last(const struct copying *c, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, c->to, c->last, e);

	return st == STATUS_OK ? file_write(path, c->last_content.data, c->last_content.len, 0600, e) : st;
}

/* ---- one practice ---- */

static enum status parse_ref(struct store_ref *out, const char *line, struct error *e)
{
	size_t len = strlen(line);

	if (len <= OID_HEX_LEN + 1 || len - OID_HEX_LEN - 1 >= LIMIT_REF_BYTES || line[OID_HEX_LEN] != ' ' ||
	    oid_parse(&out->id, line, OID_HEX_LEN) != STATUS_OK)
		return error_set(e, STATUS_CORRUPT, "the list of refs is damaged; please use another backup");
	(void)snprintf(out->name, sizeof(out->name), "%s", line + OID_HEX_LEN + 1);
	return STATUS_OK;
}

static enum status parse_refs(struct store_refs *out, struct buf *text, struct error *e)
{
	struct store_refs refs = {.refs = calloc(LIMIT_REFS, sizeof(*refs.refs))};
	char *save = NULL, *line = text->len ? strtok_r((char *)text->data, "\n", &save) : NULL;
	enum status st = refs.refs ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	for (; st == STATUS_OK && line; line = strtok_r(NULL, "\n", &save)) {
		if (refs.len == LIMIT_REFS)
			st = error_set(e, STATUS_TOO_BIG, "there are more than %d refs", LIMIT_REFS);
		else
			st = parse_ref(&refs.refs[refs.len++], line, e);
	}
	if (st != STATUS_OK) {
		store_refs_clear(&refs);
		return st;
	}
	*out = refs;
	return STATUS_OK;
}

static enum status parse_snapshot(struct closed *out, const struct restore *r, const cJSON *head, struct error *e)
{
	const char *at = json_string(head, "at"), *main_hex = json_string(head, "main");
	struct closed c = {.index = 0};

	if (!at || strlen(at) >= TIME_TEXT_MAX || !main_hex || oid_parse(&c.main, main_hex, strlen(main_hex)) != STATUS_OK ||
	    !json_integer(head, "index", &c.index))
		return error_set(e, STATUS_CORRUPT, BACKUP_SNAPSHOT " is damaged; please use another backup");
	(void)snprintf(c.restored, sizeof(c.restored), "%s", r->now);
	(void)snprintf(c.backup, sizeof(c.backup), "%s", at);
	*out = c;
	return STATUS_OK;
}

static enum status fill_history(const struct restore *r, const char *ods, const char *from, const struct store_refs *refs, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct store_history *h = NULL;
	enum status st = file_path(path, from, BACKUP_HISTORY, e);

	if (st == STATUS_OK)
		st = store_create(r->store, ods, e);
	if (st == STATUS_OK)
		st = store_history_open(&h, r->store, ods, e);
	if (st == STATUS_OK)
		st = backup_history_read(path, h, refs, e);
	if (st == STATUS_OK)
		st = backup_blobs_read(from, h, e);
	store_history_close(h);
	return st;
}

/* It is closed before anything else of it is there, and there only when all of it is. */
static enum status fill_practice(struct copying *c, const struct restore *r, const char *ods, const char *from, int64_t *index,
				 struct error *e)
{
	struct store_refs refs = STORE_REFS_INIT;
	struct closed closed = {.index = 0};
	enum status st = sums_each(from, copy_file, c, e);

	if (st == STATUS_OK)
		st = parse_snapshot(&closed, r, c->head, e);
	if (st == STATUS_OK)
		st = closed_write(c->to, &closed, e);
	if (st == STATUS_OK)
		st = parse_refs(&refs, &c->refs, e);
	if (st == STATUS_OK)
		st = fill_history(r, ods, from, &refs, e);
	if (st == STATUS_OK)
		st = write_last(c, e);
	*index = closed.index;
	store_refs_clear(&refs);
	return st;
}

static enum status restore_practice(const struct restore *r, const char *ods, struct error *e)
{
	char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
	struct copying c = {.to = to, .last = "practice.json"};
	int64_t index = 0;
	enum status st = ods_valid(ods) ? STATUS_OK : error_set(e, STATUS_CORRUPT, BACKUP_FILE " is damaged");

	if (st == STATUS_OK)
		st = file_path(from, r->from, ods, e);
	if (st == STATUS_OK)
		st = file_path(to, r->dir, ods, e);
	if (st == STATUS_OK)
		st = file_mkdir(to, 0700, e);
	if (st == STATUS_OK)
		st = fill_practice(&c, r, ods, from, &index, e);
	copying_clear(&c);
	if (st != STATUS_OK)
		return error_prefix(e, st, "%.20s", ods);
	if (r->done)
		r->done(r->ctx, ods, index);
	return STATUS_OK;
}

/* ---- the whole ---- */

static enum status check_backup(const char *from, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, from, BACKUP_FILE, e);

	if (st == STATUS_OK && !file_exists(path))
		st = error_set(e, STATUS_NOT_FOUND, "%s is no backup; make one with: qip-server backup DIR TO", from);
	return st;
}

/* What will be server.json, and makes the folder a server's by taking that name, stands in the folder from the first: half a restore is
 * known by it, and may be cleared away. */
#define UNFINISHED "server.json.restoring"

static enum status refuse_entry(void *ctx, const char *name, struct error *e)
{
	/* of a file system's root; of a mark that was cut short */
	if (strcmp(name, "lost+found") == 0 || strncmp(name, UNFINISHED, strlen(UNFINISHED)) == 0)
		return STATUS_OK;
	return error_set(e, STATUS_EXISTS, "there are files in %s already; please name a new or empty folder", (const char *)ctx);
}

static enum status remove_entry(void *ctx, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (strcmp(name, "lost+found") == 0 || strcmp(name, UNFINISHED) == 0)
		return STATUS_OK;
	st = file_path(path, ctx, name, e);
	return st == STATUS_OK ? file_remove_tree(path, e) : st;
}

/* The mark goes last: cut short here, it is known for what it is once more. */
static enum status clear(char *dir, const char *mark, struct error *e)
{
	enum status st = file_each(dir, remove_entry, dir, e);

	return st == STATUS_OK ? file_remove(mark, e) : st;
}

/* An empty folder with the mark in it. */
static enum status begin(char *dir, const char *mark, struct error *e)
{
	enum status st = file_mkdir(dir, 0700, e);

	if (st == STATUS_OK)
		st = file_exists(mark) ? clear(dir, mark, e) : file_each(dir, refuse_entry, dir, e);
	return st == STATUS_OK ? file_write(mark, "", 0, 0644, e) : st;
}

static enum status finish(const struct copying *c, const struct restore *r, const char *mark, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, r->dir, c->last, e);

	if (st == STATUS_OK)
		st = file_write(mark, c->last_content.data, c->last_content.len, 0600, e);
	if (st == STATUS_OK && rename(mark, path) != 0)
		st = error_set_errno(e, errno, "cannot make %s", path);
	return st == STATUS_OK ? file_sync_parent(path, e) : st;
}

static enum status fill(struct restore *r, const char *mark, struct error *e)
{
	struct copying c = {.to = r->dir, .last = "server.json"};
	const cJSON *ods = NULL;
	enum status st = sums_each(r->from, copy_file, &c, e);

	if (st == STATUS_OK && (!cJSON_IsArray(json_get(c.head, "practices")) || c.last_content.len == 0))
		st = error_set(e, STATUS_CORRUPT, BACKUP_FILE " is damaged; please use another backup");
	if (st == STATUS_OK)
		st = store_open(&r->store, r->dir, e);
	cJSON_ArrayForEach(ods, json_get(c.head, "practices"))
	{
		if (st == STATUS_OK)
			st = restore_practice(r, cJSON_IsString(ods) ? ods->valuestring : "", e);
	}
	if (st == STATUS_OK)
		st = finish(&c, r, mark, e);
	store_close(r->store);
	copying_clear(&c);
	return st;
}

enum status restore_make(const char *from, const char *dir, const struct env *env, backup_done done, void *ctx, struct error *e)
{
	struct restore r = {.from = from, .dir = dir, .done = done, .ctx = ctx};
	char name[FILE_PATH_MAX], mark[FILE_PATH_MAX];
	enum status st = check_backup(from, e);

	if (st == STATUS_OK)
		st = file_path(mark, dir, UNFINISHED, e);
	if (st != STATUS_OK)
		return st;
	(void)snprintf(name, sizeof(name), "%s", dir);
	st = begin(name, mark, e);
	if (st != STATUS_OK)
		return st;
	time_format(r.now, env->now_ms(env->ctx));
	st = fill(&r, mark, e);
	if (st != STATUS_OK)
		(void)(clear(name, mark, NULL) == STATUS_OK);
	return st;
}
