/* server/archive.c - see archive.h; libarchive does it. */
#include "server/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/file.h"

#define READ_BYTES (64 * 1024)
#define END_MARK "end" /* the last file: tar's own end may be missing from a stream that was cut between two files */

struct archive_out {
	struct archive *tar;
	struct archive_entry *entry;
	int fd, failed; /* failed: the errno of the first write that did */
};

static enum status failed(struct archive *tar, enum status st, const char *what, struct error *e)
{
	const char *why = archive_error_string(tar);

	return error_set(e, st, "%s: %s", what, why ? why : "no reason was given");
}

/* libarchive 3.6 does not free its buffer once a write has failed: it is told of none. */
static la_ssize_t write_block(struct archive *tar, void *ctx, const void *bytes, size_t len)
{
	struct archive_out *a = ctx;

	(void)tar;
	if (!a->failed && !file_append(a->fd, bytes, len))
		a->failed = errno;
	return (la_ssize_t)len;
}

static enum status written(const struct archive_out *a, bool taken, struct error *e)
{
	if (!taken)
		return failed(a->tar, STATUS_IO, "cannot write the backup", e);
	return a->failed ? error_set_errno(e, a->failed, "cannot write the backup") : STATUS_OK;
}

enum status archive_out_open(struct archive_out **out, int fd, struct error *e)
{
	struct archive_out *a = calloc(1, sizeof(*a));
	enum status st = STATUS_OK;

	if (a) {
		a->tar = archive_write_new();
		a->entry = archive_entry_new();
		a->fd = fd;
	}
	if (!a || !a->tar || !a->entry)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	else if (archive_write_set_format_pax_restricted(a->tar) != ARCHIVE_OK || archive_write_open(a->tar, a, NULL, write_block, NULL) != ARCHIVE_OK)
		st = failed(a->tar, STATUS_IO, "cannot write the backup", e);
	if (st != STATUS_OK) {
		archive_out_close(a);
		return st;
	}
	*out = a;
	return STATUS_OK;
}

enum status archive_out_add(struct archive_out *a, const char *path, const void *bytes, size_t len, struct error *e)
{
	if (len > ARCHIVE_FILE_BYTES)
		return error_set(e, STATUS_TOO_BIG, "%s is larger than %d bytes", path, ARCHIVE_FILE_BYTES);
	(void)archive_entry_clear(a->entry);
	archive_entry_set_pathname(a->entry, path);
	archive_entry_set_filetype(a->entry, AE_IFREG);
	archive_entry_set_perm(a->entry, 0600);
	archive_entry_set_size(a->entry, (la_int64_t)len);
	return written(a, archive_write_header(a->tar, a->entry) == ARCHIVE_OK && archive_write_data(a->tar, bytes, len) == (la_ssize_t)len, e);
}

enum status archive_out_finish(struct archive_out *a, struct error *e)
{
	enum status st = archive_out_add(a, END_MARK, "", 0, e);

	return st == STATUS_OK ? written(a, archive_write_close(a->tar) == ARCHIVE_OK, e) : st;
}

void archive_out_close(struct archive_out *a)
{
	if (!a)
		return;
	archive_entry_free(a->entry);
	if (a->tar)
		(void)archive_write_free(a->tar);
	free(a);
}

/* ---- and back ---- */

static bool is_safe(const char *path)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/";

	return path && path[0] && path[0] != '/' && !strstr(path, "..") && !strstr(path, "//") && path[strspn(path, allowed)] == '\0';
}

static enum status read_content(struct buf *out, struct archive *tar, la_int64_t size, struct error *e)
{
	size_t want = (size_t)size;

	buf_reset(out);
	if (!buf_reserve(out, want + 1))
		return error_set(e, STATUS_NOMEM, "out of memory");
	while (out->len < want) {
		char part[READ_BYTES];
		size_t left = want - out->len;
		la_ssize_t n = archive_read_data(tar, part, left < sizeof(part) ? left : sizeof(part));

		if (n <= 0)
			return failed(tar, STATUS_CORRUPT, "the backup is damaged or was cut short", e);
		buf_add(out, part, (size_t)n);
	}
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status visit_one(struct archive *tar, struct archive_entry *entry, struct buf *content, archive_visit visit, void *ctx, struct error *e)
{
	const char *path = archive_entry_pathname(entry);
	la_int64_t size = archive_entry_size(entry);
	enum status st = STATUS_OK;

	if (archive_entry_filetype(entry) != AE_IFREG || !is_safe(path) || size < 0 || size > ARCHIVE_FILE_BYTES)
		return error_set(e, STATUS_CORRUPT, "this is no backup of qip-server's: it holds \"%.100s\"", path ? path : "");
	st = read_content(content, tar, size, e);
	return st == STATUS_OK ? visit(ctx, path, content, e) : st;
}

static enum status each(struct archive *tar, struct buf *content, archive_visit visit, void *ctx, struct error *e)
{
	struct archive_entry *entry = NULL;
	bool ended = false;
	enum status st = STATUS_OK;
	int got = ARCHIVE_OK;

	while (st == STATUS_OK && (got = archive_read_next_header(tar, &entry)) == ARCHIVE_OK && !ended) {
		ended = strcmp(archive_entry_pathname(entry) ? archive_entry_pathname(entry) : "", END_MARK) == 0;
		if (!ended)
			st = visit_one(tar, entry, content, visit, ctx, e);
	}
	if (st == STATUS_OK && got != ARCHIVE_EOF)
		st = failed(tar, STATUS_CORRUPT, "the backup is damaged", e);
	if (st == STATUS_OK && !ended)
		st = error_set(e, STATUS_CORRUPT, "the backup was cut short; please use another one");
	return st;
}

enum status archive_in_each(int fd, archive_visit visit, void *ctx, struct error *e)
{
	struct archive *tar = archive_read_new();
	struct buf content = BUF_INIT;
	enum status st = STATUS_OK;

	if (!tar)
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (archive_read_support_format_tar(tar) != ARCHIVE_OK || archive_read_open_fd(tar, fd, READ_BYTES) != ARCHIVE_OK)
		st = failed(tar, STATUS_CORRUPT, "this is no backup of qip-server's", e);
	if (st == STATUS_OK)
		st = each(tar, &content, visit, ctx, e);
	buf_wipe(&content);
	(void)archive_read_free(tar);
	return st;
}
