/* core/repo_quarantine.c - a pack in "<repository>/incoming/<random>/", where no reader looks, until it is renamed into
 * objects/pack or deleted.
 *
 * Durable because: the indexer fsyncs the pack and its index (GIT_OPT_ENABLE_FSYNC_GITDIR), then both are renamed, the
 * pack first since readers go by the index, and then objects/pack is fsynced. Nothing may point to the objects before
 * that. (5 fsyncs a pack: index, quarantine directory, pack, quarantine directory, objects/pack.)
 */
#include "core/repo_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PACK_MODE 0444
#define SWEEP_DEPTH 8
#define OLD_S 86400 /* of what a killed process left in a plain repository */
#define PIECE_BYTES ((size_t)64 << 10)

/* Delete the files in dir that end in suffix, and in the directories below; with rmdir_too the directories as well. */
static void delete_files(const char *dir, const char *suffix, bool rmdir_too, int depth)
{
	DIR *d = depth < SWEEP_DEPTH ? opendir(dir) : NULL;
	struct dirent *entry = NULL;

	while (d && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name), suffix_len = strlen(suffix);
		char *path = NULL;
		struct stat s;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		path = path_join(dir, entry->d_name);
		if (path && lstat(path, &s) == 0) {
			if (S_ISDIR(s.st_mode)) {
				delete_files(path, suffix, rmdir_too, depth + 1);
				if (rmdir_too)
					(void)rmdir(path);
			} else if (len >= suffix_len && !strcmp(entry->d_name + len - suffix_len, suffix)) {
				(void)unlink(path);
			}
		}
		free(path);
	}
	if (d)
		closedir(d);
}

/* A plain repository is nobody's own: nothing is cleared up in it at start, but what is so old that no push can be at it any more. */
static void sweep_old(const char *incoming)
{
	DIR *d = opendir(incoming);
	struct dirent *entry = NULL;

	while (d && (entry = readdir(d))) {
		char *path = entry->d_name[0] == '.' ? NULL : path_join(incoming, entry->d_name);
		struct stat s;

		if (path && lstat(path, &s) == 0 && S_ISDIR(s.st_mode) && time(NULL) - s.st_mtime > OLD_S) {
			delete_files(path, "", true, 0);
			(void)rmdir(path);
		}
		free(path);
	}
	if (d)
		closedir(d);
}

/* A name for mkdtemp or mkostemp in a folder that is swept at start. */
static enum status name_in_incoming(char **out, struct repo *r, struct error *e)
{
	char *incoming = path_join(r->path, REPO_INCOMING);
	char *name = incoming ? path_join(incoming, "XXXXXX") : NULL;
	enum status st = name ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory for a pack");

	if (!st && r->plain)
		sweep_old(incoming);
	if (!st && mkdir(incoming, 0700) && errno != EEXIST)
		st = error_set_errno(e, errno, "cannot make %s", incoming);
	free(incoming);
	if (st)
		free(name);
	else
		*out = name;
	return st;
}

static enum status make_dir(char **out, struct repo *r, struct error *e)
{
	char *dir = NULL;
	enum status st = name_in_incoming(&dir, r, e);

	if (st)
		return st;
	if (!mkdtemp(dir)) {
		st = error_set_errno(e, errno, "cannot make a directory in %s/" REPO_INCOMING, r->path);
		free(dir);
		return st;
	}
	*out = dir;
	return STATUS_OK;
}

enum status repo_intake_file(int *out, struct repo *r, struct error *e)
{
	char *name = NULL;
	enum status st = name_in_incoming(&name, r, e);
	int fd = -1;

	if (st)
		return st;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0) {
		st = error_set_errno(e, errno, "cannot make a file in %s/" REPO_INCOMING, r->path);
	} else {
		(void)unlink(name); /* it lives as long as the descriptor */
		*out = fd;
	}
	free(name);
	return st;
}

/* ---- the indexer, and its time ----
 *
 * Deltas on deltas in the wrong order keep libgit2 busy for the square of their number: what is received gets so much
 * of the processor and no more. The thread's own time, so that a busy machine refuses nothing that an idle one takes.
 */

