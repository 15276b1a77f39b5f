/* client/journal_read.c - reading the journal back and letting go of what is no longer needed. Durable records leave, oldest first;
 * segments whose records have all arrived elsewhere are deleted. */
#include "client/journal_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
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

/* Nobody else writes, so that the writer need not look into its files again unless some came or went: it does so with each answer. */
static enum status update_list(struct journal *j, struct error *e)
{
	struct stat sb = {.st_size = 0};
	bool known = j->mode == JOURNAL_WRITE && j->list.len > 0 && fstat(j->dir, &sb) == 0 && sb.st_mtim.tv_sec == j->listed.tv_sec &&
		     sb.st_mtim.tv_nsec == j->listed.tv_nsec;
	enum status st = known ? STATUS_OK : segment_list_update(&j->list, j->dir, e);

	if (st == STATUS_OK && !known)
		j->listed = sb.st_mtim;
	for (size_t i = 0; st == STATUS_OK && j->mode == JOURNAL_WRITE && i < j->list.len; i++) {
		if (j->list.segments[i].file == j->file)
			j->list.segments[i].end = j->end;
	}
	return st;
}

enum status journal_list(struct segment_list **out, struct journal *j, struct error *e)
{
	struct segment_list *list = calloc(1, sizeof(*list));
	bool there = false;
	enum status st = list ? journal_reach(&there, j, e) : error_set(e, STATUS_NOMEM, "no memory to read the journal");

	if (st == STATUS_OK && there) {
		(void)pthread_mutex_lock(&j->lock);
		st = update_list(j, e);
		if (st == STATUS_OK)
			*list = j->list;
		(void)pthread_mutex_unlock(&j->lock);
	}
	if (st == STATUS_OK)
		*out = list;
	else
		free(list);
	return st;
}

/* What one call visits. */
struct tour {
	uint64_t from;     /* the next number to give: two files may hold the same records */
	uint64_t to;       /* the last that is durable */
	bool confirm;      /* the writer knows what is durable; a reader makes what it read so */
	journal_visit visit;
	void *ctx;
};

/* Bytes read may still be on their way to the disk for the writer; nobody may act on an answer that a power cut can take back. */
static enum status load_durable(struct buf *bytes, const struct journal *j, const struct segment *s, bool confirm, struct error *e)
{
	int fd = -1;
	enum status st = segment_open(&fd, j->dir, s->name, O_RDONLY, e);

	if (st == STATUS_OK)
		st = segment_load(bytes, fd, e);
	if (st == STATUS_OK && confirm && fdatasync(fd) != 0 && errno != EROFS && errno != EINVAL)
		st = error_set_errno(e, errno, "cannot make the journal durable");
	if (fd >= 0)
		(void)close(fd);
	return st;
}

static enum status visit_bytes(struct tour *t, const struct buf *bytes, struct error *e)
{
	struct journal_cursor c = {.bytes = bytes->data, .len = bytes->len};
	struct journal_record r;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && journal_cursor_next(&c, &r)) {
		if (r.seq < t->from || r.seq > t->to)
			continue;
		t->from = r.seq + 1;
		st = t->visit(t->ctx, &r, e);
	}
	return st;
}

/* Whether a segment can hold a record from a number on. The newest may have grown since it was looked through. */
static bool may_hold(const struct segment_list *list, size_t i, uint64_t from)
{
	const struct segment *s = &list->segments[i];

	return i + 1 == list->len || s->last >= from || (s->unreadable && s[1].first > from);
}

enum status journal_each(struct journal *j, uint64_t from, journal_visit visit, void *ctx, struct error *e)
{
	struct tour t = {.from = from, .to = UINT64_MAX, .confirm = j->mode == JOURNAL_READ, .visit = visit, .ctx = ctx};
	struct segment_list *list = NULL;
	struct buf bytes = BUF_INIT;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&j->lock);
	if (j->mode == JOURNAL_WRITE)
		t.to = j->last_seq;
	(void)pthread_mutex_unlock(&j->lock);
	st = journal_list(&list, j, e);
	for (size_t i = 0; st == STATUS_OK && i < list->len; i++) {
		bool newest = i + 1 == list->len;

		if (!may_hold(list, i, t.from))
			continue;
		st = load_durable(&bytes, j, &list->segments[i], t.confirm && newest, e);
		if (st == STATUS_OK)
			st = visit_bytes(&t, &bytes, e);
		else if (st == STATUS_NOT_FOUND || (j->past_unreadable && list->segments[i].unreadable))
			st = STATUS_OK; /* released since it was listed, or given up */
	}
	buf_clear(&bytes);
	free(list);
	return st;
}

