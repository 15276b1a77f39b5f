/* client/journal_segment.c - the files of a journal. Numbers and bytes enter; preallocated, durable files leave. */
#include "client/journal_segment.h"

#include <dirent.h>
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

static const uint8_t zeros[64 * 1024];

void segment_name(char out[SEGMENT_NAME_MAX], uint64_t first)
{
	(void)snprintf(out, SEGMENT_NAME_MAX, "%020" PRIu64 ".qj", first);
}

static bool name_parse(uint64_t *first, const char *name)
{
	uint64_t value = 0;

	if (strlen(name) != NAME_DIGITS + 3 || strcmp(name + NAME_DIGITS, ".qj") != 0)
		return false;
	for (size_t i = 0; i < NAME_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9' || value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(name[i] - '0');
	}
	*first = value;
	return true;
}

static int compare_first(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

enum status segment_each(struct segment_list *out, int dir, struct error *e)
{
	struct segment_list list = {.len = 0};
	const struct dirent *entry = NULL;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		enum status st = error_set_errno(e, errno, "cannot list the journal");

		if (fd >= 0)
			(void)close(fd);
		return st;
	}
	while (list.len < SEGMENT_LIST_MAX && (entry = readdir(d)) != NULL) {
		if (name_parse(&list.first[list.len], entry->d_name))
			list.len++;
	}
	(void)closedir(d);
	if (list.len == SEGMENT_LIST_MAX)
		return error_set(e, STATUS_TOO_BIG, "the journal has more than %d files", SEGMENT_LIST_MAX - 1);
	qsort(list.first, list.len, sizeof(list.first[0]), compare_first);
	*out = list;
	return STATUS_OK;
}

enum status segment_open(int *fd, int dir, uint64_t first, int flags, struct error *e)
{
	char name[SEGMENT_NAME_MAX];
	int opened = -1;

	segment_name(name, first);
	opened = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW);
	if (opened < 0 && errno == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "%s is not in the journal any more", name);
	if (opened < 0)
		return error_set_errno(e, errno, "cannot open %s of the journal", name);
	*fd = opened;
	return STATUS_OK;
}

enum status segment_load(struct buf *out, int fd, struct error *e)
{
	struct stat sb;
	uint8_t *bytes = NULL;
	size_t len = 0, size = 0;

	if (fstat(fd, &sb) != 0)
		return error_set_errno(e, errno, "cannot read the journal");
	size = sb.st_size > JOURNAL_SEGMENT_BYTES ? JOURNAL_SEGMENT_BYTES : (size_t)sb.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		return error_set(e, STATUS_NOMEM, "no memory to read the journal");
	while (len < size) {
		ssize_t n = pread(fd, bytes + len, size - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			enum status st = error_set_errno(e, errno, "cannot read the journal");

			free(bytes);
			return st;
		}
		if (n == 0)
			break;
		len += (size_t)n;
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

static bool spare_ready(int dir)
{
	struct stat sb;

	return fstatat(dir, SPARE, &sb, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(sb.st_mode) &&
	       sb.st_size == JOURNAL_SEGMENT_BYTES;
}

enum status segment_prepare(int dir, struct error *e)
{
	enum status st = STATUS_OK;
	int fd = -1;

	if (spare_ready(dir))
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

enum status segment_begin(int *fd, int dir, uint64_t first, struct error *e)
{
	char name[SEGMENT_NAME_MAX];
	enum status st = segment_prepare(dir, e);
	int opened = -1;

	if (st != STATUS_OK)
		return st;
	segment_name(name, first);
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
