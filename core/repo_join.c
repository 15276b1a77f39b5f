/* core/repo_join.c - many packs become one. Packs of the repository enter; one pack in quarantine leaves, with each of
 * their objects once.
 *
 * Objects are copied as they are stored, deltas included: nothing is compressed anew, and memory goes by the number of
 * objects, not by their bytes. A delta by distance gets the distance in the new pack; one by id stays as it is. Both
 * have their base in the pack they come from, because no thin pack is taken in. Of an object that several packs hold the
 * first copy stays, so the chains stay free of circles. The indexer then inflates and hashes every object: what does
 * not come out with the ids that the old indexes name is not kept.
 *
 * Formats: gitformat-pack(5).
 */
#include "core/repo_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"

#define PACK_HEADER_LEN 12
#define IDX_FANOUT 8
#define IDX_IDS (IDX_FANOUT + 256 * 4)
#define TYPE_OFS_DELTA 6
#define TYPE_REF_DELTA 7
#define VARINT_MAX 10

struct mapped {
	const uint8_t *bytes;
	size_t len;
};

/* Where an object of the pack at hand begins, and which one it is. */
struct stored {
	uint64_t offset;
	size_t place; /* in join.ids */
};

struct join {
	struct repo *repo;
	struct quarantine *quarantine;
	struct sha1 *sum;
	struct oid_map ids;
	uint64_t *offsets;   /* parallel to ids.keys: in the new pack, 0 while not written */
	uint64_t written;
	struct mapped idx, pack; /* the one at hand */
	struct stored *stored;	 /* its objects by offset */
	size_t stored_len;
	struct error *e;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum status map_file(struct mapped *out, const char *path, struct error *e)
{
	enum status st = STATUS_OK;
	void *bytes = MAP_FAILED;
	struct stat s;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (!path)
		return error_set(e, STATUS_NOMEM, "no memory to join packs");
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

static void unmap(struct mapped *m)
{
	if (m->bytes)
		(void)munmap((void *)(uintptr_t)m->bytes, m->len);
	*m = (struct mapped){NULL, 0};
}

static void close_pack(struct join *j)
{
	unmap(&j->idx);
	unmap(&j->pack);
	free(j->stored);
	j->stored = NULL;
	j->stored_len = 0;
}

/* How many objects an index names, after checking that it has room for them. */
static enum status idx_count(uint32_t *out, const struct mapped *idx, const char *hex, struct error *e)
{
	static const uint8_t magic[] = {0xff, 't', 'O', 'c', 0, 0, 0, 2};
	uint32_t n = 0;

	if (idx->len >= IDX_IDS + 2 * OID_LEN && memcmp(idx->bytes, magic, sizeof(magic)) == 0)
		n = be32(idx->bytes + IDX_IDS - 4);
	if (n == 0 || (idx->len - IDX_IDS - 2 * OID_LEN) / (OID_LEN + 8) < n)
		return error_set(e, STATUS_CORRUPT, "the index of pack %s is damaged", hex);
	*out = n;
	return STATUS_OK;
}

static void idx_id(struct oid *out, const struct mapped *idx, uint32_t i)
{
	memcpy(out->id, idx->bytes + IDX_IDS + (size_t)i * OID_LEN, OID_LEN);
}

static enum status open_idx(uint32_t *n, struct mapped *out, struct repo *r, const char *hex, struct error *e)
{
	char *path = packs_path(r, hex, "idx");
	enum status st = map_file(out, path, e);

	if (st == STATUS_OK)
		st = idx_count(n, out, hex, e);
	free(path);
	return st;
}

/* First way through: which objects there are, since a pack begins with their number. */
static enum status collect_ids(struct join *j, const char *hex)
{
	uint32_t n = 0;
	enum status st = open_idx(&n, &j->idx, j->repo, hex, j->e);