static int64_t cpu_ns(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int look_at_time(const git_indexer_progress *progress, void *quarantine)
{
	struct quarantine *q = quarantine;

	(void)progress;
	q->too_slow = cpu_ns() - q->cpu_ns_start > q->cpu_ns_left;
	return q->too_slow ? GIT_EUSER : 0;
}

enum status quarantine_open(struct quarantine *q, struct repo *r, struct error *e)
{
	/* it is called for each object, and the time is a system call */
	git_indexer_options options = {.version = GIT_INDEXER_OPTIONS_VERSION,
				       .progress_cb = q->cpu_ns_left < INT64_MAX ? look_at_time : NULL,
				       .progress_cb_payload = q};
	enum status st = make_dir(&q->dir, r, e);
	int rc = 0;

	if (st)
		return st;
	/* Without an odb: thin packs are refused, and nothing is looked up per object. Connectivity is the caller's to
	 * check. */
	rc = git_indexer_new(&q->indexer, q->dir, PACK_MODE, NULL, &options);
	if (rc) {
		st = git_failed(e, rc, "cannot begin a pack in %s", q->dir);
		quarantine_close(q);
	}
	return st;
}

/* What is neither the disk's fault nor memory's is the pack's. */
static enum status pack_failed(const struct quarantine *q, int rc, struct error *e)
{
	bool of_system = git_error_last() && git_error_last()->klass == GIT_ERROR_OS;
	enum status st = git_failed(e, rc, "the pack cannot be read");

	if (q->too_slow)
		return error_set(e, STATUS_TOO_BIG, "the pack takes too long to unpack; push in parts");
	if (of_system || st == STATUS_NO_SPACE || st == STATUS_NOMEM)
		return st;
	if (e)
		e->status = STATUS_MALFORMED;
	return STATUS_MALFORMED;
}

static enum status give_pending(struct quarantine *q, struct error *e)
{
	int rc = 0;

	q->cpu_ns_start = cpu_ns();
	if (q->pending.len)
		rc = git_indexer_append(q->indexer, q->pending.data, q->pending.len, &q->progress);
	buf_reset(&q->pending);
	q->cpu_ns_left -= cpu_ns() - q->cpu_ns_start;
	return rc ? pack_failed(q, rc, e) : STATUS_OK;
}

/* The indexer writes, and maps its file anew, at every call: larger pieces halve the time of a large flush. */
enum status quarantine_feed(struct quarantine *q, const void *bytes, size_t len, struct error *e)
{
	const uint8_t *at = bytes;
	enum status st = STATUS_OK;

	while (len && !st) {
		size_t room = PIECE_BYTES - q->pending.len, take = len < room ? len : room;

		buf_add(&q->pending, at, take);
		if (!buf_ok(&q->pending))
			return error_set(e, STATUS_NOMEM, "no memory for a pack");
		at += take;
		len -= take;
		if (q->pending.len == PIECE_BYTES)
			st = give_pending(q, e);
	}
	return st;
}

enum status quarantine_index(struct quarantine *q, struct error *e)
{
	char name[sizeof("pack-") + 64];
	enum status st = give_pending(q, e);
	int rc = 0;

	if (st)
		return st;
	q->cpu_ns_start = cpu_ns();
	rc = git_indexer_commit(q->indexer, &q->progress);
	if (rc)
		return pack_failed(q, rc, e);
	(void)snprintf(name, sizeof(name), "pack-%s", git_indexer_name(q->indexer));
	git_indexer_free(q->indexer);
	q->indexer = NULL;
	q->base = path_join(q->dir, name);
	if (!q->base)
		return error_set(e, STATUS_NOMEM, "no memory for a pack");
	return STATUS_OK;
}

static enum status move_in(const struct quarantine *q, const char *objects, const char *suffix, struct error *e)
{
	enum status st = STATUS_OK;
	size_t size = strlen(q->base) + strlen(objects) + 8;
	char *from = malloc(size), *to = malloc(size);

	if (!from || !to) {
		st = error_set(e, STATUS_NOMEM, "no memory for a pack");
		goto done;
	}
	(void)snprintf(from, size, "%s%s", q->base, suffix);
	(void)snprintf(to, size, "%s/%s%s", objects, strrchr(q->base, '/') + 1, suffix);
	/* The name is the hash of the pack's bytes: one of that name is the same pack, and replacing it changes
	 * nothing. */
	if (rename(from, to))
		st = error_set_errno(e, errno, "cannot move a pack to %s", to);
done:
	free(from);
	free(to);
	return st;
}

enum status quarantine_keep(struct quarantine *q, struct repo *r, struct error *e)
{
	char *objects = path_join(r->path, "objects/pack");
	enum status st = STATUS_OK;

	if (!objects)
		return error_set(e, STATUS_NOMEM, "no memory for a pack");
	st = move_in(q, objects, ".pack", e);
	if (!st)
		st = move_in(q, objects, ".idx", e);
	if (!st)
		st = sync_path(objects, e);
	free(objects);
	return st;
}

void quarantine_close(struct quarantine *q)
{
	git_indexer_free(q->indexer);
	if (q->dir) {
		delete_files(q->dir, "", true, 0);
		(void)rmdir(q->dir);
	}
	buf_clear(&q->pending);
	free(q->dir);
	free(q->base);
	*q = (struct quarantine)QUARANTINE_INIT;
}

enum status repo_intake_sweep(struct repo *r, struct error *e)
{
	char *incoming = path_join(r->path, REPO_INCOMING);
	char *refs = path_join(r->path, "refs");
	char *packed = path_join(r->path, "packed-refs.lock");
	enum status st = STATUS_OK;

	if (incoming && refs && packed) {
		delete_files(incoming, "", true, 0);
		delete_files(refs, ".lock", false, 0); /* no ref may end so (git check-ref-format) */
		(void)unlink(packed);
	} else {
		st = error_set(e, STATUS_NOMEM, "no memory to clear up %s", r->path);
	}
	free(incoming);
	free(refs);
	free(packed);
	return st;
}
