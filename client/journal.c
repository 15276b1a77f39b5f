/* client/journal.c - stage 2 of 9: an answer becomes durable.
 *
 * Enters: one captured answer (JSON and, sealed, its comment). Leaves: a numbered record on disk, after one fdatasync.
 * The bytes of a record are journal_record.c's, the files journal_segment.c's, reading back journal_read.c's; here is who may write, when,
 * and what a failure means.
 */
#include "client/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/journal_handle.h"

#define LOCK_NAME "lock"
#define PREPARE_STACK_BYTES (256 * 1024)
#define NAME_REACH 10000 /* numbers that a file's name alone may skip */
#define UNREADABLE_REACH 256 /* numbers that a newest file may hold of which nobody can say: rather some too many are told as lost than one is given twice */

static enum status make_directory(const char *path, struct error *e)
{
	char *parent = NULL;
	const char *slash = strrchr(path, '/');
	int fd = -1;
	enum status st = STATUS_OK;

	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? STATUS_OK : error_set_errno(e, errno, "cannot make the journal's folder %s", path);
	parent = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	fd = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0 || fsync(fd) != 0)
		st = error_set_errno(e, errno, "cannot make the journal's folder %s durable", path);
	if (fd >= 0)
		(void)close(fd);
	free(parent);
	return st;
}

static enum status take_lock(struct journal *j, struct error *e)
{
	j->lock_file = openat(j->dir, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (j->lock_file < 0)
		return error_set_errno(e, errno, "cannot write into the journal's folder %s", j->path);
	if (flock(j->lock_file, LOCK_EX | LOCK_NB) == 0)
		return STATUS_OK;
	if (errno == EWOULDBLOCK)
		return error_set(e, STATUS_BUSY, "another program is writing the journal in %s", j->path);
	return error_set_errno(e, errno, "cannot lock the journal in %s", j->path);
}

/* Where the newest segment is, so that it can be missed. */
static enum status know_newest(struct journal *j, const char *name, struct error *e)
{
	struct stat file, folder;

	free(j->newest_path);
	if (asprintf(&j->newest_path, "%s/%s", j->path, name) < 0) {
		j->newest_path = NULL;
		return error_set(e, STATUS_NOMEM, "no memory to open the journal");
	}
	if (fstat(j->newest, &file) != 0 || fstat(j->dir, &folder) != 0)
		return error_set_errno(e, errno, "cannot open the journal's newest file");
	j->file = file.st_ino;
	j->disk = folder.st_dev;
	j->folder = folder.st_ino;
	return STATUS_OK;
}

/* A segment of its own, in the place of the newest. */
static enum status begin_segment(struct journal *j, uint64_t first, struct error *e)
{
	char name[SEGMENT_NAME_MAX];
	int fd = -1;
	enum status st = segment_begin(&fd, name, j->dir, first, e);

	if (st != STATUS_OK)
		return st;
	if (j->newest >= 0)
		(void)close(j->newest);
	j->newest = fd;
	j->end = 0;
	j->capacity = JOURNAL_SEGMENT_BYTES;
	j->listed = (struct timespec){0};
	return know_newest(j, name, e);
}

/* What a power cut or a failed write left behind must not be taken for a record later, and a record that was found must be on the disk,
 * not only in the kernel's memory: after a failed fdatasync its pages count as clean although they never arrived. So the last record is
 * written again. */
static enum status settle_newest(struct journal *j, const struct journal_cursor *c, const struct journal_tail *t, struct error *e)
{
	size_t done = 0;
	enum status st = STATUS_OK;

	if (c->at > c->record_at)
		st = segment_write(&done, j->newest, c->bytes + c->record_at, c->at - c->record_at, c->record_at, e);
	if (st == STATUS_OK && t->torn > 0)
		st = segment_erase(j->newest, t->end, t->torn, e);
	if (st == STATUS_OK && fdatasync(j->newest) != 0)
		st = error_set_errno(e, errno, "cannot make the journal durable");
	return st;
}

/* The disk has gone bad there and nowhere else, perhaps: the last record, whose fate is unknown, is made durable in a new segment. */
static enum status move_away(struct journal *j, const struct journal_cursor *c, struct error *e)
{
	size_t len = c->at - c->record_at, done = 0;
	enum status st = begin_segment(j, j->next_seq, e);