	for (uint32_t i = 0; i < n && st == STATUS_OK; i++) {
		struct oid id;
		size_t place = 0;

		idx_id(&id, &j->idx, i);
		st = oid_map_add(&place, NULL, &j->ids, &id);
		if (st)
			st = error_set(j->e, st, "no memory to join packs");
	}
	close_pack(j);
	return st;
}

static int compare_stored(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static enum status damaged(struct join *j, const char *hex)
{
	return error_set(j->e, STATUS_CORRUPT, "the pack %s is damaged", hex);
}

/* Second way: the objects of one pack in the order they are stored. */
static enum status open_pack(struct join *j, const char *hex)
{
	char *path = packs_path(j->repo, hex, "pack");
	uint32_t n = 0;
	enum status st = open_idx(&n, &j->idx, j->repo, hex, j->e);

	if (st == STATUS_OK)
		st = map_file(&j->pack, path, j->e);
	free(path);
	if (st)
		return st;
	if (j->pack.len < PACK_HEADER_LEN + OID_LEN || be32(j->pack.bytes + 8) != n)
		return damaged(j, hex);
	j->stored = malloc(n * sizeof(*j->stored));
	if (!j->stored)
		return error_set(j->e, STATUS_NOMEM, "no memory to join packs");
	for (uint32_t i = 0; i < n; i++) {
		struct oid id;
		uint32_t offset = be32(j->idx.bytes + IDX_IDS + (size_t)n * (OID_LEN + 4) + (size_t)i * 4);
		size_t place = 0;

		idx_id(&id, &j->idx, i);
		place = oid_map_find(&j->ids, &id);
		/* the highest bit would lead to a table of larger offsets: no pack that is joined is so large */
		if (place == OID_MAP_NONE || offset < PACK_HEADER_LEN || offset >= j->pack.len - OID_LEN)
			return damaged(j, hex);
		j->stored[i] = (struct stored){offset, place};
	}
	j->stored_len = n;
	qsort(j->stored, n, sizeof(*j->stored), compare_stored);
	return STATUS_OK;
}

static enum status put(struct join *j, const void *bytes, size_t len)
{
	sha1_add(j->sum, bytes, len);
	j->written += len;
	return quarantine_feed(j->quarantine, bytes, len, j->e);
}

/* Length of a type and size (at_least 1) or of a distance, both of which end with a byte below 128. 0 if there is no
 * end. */
static size_t varint_len(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len && i < VARINT_MAX; i++) {
		if (!(at[i] & 0x80))
			return i + 1;
	}
	return 0;
}

/* "offset encoding": each further byte adds one to what came before. */
static uint64_t read_distance(const uint8_t *at, size_t len)
{
	uint64_t value = at[0] & 0x7f;

	for (size_t i = 1; i < len; i++)
		value = ((value + 1) << 7) | (at[i] & 0x7f);
	return value;
}

static size_t write_distance(uint8_t out[VARINT_MAX], uint64_t value)
{
	uint8_t reversed[VARINT_MAX];
	size_t len = 0;

	reversed[len++] = value & 0x7f;
	while (value >>= 7) {
		value--;
		reversed[len++] = (uint8_t)(0x80 | (value & 0x7f));
	}
	for (size_t i = 0; i < len; i++)
		out[i] = reversed[len - 1 - i];
	return len;
}

/* Where the base of a delta by distance stands in the new pack; 0 if there is none. */
static uint64_t new_base(const struct join *j, uint64_t offset, uint64_t distance)
{
	struct stored key = {.offset = distance < offset ? offset - distance : 0};
	const struct stored *found = bsearch(&key, j->stored, j->stored_len, sizeof(key), compare_stored);

	return found ? j->offsets[found->place] : 0;
}

static enum status copy_object(struct join *j, size_t i, const char *hex)
{
	uint64_t start = j->stored[i].offset, here = j->written;
	uint64_t end = i + 1 < j->stored_len ? j->stored[i + 1].offset : j->pack.len - OID_LEN;
	const uint8_t *at = j->pack.bytes + start;
	size_t len = (size_t)(end - start), head = varint_len(at, len), tail = 0, n = 0;
	uint8_t distance[VARINT_MAX];
	uint64_t base = 0;
	enum status st = STATUS_OK;

