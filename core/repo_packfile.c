/* core/repo_packfile.c - the bytes of packs and of their indexes, read entry by entry. */
#include "core/repo_packfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FANOUT_AT 8
#define IDS_AT (FANOUT_AT + 256 * 4)
#define TAIL_LEN (2 * OID_LEN) /* of an index: the hash of its pack, and its own */
#define LARGE_OFFSET 0x80000000u
#define SIZE_SHIFT_MAX 60

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- files ---- */

enum status mapped_open(struct mapped *out, const char *path, struct error *e)
{
	enum status st = STATUS_OK;
	void *bytes = MAP_FAILED;
	struct stat s;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (!path)
		return error_set(e, STATUS_NOMEM, "no memory to open a pack");
	if (fd < 0 && errno == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "%s is not there any more", path);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	if (fstat(fd, &s) || s.st_size <= 0 || (uint64_t)s.st_size > SIZE_MAX)
		st = error_set(e, STATUS_CORRUPT, "%s is no pack", path);
	else
		bytes = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (st == STATUS_OK && bytes == MAP_FAILED)
		st = error_set_errno(e, errno, "cannot read %s", path);
	(void)close(fd);
	if (st == STATUS_OK)
		*out = (struct mapped){bytes, (size_t)s.st_size};
	return st;
}

void mapped_close(struct mapped *m)
{
	if (m->bytes)
		(void)munmap((void *)(uintptr_t)m->bytes, m->len);
	*m = (struct mapped){NULL, 0};
}

enum status packfile_damaged(const struct packfile *p, struct error *e)
{
	return error_set(e, STATUS_CORRUPT, "the pack %s is damaged", p->hex);
}

/* An index has room for the objects that it tells of, and its fan-out only grows. */
static bool idx_is_sound(const struct mapped *idx)
{
	static const uint8_t magic[] = {0xff, 't', 'O', 'c', 0, 0, 0, 2};
	uint32_t n = 0;

	if (idx->len < IDS_AT + TAIL_LEN || memcmp(idx->bytes, magic, sizeof(magic)) != 0)
		return false;
	for (size_t i = 0; i < 256; i++) {
		uint32_t next = be32(idx->bytes + FANOUT_AT + 4 * i);

		if (next < n)
			return false;
		n = next;
	}
	return n > 0 && (idx->len - IDS_AT - TAIL_LEN) / (OID_LEN + 8) >= n;
}

enum status packfile_open_idx_at(struct packfile *out, const char *path, const char *name, struct error *e)
{
	struct packfile p = {.hex = ""};
	enum status st = mapped_open(&p.idx, path, e);

	if (st)
		return st;
	(void)snprintf(p.hex, sizeof(p.hex), "%s", name);
	if (!idx_is_sound(&p.idx)) {
		packfile_close(&p);
		return error_set(e, STATUS_CORRUPT, "the index of pack %s is damaged", name);
	}
	p.objects = be32(p.idx.bytes + IDS_AT - 4);
	*out = p;
	return STATUS_OK;
}

enum status packfile_open_idx(struct packfile *out, struct repo *r, const char *hex, struct error *e)
{
	char *path = packs_path(r, hex, "idx");
	enum status st = packfile_open_idx_at(out, path, hex, e);

	free(path);
	return st;
}

enum status packfile_open_pack(struct packfile *p, struct repo *r, struct error *e)
{
	char *path = packs_path(r, p->hex, "pack");
	enum status st = packfile_open_pack_at(p, path, e);

	free(path);
	return st;
}

enum status packfile_open_pack_at(struct packfile *p, const char *path, struct error *e)
{
	enum status st = mapped_open(&p->pack, path, e);

	if (st)
		return st;
	if (p->pack.len < PACK_START + OID_LEN || be32(p->pack.bytes + 8) != p->objects ||
	    memcmp(p->pack.bytes + p->pack.len - OID_LEN, p->idx.bytes + p->idx.len - TAIL_LEN, OID_LEN) != 0) {
		mapped_close(&p->pack);
		return packfile_damaged(p, e);
	}
	return STATUS_OK;
}

void packfile_close(struct packfile *p)
{
	mapped_close(&p->idx);
	mapped_close(&p->pack);
	p->objects = 0;
}

/* ---- the index ---- */

static const uint8_t *id_at(const struct packfile *p, uint32_t i)
{
	return p->idx.bytes + IDS_AT + (size_t)i * OID_LEN;
}

void packfile_id(struct oid *out, const struct packfile *p, uint32_t i)
{
	memcpy(out->id, id_at(p, i), OID_LEN);
}

uint32_t packfile_crc(const struct packfile *p, uint32_t i)
{
	return be32(p->idx.bytes + IDS_AT + (size_t)p->objects * OID_LEN + (size_t)i * 4);
}

