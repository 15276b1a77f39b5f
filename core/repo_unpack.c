/* core/repo_unpack.c - a small pack that is wholly in memory becomes staged objects: no file is written for what may yet
 * be refused, and what is accepted together shares one pack on disk.
 *
 * Every size is checked before it is allocated. Deltas have their base in the same pack, as no thin pack is asked for.
 * Formats: gitformat-pack(5).
 */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

#define PACK_HEADER_LEN 12
#define ENTRY_LEN_MIN 9 /* a header and the smallest zlib stream */
#define KIND_OFS_DELTA 6
#define KIND_REF_DELTA 7
#define SHIFT_MAX 57
#define DEPTH_MAX 256 /* of deltas on deltas; git makes 50 */

struct entry {
	size_t offset;
	int kind;	   /* of the object; of the entry while it is a delta */
	uint8_t *bytes;	   /* owned */
	size_t len;
	size_t packed_at, packed_len; /* its zlib stream in the pack; no length once a delta was made whole */
	size_t base_offset;  /* of KIND_OFS_DELTA */
	uint32_t depth;	     /* of deltas that it was made by */
	struct oid base, id; /* base: of KIND_REF_DELTA */
};

struct unpack {
	struct repo *repo;
	const struct repo_limits *limits;
	const uint8_t *bytes;
	size_t len, at;	    /* without the checksum at the end */
	struct entry *list; /* by offset */
	size_t count;
	size_t left;	      /* bytes that may yet be unpacked */
	struct oid_map known; /* whole objects */
	size_t *known_at;     /* parallel to known.keys: in list */
	struct error *e;
};

static enum status malformed(struct unpack *u, const char *what)
{
	return error_set(u->e, STATUS_MALFORMED, "the pack cannot be read: %s", what);
}

static enum status no_memory(struct unpack *u)
{
	return error_set(u->e, STATUS_NOMEM, "no memory to take a pack in");
}

/* Room for an object or delta of that size, which comes off what may be unpacked. */
static enum status take_room(uint8_t **out, struct unpack *u, uint64_t size)
{
	if (size > u->limits->object_bytes)
		return error_set(u->e, STATUS_TOO_BIG, "an object of the pack has more than %llu bytes",
				 (unsigned long long)u->limits->object_bytes);
	if (size > u->left)
		return error_set(u->e, STATUS_TOO_BIG, "the pack unpacks to too much for memory");
	u->left -= (size_t)size;
	*out = malloc((size_t)size + 1);
	return *out ? STATUS_OK : no_memory(u);
}

/* ---- one entry ---- */

static enum status read_header(struct unpack *u, struct entry *x, uint64_t *size)
{
	unsigned shift = 4;
	uint8_t byte = 0;

	if (u->at == u->len)
		return malformed(u, "it ends too early");
	x->offset = u->at;
	byte = u->bytes[u->at++];
	x->kind = byte >> 4 & 7;
	*size = byte & 15;
	for (; byte & 0x80; shift += 7) {
		if (u->at == u->len || shift > SHIFT_MAX)
			return malformed(u, "an object's size has no end");
		byte = u->bytes[u->at++];
		*size |= (uint64_t)(byte & 0x7f) << shift;
	}
	return x->kind == 0 || x->kind == 5 ? malformed(u, "an object is of no known kind") : STATUS_OK;
}

/* What stands between header and content: which base a delta has. */
static enum status read_base(struct unpack *u, struct entry *x)
{
	uint64_t distance = 0;
	uint8_t byte = 0x80;

	if (x->kind == KIND_REF_DELTA) {
		if (u->len - u->at < OID_LEN)
			return malformed(u, "it ends too early");
		memcpy(x->base.id, u->bytes + u->at, OID_LEN);
		u->at += OID_LEN;
	} else if (x->kind == KIND_OFS_DELTA) {
		for (bool first = true; byte & 0x80; first = false) {
			if (u->at == u->len || distance > u->len)
				return malformed(u, "the distance to an object's base has no end");
			byte = u->bytes[u->at++];
			distance = ((first ? 0 : distance + 1) << 7) | (byte & 0x7f);
		}
		if (distance == 0 || distance > x->offset)
			return malformed(u, "an object's base is not there");
		x->base_offset = x->offset - (size_t)distance;
	}
	return STATUS_OK;
}

static enum status inflate_entry(struct unpack *u, struct entry *x, z_stream *z)
{
	int rc = inflateReset(z);

	z->next_in = (Bytef *)(uintptr_t)(u->bytes + u->at); /* zlib only reads it */
	z->avail_in = (uInt)(u->len - u->at);
	z->next_out = x->bytes;
	z->avail_out = (uInt)x->len + 1; /* the one more shows an object that is longer than it says */
	if (rc == Z_OK)
		rc = inflate(z, Z_FINISH);
	if (rc != Z_STREAM_END || z->avail_out != 1)
		return malformed(u, "an object is not of the size that it says");
	x->packed_at = u->at;
	u->at = u->len - z->avail_in;
	x->packed_len = u->at - x->packed_at;
	return STATUS_OK;
}

