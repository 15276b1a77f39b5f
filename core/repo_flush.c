/* core/repo_flush.c - what is staged becomes a pack with its index on the disk.
 *
 * Every object is hashed already and stands in memory, so pack and index are written straight, each once: what a pack
 * from elsewhere needs (core/repo_quarantine.c: unpacking, hashing and comparing it all) would cost more than all else
 * of a small push. A record that is like the last whole one before it becomes a delta against that: it costs less to
 * make than to compress, here and wherever it is read, and is a third of the size. Never a delta on a delta.
 *
 * Durable because: pack and index are written and fsynced under names that no reader looks at, then renamed, the pack
 * first since readers go by the index, and then objects/pack is fsynced. Nothing may point to the objects before that.
 * (3 fsyncs.) Formats: gitformat-pack(5).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/repo_packfile.h"

#define FILE_MODE 0444
#define LIKE_MAX 64 /* records against one: ids and times move away from it */

/* Where an object of the pack begins, and the checksum of its entry. */
struct place {
	uint32_t offset, crc;
};

/* A file under a name of its own, until it is moved to where readers look. */
struct piece {
	char *path; /* owned; NULL once it is gone from there */
	int fd;
};
#define PIECE_INIT                                                                                                     \
	{                                                                                                              \
		.fd = -1                                                                                               \
	}

struct flush {
	struct repo *repo;
	struct error *e;
	struct piece pack, idx;
	struct pack_stream out;
	struct place *places; /* parallel to the staged ids */
	z_stream deflater;
	struct buf entry; /* the one at hand */
	struct buf delta;
	const struct staged_object *like; /* the last record that was written whole; NULL before the first */
	uint64_t like_at;		  /* where */
	unsigned likes;			  /* deltas against it */
};

static enum status no_memory(struct flush *f)
{
	return error_set(f->e, STATUS_NOMEM, "no memory for a pack");
}

/* ---- files ---- */

static enum status piece_open(struct piece *out, struct flush *f)
{
	char *dir = path_join(f->repo->path, REPO_INCOMING), *path = dir ? path_join(dir, "XXXXXX") : NULL;
	enum status st = STATUS_OK;

	if (!path)
		st = no_memory(f);
	else if (mkdir(dir, 0700) && errno != EEXIST)
		st = error_set_errno(f->e, errno, "cannot make %s", dir);
	else if ((out->fd = mkostemp(path, O_CLOEXEC)) < 0)
		st = error_set_errno(f->e, errno, "cannot make a file in %s", dir);
	free(dir);
	if (st == STATUS_OK)
		out->path = path;
	else
		free(path);
	return st;
}

static enum status piece_write(struct piece *p, const void *bytes, size_t len, struct error *e)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(p->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set_errno(e, n ? errno : EIO, "cannot write a pack to %s", p->path);
		at += n;
		len -= (size_t)n;
	}
	return STATUS_OK;
}

/* On the disk, closed, and under its final name. */
static enum status piece_keep(struct piece *p, const char *to, struct error *e)
{
	if (rename(p->path, to))
		return error_set_errno(e, errno, "cannot move a pack to %s", to);
	free(p->path);
	p->path = NULL;
	return STATUS_OK;
}

static enum status piece_sync(struct piece *p, struct error *e)
{
	int failed = fchmod(p->fd, FILE_MODE) || fsync(p->fd) ? errno : 0;

	if (close(p->fd) && !failed)
		failed = errno;
	p->fd = -1;
	return failed ? error_set_errno(e, failed, "cannot write a pack to %s", p->path) : STATUS_OK;
}

static void piece_close(struct piece *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->path)
		(void)unlink(p->path);
	free(p->path);
}

/* ---- the pack ---- */

static enum status to_pack(void *ctx, const void *bytes, size_t len)
{
	struct flush *f = ctx;

	return piece_write(&f->pack, bytes, len, f->e);
}

/* Bytes as a zlib stream, behind what f->entry holds. */
static enum status add_deflated(struct flush *f, void *bytes, size_t len)
{
	uLong bound = deflateBound(&f->deflater, (uLong)len);

