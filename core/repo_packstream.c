/* core/repo_packstream.c - the bytes of packs as they are written: heads of entries, zlib streams, the pack with its hash. */
#include "core/repo_packfile.h"

#include <limits.h>

#define PIECE_BYTES ((size_t)65515) /* as much as one side-band packet takes */

size_t pack_put_head(uint8_t out[PACK_VARINT_MAX], unsigned kind, uint64_t size)
{
	size_t len = 0;
	uint8_t byte = (uint8_t)(kind << 4 | (size & 15));

	for (size >>= 4; size; size >>= 7) {
		out[len++] = byte | 0x80;
		byte = size & 0x7f;
	}
	out[len++] = byte;
	return len;
}

size_t pack_put_distance(uint8_t out[PACK_VARINT_MAX], uint64_t distance)
{
	uint8_t reversed[PACK_VARINT_MAX];
	size_t len = 0;

	reversed[len++] = distance & 0x7f;
	while (distance >>= 7) {
		distance--;
		reversed[len++] = (uint8_t)(0x80 | (distance & 0x7f));
	}
	for (size_t i = 0; i < len; i++)
		out[i] = reversed[len - 1 - i];
	return len;
}

enum status pack_deflate(struct buf *out, struct pack_deflater *d, const void *bytes, size_t len, struct error *e)
{
	uint8_t part[PACK_PART_BYTES];
	int rc = d->open ? deflateReset(&d->z) : deflateInit(&d->z, Z_DEFAULT_COMPRESSION);

	if (rc != Z_OK || len > UINT_MAX)
		return error_set(e, STATUS_NOMEM, "no memory to make a pack");
	d->open = true;
	d->z.next_in = (Bytef *)(uintptr_t)bytes; /* zlib only reads it */
	d->z.avail_in = (uInt)len;
	while (rc == Z_OK) {
		d->z.next_out = part;
		d->z.avail_out = sizeof(part);
		rc = deflate(&d->z, Z_FINISH);
		buf_add(out, part, sizeof(part) - d->z.avail_out);
	}
	return rc == Z_STREAM_END && buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory to make a pack");
}

void pack_deflater_close(struct pack_deflater *d)
{
	if (d->open)
		(void)deflateEnd(&d->z);
	d->open = false;
}

enum status pack_stream_open(struct pack_stream *out, repo_sink sink, void *ctx, size_t objects, struct error *e)
{
	uint8_t head[PACK_START] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};

	*out = (struct pack_stream){.sink = sink, .ctx = ctx, .e = e};
	for (unsigned i = 0; i < 4; i++)
		head[8 + i] = (uint8_t)(objects >> (24 - 8 * i));
	out->sum = sha1_open();
	if (!out->sum)
		return error_set(e, STATUS_NOMEM, "no memory to make a pack");
	return pack_stream_put(out, head, sizeof(head));
}

static enum status give_pending(struct pack_stream *s)
{
	enum status st = STATUS_OK;

	sha1_add(s->sum, s->pending.data, s->pending.len);
	st = s->sink(s->ctx, s->pending.data, s->pending.len);
	buf_reset(&s->pending);
	return st;
}

enum status pack_stream_put(struct pack_stream *s, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	enum status st = STATUS_OK;

	s->written += len;
	while (len && !st) {
		size_t room = PIECE_BYTES - s->pending.len, take = len < room ? len : room;

		buf_add(&s->pending, at, take);
		if (!buf_ok(&s->pending))
			return error_set(s->e, STATUS_NOMEM, "no memory to make a pack");
		at += take;
		len -= take;
		if (s->pending.len == PIECE_BYTES)
			st = give_pending(s);
	}
	return st;
}

enum status pack_stream_end(struct pack_stream *s)
{
	sha1_add(s->sum, s->pending.data, s->pending.len);
	if (sha1_finish(s->hash, s->sum))
		return error_set(s->e, STATUS_CRYPTO, "a pack cannot be hashed");
	buf_add(&s->pending, s->hash, sizeof(s->hash));
	if (!buf_ok(&s->pending))
		return error_set(s->e, STATUS_NOMEM, "no memory to make a pack");
	s->written += sizeof(s->hash);
	return s->sink(s->ctx, s->pending.data, s->pending.len);
}

void pack_stream_close(struct pack_stream *s)
{
	sha1_close(s->sum);
	buf_clear(&s->pending);
	*s = (struct pack_stream){.sink = NULL};
}