static enum status read_entry(struct unpack *u, struct entry *x, z_stream *z)
{
	uint64_t size = 0;
	enum status st = read_header(u, x, &size);

	if (st == STATUS_OK)
		st = read_base(u, x);
	if (st == STATUS_OK)
		st = take_room(&x->bytes, u, size);
	if (st == STATUS_OK) {
		x->len = (size_t)size;
		st = inflate_entry(u, x, z);
	}
	return st;
}

static enum status read_entries(struct unpack *u)
{
	z_stream z = {0};
	enum status st = inflateInit(&z) == Z_OK ? STATUS_OK : no_memory(u);

	for (size_t i = 0; i < u->count && st == STATUS_OK; i++)
		st = read_entry(u, &u->list[i], &z);
	(void)inflateEnd(&z);
	return st == STATUS_OK && u->at != u->len ? malformed(u, "there are bytes behind its last object") : st;
}

/* ---- deltas ---- */

/* A size in a delta's head, in groups of 7 bits. */
static bool delta_size(uint64_t *out, const struct entry *x, size_t *at)
{
	uint64_t size = 0;
	unsigned shift = 0;
	uint8_t byte = 0x80;

	for (; byte & 0x80; shift += 7) {
		if (*at == x->len || shift > SHIFT_MAX)
			return false;
		byte = x->bytes[(*at)++];
		size |= (uint64_t)(byte & 0x7f) << shift;
	}
	*out = size;
	return true;
}

/* The operands of a copy: those bytes of offset and length that the instruction's bits announce. */
static bool copy_operands(size_t *offset, size_t *len, const struct entry *x, size_t *at, uint8_t op)
{
	size_t value[2] = {0, 0};

	for (unsigned bit = 0; bit < 7; bit++) {
		if (!(op & 1u << bit))
			continue;
		if (*at == x->len)
			return false;
		value[bit >= 4] |= (size_t)x->bytes[(*at)++] << (bit >= 4 ? bit - 4 : bit) * 8;
	}
	*offset = value[0];
	*len = value[1] ? value[1] : 0x10000;
	return true;
}

/* Build the object at `out`, which has room for `size` bytes and takes exactly so many. */
static bool apply_delta(uint8_t *out, size_t size, const struct entry *base, const struct entry *delta, size_t at)
{
	size_t done = 0;

	while (at < delta->len) {
		uint8_t op = delta->bytes[at++];
		size_t offset = 0, len = op;
		const uint8_t *from = NULL;

		if (op & 0x80) {
			if (!copy_operands(&offset, &len, delta, &at, op) || offset > base->len ||
			    len > base->len - offset)
				return false;
			from = base->bytes + offset;
		} else {
			if (op == 0 || len > delta->len - at)
				return false;
			from = delta->bytes + at;
			at += len;
		}
		if (len > size - done)
			return false;
		memcpy(out + done, from, len);
		done += len;
	}
	return done == size;
}

static enum status resolve(struct unpack *u, struct entry *x, const struct entry *base)
{
	uint64_t base_size = 0, size = 0;
	uint8_t *made = NULL;
	size_t at = 0;
	enum status st = STATUS_OK;

	if (!delta_size(&base_size, x, &at) || !delta_size(&size, x, &at) || base_size != base->len)
		return malformed(u, "a delta does not fit its base");
	if (u->limits->delta_depth && base->depth >= u->limits->delta_depth)
		return pack_too_deep(u->limits->delta_depth, u->e);
	st = take_room(&made, u, size);
	if (st == STATUS_OK && !apply_delta(made, (size_t)size, base, x, at))
		st = malformed(u, "a delta does not fit its base");
	if (st != STATUS_OK) {
		free(made);
		return st;
	}
	free(x->bytes);
	x->bytes = made;
	x->len = (size_t)size;
	x->packed_len = 0;
	x->kind = base->kind;
	x->depth = base->depth + 1;
	return STATUS_OK;
}

static bool is_whole(const struct entry *x)
{
	return x->kind < KIND_OFS_DELTA;
}

