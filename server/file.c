/* server/file.c - the server folder's small files. */
#include "server/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/limits.h"

enum status file_path(char out[FILE_PATH_MAX], const char *dir, const char *name, struct error *e)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= FILE_PATH_MAX)
		return error_set(e, STATUS_TOO_BIG, "the path %.100s… is longer than %d bytes", dir, FILE_PATH_MAX);
	return STATUS_OK;
}

enum status file_read(struct buf *out, const char *path, struct error *e)
{
	return file_read_max(out, path, LIMIT_FILE_BYTES, e);
}

enum status file_read_max(struct buf *out, const char *path, size_t max_bytes, struct error *e)
{
	enum status st = STATUS_OK;
	size_t total = 0;
	char part[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "there is no %s", path);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	for (;;) {
		ssize_t n = read(fd, part, sizeof(part));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			st = error_set_errno(e, errno, "cannot read %s", path);
		if (n <= 0)
			break;
		total += (size_t)n;
		if (total > max_bytes) {
			st = error_set(e, STATUS_TOO_BIG, "%s is larger than %zu bytes", path, max_bytes);
			break;
		}
		buf_add(out, part, (size_t)n);
	}
	explicit_bzero(part, sizeof(part)); /* it may have been a key */
	(void)close(fd);
	if (st == STATUS_OK && !buf_ok(out))
		st = error_set(e, STATUS_NOMEM, "out of memory reading %s", path);
	return st;
}

enum status file_read_json(cJSON **out, const char *path, struct error *e)
{
	struct buf text = BUF_INIT;
	cJSON *value = NULL;
	enum status st = file_read(&text, path, e);

	if (st == STATUS_OK) {
		st = json_parse(&value, buf_text(&text), text.len, e);
		if (st == STATUS_OK && json_is_later(value))
			st = error_set(e, STATUS_UNSUPPORTED, "a newer version of qip-server wrote it: please install that one again; nothing is lost");
		if (st != STATUS_OK)
			st = error_prefix(e, st, "%s", path);
	}
	if (st == STATUS_OK)
		*out = value;
	else
		cJSON_Delete(value);
	buf_clear(&text);
	return st;
}

enum status file_sync_dir(const char *dir, struct error *e)
{
	enum status st = STATUS_OK;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", dir);
	if (fsync(fd))
		st = error_set_errno(e, errno, "cannot make %s durable", dir);
	(void)close(fd);
	return st;
}

enum status file_sync_parent(const char *path, struct error *e)
{
	char dir[FILE_PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');

	if (slash)
		(void)snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return file_sync_dir(dir, e);
}

/* To write: over NFS an exclusive lock needs that. */
int file_open_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EROFS) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			errno = EROFS;
	}
	return fd;
}

bool file_append(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

enum status file_write(const char *path, const void *bytes, size_t len, mode_t mode, struct error *e)
{
	enum status st = STATUS_OK;
	char temporary[FILE_PATH_MAX + 8];
	int fd = -1, failed = 0;

	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	/* left behind by a power cut: its mode may be another one */
	if (unlink(temporary) && errno != ENOENT)
		return error_set_errno(e, errno, "cannot replace %s", temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot create %s", temporary);
	if (!file_append(fd, bytes, len) || fsync(fd))
		failed = errno;
	if (close(fd) && !failed)
		failed = errno;
	if (!failed && rename(temporary, path))
		failed = errno;
	if (failed) {
		(void)unlink(temporary);
		return error_set_errno(e, failed, "cannot write %s", path);
	}
	st = file_sync_parent(path, e);
	return st;
}

enum status file_write_json(const char *path, const cJSON *value, struct error *e)
{
	struct buf text = BUF_INIT;
	enum status st = json_canonical(&text, value);

	if (st == STATUS_OK && !buf_ok(&text))
		st = STATUS_NOMEM;
	if (st == STATUS_OK)
		st = file_write(path, text.data, text.len, 0644, e);
	else
		st = error_set(e, st, "cannot write %s: %s", path, status_text(st));
	buf_clear(&text);
	return st;
}

enum status file_remove(const char *path, struct error *e)
{
	if (unlink(path)) {
		if (errno == ENOENT)
			return STATUS_OK;
		return error_set_errno(e, errno, "cannot remove %s", path);
	}
	return file_sync_parent(path, e);
}

bool file_exists(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0;
}

enum status file_mkdir(const char *path, mode_t mode, struct error *e)
{
	if (mkdir(path, mode)) {
		if (errno == EEXIST)
			return STATUS_OK;
		return error_set_errno(e, errno, "cannot make the folder %s", path);
	}
	return file_sync_parent(path, e);
}

static int remove_visited(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

#define TREE_DESCRIPTORS 16

enum status file_remove_tree(const char *path, struct error *e)
{
	if (nftw(path, remove_visited, TREE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS)) {
		if (errno == ENOENT)
			return STATUS_OK;
		return error_set_errno(e, errno, "cannot remove %s", path);
	}
	return file_sync_parent(path, e);
}

static int is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

enum status file_each(const char *dir, file_visit visit, void *ctx, struct error *e)
{
	struct dirent **names = NULL;
	enum status st = STATUS_OK;
	int len = scandir(dir, &names, is_name, alphasort);

	if (len < 0 && errno == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "there is no folder %s", dir);
	if (len < 0)
		return error_set_errno(e, errno, "cannot read the folder %s", dir);
	for (int i = 0; i < len; i++) {
		if (st == STATUS_OK)
			st = visit(ctx, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	return st;
}