void journal_pass_unreadable(struct journal *j)
{
	(void)pthread_mutex_lock(&j->lock);
	j->past_unreadable = true;
	(void)pthread_mutex_unlock(&j->lock);
}

uint64_t journal_last(struct journal *j)
{
	struct segment_list *list = NULL;
	uint64_t last = 0;

	if (j->mode == JOURNAL_WRITE) {
		(void)pthread_mutex_lock(&j->lock);
		last = j->last_seq;
		(void)pthread_mutex_unlock(&j->lock);
		return last;
	}
	if (journal_list(&list, j, NULL) == STATUS_OK)
		last = segment_list_last(list);
	free(list);
	return last;
}

uint64_t journal_size(struct journal *j)
{
	struct segment_list *list = NULL;
	uint64_t size = 0;

	if (journal_list(&list, j, NULL) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < list->len; i++)
		size += list->segments[i].size;
	free(list);
	return size;
}

/* Bytes of the segments that can still be made: the limit and the disk leave room for them. */
static uint64_t room_for_more(const struct journal *j, const struct segment_list *list)
{
	uint64_t more = list->len * JOURNAL_SEGMENT_BYTES < JOURNAL_MAX_BYTES ? JOURNAL_MAX_BYTES - list->len * JOURNAL_SEGMENT_BYTES : 0;
	struct statvfs disk;

	if (fstatvfs(j->dir, &disk) == 0) {
		uint64_t spare = segment_spare_ready(j->dir) ? JOURNAL_SEGMENT_BYTES : 0;
		uint64_t left = spare + (uint64_t)disk.f_bavail * disk.f_frsize / JOURNAL_SEGMENT_BYTES * JOURNAL_SEGMENT_BYTES;

		more = left < more ? left : more;
	}
	return more;
}

unsigned journal_percent(struct journal *j)
{
	struct segment_list *list = NULL;
	const struct segment *newest = NULL;
	uint64_t used = 0, more = 0, room = 0;
	unsigned percent = 0;

	if (journal_list(&list, j, NULL) != STATUS_OK || list->len == 0)
		goto done;
	newest = &list->segments[list->len - 1];
	used = (list->len - 1) * JOURNAL_SEGMENT_BYTES + newest->end;
	more = room_for_more(j, list);
	room = newest->size > newest->end ? newest->size - newest->end : 0;
	percent = more == 0 && room < journal_record_size(JOURNAL_MAX_RECORD, 0) ? 100 : (unsigned)(used * 100 / (used + more + room + 1));
done:
	free(list);
	return percent;
}

bool journal_has_unreadable(struct journal *j)
{
	struct segment_list *list = NULL;
	bool has = false;

	if (journal_list(&list, j, NULL) != STATUS_OK)
		return false;
	for (size_t i = 0; i < list->len; i++)
		has = has || list->segments[i].unreadable;
	free(list);
	return has;
}

unsigned journal_damaged(struct journal *j)
{
	struct segment_list *list = NULL;
	unsigned damaged = 0;

	if (journal_list(&list, j, NULL) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < list->len; i++)
		damaged += list->segments[i].damaged + list->segments[i].unreadable;
	free(list);
	return damaged;
}

/* The number of a segment's last record; of one without any, of the next that has some. */
static uint64_t last_of(const struct segment_list *list, size_t i)
{
	while (i + 1 < list->len && list->segments[i].last == 0)
		i++;
	return list->segments[i].last;
}

/* Whether all that a segment held has a number up to this one. What damage has taken was numbered before the next. */
static bool is_behind(const struct segment_list *list, size_t i, uint64_t seq)
{
	return list->segments[i].last <= seq && list->segments[i + 1].first <= seq + 1;
}

enum status journal_release(struct journal *j, uint64_t seq, uint64_t bytes, journal_old is_old, void *ctx, struct error *e)
{
	struct segment_list *list = NULL;
	uint64_t size = 0;
	bool gone = false;
	enum status st = journal_list(&list, j, e);

	for (size_t i = 0; st == STATUS_OK && i < list->len; i++)
		size += list->segments[i].size;
	for (size_t i = 0; st == STATUS_OK && i + 1 < list->len && is_behind(list, i, seq); i++) {
		if (size <= bytes && !is_old(ctx, last_of(list, i)))
			break;
		if (unlinkat(j->dir, list->segments[i].name, 0) != 0 && errno != ENOENT)
			st = error_set_errno(e, errno, "cannot delete %s of the journal", list->segments[i].name);
		size -= list->segments[i].size;
		gone = true;
	}
	if (st == STATUS_OK && gone && fsync(j->dir) != 0)
		st = error_set_errno(e, errno, "cannot make the journal durable");
	free(list);
	return st;
}
