/* server/store_fs.c - the store on local disk: <dir>/<ODS>/history.git is a bare repository, <dir>/<ODS>/lock its lock.
 */
#include "server/store_fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "server/store_blobs_fs.h"

#define LOCK_RETRY_MS 20

struct store_lock {
	int fd;
};

enum status store_open(struct store **out, const char *dir, struct error *e)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (snprintf(s->dir, sizeof(s->dir), "%s", dir) >= (int)sizeof(s->dir)) {
		free(s);
		return error_set(e, STATUS_TOO_BIG, "the folder's path is too long");
	}
	s->limits = &limits_default;
	(void)pthread_mutex_init(&s->idle.mutex, NULL);
	*out = s;
	return STATUS_OK;
}

void store_limit(struct store *s, const struct limits *limits)
{
	s->limits = limits;
}

size_t store_disk_bytes(const struct store *s)
{
	return atomic_load(&s->disk_bytes);
}

void store_close(struct store *s)
{
	if (s)
		(void)pthread_mutex_destroy(&s->idle.mutex);
	free(s);
}

static enum status practice_path(char out[FILE_PATH_MAX], const struct store *s, const char *ods, const char *name,
				 struct error *e)
{
	char dir[FILE_PATH_MAX];
	enum status st = file_path(dir, s->dir, ods, e);

	return st == STATUS_OK ? file_path(out, dir, name, e) : st;
}

enum status store_create(struct store *s, const char *ods, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = practice_path(path, s, ods, "history.git", e);

	return st == STATUS_OK ? repo_create(path, e) : st;
}

enum status store_history_open(struct store_history **out, struct store *s, const char *ods, struct error *e)
{
	struct store_history *h = calloc(1, sizeof(*h));
	char dir[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (!h)
		return error_set(e, STATUS_NOMEM, "out of memory");
	h->store = s;
	st = practice_path(h->git, s, ods, "history.git", e);
	if (st == STATUS_OK)
		st = practice_path(h->lock, s, ods, "lock", e);
	if (st == STATUS_OK && !file_exists(h->git))
		st = error_set(e, STATUS_NOT_FOUND, "there is no practice %s on this server", ods);
	if (st == STATUS_OK)
		st = repo_open_refs(&h->refs, h->git, e);
	if (st == STATUS_OK)
		st = file_path(dir, s->dir, ods, e);
	if (st == STATUS_OK)
		st = store_blobs_open(&h->blobs, dir, e);
	if (st == STATUS_OK && pthread_mutex_init(&h->mutex, NULL))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st != STATUS_OK) {
		store_blobs_close(h->blobs);
		repo_close(h->refs);
		free(h);
		return st;
	}
	*out = h;
	return STATUS_OK;
}

void store_history_close(struct store_history *h)
{
	if (!h)
		return;
	store_fs_handles_drop(h);
	repo_close(h->refs);
	store_blobs_close(h->blobs);
	(void)pthread_mutex_destroy(&h->mutex);
	free(h->lazy);
	free(h);
}

struct store_blobs *store_fs_blobs(struct store_history *h)
{
	return h->blobs;
}

enum status store_lock(struct store_lock **out, struct store_history *h, int wait_ms, struct error *e)
{
	const struct timespec pause = {.tv_nsec = LOCK_RETRY_MS * 1000000L};
	struct store_lock *lock = calloc(1, sizeof(*lock));
	enum status st = STATUS_OK;

	if (!lock)
		return error_set(e, STATUS_NOMEM, "out of memory");
	/* an open file of its own each time: flock then keeps threads of one program apart as well */
	lock->fd = file_open_lock(h->lock);
	if (lock->fd < 0) {
		st = error_set_errno(e, errno, "cannot open %s", h->lock);
		goto fail;
	}
	for (int waited_ms = 0; flock(lock->fd, LOCK_EX | LOCK_NB); waited_ms += LOCK_RETRY_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			st = error_set_errno(e, errno, "cannot lock %s", h->lock);
			goto fail;
		}
		if (waited_ms >= wait_ms) {
			st = error_set(e, STATUS_BUSY, "another program has been holding %s for %d seconds", h->lock,
				       wait_ms / 1000);
			goto fail;
		}
		(void)nanosleep(&pause, NULL);
	}
	*out = lock;
	return STATUS_OK;
fail:
	if (lock->fd >= 0)
		(void)close(lock->fd);
	free(lock);
	return st;
}

void store_unlock(struct store_lock *lock)
{
	if (!lock)
		return;
	(void)close(lock->fd);
	free(lock);
}

enum status store_recover(struct store_history *h, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&h->mutex);
	st = repo_intake_sweep(h->refs, e);
	(void)pthread_mutex_unlock(&h->mutex);
	return st == STATUS_OK ? store_blobs_sweep(h->blobs, e) : st;
}

/* The ref first: what it names was there before it moved, so it is seen by looking for packs after that. */
static enum status note_main(struct repo *r, struct error *e)
{
	struct oid main_id;
	enum status st = repo_ref_get(&main_id, r, "refs/heads/main", e);

