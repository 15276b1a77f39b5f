/* client/journal_segment.c - the files of a journal. Numbers and bytes enter; preallocated, durable files leave. */
#include "client/journal_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPARE "next.spare"
#define SPARE_UNFINISHED "next.tmp"
#define NAME_DIGITS 20
#define NAMES_TRIED 1000
#define PAGE_BYTES 4096
#define UNREADABLE 0xff /* in no record, and not empty */

static const uint8_t zeros[64 * 1024];

void segment_name(char out[SEGMENT_NAME_MAX], uint64_t first)
{
	(void)snprintf(out, SEGMENT_NAME_MAX, "%020" PRIu64 ".qj", first);
}

bool segment_name_parse(uint64_t *first, const char *name)
{
	uint64_t value = 0;
	size_t len = strlen(name);

	if (name[0] == '.' || len >= SEGMENT_NAME_MAX || strcmp(name, SPARE) == 0 || strcmp(name, SPARE_UNFINISHED) == 0 || strcmp(name, "lock") == 0)
		return false;
	*first = 0;
	if (len != NAME_DIGITS + 3 || strcmp(name + NAME_DIGITS, ".qj") != 0)
		return true;
	for (size_t i = 0; i < NAME_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9' || value > (UINT64_MAX - 9) / 10)
			return true;
		value = value * 10 + (uint64_t)(name[i] - '0');
	}
	*first = value;
	return true;
}

enum status segment_open(int *fd, int dir, const char *name, int flags, struct error *e)
{
	int opened = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (opened < 0 && errno == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "%s is not in the journal any more", name);
	if (opened < 0 && (errno == EIO || errno == EUCLEAN))
		return error_set(e, STATUS_CORRUPT, "the disk does not give %s of the journal: %s", name, strerror(errno));
	if (opened < 0)
		return error_set_errno(e, errno, "cannot open %s of the journal", name);
	*fd = opened;
	return STATUS_OK;
}

/* One bad place of a disk must not cost what stands beside it. */
static enum status read_around(uint8_t *bytes, size_t *len, size_t size, int fd, struct error *e)
{
	size_t at = 0, bad = 0;
	enum status st = STATUS_OK;

	while (at < size) {
		size_t left = PAGE_BYTES - at % PAGE_BYTES;
		ssize_t n = pread(fd, bytes + at, bad == 0 || size - at < left ? size - at : left, (off_t)at);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			st = error_set_errno(e, errno, "cannot read the journal");
			n = (ssize_t)(size - at < left ? size - at : left);
			memset(bytes + at, UNREADABLE, (size_t)n);
			bad += (size_t)n;
		}
		at += (size_t)n;
	}
	*len = at;
	return bad > 0 && bad == at ? st : STATUS_OK;
}

static bool looks_damaged(uint8_t *bytes, size_t len)
{
	struct journal_cursor c = {.bytes = bytes, .len = len};
	struct journal_tail tail;
	struct journal_record r;

	while (journal_cursor_next(&c, &r))
		;
	journal_tail(&tail, &c, c.seq);
	return c.damaged > 0 || tail.damaged > 0 || tail.torn > 0;
}

enum status segment_load(struct buf *out, int fd, struct error *e)
{
	struct stat sb;
	uint8_t *bytes = NULL;
	size_t len = 0, size = 0;
	enum status st = STATUS_OK;

	if (fstat(fd, &sb) != 0)
		return error_set_errno(e, errno, "cannot read the journal");
	size = sb.st_size > JOURNAL_SEGMENT_BYTES ? JOURNAL_SEGMENT_BYTES : (size_t)sb.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		return error_set(e, STATUS_NOMEM, "no memory to read the journal");
	st = read_around(bytes, &len, size, fd, e);
	if (st == STATUS_OK && looks_damaged(bytes, len)) {
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		st = read_around(bytes, &len, size, fd, e);
	}
	if (st == STATUS_OK && journal_is_later(bytes, len))
		st = error_set(e, STATUS_UNSUPPORTED, "a newer version of this program wrote the journal: please install that one again; nothing is lost");
	if (st != STATUS_OK) {
		free(bytes);
		return st;
	}
	bytes[len] = 0;
	buf_clear(out);
	*out = (struct buf){.data = bytes, .len = len, .cap = size + 1};
	return STATUS_OK;
}