	if (!buf_reserve(&f->entry, (size_t)bound))
		return no_memory(f);
	if (deflateReset(&f->deflater) != Z_OK)
		return error_set(f->e, STATUS_CORRUPT, "an object cannot be packed");
	f->deflater.next_in = bytes;
	f->deflater.avail_in = (uInt)len; /* at most REPO_MAX_OBJECT_BYTES */
	f->deflater.next_out = f->entry.data + f->entry.len;
	f->deflater.avail_out = (uInt)bound;
	if (deflate(&f->deflater, Z_FINISH) != Z_STREAM_END)
		return error_set(f->e, STATUS_CORRUPT, "an object cannot be packed");
	f->entry.len += (size_t)bound - f->deflater.avail_out;
	return STATUS_OK;
}

static enum status make_delta(struct flush *f)
{
	uint8_t head[2 * PACK_VARINT_MAX];
	size_t len = pack_put_head(head, PACK_OFS_DELTA, f->delta.len);

	len += pack_put_distance(head + len, f->out.written - f->like_at);
	buf_add(&f->entry, head, len);
	if (f->delta.len > ALIKE_STORED_MAX)
		return add_deflated(f, f->delta.data, f->delta.len);
	alike_store(&f->entry, f->delta.data, f->delta.len);
	return STATUS_OK;
}

static enum status make_whole(struct flush *f, const struct staged_object *o)
{
	uint8_t head[PACK_VARINT_MAX];

	buf_add(&f->entry, head, pack_put_head(head, (unsigned)o->kind, o->len));
	if (o->packed) {
		buf_add(&f->entry, o->packed, o->packed_len);
		return STATUS_OK;
	}
	return add_deflated(f, o->bytes, o->len);
}

/* Header and zlib stream of one object, in f->entry. */
static enum status make_entry(struct flush *f, const struct staged_object *o)
{
	bool record = o->kind == GIT_OBJECT_BLOB;
	enum status st = STATUS_OK;

	buf_reset(&f->entry);
	if (record && f->like && f->likes < LIKE_MAX &&
	    alike_delta(&f->delta, f->like->bytes, f->like->len, o->bytes, o->len)) {
		st = make_delta(f);
		f->likes++;
	} else {
		st = make_whole(f, o);
		if (record) {
			f->like = o;
			f->like_at = f->out.written;
			f->likes = 0;
		}
	}
	return st == STATUS_OK && !buf_ok(&f->entry) ? no_memory(f) : st;
}

/* Staging has a bound (REPO_MAX_STAGED_BYTES) far below what an offset of 31 bits reaches. */
static enum status write_pack(struct flush *f)
{
	const struct staging *s = &f->repo->staged;
	enum status st = pack_stream_open(&f->out, to_pack, f, s->ids.len, f->e);

	for (size_t i = 0; i < s->ids.len && st == STATUS_OK; i++) {
		st = make_entry(f, &s->objects[i]);
		if (st != STATUS_OK)
			break;
		f->places[i].offset = (uint32_t)f->out.written;
		f->places[i].crc = (uint32_t)crc32(crc32(0, NULL, 0), f->entry.data, (uInt)f->entry.len);
		st = pack_stream_put(&f->out, f->entry.data, f->entry.len);
	}
	return st == STATUS_OK ? pack_stream_end(&f->out) : st;
}

/* ---- its index ---- */

/* An id with its place, to be sorted. */
struct row {
	const struct oid *id;
	const struct place *place;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return memcmp(x->id->id, y->id->id, OID_LEN);
}

static void put32(struct buf *out, uint32_t n)
{
	const uint8_t bytes[] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	buf_add(out, bytes, sizeof(bytes));
}

static void put_rows(struct buf *out, const struct row *rows, size_t len)
{
	size_t below = 0;

	for (unsigned first = 0; first < 256; first++) {
		while (below < len && rows[below].id->id[0] <= first)
			below++;
		put32(out, (uint32_t)below);
	}
	for (size_t i = 0; i < len; i++)
		buf_add(out, rows[i].id->id, OID_LEN);
	for (size_t i = 0; i < len; i++)
		put32(out, rows[i].place->crc);
	for (size_t i = 0; i < len; i++)
		put32(out, rows[i].place->offset);
}

