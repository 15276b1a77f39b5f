/* server/backup_blobs.c - a practice's blobs into a backup and out of it. */
#include "server/backup_blobs.h"

#include <stdio.h>
#include <string.h>

#include "server/file.h"

#define BLOBS "blobs"

struct copying {
	struct store_history *history;
	const struct backup_to *to; /* out of the store alone, as is ods */
	const char *ods;
	char dir[FILE_PATH_MAX], sub[FILE_PATH_MAX]; /* into it: blobs/, and one folder of it */
	struct buf bytes;
	bool here;
};

static enum status note_blob(void *ctx, const struct blob_id *id, enum store_blob_state state, uint64_t size, struct error *e)
{
	struct copying *c = ctx;

	(void)id;
	(void)size;
	(void)e;
	buf_reset(&c->bytes);
	c->here = state == STORE_BLOB_HERE;
	return STATUS_OK;
}

static enum status add_bytes(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct copying *c = ctx;

	buf_add(&c->bytes, bytes, len);
	return buf_ok(&c->bytes) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status check_name(const struct copying *c, const struct blob_id *id, const char *hex, struct error *e)
{
	uint8_t hash[SHA256_LEN];
	enum status st = sha256(hash, c->bytes.data, c->bytes.len);

	if (st == STATUS_OK && memcmp(hash, id->sha256, sizeof(hash)) != 0)
		st = error_set(e, STATUS_CORRUPT, "blob %s is not what its name says; \"qip-server fsck\" tells more", hex);
	return st;
}

static enum status write_blob(struct copying *c, const struct blob_id *id, const char *hex, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = check_name(c, id, hex, e);

	(void)snprintf(path, sizeof(path), "%s/" BLOBS "/%.2s/%s", c->ods, hex, hex);
	return st == STATUS_OK ? c->to->file(c->to->ctx, path, c->bytes.data, c->bytes.len, e) : st;
}

static enum status copy_out(void *ctx, const struct blob_id *id, uint64_t size, struct error *e)
{
	struct copying *c = ctx;
	const struct store_blob_sink sink = {.blob = note_blob, .bytes = add_bytes, .ctx = c};
	char hex[SHA256_HEX_LEN + 1];
	bool has = false;
	enum status st = STATUS_OK;

	(void)size;
	hex_encode(hex, id->sha256, sizeof(id->sha256));
	st = c->to->blob(c->to->ctx, hex, &has, e);
	if (st != STATUS_OK || has)
		return st;
	st = store_blob_get_many(c->history, id, 1, LIMIT_BLOB_BYTES, &sink, e);
	return st == STATUS_OK && c->here ? write_blob(c, id, hex, e) : st;
}

enum status backup_blobs_write(const struct backup_to *to, const char *ods, struct store_history *h, struct error *e)
{
	struct copying c = {.history = h, .to = to, .ods = ods, .bytes = BUF_INIT};
	enum status st = store_blob_each(h, copy_out, &c, e);

	buf_clear(&c.bytes);
	return st;
}

/* ---- and back ---- */

static enum status put(struct copying *c, const struct blob_id *id, struct error *e)
{
	struct store_blob_put *p = NULL;
	enum status st = store_blob_put_begin(&p, c->history, id, e);

	if (st == STATUS_OK)
		st = store_blob_put_feed(p, c->bytes.data, c->bytes.len, e);
	if (st == STATUS_OK)
		st = store_blob_put_finish(p, NULL, e);
	store_blob_put_end(p);
	return st;
}

static enum status copy_in(void *ctx, const char *name, struct error *e)
{
	struct copying *c = ctx;
	struct blob_id id;
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (hex_decode(id.sha256, sizeof(id.sha256), name) != STATUS_OK)
		return error_set(e, STATUS_CORRUPT, "%s/%s is no blob; please use another backup", c->sub, name);
	buf_reset(&c->bytes);
	st = file_path(path, c->sub, name, e);
	if (st == STATUS_OK)
		st = file_read_max(&c->bytes, path, LIMIT_BLOB_BYTES, e);
	if (st == STATUS_OK)
		st = put(c, &id, e);
	if (st == STATUS_INVALID)
		st = error_set(e, STATUS_CORRUPT, "%s is not what was written when the backup was made; please use another backup", path);
	return st;
}

static enum status copy_folder_in(void *ctx, const char *name, struct error *e)
{
	struct copying *c = ctx;
	enum status st = file_path(c->sub, c->dir, name, e);

	return st == STATUS_OK ? file_each(c->sub, copy_in, c, e) : st;
}

enum status backup_blobs_read(const char *from, struct store_history *h, struct error *e)
{
	struct copying c = {.history = h, .bytes = BUF_INIT};
	enum status st = file_path(c.dir, from, BLOBS, e);

	if (st == STATUS_OK)
		st = file_each(c.dir, copy_folder_in, &c, e);
	buf_clear(&c.bytes);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}
