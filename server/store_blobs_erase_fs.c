/* server/store_blobs_erase_fs.c - blobs as plain files: erased for good, and listed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store_blobs_fs.h"

#include "core/array.h"

#define ERASURES_FILE "erasures"

/* ---- erasing ---- */

static enum status erase_guarded(const char *mark, const char *path, struct error *e)
{
	int fd = -1;

	/* first the bytes: on a full disk they may be the room for the mark */
	if (unlink(path) && errno != ENOENT)
		return error_set_errno(e, errno, "cannot remove %s", path);
	fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || close(fd))
		return error_set_errno(e, errno, "cannot write %s", mark);
	return STATUS_OK;
}

static enum status erase_one(const struct store_blobs *b, const struct blob_id *id, struct error *e)
{
	char path[FILE_PATH_MAX], mark[FILE_PATH_MAX];
	int guard = -1;
	enum status st = blobs_path(path, b, id, "", e);

	if (st == STATUS_OK)
		st = blobs_path(mark, b, id, BLOBS_ERASED, e);
	if (st == STATUS_OK)
		st = blobs_guard(&guard, b, e);
	if (st != STATUS_OK)
		return st;
	st = erase_guarded(mark, path, e);
	(void)close(guard);
	return st;
}

enum status store_blob_erase(struct store_history *h, const struct blob_id *ids, size_t len, struct error *e)
{
	struct store_blobs *b = store_fs_blobs(h);
	bool touched[BLOBS_PREFIXES] = {false};
	char dir[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	for (size_t i = 0; i < len; i++)
		touched[ids[i].sha256[0]] = true;
	st = blobs_make_prefixes(b, touched, e);
	for (size_t i = 0; st == STATUS_OK && i < len; i++)
		st = erase_one(b, &ids[i], e);
	for (unsigned i = 0; st == STATUS_OK && i < BLOBS_PREFIXES; i++) {
		if (!touched[i])
			continue;
		st = blobs_prefix_path(dir, b, i, e);
		if (st == STATUS_OK)
			st = file_sync_dir(dir, e);
	}
	return st;
}

enum status store_blob_erasures(struct oid *out, struct store_history *h, struct error *e)
{
	struct buf text = BUF_INIT;
	struct oid tree = {{0}};
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, store_fs_blobs(h)->dir, ERASURES_FILE, e);

	if (st == STATUS_OK)
		st = file_read(&text, path, e);
	/* a note that says nothing costs erasing everything again, and no harm */
	if (st == STATUS_OK && oid_parse(&tree, buf_text(&text), strcspn(buf_text(&text), "\n")) != STATUS_OK)
		tree = (struct oid){{0}};
	buf_clear(&text);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return st;
	*out = tree;
	return STATUS_OK;
}

enum status store_blob_set_erasures(struct store_history *h, const struct oid *tree, struct error *e)
{
	char path[FILE_PATH_MAX], text[OID_HEX_LEN + 2];
	const struct store_blobs *b = store_fs_blobs(h);
	enum status st = file_mkdir(b->dir, 0700, e);

	if (st == STATUS_OK)
		st = file_path(path, b->dir, ERASURES_FILE, e);
	oid_hex(text, tree);
	text[OID_HEX_LEN] = '\n';
	return st == STATUS_OK ? file_write(path, text, OID_HEX_LEN + 1, 0600, e) : st;
}

/* ---- again ---- */

/* "<sha256>.erased" names a blob of this folder. */
static bool is_mark(struct blob_id *id, const char *name, unsigned prefix)
{
	char hex[2 * SHA256_LEN + 1];

	if (strlen(name) != 2 * SHA256_LEN + strlen(BLOBS_ERASED) || strcmp(name + 2 * SHA256_LEN, BLOBS_ERASED) != 0)
		return false;
	memcpy(hex, name, 2 * SHA256_LEN);
	hex[2 * SHA256_LEN] = '\0';
	return hex_decode(id->sha256, sizeof(id->sha256), hex) == STATUS_OK && id->sha256[0] == prefix;
}