static enum status add_sum(struct buf *out, struct flush *f)
{
	struct sha1 *sum = sha1_open();
	uint8_t bytes[SHA1_LEN];
	enum status st = sum && buf_ok(out) ? STATUS_OK : no_memory(f);

	if (st == STATUS_OK) {
		sha1_add(sum, out->data, out->len);
		st = sha1_finish(bytes, sum);
		if (st != STATUS_OK)
			(void)error_set(f->e, st, "a pack's index cannot be hashed");
	}
	if (st == STATUS_OK)
		buf_add(out, bytes, sizeof(bytes));
	sha1_close(sum);
	return st;
}

static enum status write_idx(struct flush *f)
{
	static const uint8_t magic[] = {0xff, 't', 'O', 'c', 0, 0, 0, 2};
	size_t len = f->repo->staged.ids.len;
	struct row *rows = malloc(len * sizeof(*rows));
	struct buf out = BUF_INIT;
	enum status st = rows ? STATUS_OK : no_memory(f);

	for (size_t i = 0; i < len && rows; i++)
		rows[i] = (struct row){&f->repo->staged.ids.keys[i], &f->places[i]};
	if (st == STATUS_OK) {
		qsort(rows, len, sizeof(*rows), compare_rows);
		buf_add(&out, magic, sizeof(magic));
		put_rows(&out, rows, len);
		buf_add(&out, f->out.hash, SHA1_LEN);
		st = add_sum(&out, f);
	}
	if (st == STATUS_OK && !buf_ok(&out))
		st = no_memory(f);
	if (st == STATUS_OK)
		st = piece_write(&f->idx, out.data, out.len, f->e);
	buf_clear(&out);
	free(rows);
	return st;
}

/* ---- both ---- */

static enum status keep(struct flush *f)
{
	char hex[2 * SHA1_LEN + 1];
	char *pack = NULL, *idx = NULL, *dir = path_join(f->repo->path, "objects/pack");
	enum status st = STATUS_OK;

	hex_encode(hex, f->out.hash, SHA1_LEN);
	pack = packs_path(f->repo, hex, "pack");
	idx = packs_path(f->repo, hex, "idx");
	if (!dir || !pack || !idx)
		st = no_memory(f);
	if (st == STATUS_OK)
		st = piece_keep(&f->pack, pack, f->e);
	if (st == STATUS_OK)
		st = piece_keep(&f->idx, idx, f->e);
	if (st == STATUS_OK)
		st = sync_path(dir, f->e);
	free(dir);
	free(pack);
	free(idx);
	return st;
}

static enum status write_files(struct flush *f)
{
	enum status st = piece_open(&f->pack, f);

	f->places = malloc(f->repo->staged.ids.len * sizeof(*f->places));
	if (st == STATUS_OK && !f->places)
		st = no_memory(f);
	if (st == STATUS_OK)
		st = write_pack(f);
	if (st == STATUS_OK)
		st = piece_sync(&f->pack, f->e);
	if (st == STATUS_OK)
		st = piece_open(&f->idx, f);
	if (st == STATUS_OK)
		st = write_idx(f);
	return st == STATUS_OK ? piece_sync(&f->idx, f->e) : st;
}

/* After a failure everything is still staged, and flushing again is right: it writes all anew. */
enum status repo_flush(struct repo *r, struct error *e)
{
	struct flush f = {.repo = r, .e = e, .pack = PIECE_INIT, .idx = PIECE_INIT};
	enum status st = STATUS_OK;

	if (r->staged.ids.len == 0)
		return STATUS_OK;
	if (deflateInit(&f.deflater, Z_BEST_SPEED) != Z_OK)
		return no_memory(&f);
	st = write_files(&f);
	if (st == STATUS_OK)
		st = keep(&f);
	if (st == STATUS_OK)
		st = repo_refresh(r, e);
	if (st == STATUS_OK)
		repo_discard(r);
	(void)deflateEnd(&f.deflater);
	pack_stream_close(&f.out);
	piece_close(&f.pack);
	piece_close(&f.idx);
	buf_clear(&f.entry);
	buf_clear(&f.delta);
	free(f.places);
	return st;
}
