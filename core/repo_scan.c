/* core/repo_scan.c - looking over a pack as it comes, before libgit2 gets it: what any one object would unpack to is
 * told by its first bytes, and a few kilobytes may stand for gigabytes. libgit2 unpacks first and would be asked
 * afterwards.
 */
#include "core/repo_internal.h"

#include <string.h>

#define KIND_OFS_DELTA 6
#define KIND_REF_DELTA 7
#define SIZE_SHIFT_MAX 57   /* of a number in groups of 7 bits, within 64 */
#define OFFSET_BYTES_MAX 10 /* of the distance to a delta's base */
#define PART_BYTES 4096
#define TAKE_MAX ((size_t)1 << 20) /* at once; zlib counts in unsigned int */

static enum status malformed(struct error *e, const char *what)
{
	return error_set(e, STATUS_MALFORMED, "the pack cannot be read: %s", what);
}

/* Of what unpacks to so much, be it an object or a delta. */
static enum status check_size(struct pack_scan *s, uint64_t size, struct error *e)
{
	if (size > s->object_bytes)
		return error_set(e, STATUS_TOO_BIG, "an object of the pack has more than %llu bytes",
				 (unsigned long long)s->object_bytes);
	if (size > s->left_bytes)
		return error_set(e, STATUS_TOO_BIG, "the pack unpacks to more than %llu bytes; push in parts",
				 (unsigned long long)s->all_bytes);
	s->left_bytes -= size;
	return STATUS_OK;
}

enum status pack_scan_begin(struct pack_scan *s, uint32_t objects, const struct repo_limits *limits, struct error *e)
{
	uint64_t all = limits->inflated_bytes ? limits->inflated_bytes : UINT64_MAX;

	*s = (struct pack_scan){.state = objects ? SCAN_KIND : SCAN_END,
				.left = objects,
				.object_bytes = limits->object_bytes,
				.all_bytes = all,
				.left_bytes = all};
	if (inflateInit(&s->stream) != Z_OK)
		return error_set(e, STATUS_NOMEM, "no memory to take a pack in");
	s->open = true;
	return STATUS_OK;
}

void pack_scan_end(struct pack_scan *s)
{
	if (s->open)
		(void)inflateEnd(&s->stream);
	s->open = false;
}

/* ---- an object's header ---- */

static enum status header_done(struct pack_scan *s, struct error *e)
{
	enum status st = check_size(s, s->size, e);

	if (st)
		return st;
	if (s->kind == 0 || s->kind == 5)
		return malformed(e, "an object is of no known kind");
	s->state = s->kind == KIND_OFS_DELTA ? SCAN_OFFSET : s->kind == KIND_REF_DELTA ? SCAN_BASE : SCAN_DATA;
	s->skipped = 0;
	s->unpacked = 0;
	s->delta_len = 0;
	return inflateReset(&s->stream) == Z_OK ? STATUS_OK : malformed(e, "an object cannot be unpacked");
}

static enum status take_header(struct pack_scan *s, uint8_t byte, struct error *e)
{
	if (s->state == SCAN_KIND) {
		s->kind = byte >> 4 & 7;
		s->size = byte & 15;
		s->shift = 4;
		s->state = SCAN_SIZE;
	} else if (s->shift > SIZE_SHIFT_MAX) {
		return malformed(e, "an object's size has no end");
	} else {
		s->size |= (uint64_t)(byte & 0x7f) << s->shift;
		s->shift += 7;
	}
	return byte & 0x80 ? STATUS_OK : header_done(s, e);
}

/* What stands between header and content says which base a delta has: libgit2's to judge. */
static enum status take_base(struct pack_scan *s, uint8_t byte, struct error *e)
{
	s->skipped++;
	if (s->state == SCAN_BASE ? s->skipped == OID_LEN : !(byte & 0x80))
		s->state = SCAN_DATA;
	else if (s->state == SCAN_OFFSET && s->skipped == OFFSET_BYTES_MAX)
		return malformed(e, "the distance to an object's base has no end");
	return STATUS_OK;
}

/* ---- its content ---- */

/* A delta begins with its base's size and that of the object that it makes. */
static enum status check_delta(struct pack_scan *s, struct error *e)
{
	uint64_t size = 0;
	size_t at = 0;

	for (int number = 0; number < 2; number++) {
		unsigned shift = 0;
		bool more = true;

		for (size = 0; more; shift += 7) {
			if (at == s->delta_len || shift > SIZE_SHIFT_MAX)
				return malformed(e, "a delta does not say how large its object is");
			size |= (uint64_t)(s->delta[at] & 0x7f) << shift;
			more = s->delta[at++] & 0x80;
		}
	}
	return check_size(s, size, e);
}

static void keep_delta_head(struct pack_scan *s, const uint8_t *bytes, size_t len)
{
	size_t room = sizeof(s->delta) - s->delta_len, take = len < room ? len : room;

	memcpy(s->delta + s->delta_len, bytes, take);
	s->delta_len += take;
}

static enum status object_done(struct pack_scan *s, struct error *e)
{
	enum status st = STATUS_OK;

	if (s->unpacked != s->size)
		return malformed(e, "an object is shorter than it says");
	if (s->kind == KIND_OFS_DELTA || s->kind == KIND_REF_DELTA)
		st = check_delta(s, e);
	s->left--;
	s->state = s->left ? SCAN_KIND : SCAN_END;
	return st;
}

/* Unpack what is there and forget it; *used says how much of it was this object's. */
static enum status take_data(size_t *used, struct pack_scan *s, const uint8_t *bytes, size_t len, struct error *e)
{
	size_t take = len < TAKE_MAX ? len : TAKE_MAX;
	uint8_t part[PART_BYTES];
	int rc = Z_OK;

	s->stream.next_in = (Bytef *)(uintptr_t)bytes; /* zlib only reads it */
	s->stream.avail_in = (uInt)take;
	do {
		size_t got = 0;

		s->stream.next_out = part;
		s->stream.avail_out = sizeof(part);
		rc = inflate(&s->stream, Z_NO_FLUSH);
		got = sizeof(part) - s->stream.avail_out;
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return malformed(e, "an object cannot be unpacked");
		if (got > s->size - s->unpacked)
			return malformed(e, "an object is longer than it says");
		keep_delta_head(s, part, got);
		s->unpacked += got;
	} while (rc == Z_OK && s->stream.avail_out == 0);
	*used = take - s->stream.avail_in;
	return rc == Z_STREAM_END ? object_done(s, e) : STATUS_OK;
}

enum status pack_scan_feed(struct pack_scan *s, const uint8_t *bytes, size_t len, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t at = 0; at < len && !st && s->state != SCAN_END;) {
		size_t used = 1;

		if (s->state == SCAN_DATA)
			st = take_data(&used, s, bytes + at, len - at, e);
		else if (s->state == SCAN_OFFSET || s->state == SCAN_BASE)
			st = take_base(s, bytes[at], e);
		else
			st = take_header(s, bytes[at], e);
		at += used;
	}
	return st;
}