	if (st == STATUS_OK && len > 0)
		st = segment_write(&done, j->newest, c->bytes + c->record_at, len, 0, e);
	if (st == STATUS_OK && len > 0 && fdatasync(j->newest) != 0)
		st = error_set_errno(e, errno, "cannot make the journal durable");
	j->end = len;
	return st;
}

/* `before`: number of the last record that is known of. */
static enum status open_newest(struct journal *j, const struct segment *s, uint64_t before, struct error *e)
{
	struct journal_record r;
	struct journal_cursor c = {.at = 0};
	struct journal_tail tail;
	struct buf bytes = BUF_INIT;
	enum status st = segment_open(&j->newest, j->dir, s->name, O_RDWR, e);

	if (st == STATUS_OK)
		st = segment_load(&bytes, j->newest, e);
	if (st == STATUS_OK)
		st = know_newest(j, s->name, e);
	if (st != STATUS_OK)
		goto done;
	c.bytes = bytes.data;
	c.len = bytes.len;
	while (journal_cursor_next(&c, &r))
		;
	journal_tail(&tail, &c, c.seq > before ? c.seq : before);
	j->end = tail.end;
	j->capacity = bytes.len;
	j->next_seq = tail.highest + 1;
	st = settle_newest(j, &c, &tail, e);
	if (st == STATUS_IO && c.record_at > 0) /* once: a disk that is dead would get a new file each time */
		st = move_away(j, &c, e);
done:
	buf_clear(&bytes);
	return st;
}

/* What precedes a segment without records is what its name says, unless the name itself is damaged. */
static uint64_t number_before(const struct segment *newest, uint64_t last)
{
	bool believable = newest->last == 0 && newest->first > last && newest->first - last <= NAME_REACH;

	return believable ? newest->first - 1 : last;
}

/* Without a spare the journal still works; the answer that needs one will tell why there is none. */
static void *prepare(void *arg)
{
	const struct journal *j = arg;

	return segment_prepare(j->dir, NULL) == STATUS_OK ? arg : NULL;
}

static enum status open_writer(struct journal *j, uint64_t first_seq, struct error *e)
{
	const struct segment *newest = NULL;
	enum status st = take_lock(j, e);

	if (st == STATUS_OK)
		st = j->env->random(j->env->ctx, (uint8_t *)&j->masks, sizeof(j->masks));
	if (st == STATUS_OK)
		st = segment_list_update(&j->list, j->dir, e);
	if (st != STATUS_OK)
		return st;
	j->last_seq = segment_list_last(&j->list);
	j->next_seq = first_seq;
	newest = j->list.len > 0 ? &j->list.segments[j->list.len - 1] : NULL;
	if (!newest) {
		st = begin_segment(j, first_seq, e);
	} else if (newest->unreadable) {
		j->next_seq = (newest->first > first_seq ? newest->first : first_seq) + UNREADABLE_REACH;
		st = begin_segment(j, j->next_seq, e);
	} else {
		st = open_newest(j, newest, number_before(newest, j->last_seq), e);
	}
	if (j->next_seq < first_seq)
		j->next_seq = first_seq;
	if (st == STATUS_OK)
		(void)prepare(j);
	return st;
}

enum status journal_open(struct journal **out, const char *dir, enum journal_mode mode, uint64_t first_seq, const struct env *env,
			 struct error *e)
{
	struct journal *j = calloc(1, sizeof(*j));
	bool there = false;
	enum status st = STATUS_OK;

	if (!j)
		return error_set(e, STATUS_NOMEM, "no memory to open the journal");
	(void)pthread_mutex_init(&j->lock, NULL);
	j->env = env;
	j->mode = mode;
	j->dir = j->lock_file = j->newest = -1;
	j->path = strdup(dir);
	env->boot_id(env->ctx, j->boot_id);
	if (!j->path)
		st = error_set(e, STATUS_NOMEM, "no memory to open the journal");
	if (st == STATUS_OK && mode == JOURNAL_WRITE)
		st = make_directory(dir, e);
	if (st == STATUS_OK)
		st = journal_reach(&there, j, e);
	if (st == STATUS_OK && mode == JOURNAL_WRITE)
		st = open_writer(j, first_seq > 0 ? first_seq : 1, e);
	if (st != STATUS_OK) {
		journal_close(j);
		return st;
	}
	*out = j;
	return STATUS_OK;
}

static void await_preparer(struct journal *j)
{
	if (j->preparing)
		(void)pthread_join(j->preparer, NULL);
	j->preparing = false;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	await_preparer(j);
	if (j->newest >= 0)
		(void)close(j->newest);
	if (j->lock_file >= 0)
		(void)close(j->lock_file);
	if (j->dir >= 0)
		(void)close(j->dir);
	(void)pthread_mutex_destroy(&j->lock);
	free(j->newest_path);
	free(j->path);
	free(j);
}

static void start_preparer(struct journal *j)
{
	pthread_attr_t attr;

	if (pthread_attr_init(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, PREPARE_STACK_BYTES) == 0)
		j->preparing = pthread_create(&j->preparer, &attr, prepare, j) == 0;
	(void)pthread_attr_destroy(&attr);
}

/* Go over to the next segment. */
static enum status roll_over(struct journal *j, struct error *e)
{
	enum status st = segment_list_update(&j->list, j->dir, e);