static enum status erase_again_in(const struct store_blobs *b, const char *path, unsigned prefix, struct error *e)
{
	const struct dirent *entry = NULL;
	char blob[FILE_PATH_MAX];
	struct blob_id id;
	bool any = false;
	enum status st = STATUS_OK;
	DIR *dir = opendir(path);

	if (!dir)
		return errno == ENOENT ? STATUS_OK : error_set_errno(e, errno, "cannot read %s", path);
	while (st == STATUS_OK && (errno = 0, entry = readdir(dir)) != NULL) {
		if (!is_mark(&id, entry->d_name, prefix))
			continue;
		st = blobs_path(blob, b, &id, "", e);
		if (st == STATUS_OK && unlink(blob) == 0)
			any = true;
		else if (st == STATUS_OK && errno != ENOENT)
			st = error_set_errno(e, errno, "cannot remove %s", blob);
	}
	if (st == STATUS_OK && !entry && errno)
		st = error_set_errno(e, errno, "cannot read %s", path);
	(void)closedir(dir);
	return st == STATUS_OK && any ? file_sync_dir(path, e) : st;
}

enum status store_blob_erase_again(struct store_history *h, struct error *e)
{
	const struct store_blobs *b = store_fs_blobs(h);
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	for (unsigned prefix = 0; st == STATUS_OK && prefix < BLOBS_PREFIXES; prefix++) {
		st = blobs_prefix_path(path, b, prefix, e);
		if (st == STATUS_OK)
			st = erase_again_in(b, path, prefix, e);
	}
	return st;
}

/* ---- listing ---- */

struct list {
	struct blob_id *ids;
	size_t len, cap;
};

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct blob_id));
}

static enum status list_add(struct list *l, const struct blob_id *id, struct error *e)
{
	if (!array_room(&l->ids, &l->cap, l->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	l->ids[l->len++] = *id;
	return STATUS_OK;
}

/* The blobs of one folder; what has no blob's name is none. */
static enum status read_prefix(struct list *l, const char *path, unsigned prefix, struct error *e)
{
	const struct dirent *entry = NULL;
	struct blob_id id;
	enum status st = STATUS_OK;
	DIR *dir = opendir(path);

	if (!dir)
		return errno == ENOENT ? STATUS_OK : error_set_errno(e, errno, "cannot read %s", path);
	while (st == STATUS_OK && (errno = 0, entry = readdir(dir)) != NULL) {
		if (hex_decode(id.sha256, sizeof(id.sha256), entry->d_name) == STATUS_OK && id.sha256[0] == prefix)
			st = list_add(l, &id, e);
	}
	if (st == STATUS_OK && errno)
		st = error_set_errno(e, errno, "cannot read %s", path);
	(void)closedir(dir);
	return st;
}

static enum status visit_one(const struct store_blobs *b, const struct blob_id *id, store_blob_visit visit, void *ctx,
			     struct error *e)
{
	char path[FILE_PATH_MAX];
	struct stat found;
	bool erased = false;
	enum status st = blobs_find(path, &erased, b, id, e);

	if (st != STATUS_OK || erased)
		return st;
	if (lstat(path, &found))
		return errno == ENOENT ? STATUS_OK : error_set_errno(e, errno, "cannot read %s", path);
	return visit(ctx, id, (uint64_t)found.st_size, e);
}

enum status store_blob_each(struct store_history *h, store_blob_visit visit, void *ctx, struct error *e)
{
	const struct store_blobs *b = store_fs_blobs(h);
	struct list l = {NULL, 0, 0};
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	for (unsigned prefix = 0; st == STATUS_OK && prefix < BLOBS_PREFIXES; prefix++) {
		l.len = 0;
		st = blobs_prefix_path(path, b, prefix, e);
		if (st == STATUS_OK)
			st = read_prefix(&l, path, prefix, e);
		if (l.len > 0)
			qsort(l.ids, l.len, sizeof(*l.ids), by_id);
		for (size_t i = 0; st == STATUS_OK && i < l.len; i++)
			st = visit_one(b, &l.ids[i], visit, ctx, e);
	}
	free(l.ids);
	return st;
}
