/* server/store_blobs_fs.c - blobs as plain files: taken in, given out.
 *
 * A put and an erasure of one blob may come at once, from other threads and other programs. Both hold the folder's
 * flock for their last step: the put looks for the mark of an erasure and renames, the erasure sets the mark and
 * unlinks. So whichever is second sees the first.
 */
#include "server/store_blobs_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_BYTES (16 * 1024)

struct store_blob_put {
	struct store_blobs *blobs;
	struct blob_id id;
	struct sha256 *hash;
	uint64_t size;
	char path[FILE_PATH_MAX]; /* of the temporary file; "" once it has its name */
	int fd;
};

static enum status check_not_erased(const struct store_blobs *b, const struct blob_id *id, struct error *e)
{
	bool erased = false;
	enum status st = blobs_erased(&erased, b, id, e);

	if (st == STATUS_OK && erased)
		st = error_set(e, STATUS_GONE,
			       "the practice has erased this for good, so it is not taken again; delete "
			       "it from this device, too");
	return st;
}

/* ---- taking in ---- */

/* One more put and so many more bytes of puts on their way, if the limits allow. */
static bool reserve(struct store_blobs *b, size_t puts, size_t bytes)
{
	bool fits = false;

	(void)pthread_mutex_lock(&b->mutex);
	fits = b->puts + puts <= LIMIT_BLOB_PUTS && b->pending_bytes + bytes <= LIMIT_BLOB_PENDING_BYTES;
	if (fits) {
		b->puts += puts;
		b->pending_bytes += bytes;
	}
	(void)pthread_mutex_unlock(&b->mutex);
	return fits;
}

static enum status too_many(struct error *e)
{
	return error_set(e, STATUS_BUSY, "too much free text and evidence is on its way to the practice at once");
}

static enum status open_temporary(struct store_blob_put *p, struct error *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
	enum status st = blobs_make_new(dir, p->blobs, e);

	if (st == STATUS_OK)
		st = file_path(path, dir, "put-XXXXXX", e);
	if (st != STATUS_OK)
		return st;
	p->fd = mkostemp(path, O_CLOEXEC);
	if (p->fd < 0)
		return error_set_errno(e, errno, "cannot make a temporary file in %s", dir);
	memcpy(p->path, path, sizeof(path));
	return STATUS_OK;
}

enum status store_blob_put_begin(struct store_blob_put **out, struct store_history *h, const struct blob_id *id,
				 struct error *e)
{
	struct store_blobs *b = store_fs_blobs(h);
	struct store_blob_put *p = NULL;
	enum status st = check_not_erased(b, id, e);

	if (st != STATUS_OK)
		return st;
	if (!reserve(b, 1, 0))
		return too_many(e);
	p = calloc(1, sizeof(*p));
	if (!p) {
		(void)pthread_mutex_lock(&b->mutex);
		b->puts--;
		(void)pthread_mutex_unlock(&b->mutex);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	*p = (struct store_blob_put){.blobs = b, .id = *id, .hash = sha256_open(), .fd = -1};
	st = p->hash ? open_temporary(p, e) : error_set(e, STATUS_NOMEM, "out of memory");
	if (st != STATUS_OK) {
		store_blob_put_end(p);
		return st;
	}
	*out = p;
	return STATUS_OK;
}

enum status store_blob_put_feed(struct store_blob_put *p, const void *bytes, size_t len, struct error *e)
{
	if (len > LIMIT_BLOB_BYTES - p->size)
		return error_set(e, STATUS_TOO_BIG, "free text or evidence may have %d bytes, sealed",
				 LIMIT_BLOB_BYTES);
	if (!reserve(p->blobs, 0, len))
		return too_many(e);
	p->size += len;
	sha256_add(p->hash, bytes, len);
	if (!file_append(p->fd, bytes, len))
		return error_set_errno(e, errno, "cannot write %s", p->path);
	return STATUS_OK;
}

static enum status check_hash(struct store_blob_put *p, struct error *e)
{
	uint8_t digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];
	enum status st = sha256_finish(digest, p->hash);

	if (st != STATUS_OK)
		return error_set(e, st, "the SHA-256 of what came cannot be computed");
	if (memcmp(digest, p->id.sha256, sizeof(digest)) == 0)
		return STATUS_OK;
	hex_encode(hex, digest, sizeof(digest));
	return error_set(e, STATUS_INVALID,
			 "what came is not what the address names: its SHA-256 is %s; it was damaged on its way, or on "
			 "the device",
			 hex);
}