	if (st != STATUS_OK)
		return st;
	if ((j->list.len + 1) * JOURNAL_SEGMENT_BYTES > JOURNAL_MAX_BYTES)
		return error_set(e, STATUS_NO_SPACE, "the journal is full: %d MiB of answers wait to be sent; check the network and sync",
				 JOURNAL_MAX_BYTES / (1024 * 1024));
	await_preparer(j);
	st = begin_segment(j, j->next_seq, e);
	if (st == STATUS_OK)
		start_preparer(j);
	return st;
}

/* Nobody who does not know the disk can say what the next will be (splitmix64). */
static uint64_t next_mask(struct journal *j)
{
	uint64_t z = j->masks += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* The bytes are on a disk; but are they where somebody will look for them? The file itself is not asked when it was changed: its next change would
 * cost more then. */
static enum status check_place(struct journal *j, struct error *e)
{
	struct stat sb;

	if (stat(j->path, &sb) == 0 && sb.st_dev == j->disk && sb.st_ino == j->folder && access(j->newest_path, F_OK) == 0)
		return STATUS_OK;
	j->in_doubt = true;
	return error_set(e, STATUS_STALE, "the journal's folder %s is not where it was", j->path);
}

/* One write, one fdatasync. A write that failed is taken back; when that fails too, or the kernel says that it could not bring the
 * bytes to the disk, nobody knows what is there. */
static enum status write_durably(struct journal *j, const uint8_t *bytes, size_t size, struct error *e)
{
	size_t done = 0;
	enum status st = segment_write(&done, j->newest, bytes, size, j->end, e);

	if (st != STATUS_OK) {
		if (done > 0 && segment_erase(j->newest, j->end, done, NULL) != STATUS_OK)
			j->in_doubt = true;
		return st;
	}
	if (fdatasync(j->newest) != 0) {
		j->in_doubt = true;
		return error_set(e, STATUS_IO, "the disk did not confirm the answer: %s", strerror(errno));
	}
	return check_place(j, e);
}

static enum status append_locked(uint64_t *seq, struct journal *j, struct journal_record *r, uint8_t *bytes, size_t size,
				 struct error *e)
{
	const struct env *env = j->env;
	enum status st = STATUS_OK;

	if (j->in_doubt)
		return error_set(e, STATUS_IO, "the disk failed to keep an answer; the journal must be opened again first");
	if (size > j->capacity || j->end > j->capacity - size) {
		st = roll_over(j, e);
		if (st != STATUS_OK)
			return st;
	}
	r->seq = j->next_seq;
	r->wall_ms = env->now_ms(env->ctx);
	r->monotonic_ms = env->monotonic_ms(env->ctx);
	r->quality = env->quality(env->ctx);
	memcpy(r->boot_id, j->boot_id, sizeof(r->boot_id));
	journal_record_encode(bytes, r, next_mask(j));
	st = write_durably(j, bytes, size, e);
	if (st != STATUS_OK)
		return st;
	j->end += size;
	j->last_seq = j->next_seq++;
	*seq = j->last_seq;
	return STATUS_OK;
}

enum status journal_append(uint64_t *seq, struct journal *j, const void *json, size_t json_len, const void *attachment,
			   size_t attachment_len, struct error *e)
{
	struct journal_record r = {.json = json, .json_len = json_len, .attachment = attachment, .attachment_len = attachment_len};
	uint8_t *bytes = NULL;
	size_t size = 0;
	enum status st = STATUS_OK;

	if (j->mode != JOURNAL_WRITE)
		return error_set(e, STATUS_USAGE, "this journal was opened for reading");
	if (json_len > JOURNAL_MAX_RECORD || attachment_len > JOURNAL_MAX_RECORD - json_len)
		return error_set(e, STATUS_TOO_BIG, "an answer may have at most %d bytes", JOURNAL_MAX_RECORD);
	size = journal_record_size(json_len, attachment_len);
	bytes = malloc(size);
	if (!bytes)
		return error_set(e, STATUS_NOMEM, "no memory for the answer");
	(void)pthread_mutex_lock(&j->lock);
	st = append_locked(seq, j, &r, bytes, size, e);
	(void)pthread_mutex_unlock(&j->lock);
	free(bytes);
	return st;
}
