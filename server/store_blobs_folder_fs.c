/* server/store_blobs_folder_fs.c - blobs as plain files: the folder that they lie in. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store_blobs_fs.h"

#define NEW_FOLDER "new"

enum status store_blobs_open(struct store_blobs **out, const char *practice_dir, struct error *e)
{
	struct store_blobs *b = calloc(1, sizeof(*b));
	enum status st = b ? file_path(b->dir, practice_dir, "blobs", e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK && pthread_mutex_init(&b->mutex, NULL))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st != STATUS_OK) {
		free(b);
		return st;
	}
	*out = b;
	return STATUS_OK;
}

void store_blobs_close(struct store_blobs *b)
{
	if (!b)
		return;
	(void)pthread_mutex_destroy(&b->mutex);
	free(b);
}

/* ---- the folder ---- */

enum status blobs_path(char out[FILE_PATH_MAX], const struct store_blobs *b, const struct blob_id *id,
		       const char *suffix, struct error *e)
{
	char hex[SHA256_HEX_LEN + 1], name[SHA256_HEX_LEN + 16];

	hex_encode(hex, id->sha256, sizeof(id->sha256));
	(void)snprintf(name, sizeof(name), "%.2s/%s%s", hex, hex, suffix);
	return file_path(out, b->dir, name, e);
}

enum status blobs_prefix_path(char out[FILE_PATH_MAX], const struct store_blobs *b, unsigned prefix, struct error *e)
{
	char name[8];

	(void)snprintf(name, sizeof(name), "%02x", prefix & 0xffU);
	return file_path(out, b->dir, name, e);
}

/* A folder may be there without being durable, after a server was killed: its parent is synced once a process. */
static enum status make_dir(const char *path, struct error *e)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return error_set_errno(e, errno, "cannot make the folder %s", path);
	return STATUS_OK;
}

static enum status make_root(struct store_blobs *b, struct error *e)
{
	char parent[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (b->root_known)
		return STATUS_OK;
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(b->dir, '/') - b->dir), b->dir);
	st = make_dir(b->dir, e);
	if (st == STATUS_OK)
		st = file_sync_dir(parent, e);
	b->root_known = st == STATUS_OK;
	return st;
}

enum status blobs_make_new(char out[FILE_PATH_MAX], struct store_blobs *b, struct error *e)
{
	enum status st = file_path(out, b->dir, NEW_FOLDER, e);

	if (st != STATUS_OK)
		return st;
	(void)pthread_mutex_lock(&b->mutex);
	st = make_root(b, e);
	if (st == STATUS_OK && !b->new_known) {
		st = make_dir(out, e);
		if (st == STATUS_OK)
			st = file_sync_dir(b->dir, e);
		b->new_known = st == STATUS_OK;
	}
	(void)pthread_mutex_unlock(&b->mutex);
	return st;
}

static enum status make_prefixes(struct store_blobs *b, const bool wanted[BLOBS_PREFIXES], struct error *e)
{
	char path[FILE_PATH_MAX];
	bool made = false;
	enum status st = make_root(b, e);

	for (unsigned i = 0; st == STATUS_OK && i < BLOBS_PREFIXES; i++) {
		if (!wanted[i] || b->prefix_known[i])
			continue;
		st = blobs_prefix_path(path, b, i, e);
		if (st == STATUS_OK)
			st = make_dir(path, e);
		made = true;
	}
	if (st == STATUS_OK && made)
		st = file_sync_dir(b->dir, e);
	for (unsigned i = 0; st == STATUS_OK && i < BLOBS_PREFIXES; i++)
		b->prefix_known[i] = b->prefix_known[i] || wanted[i];
	return st;
}

enum status blobs_make_prefixes(struct store_blobs *b, const bool wanted[BLOBS_PREFIXES], struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&b->mutex);
	st = make_prefixes(b, wanted, e);
	(void)pthread_mutex_unlock(&b->mutex);
	return st;
}

enum status blobs_guard(int *fd, const struct store_blobs *b, struct error *e)
{
	int failed = 0;

	*fd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return error_set_errno(e, errno, "cannot open %s", b->dir);
	while (flock(*fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		failed = errno;
		(void)close(*fd);
		return error_set_errno(e, failed, "cannot lock %s", b->dir);
	}
	return STATUS_OK;
}

enum status blobs_erased(bool *out, const struct store_blobs *b, const struct blob_id *id, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = blobs_path(path, b, id, BLOBS_ERASED, e);

	if (st != STATUS_OK)
		return st;
	*out = access(path, F_OK) == 0;
	if (!*out && errno != ENOENT)
		return error_set_errno(e, errno, "cannot look for %s", path);
	return STATUS_OK;
}

enum status blobs_find(char path[FILE_PATH_MAX], bool *erased, const struct store_blobs *b, const struct blob_id *id, struct error *e)
{
	enum status st = blobs_erased(erased, b, id, e);

	return st == STATUS_OK ? blobs_path(path, b, id, "", e) : st;
}

/* ---- after a crash ---- */

enum status store_blobs_sweep(struct store_blobs *b, struct error *e)
{
	char path[FILE_PATH_MAX], file[FILE_PATH_MAX];
	const struct dirent *entry = NULL;
	DIR *dir = NULL;
	enum status st = file_path(path, b->dir, NEW_FOLDER, e);

	if (st != STATUS_OK)
		return st;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? STATUS_OK : error_set_errno(e, errno, "cannot read %s", path);
	while (st == STATUS_OK && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		st = file_path(file, path, entry->d_name, e);
		if (st == STATUS_OK && unlink(file) && errno != ENOENT)
			st = error_set_errno(e, errno, "cannot remove %s", file);
	}
	(void)closedir(dir);
	return st;
}