uint64_t packfile_offset(const struct packfile *p, uint32_t i)
{
	size_t large_at = IDS_AT + (size_t)p->objects * (OID_LEN + 8), room = p->idx.len - TAIL_LEN - large_at;
	uint64_t offset = be32(p->idx.bytes + IDS_AT + (size_t)p->objects * (OID_LEN + 4) + (size_t)i * 4);

	if (offset & LARGE_OFFSET) {
		size_t at = (size_t)(offset & ~LARGE_OFFSET);

		if (at >= room / 8)
			return 0;
		offset = (uint64_t)be32(p->idx.bytes + large_at + at * 8) << 32 |
			 be32(p->idx.bytes + large_at + at * 8 + 4);
	}
	return offset >= PACK_START && offset < p->pack.len - OID_LEN ? offset : 0;
}

bool packfile_find(uint32_t *i, const struct packfile *p, const struct oid *id)
{
	const uint8_t *fanout = p->idx.bytes + FANOUT_AT + 4 * (size_t)id->id[0];
	uint32_t low = id->id[0] ? be32(fanout - 4) : 0, high = be32(fanout);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(id_at(p, middle), id->id, OID_LEN);

		if (order == 0) {
			*i = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* ---- entries ---- */

/* Four bits of the size beside the kind, then seven in each byte. How many bytes it takes; 0: it has no end. */
static size_t read_head(struct pack_entry *out, const uint8_t *at, size_t len)
{
	unsigned shift = 4;

	if (len == 0)
		return 0;
	out->kind = at[0] >> 4 & 7;
	out->size = at[0] & 15;
	for (size_t i = 0; i < len; i++, shift += 7) {
		if (i > 0)
			out->size |= (uint64_t)(at[i] & 0x7f) << (shift - 7);
		if (!(at[i] & 0x80))
			return i + 1;
		if (shift > SIZE_SHIFT_MAX)
			return 0;
	}
	return 0;
}

/* "offset encoding": each further byte adds one to what came before. */
static size_t read_distance(uint64_t *out, const uint8_t *at, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len && i < PACK_VARINT_MAX - 1; i++) {
		value = i ? ((value + 1) << 7) | (at[i] & 0x7f) : at[i] & 0x7f;
		if (!(at[i] & 0x80)) {
			*out = value;
			return i + 1;
		}
	}
	return 0;
}

enum status pack_entry_read(struct pack_entry *out, const struct packfile *p, uint64_t start, uint64_t end,
			    struct error *e)
{
	const uint8_t *at = p->pack.bytes + start;
	size_t len = (size_t)(end - start);
	struct pack_entry entry = {.kind = 0};
	size_t head = read_head(&entry, at, len), tail = 0;
	uint64_t distance = 0;

	if (head == 0)
		return packfile_damaged(p, e);
	switch (entry.kind) {
	case REPO_COMMIT:
	case REPO_TREE:
	case REPO_BLOB:
	case REPO_TAG:
		break;
	case PACK_OFS_DELTA:
		tail = read_distance(&distance, at + head, len - head);
		if (tail == 0 || distance == 0 || distance > start - PACK_START)
			return packfile_damaged(p, e);
		entry.base_at = start - distance;
		break;
	case PACK_REF_DELTA:
		if (len - head < OID_LEN)
			return packfile_damaged(p, e);
		entry.base = at + head;
		tail = OID_LEN;
		break;
	default:
		return packfile_damaged(p, e);
	}
	entry.data = at + head + tail;
	entry.data_len = len - head - tail;
	*out = entry;
	return STATUS_OK;
}

enum status pack_entry_inflate(struct buf *out, const struct pack_entry *entry, const struct packfile *p, struct error *e)
{
	uint8_t part[PACK_PART_BYTES];
	size_t before = out->len;
	z_stream z = {.next_in = (Bytef *)(uintptr_t)entry->data}; /* zlib only reads it */
	int rc = inflateInit(&z);

	if (rc != Z_OK)
		return error_set(e, STATUS_NOMEM, "no memory to read a pack");
	z.avail_in = (uInt)(entry->data_len < UINT_MAX ? entry->data_len : UINT_MAX);
	while (rc == Z_OK && out->len - before <= entry->size) {
		z.next_out = part;
		z.avail_out = sizeof(part);
		rc = inflate(&z, Z_NO_FLUSH);
		buf_add(out, part, sizeof(part) - z.avail_out);
	}
	(void)inflateEnd(&z);
	if (!buf_ok(out))
		return error_set(e, STATUS_NOMEM, "no memory to read a pack");
	return rc == Z_STREAM_END && out->len - before == entry->size ? STATUS_OK : packfile_damaged(p, e);
}
