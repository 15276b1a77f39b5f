/* client/journal_read.c - reading the journal back and letting go of what is no longer needed. Durable records leave, oldest first;
 * segments whose records have all arrived elsewhere are deleted. */
#include "client/journal_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum status journal_reach(bool *there, struct journal *j, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&j->lock);
	if (j->dir < 0)
		j->dir = open(j->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0 && (errno != ENOENT || j->mode == JOURNAL_WRITE))
		st = error_set_errno(e, errno, "cannot open the journal's folder %s", j->path);
	*there = j->dir >= 0;
	(void)pthread_mutex_unlock(&j->lock);
	return st;
}

/* Number of the last record of one segment, 0 when it has none. */
static enum status last_of_segment(uint64_t *seq, int dir, uint64_t first, struct error *e)
{
	struct buf bytes = BUF_INIT;
	struct journal_cursor c = {0};
	struct journal_record r;
	int fd = -1;
	enum status st = segment_open(&fd, dir, first, O_RDONLY, e);

	if (st == STATUS_OK)
		st = segment_load(&bytes, fd, e);
	if (st == STATUS_OK) {
		c.bytes = bytes.data;
		c.len = bytes.len;
		while (journal_cursor_next(&c, &r))
			;
		*seq = c.seq;
	}
	if (fd >= 0)
		(void)close(fd);
	buf_clear(&bytes);
	return st;
}

enum status journal_last_of(uint64_t *seq, int dir, const struct segment_list *list, struct error *e)
{
	*seq = 0;
	for (size_t i = list->len; i > 0 && *seq == 0; i--) {
		enum status st = last_of_segment(seq, dir, list->first[i - 1], e);

		if (st != STATUS_OK && st != STATUS_NOT_FOUND)
			return st;
	}
	return STATUS_OK;
}

/* Where this call's view ends. */
struct horizon {
	bool known;     /* the writer knows how far its bytes are durable; a reader makes what it read durable instead */
	uint64_t first; /* newest segment */
	size_t end;
};

static enum status load_durable(struct buf *bytes, const struct journal *j, uint64_t first, bool newest, const struct horizon *h,
				struct error *e)
{
	int fd = -1;
	enum status st = segment_open(&fd, j->dir, first, O_RDONLY, e);

	if (st == STATUS_OK)
		st = segment_load(bytes, fd, e);
	if (st == STATUS_OK && h->known && first == h->first && bytes->len > h->end)
		bytes->len = h->end;
	/* Bytes read may still be on their way to the disk for the writer; nobody may act on an answer that a power cut can take back. */
	if (st == STATUS_OK && !h->known && newest && fdatasync(fd) != 0 && errno != EROFS && errno != EINVAL)
		st = error_set_errno(e, errno, "cannot make the journal durable");
	if (fd >= 0)
		(void)close(fd);
	return st;
}

static enum status visit_bytes(const struct buf *bytes, uint64_t from, journal_visit visit, void *ctx, struct error *e)
{
	struct journal_cursor c = {.bytes = bytes->data, .len = bytes->len};
	struct journal_record r;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && journal_cursor_next(&c, &r)) {
		if (r.seq >= from)
			st = visit(ctx, &r, e);
	}
	return st;
}

enum status journal_each(struct journal *j, uint64_t from, journal_visit visit, void *ctx, struct error *e)
{
	struct segment_list list = {.len = 0};
	struct horizon h;
	struct buf bytes = BUF_INIT;
	bool there = false;
	enum status st = journal_reach(&there, j, e);

	if (st != STATUS_OK || !there)
		return st;
	(void)pthread_mutex_lock(&j->lock);
	h = (struct horizon){.known = j->mode == JOURNAL_WRITE, .first = j->first, .end = j->end};
	(void)pthread_mutex_unlock(&j->lock);
	st = segment_each(&list, j->dir, e);
	for (size_t i = 0; st == STATUS_OK && i < list.len; i++) {
		bool newest = i + 1 == list.len;

		if ((!newest && list.first[i + 1] <= from) || (h.known && list.first[i] > h.first))
			continue;
		st = load_durable(&bytes, j, list.first[i], newest, &h, e);
		if (st == STATUS_OK)
			st = visit_bytes(&bytes, from, visit, ctx, e);
		else if (st == STATUS_NOT_FOUND)
			st = STATUS_OK; /* released since it was listed */
	}
	buf_clear(&bytes);
	return st;
}

uint64_t journal_last(struct journal *j)
{
	struct segment_list list;
	uint64_t last = 0;
	bool there = false;

	if (j->mode == JOURNAL_WRITE) {
		(void)pthread_mutex_lock(&j->lock);
		last = j->last_seq;
		(void)pthread_mutex_unlock(&j->lock);
		return last;
	}
	if (journal_reach(&there, j, NULL) != STATUS_OK || !there || segment_each(&list, j->dir, NULL) != STATUS_OK ||
	    journal_last_of(&last, j->dir, &list, NULL) != STATUS_OK)
		return 0;
	return last;
}

uint64_t journal_size(struct journal *j)
{
	struct segment_list list;
	uint64_t size = 0;
	bool there = false;

	if (journal_reach(&there, j, NULL) != STATUS_OK || !there || segment_each(&list, j->dir, NULL) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < list.len; i++) {
		char name[SEGMENT_NAME_MAX];
		struct stat sb;

		segment_name(name, list.first[i]);
		if (fstatat(j->dir, name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
			size += (uint64_t)sb.st_size;
	}
	return size;
}

static enum status written_before(void *ctx, const struct journal_record *record, struct error *e)
{
	const int64_t *before_ms = ctx;

	(void)e;
	return record->wall_ms < *before_ms ? STATUS_OK : STATUS_EXISTS;
}

/* *old: every record of the segment was written before the time. */
static enum status segment_is_old(bool *old, int dir, uint64_t first, int64_t before_ms, struct error *e)
{
	struct buf bytes = BUF_INIT;
	int fd = -1;
	enum status st = segment_open(&fd, dir, first, O_RDONLY, e);

	*old = false;
	if (st == STATUS_OK)
		st = segment_load(&bytes, fd, e);
	if (st == STATUS_OK)
		*old = visit_bytes(&bytes, 0, written_before, &before_ms, NULL) == STATUS_OK;
	if (fd >= 0)
		(void)close(fd);
	buf_clear(&bytes);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status journal_release(struct journal *j, uint64_t seq, int64_t before_ms, struct error *e)
{
	struct segment_list list = {.len = 0};
	bool there = false, gone = false;
	enum status st = journal_reach(&there, j, e);

	if (st == STATUS_OK && there)
		st = segment_each(&list, j->dir, e);
	for (size_t i = 0; st == STATUS_OK && i + 1 < list.len && list.first[i + 1] - 1 <= seq; i++) {
		char name[SEGMENT_NAME_MAX];
		bool old = false;

		segment_name(name, list.first[i]);
		st = segment_is_old(&old, j->dir, list.first[i], before_ms, e);
		if (st != STATUS_OK || !old)
			continue;
		if (unlinkat(j->dir, name, 0) != 0 && errno != ENOENT)
			st = error_set_errno(e, errno, "cannot delete %s of the journal", name);
		gone = true;
	}
	if (st == STATUS_OK && gone && fsync(j->dir) != 0)
		st = error_set_errno(e, errno, "cannot make the journal durable");
	return st;
}
