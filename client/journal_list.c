/* client/journal_list.c - which segments a journal has. Names enter; files in the order of their records leave. */
#include "client/journal_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int compare_first(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->first != y->first)
		return x->first > y->first ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void look_through(struct segment *s, uint8_t *bytes, size_t len)
{
	struct journal_cursor c = {.bytes = bytes, .len = len};
	struct journal_record r;
	struct journal_tail tail;

	while (journal_cursor_next(&c, &r)) {
		if (s->last == 0)
			s->first = r.seq;
		s->last = r.seq;
	}
	journal_tail(&tail, &c, c.seq);
	s->end = tail.end;
	s->damaged = c.damaged + tail.damaged;
}

/* *found: it is one of the journal's. Of a file whose name says nothing, its records have to say so. */
static enum status read_segment(struct segment *s, bool *found, int dir, const char *name, struct error *e)
{
	struct buf bytes = BUF_INIT;
	struct stat sb;
	int fd = -1;
	enum status st = STATUS_OK;

	*s = (struct segment){.last = 0};
	*found = false;
	if (!segment_name_parse(&s->first, name))
		return STATUS_OK;
	st = segment_open(&fd, dir, name, O_RDONLY, e);
	if (st == STATUS_CORRUPT)
		st = segment_open(&fd, dir, name, O_RDONLY, e); /* a disk that stumbles once */
	if (st == STATUS_CORRUPT && s->first > 0) {
		*s = (struct segment){.first = s->first, .size = JOURNAL_SEGMENT_BYTES, .unreadable = true};
		memcpy(s->name, name, strlen(name) + 1);
		*found = true;
		return STATUS_OK;
	}
	if (st != STATUS_OK)
		return st == STATUS_NOT_FOUND || s->first == 0 ? STATUS_OK : st;
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode))
		goto done;
	st = segment_load(&bytes, fd, e);
	s->unreadable = st == STATUS_IO;
	if (st == STATUS_OK)
		look_through(s, bytes.data, bytes.len);
	if (s->unreadable)
		st = STATUS_OK; /* who needs it will be told */
	memcpy(s->name, name, strlen(name) + 1);
	s->file = sb.st_ino;
	s->size = (size_t)sb.st_size;
	*found = s->first > 0;
done:
	if (fd >= 0)
		(void)close(fd);
	buf_clear(&bytes);
	return st;
}

/* NULL unless it is known, and nothing is written to it any more. */
static const struct segment *find_settled(const struct segment_list *known, const char *name, ino_t file)
{
	for (size_t i = 0; i + 1 < known->len; i++) {
		if (known->segments[i].file == file && strcmp(known->segments[i].name, name) == 0)
			return &known->segments[i];
	}
	return NULL;
}

static enum status add_segment(struct segment_list *list, const struct segment_list *known, int dir, const char *name, ino_t file, struct error *e)
{
	const struct segment *settled = find_settled(known, name, file);
	struct segment s;
	bool found = true;
	enum status st = STATUS_OK;

	if (settled)
		s = *settled;
	else
		st = read_segment(&s, &found, dir, name, e);
	if (st != STATUS_OK || !found)
		return st;
	if (list->len == SEGMENT_LIST_MAX)
		return error_set(e, STATUS_TOO_BIG, "the journal has more than %d files", SEGMENT_LIST_MAX);
	list->segments[list->len++] = s;
	return STATUS_OK;
}

enum status segment_list_update(struct segment_list *list, int dir, struct error *e)
{
	struct segment_list *fresh = calloc(1, sizeof(*fresh));
	const struct dirent *entry = NULL;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	enum status st = STATUS_OK;

	if (!d || !fresh)
		st = error_set_errno(e, d ? ENOMEM : errno, "cannot list the journal");
	while (st == STATUS_OK && (errno = 0, entry = readdir(d)) != NULL)
		st = add_segment(fresh, list, dir, entry->d_name, entry->d_ino, e);
	if (st == STATUS_OK && errno != 0)
		st = error_set_errno(e, errno, "cannot list the journal");
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
	if (st == STATUS_OK) {
		qsort(fresh->segments, fresh->len, sizeof(fresh->segments[0]), compare_first);
		*list = *fresh;
	}
	free(fresh);
	return st;
}

uint64_t segment_list_last(const struct segment_list *list)
{
	uint64_t last = 0;

	for (size_t i = 0; i < list->len; i++) {
		if (list->segments[i].last > last)
			last = list->segments[i].last;
	}
	return last;
}