	if (head == 0)
		return damaged(j, hex);
	st = put(j, at, head);
	if (st == STATUS_OK && (at[0] >> 4 & 7) == TYPE_OFS_DELTA) {
		tail = varint_len(at + head, len - head);
		base = tail ? new_base(j, start, read_distance(at + head, tail)) : 0;
		if (base == 0)
			return damaged(j, hex);
		n = write_distance(distance, here - base);
		st = put(j, distance, n);
	}
	if (st == STATUS_OK)
		st = put(j, at + head + tail, len - head - tail);
	j->offsets[j->stored[i].place] = here;
	return st;
}

static enum status copy_pack(struct join *j, const char *hex)
{
	enum status st = open_pack(j, hex);

	for (size_t i = 0; i < j->stored_len && st == STATUS_OK; i++) {
		if (j->offsets[j->stored[i].place] == 0)
			st = copy_object(j, i, hex);
	}
	close_pack(j);
	return st;
}

static enum status begin(struct join *j)
{
	uint8_t head[PACK_HEADER_LEN] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};

	for (unsigned i = 0; i < 4; i++)
		head[8 + i] = (uint8_t)(j->ids.len >> (24 - 8 * i));
	j->offsets = calloc(j->ids.len ? j->ids.len : 1, sizeof(*j->offsets));
	j->sum = sha1_open();
	if (!j->offsets || !j->sum)
		return error_set(j->e, STATUS_NOMEM, "no memory to join packs");
	return put(j, head, sizeof(head));
}

static enum status end(struct join *j)
{
	uint8_t sum[SHA1_LEN];

	if (sha1_finish(sum, j->sum))
		return error_set(j->e, STATUS_CRYPTO, "a pack cannot be hashed");
	return quarantine_feed(j->quarantine, sum, sizeof(sum), j->e);
}

/* The indexer wrote what it found by hashing: that must be what the old indexes promised. */
static enum status compare_ids(struct join *j)
{
	size_t size = strlen(j->quarantine->base) + sizeof(".idx");
	char *path = malloc(size);
	uint32_t n = 0;
	enum status st = STATUS_OK;

	if (path)
		memcpy(mempcpy(path, j->quarantine->base, size - sizeof(".idx")), ".idx", sizeof(".idx"));
	st = map_file(&j->idx, path, j->e);
	if (st == STATUS_OK)
		st = idx_count(&n, &j->idx, "that was made", j->e);
	if (st == STATUS_OK && n != j->ids.len)
		st = damaged(j, "that was made");
	for (uint32_t i = 0; i < n && st == STATUS_OK; i++) {
		struct oid id;

		idx_id(&id, &j->idx, i);
		if (oid_map_find(&j->ids, &id) == OID_MAP_NONE)
			st = damaged(j, "that was made");
	}
	free(path);
	close_pack(j);
	return st;
}

static bool stopped(const atomic_bool *stop)
{
	return stop && atomic_load(stop);
}

enum status packs_join(struct quarantine *q, struct repo *r, const struct pack_list *l, const atomic_bool *stop,
		       struct error *e)
{
	struct join j = {.repo = r, .quarantine = q, .e = e};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < l->len && st == STATUS_OK; i++)
		st = collect_ids(&j, l->packs[i].hex);
	if (st == STATUS_OK)
		st = begin(&j);
	for (size_t i = 0; i < l->len && st == STATUS_OK; i++)
		st = stopped(stop) ? error_set(e, STATUS_BUSY, "joining packs was broken off")
				   : copy_pack(&j, l->packs[i].hex);
	if (st == STATUS_OK)
		st = end(&j);
	if (st == STATUS_OK)
		st = quarantine_index(q, e);
	if (st == STATUS_OK)
		st = compare_ids(&j);
	close_pack(&j);
	sha1_close(j.sum);
	oid_map_clear(&j.ids);
	free(j.offsets);
	return st;
}