enum status segment_write(size_t *done, int fd, const void *bytes, size_t len, size_t at, struct error *e)
{
	const uint8_t *from = bytes;

	*done = 0;
	while (*done < len) {
		ssize_t n = pwrite(fd, from + *done, len - *done, (off_t)(at + *done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(e, errno, "cannot write the journal");
		if (n == 0)
			return error_set(e, STATUS_IO, "cannot write the journal: the device takes no more bytes");
		*done += (size_t)n;
	}
	return STATUS_OK;
}

static enum status write_zeros(int fd, size_t at, size_t len, struct error *e)
{
	size_t end = at + len;

	while (at < end) {
		size_t piece = end - at < sizeof(zeros) ? end - at : sizeof(zeros);
		size_t done = 0;
		enum status st = segment_write(&done, fd, zeros, piece, at, e);

		if (st != STATUS_OK)
			return st;
		at += piece;
	}
	return STATUS_OK;
}

enum status segment_erase(int fd, size_t at, size_t len, struct error *e)
{
	enum status st = write_zeros(fd, at, len, e);

	if (st == STATUS_OK && fdatasync(fd) != 0)
		return error_set_errno(e, errno, "cannot make the journal durable");
	return st;
}

bool segment_spare_ready(int dir)
{
	struct stat sb;

	return fstatat(dir, SPARE, &sb, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(sb.st_mode) &&
	       sb.st_size == JOURNAL_SEGMENT_BYTES;
}

enum status segment_prepare(int dir, struct error *e)
{
	enum status st = STATUS_OK;
	int fd = -1;

	if (segment_spare_ready(dir))
		return STATUS_OK;
	fd = openat(dir, SPARE_UNFINISHED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot add a file to the journal");
	st = write_zeros(fd, 0, JOURNAL_SEGMENT_BYTES, e);
	if (st == STATUS_OK && fsync(fd) != 0)
		st = error_set_errno(e, errno, "cannot add a file to the journal");
	if (st == STATUS_OK && renameat(dir, SPARE_UNFINISHED, dir, SPARE) != 0)
		st = error_set_errno(e, errno, "cannot add a file to the journal");
	(void)close(fd);
	if (st != STATUS_OK)
		(void)unlinkat(dir, SPARE_UNFINISHED, 0); /* gives its space back to the answers */
	return st;
}

/* A name that no file has: one whose name was damaged may stand in the way, and renaming would delete it. */
static enum status free_name(char name[SEGMENT_NAME_MAX], int dir, uint64_t first, struct error *e)
{
	for (uint64_t i = 0; i < NAMES_TRIED; i++) {
		segment_name(name, first + i);
		if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		return errno == ENOENT ? STATUS_OK : error_set_errno(e, errno, "cannot add %s to the journal", name);
	}
	return error_set(e, STATUS_CORRUPT, "the journal's files have names that they should not have: ask for help");
}

enum status segment_begin(int *fd, char name[SEGMENT_NAME_MAX], int dir, uint64_t first, struct error *e)
{
	enum status st = segment_prepare(dir, e);
	int opened = -1;

	if (st == STATUS_OK)
		st = free_name(name, dir, first, e);
	if (st != STATUS_OK)
		return st;
	opened = openat(dir, SPARE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (opened < 0)
		return error_set_errno(e, errno, "cannot open the journal's next file");
	if (renameat(dir, SPARE, dir, name) != 0 || fsync(dir) != 0) {
		st = error_set_errno(e, errno, "cannot add %s to the journal", name);
		(void)close(opened);
		return st;
	}
	*fd = opened;
	return STATUS_OK;
}