	if (st == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (st == STATUS_OK)
		st = repo_refresh(r, e);
	return st == STATUS_OK ? repo_note_reached(r, &main_id, e) : st;
}

size_t store_packs(const struct store_history *h)
{
	char path[FILE_PATH_MAX];
	const struct dirent *entry = NULL;
	DIR *dir = file_path(path, h->git, "objects/pack", NULL) == STATUS_OK ? opendir(path) : NULL;
	size_t n = 0;

	while (dir && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		n += len > 4 && strcmp(entry->d_name + len - 4, ".idx") == 0;
	}
	if (dir)
		(void)closedir(dir);
	return n;
}

enum status store_consolidate(size_t *joined, struct store_history *h, const atomic_bool *stop, struct error *e)
{
	const struct repo_bounds bounds = {
		.packs = LIMIT_PACKS,
		.objects = LIMIT_JOINED_OBJECTS,
		.pack_bytes = LIMIT_JOINED_BYTES,
		.grace_ms = LIMIT_RETIRED_MS,
		.stop = stop,
	};
	struct repo *r = NULL;
	size_t done = 0;
	enum status st = repo_open(&r, h->git, e);

	if (st == STATUS_OK)
		st = repo_consolidate(&done, r, &bounds, e);
	if (st == STATUS_OK && done)
		st = note_main(r, e);
	repo_close(r);
	if (done || st != STATUS_OK)
		store_fs_packs_joined(h);
	if (st == STATUS_OK)
		*joined = done;
	return st;
}

enum status store_check(uint64_t *objects, size_t *leftovers, struct store_history *h, repo_damage damage, void *ctx, struct error *e)
{
	struct repo *r = NULL;
	enum status st = repo_open(&r, h->git, e);

	if (st == STATUS_OK)
		st = repo_check_stored(objects, r, damage, ctx, e);
	if (st == STATUS_OK)
		*leftovers = repo_count_leftovers(r, LIMIT_LEFTOVER_S);
	repo_close(r);
	return st;
}

/* ---- refs ---- */

static enum status add_ref(void *ctx, const char *name, const struct oid *id)
{
	struct store_refs *refs = ctx;
	struct store_ref *more = NULL;

	if (refs->len == LIMIT_REFS || strlen(name) >= LIMIT_REF_BYTES)
		return STATUS_TOO_BIG;
	if ((refs->len & (refs->len - 1)) == 0) {
		more = realloc(refs->refs, (refs->len ? refs->len * 2 : 1) * sizeof(*more));
		if (!more)
			return STATUS_NOMEM;
		refs->refs = more;
	}
	(void)snprintf(refs->refs[refs->len].name, LIMIT_REF_BYTES, "%s", name);
	refs->refs[refs->len].id = *id;
	refs->len++;
	return STATUS_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct store_ref *)a)->name, ((const struct store_ref *)b)->name);
}

/* What is not in the files yet. */
static enum status add_waiting(struct store_refs *refs, const struct store_history *h, struct error *e)
{
	size_t in_files = refs->len;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < h->lazy_len && st == STATUS_OK; i++) {
		const struct store_ref *ref = store_fs_waiting(h, h->lazy[i].ref.name);
		struct store_ref *found = ref && in_files ? bsearch(ref, refs->refs, in_files, sizeof(*ref), by_name) : NULL;

		if (found)
			found->id = ref->id;
		else if (ref)
			st = add_ref(refs, ref->name, &ref->id);
	}
	if (st != STATUS_OK)
		return error_set(e, st, "the refs of %s cannot be listed", h->git);
	if (refs->len > in_files)
		qsort(refs->refs, refs->len, sizeof(*refs->refs), by_name);
	return STATUS_OK;
}

enum status store_refs(struct store_refs *out, struct store_history *h, struct error *e)
{
	struct store_refs refs = STORE_REFS_INIT;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&h->mutex);
	st = repo_ref_each(h->refs, "refs/", add_ref, &refs, e);
	if (st == STATUS_OK)
		st = add_waiting(&refs, h, e);
	(void)pthread_mutex_unlock(&h->mutex);
	if (st != STATUS_OK) {
		store_refs_clear(&refs);
		return st;
	}
	*out = refs;
	return STATUS_OK;
}

void store_refs_clear(struct store_refs *refs)
{
	free(refs->refs);
	*refs = (struct store_refs)STORE_REFS_INIT;
}

enum status store_ref_get(struct oid *out, struct store_history *h, const char *name, struct error *e)
{
	const struct store_ref *waiting = NULL;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&h->mutex);
	waiting = store_fs_waiting(h, name);
	if (waiting)
		*out = waiting->id;
	else
		st = repo_ref_get(out, h->refs, name, e);
	(void)pthread_mutex_unlock(&h->mutex);
	return st;
}

/* Who moves a ref holds the practice's lock: a ref's own lock is one that a killed program left. */
enum status store_ref_move(struct store_history *h, const char *name, const struct oid *id, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&h->mutex);
	st = repo_ref_put(h->refs, name, id, true, e);
	if (st == STATUS_OK)
		store_fs_written(h, name);
	(void)pthread_mutex_unlock(&h->mutex);
	return st;
}

enum status store_settle(struct store_history *h, const char *ref, const struct oid *id, struct error *e)
{
	struct oid there;
	enum status st = store_ref_get(&there, h, ref, e);

	if (st != STATUS_OK)
		return st == STATUS_NOT_FOUND ? st : STATUS_UNKNOWN;
	if (!oid_equal(&there, id))
		return error_set(e, STATUS_NOT_FOUND, "%s was not moved", ref);
	/* written anew: what the disk failed to keep once it may claim to have kept when it is only asked again */
	return store_ref_move(h, ref, id, e) == STATUS_OK ? STATUS_OK : STATUS_UNKNOWN;
}