/* Give the file its name, over one that is there: the bytes are the same, or those on disk have rotted. */
static enum status place(struct store_blob_put *p, const char *path, bool *was_there, struct error *e)
{
	int guard = -1;
	enum status st = blobs_guard(&guard, p->blobs, e);

	if (st != STATUS_OK)
		return st;
	st = check_not_erased(p->blobs, &p->id, e);
	if (st == STATUS_OK) {
		*was_there = file_exists(path);
		if (rename(p->path, path))
			st = error_set_errno(e, errno, "cannot write %s", path);
		else
			p->path[0] = 0;
	}
	(void)close(guard);
	return st;
}

enum status store_blob_put_finish(struct store_blob_put *p, bool *was_there, struct error *e)
{
	char path[FILE_PATH_MAX], dir[FILE_PATH_MAX];
	bool wanted[BLOBS_PREFIXES] = {false}, there = false;
	enum status st = check_hash(p, e);

	wanted[p->id.sha256[0]] = true;
	if (st == STATUS_OK && fsync(p->fd))
		st = error_set_errno(e, errno, "cannot make %s durable", p->path);
	if (st == STATUS_OK)
		st = blobs_path(path, p->blobs, &p->id, "", e);
	if (st == STATUS_OK)
		st = blobs_prefix_path(dir, p->blobs, p->id.sha256[0], e);
	if (st == STATUS_OK)
		st = blobs_make_prefixes(p->blobs, wanted, e);
	if (st == STATUS_OK)
		st = place(p, path, &there, e);
	if (st == STATUS_OK)
		st = file_sync_dir(dir, e);
	if (st == STATUS_OK && was_there)
		*was_there = there;
	return st;
}

void store_blob_put_end(struct store_blob_put *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->path[0])
		(void)unlink(p->path);
	(void)pthread_mutex_lock(&p->blobs->mutex);
	p->blobs->puts--;
	p->blobs->pending_bytes -= p->size;
	(void)pthread_mutex_unlock(&p->blobs->mutex);
	sha256_close(p->hash);
	free(p);
}

/* ---- giving out ---- */

static enum status send_bytes(int fd, uint64_t size, const char *path, const struct store_blob_sink *sink,
			      struct error *e)
{
	char part[PART_BYTES];
	enum status st = STATUS_OK;

	while (st == STATUS_OK && size > 0) {
		ssize_t n = read(fd, part, size < sizeof(part) ? (size_t)size : sizeof(part));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(e, errno, "cannot read %s", path);
		if (n == 0)
			return error_set(e, STATUS_CORRUPT, "%s is shorter than it was", path);
		size -= (uint64_t)n;
		st = sink->bytes(sink->ctx, part, (size_t)n, e);
	}
	return st;
}

/* -1 in *fd: there is none. */
static enum status open_blob(int *fd, uint64_t *size, char path[FILE_PATH_MAX], const struct store_blobs *b,
			     const struct blob_id *id, struct error *e)
{
	struct stat found;
	bool erased = false;
	enum status st = blobs_find(path, &erased, b, id, e);

	*fd = -1;
	if (st != STATUS_OK || erased)
		return st;
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? STATUS_OK : error_set_errno(e, errno, "cannot open %s", path);
	if (fstat(*fd, &found)) {
		st = error_set_errno(e, errno, "cannot read %s", path);
		(void)close(*fd);
		return st;
	}
	*size = (uint64_t)found.st_size;
	return STATUS_OK;
}

/* *left: what is left of the answer. */
static enum status get_one(uint64_t *left, const struct store_blobs *b, const struct blob_id *id,
			   const struct store_blob_sink *sink, struct error *e)
{
	char path[FILE_PATH_MAX];
	uint64_t size = 0;
	int fd = -1;
	enum status st = open_blob(&fd, &size, path, b, id, e);

	if (st != STATUS_OK)
		return st;
	if (fd < 0)
		return sink->blob(sink->ctx, id, STORE_BLOB_ABSENT, 0, e);
	if (size > *left) {
		st = sink->blob(sink->ctx, id, STORE_BLOB_OVER, size, e);
	} else {
		*left -= size;
		st = sink->blob(sink->ctx, id, STORE_BLOB_HERE, size, e);
		if (st == STATUS_OK)
			st = send_bytes(fd, size, path, sink, e);
	}
	(void)close(fd);
	return st;
}

enum status store_blob_get_many(struct store_history *h, const struct blob_id *ids, size_t len, uint64_t max_bytes,
				const struct store_blob_sink *sink, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < len; i++)
		st = get_one(&max_bytes, store_fs_blobs(h), &ids[i], sink, e);
	return st;
}