/* The delta's base, if it is a whole object by now. */
static const struct entry *find_base(const struct unpack *u, const struct entry *x)
{
	size_t low = 0, high = u->count, place = 0;

	if (x->kind == KIND_REF_DELTA) {
		place = oid_map_find(&u->known, &x->base);
		return place == OID_MAP_NONE ? NULL : &u->list[u->known_at[place]];
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (u->list[middle].offset < x->base_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < u->count && u->list[low].offset == x->base_offset && is_whole(&u->list[low]) ? &u->list[low]
												   : NULL;
}

static enum status name_object(struct unpack *u, struct entry *x)
{
	git_oid hash;
	size_t place = 0;
	int rc = git_odb_hash(&hash, x->bytes, x->len, (git_object_t)x->kind);
	enum status st = STATUS_OK;

	if (rc)
		return git_failed(u->e, rc, "cannot hash an object");
	memcpy(x->id.id, hash.id, OID_LEN);
	st = oid_map_add(&place, NULL, &u->known, &x->id);
	if (st != STATUS_OK)
		return no_memory(u);
	u->known_at[place] = (size_t)(x - u->list);
	return STATUS_OK;
}

/* Each way through makes whole what rests on whole objects. */
static enum status resolve_all(struct unpack *u)
{
	enum status st = STATUS_OK;
	size_t waiting = 0;

	for (size_t i = 0; i < u->count && st == STATUS_OK; i++)
		if (is_whole(&u->list[i]))
			st = name_object(u, &u->list[i]);
	for (int depth = 0; depth < DEPTH_MAX && st == STATUS_OK; depth++) {
		waiting = 0;
		for (size_t i = 0; i < u->count && st == STATUS_OK; i++) {
			struct entry *x = &u->list[i];
			const struct entry *base = is_whole(x) ? NULL : find_base(u, x);

			waiting += !is_whole(x) && !base;
			if (base)
				st = resolve(u, x, base);
			if (base && st == STATUS_OK)
				st = name_object(u, x);
		}
		if (waiting == 0)
			break;
	}
	return st == STATUS_OK && waiting ? malformed(u, "an object's base is not there") : st;
}

/* ---- all of it ---- */

static enum status check_frame(struct unpack *u, size_t len)
{
	static const uint8_t magic[] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};
	uint8_t sum[SHA1_LEN];
	struct sha1 *sha1 = NULL;
	enum status st = STATUS_OK;
	uint64_t count = 0;

	if (len < PACK_HEADER_LEN + SHA1_LEN || memcmp(u->bytes, magic, sizeof(magic)) != 0)
		return malformed(u, "it is not a git pack of version 2");
	for (size_t i = sizeof(magic); i < PACK_HEADER_LEN; i++)
		count = count << 8 | u->bytes[i];
	if (count > u->limits->objects)
		return error_set(u->e, STATUS_TOO_BIG, "the pack holds %llu objects; at most %u are allowed",
				 (unsigned long long)count, (unsigned)u->limits->objects);
	u->len = len - SHA1_LEN;
	u->at = PACK_HEADER_LEN;
	if (count > (u->len - u->at) / ENTRY_LEN_MIN)
		return malformed(u, "it ends too early");
	u->count = (size_t)count;
	sha1 = sha1_open();
	if (!sha1)
		return no_memory(u);
	sha1_add(sha1, u->bytes, u->len);
	st = sha1_finish(sum, sha1);
	sha1_close(sha1);
	if (st != STATUS_OK)
		return error_set(u->e, st, "a pack cannot be hashed");
	return memcmp(sum, u->bytes + u->len, SHA1_LEN) == 0 ? STATUS_OK : malformed(u, "its checksum is wrong");
}

static enum status stage_all(struct unpack *u)
{
	size_t mark = repo_mark(u->repo);
	enum status st = STATUS_OK;

	for (size_t i = 0; i < u->count && st == STATUS_OK; i++) {
		const struct entry *x = &u->list[i];
		struct staging *s = &u->repo->staged;
		size_t before = s->ids.len;

		st = staging_add(s, &x->id, (git_object_t)x->kind, x->bytes, x->len, u->e);
		if (st == STATUS_OK && s->ids.len > before && x->packed_len)
			staging_keep_packed(s, u->bytes + x->packed_at, x->packed_len);
	}
	if (st != STATUS_OK)
		repo_rollback(u->repo, mark);
	return st;
}

enum status repo_unpack(struct repo *r, const void *bytes, size_t len, const struct repo_limits *limits,
			size_t memory_bytes, struct error *e)
{
	struct unpack u = {.repo = r, .limits = limits, .bytes = bytes, .left = memory_bytes, .e = e};
	enum status st = check_frame(&u, len);

	if (st == STATUS_OK && u.count > 0) {
		u.list = calloc(u.count, sizeof(*u.list));
		u.known_at = calloc(u.count, sizeof(*u.known_at));
		if (!u.list || !u.known_at)
			st = no_memory(&u);
	}
	if (st == STATUS_OK)
		st = read_entries(&u);
	if (st == STATUS_OK)
		st = resolve_all(&u);
	if (st == STATUS_OK)
		st = stage_all(&u);
	for (size_t i = 0; u.list && i < u.count; i++)
		free(u.list[i].bytes);
	free(u.list);
	free(u.known_at);
	oid_map_clear(&u.known);
	return st;
}
