/* core/repo_flush.c - what is staged becomes a pack with its index on the disk.
 *
 * Every object is hashed already and stands in memory, so pack and index are written straight (core/repo_packwrite.c):
 * what a pack from elsewhere needs (core/repo_quarantine.c: unpacking, hashing and comparing it all) would cost more than
 * all else of a small push. A record that is like the last whole one before it becomes a delta against that: it costs
 * less to make than to compress, here and wherever it is read, and is a third of the size. Never a delta on a delta.
 */
#include "core/repo_packfile.h"

#define LIKE_MAX 64 /* records against one: ids and times move away from it */

struct flush {
	struct repo *repo;
	struct error *e;
	struct pack_writer out;
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

	len += pack_put_distance(head + len, f->out.out.written - f->like_at);
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
			f->like_at = f->out.out.written;
			f->likes = 0;
		}
	}
	return st == STATUS_OK && !buf_ok(&f->entry) ? no_memory(f) : st;
}

/* After a failure everything is still staged, and flushing again is right: it writes all anew. */
enum status repo_flush(struct repo *r, struct error *e)
{
	struct flush f = {.repo = r, .e = e};
	const struct oid_map *ids = &r->staged.ids;
	char hex[2 * SHA1_LEN + 1];
	enum status st = STATUS_OK;

	if (ids->len == 0)
		return STATUS_OK;
	if (deflateInit(&f.deflater, Z_BEST_SPEED) != Z_OK)
		return no_memory(&f);
	st = pack_writer_open(&f.out, r, ids->len, e);
	for (size_t i = 0; i < ids->len && st == STATUS_OK; i++) {
		st = make_entry(&f, &r->staged.objects[i]);
		if (st == STATUS_OK)
			st = pack_writer_begin(&f.out, i);
		if (st == STATUS_OK)
			st = pack_writer_put(&f.out, f.entry.data, f.entry.len);
	}
	if (st == STATUS_OK)
		st = pack_writer_keep(hex, &f.out, ids->keys, ids->len);
	if (st == STATUS_OK)
		st = repo_refresh(r, e);
	if (st == STATUS_OK)
		repo_discard(r);
	(void)deflateEnd(&f.deflater);
	pack_writer_close(&f.out);
	buf_clear(&f.entry);
	buf_clear(&f.delta);
	return st;
}
