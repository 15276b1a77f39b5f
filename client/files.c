/* client/files.c - small files of a home. */
#include "client/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/limits.h"

#define REMOVE_DEPTH 16
#define TMP_SUFFIX ".tmp"
#define NAME_BYTES 256

enum status files_read(struct buf *out, int dir, const char *name, size_t max_bytes, struct error *e)
{
	enum status st = STATUS_OK;
	struct buf content = BUF_INIT;
	char chunk[4096];
	ssize_t n = 0;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "there is no file %s", name);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", name);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			st = error_set_errno(e, errno, "cannot read %s", name);
			goto done;
		}
		if ((size_t)n > max_bytes - content.len) {
			st = error_set(e, STATUS_TOO_BIG, "%s is larger than %zu bytes", name, max_bytes);
			goto done;
		}
		buf_add(&content, chunk, (size_t)n);
	}
	if (!buf_ok(&content)) {
		st = error_set(e, STATUS_NOMEM, "out of memory reading %s", name);
		goto done;
	}
	buf_add(out, content.data, content.len);
	if (!buf_ok(out))
		st = error_set(e, STATUS_NOMEM, "out of memory reading %s", name);
done:
	explicit_bzero(chunk, sizeof(chunk)); /* it may have been a key */
	buf_wipe(&content);
	(void)close(fd);
	return st;
}

enum status files_sync_folder(int dir, const char *folder, struct error *e)
{
	enum status st = STATUS_OK;
	int fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open the folder %s", folder);
	if (fsync(fd) != 0)
		st = error_set_errno(e, errno, "cannot make the names in %s durable", folder);
	(void)close(fd);
	return st;
}

/* The same for the folder of `name`. */
static enum status sync_folder(int dir, const char *name, struct error *e)
{
	char folder[NAME_BYTES] = ".";
	const char *slash = strrchr(name, '/');

	if (slash)
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
	return files_sync_folder(dir, folder, e);
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Beside it first, then in its place. */
static enum status replace(int dir, const char *name, const void *bytes, size_t len, mode_t mode, bool durable, struct error *e)
{
	enum status st = STATUS_OK;
	char tmp[NAME_BYTES];
	int fd = -1;
	int failed = 0;

	if (snprintf(tmp, sizeof(tmp), "%s" TMP_SUFFIX, name) >= (int)sizeof(tmp))
		return error_set(e, STATUS_TOO_BIG, "the file name %s is too long", name);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot write %s", name);
	if (fchmod(fd, mode) != 0 || write_all(fd, bytes, len) != 0 || (durable && fsync(fd) != 0))
		failed = errno;
	if (close(fd) != 0 && !failed)
		failed = errno;
	if (!failed && renameat(dir, tmp, dir, name) != 0)
		failed = errno;
	if (failed) {
		st = error_set_errno(e, failed, "cannot write %s", name);
		(void)unlinkat(dir, tmp, 0);
		return st;
	}
	return durable ? sync_folder(dir, name, e) : STATUS_OK;
}

enum status files_write(int dir, const char *name, const void *bytes, size_t len, mode_t mode, struct error *e)
{
	return replace(dir, name, bytes, len, mode, true, e);
}

enum status files_read_json(cJSON **out, int dir, const char *name, struct error *e)
{
	enum status st = STATUS_OK;
	struct buf text = BUF_INIT;
	cJSON *value = NULL;

	st = files_read(&text, dir, name, LIMIT_FILE_BYTES, e);
	if (st != STATUS_OK)
		goto done;
	st = json_parse(&value, buf_text(&text), text.len, e);
	if (st == STATUS_OK && !cJSON_IsObject(value))
		st = error_set(e, STATUS_MALFORMED, "no JSON object");
	if (st != STATUS_OK) {
		st = error_set(e, STATUS_CORRUPT, "%s is damaged: restore it from a backup or join again in a new home", name);
		goto done;
	}
	if (json_is_later(value)) {
		st = error_set(e, STATUS_UNSUPPORTED, "%s was written by a newer version of this program: please install that one again; nothing is lost",
			       name);
		goto done;
	}
	*out = value;
	value = NULL;
done:
	cJSON_Delete(value);
	buf_wipe(&text);
	return st;
}

static enum status write_json(int dir, const char *name, const cJSON *value, mode_t mode, bool durable, struct error *e)
{
	enum status st = STATUS_OK;
	struct buf text = BUF_INIT;

	st = json_canonical(&text, value);
	if (st != STATUS_OK)
		st = error_set(e, st, "cannot make %s: %s", name, status_text(st));
	else
		st = replace(dir, name, text.data, text.len, mode, durable, e);
	buf_wipe(&text);
	return st;
}

enum status files_write_json(int dir, const char *name, const cJSON *value, mode_t mode, struct error *e)
{
	return write_json(dir, name, value, mode, true, e);
}

enum status files_write_json_soon(int dir, const char *name, const cJSON *value, mode_t mode, struct error *e)
{
	return write_json(dir, name, value, mode, false, e);
}

enum status files_make_dir(int dir, const char *name, struct error *e)
{
	if (mkdirat(dir, name, 0700) == 0)
		return sync_folder(dir, name, e);
	if (errno == EEXIST)
		return STATUS_OK;
	return error_set_errno(e, errno, "cannot make the folder %s", name);
}

enum status files_remove(int dir, const char *name, struct error *e)
{
	if (unlinkat(dir, name, 0) == 0)
		return sync_folder(dir, name, e);
	if (errno == ENOENT)
		return STATUS_OK;
	return error_set_errno(e, errno, "cannot remove %s", name);
}

static bool is_leftover(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(TMP_SUFFIX) && strcmp(name + len - strlen(TMP_SUFFIX), TMP_SUFFIX) == 0;
}

void files_sweep(int dir, const char *folder)
{
	int fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry = NULL;
	DIR *d = NULL;

	if (fd < 0)
		return;
	d = fdopendir(fd);
	if (!d) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(d)) != NULL) {
		if (is_leftover(entry->d_name))
			(void)unlinkat(fd, entry->d_name, 0); /* a folder of that name stays: unlinkat refuses it */
	}
	(void)closedir(d);
}

static void remove_below(int dir, const char *name, int depth)
{
	int fd = depth > 0 ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
	struct dirent *entry = NULL;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	while (d && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlinkat(fd, entry->d_name, 0) != 0)
			remove_below(fd, entry->d_name, depth - 1);
	}
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

void files_remove_tree(int dir, const char *name)
{
	remove_below(dir, name, REMOVE_DEPTH);
}
