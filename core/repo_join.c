/* core/repo_join.c - many packs become one. Packs of the repository enter; one durable pack leaves, with each of their
 * objects once.
 *
 * Objects are copied as they are stored, deltas included, but for directories (core/repo_likeness.c), records and commits
 * (core/repo_alike.c) that are stored whole: those become deltas here. Memory goes by the number of objects, not by their bytes.
 * A delta by distance gets the distance in the new pack; one by id stays as it is. Both have their base in the pack they come
 * from, because no thin pack is taken in. Of an object that several packs hold the
 * first copy stays, so the chains stay free of circles. What the disk gives back is compared with the checksums that were
 * made when it was written: of each index as a whole, and of each entry. Nothing that differs is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "core/repo_packfile.h"

#define LIKES 3
#define LIKE_MAX 64	     /* deltas against one: ids and times move away from it */
#define LIKE_MAX_BYTES 16384 /* more is no record */
#define STORED_GAIN 8	     /* a delta that compressing takes less than an eighth off is stored as it is */

/* Where an object of the pack at hand begins, and which one it is. */
struct stored {
	uint64_t offset;
	size_t place; /* in join.ids */
	uint32_t crc; /* of its entry */
	bool is_base; /* of a delta in the same pack: it stays whole, so that no chain grows */
};

/* What the next ones of its kind may be deltas against: written whole. */
struct like {
	struct buf raw;
	uint64_t at; /* in the new pack */
	unsigned deltas;
};

struct join {
	struct repo *repo;
	struct pack_writer out;
	struct oid_map ids;
	struct likeness *likeness;
	struct like likes[LIKES]; /* records, devices' commits, merges */
	struct pack_deflater deflater;
	struct buf raw, delta, packed;
	struct packfile pack;  /* the one at hand */
	struct stored *stored; /* its objects by offset */
	size_t stored_len;
	struct error *e;
};

static void close_pack(struct join *j)
{
	packfile_close(&j->pack);
	free(j->stored);
	j->stored = NULL;
	j->stored_len = 0;
}

/* Is the index as it was written? */
static enum status check_idx(const struct packfile *p, struct error *e)
{
	size_t len = p->idx.len - SHA1_LEN;
	uint8_t sum[SHA1_LEN];
	struct sha1 *s = sha1_open();
	enum status st = STATUS_NOMEM;

	if (s) {
		sha1_add(s, p->idx.bytes, len);
		st = sha1_finish(sum, s);
	}
	sha1_close(s);
	if (st)
		return error_set(e, st, "the index of pack %s cannot be hashed", p->hex);
	return memcmp(sum, p->idx.bytes + len, SHA1_LEN) == 0 ? STATUS_OK : packfile_damaged(p, e);
}

/* First way through: which objects there are, since a pack begins with their number. */
static enum status collect_ids(struct join *j, const char *hex)
{
	enum status st = packfile_open_idx(&j->pack, j->repo, hex, j->e);

	if (st == STATUS_OK)
		st = check_idx(&j->pack, j->e);
	for (uint32_t i = 0; i < j->pack.objects && st == STATUS_OK; i++) {
		struct oid id;
		size_t place = 0;

		packfile_id(&id, &j->pack, i);
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

static struct stored *stored_at(const struct join *j, uint64_t offset)
{
	const struct stored key = {.offset = offset};

	return bsearch(&key, j->stored, j->stored_len, sizeof(key), compare_stored);
}

static uint64_t end_of(const struct join *j, size_t i)
{
	return i + 1 < j->stored_len ? j->stored[i + 1].offset : j->pack.pack.len - OID_LEN;
}

static enum status mark_bases(struct join *j)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < j->stored_len && st == STATUS_OK; i++) {
		struct pack_entry entry;
		struct stored *base = NULL;

		st = pack_entry_read(&entry, &j->pack, j->stored[i].offset, end_of(j, i), j->e);
		if (st == STATUS_OK && entry.kind == PACK_OFS_DELTA)
			base = stored_at(j, entry.base_at);
		if (base)
			base->is_base = true;
	}
	return st;
}

/* Second way: the objects of one pack in the order they are stored. */
static enum status open_pack(struct join *j, const char *hex)
{
	struct pack_offset *offsets = NULL;
	enum status st = packfile_open_idx(&j->pack, j->repo, hex, j->e);

	if (st == STATUS_OK)
		st = packfile_open_pack(&j->pack, j->repo, j->e);
	if (st)
		return st;
	j->stored = malloc(((size_t)j->pack.objects + 1) * sizeof(*j->stored));
	if (!j->stored)
		return error_set(j->e, STATUS_NOMEM, "no memory to join packs");
	st = packfile_offsets(&offsets, &j->pack, j->e);
	for (uint32_t k = 0; k < j->pack.objects && st == STATUS_OK; k++) {
		struct oid id;
		size_t place = 0;

		packfile_id(&id, &j->pack, offsets[k].i);
		place = oid_map_find(&j->ids, &id);
		if (place == OID_MAP_NONE)
			st = packfile_damaged(&j->pack, j->e);
		j->stored[k] = (struct stored){offsets[k].offset, place, packfile_crc(&j->pack, offsets[k].i), false};
	}
	free(offsets);
	j->stored_len = j->pack.objects;
	return st ? st : mark_bases(j);
}

/* Where the base of a delta by distance stands in the new pack; 0 if there is none. */
static uint64_t new_base(const struct join *j, uint64_t offset)
{
	const struct stored *found = stored_at(j, offset);

	return found ? j->out.places[found->place].offset : 0;
}

static enum status put_delta(struct join *j, uint64_t base, uint64_t size, const void *packed, size_t len)
{
	uint8_t head[2 * PACK_VARINT_MAX];
	size_t head_len = pack_put_head(head, PACK_OFS_DELTA, size);
	enum status st = STATUS_OK;

	head_len += pack_put_distance(head + head_len, j->out.out.written - base);
	st = pack_writer_put(&j->out, head, head_len);
	return st ? st : pack_writer_put(&j->out, packed, len);
}

/* j->delta against what stands at `base`. */
static enum status put_made(struct join *j, uint64_t base)
{
	enum status st = STATUS_OK;

	buf_reset(&j->packed);
	st = pack_deflate(&j->packed, &j->deflater, j->delta.data, j->delta.len, j->e);
	if (st == STATUS_OK && j->delta.len <= ALIKE_STORED_MAX &&
	    j->packed.len > j->delta.len - j->delta.len / STORED_GAIN) {
		buf_reset(&j->packed);
		alike_store(&j->packed, j->delta.data, j->delta.len);
		if (!buf_ok(&j->packed))
			st = error_set(j->e, STATUS_NOMEM, "no memory to join packs");
	}
	return st ? st : put_delta(j, base, j->delta.len, j->packed.data, j->packed.len);
}

static enum status inflate_raw(struct join *j, const struct pack_entry *entry)
{
	buf_reset(&j->raw);
	buf_reset(&j->delta);
	return pack_entry_inflate(&j->raw, entry, &j->pack, j->e);
}

/* *done: the directory was written as a delta against one that is in the new pack. */
static enum status put_tree(bool *done, struct join *j, const struct pack_entry *entry, size_t place)
{
	size_t base = 0;
	enum status st = STATUS_OK;

	if (!likeness_is_for(entry->size))
		return STATUS_OK;
	st = inflate_raw(j, entry);
	if (st || !likeness_find(&j->delta, &base, j->likeness, j->raw.data, j->raw.len, place))
		return st;
	*done = true;
	return put_made(j, j->out.places[base].offset);
}

/* Commits of devices have one parent, merges two; but for that they are alike. */
static size_t like_of(unsigned kind, const struct buf *raw)
{
	static const char parent[] = "\nparent ";
	const size_t line = sizeof(parent) - 1 + OID_HEX_LEN;
	const uint8_t *first = kind == REPO_BLOB ? NULL : memmem(raw->data, raw->len, parent, sizeof(parent) - 1);
	size_t left = first ? (size_t)(raw->data + raw->len - first) : 0;

	if (kind == REPO_BLOB)
		return 0;
	return left > 2 * line && memcmp(first + line, parent, sizeof(parent) - 1) == 0 ? 2 : 1;
}

/* The same of a record or commit. */
static enum status put_alike(bool *done, struct join *j, const struct pack_entry *entry)
{
	uint64_t here = j->out.out.written;
	struct like *like = NULL;
	enum status st = STATUS_OK;

	if (entry->size == 0 || entry->size > LIKE_MAX_BYTES)
		return STATUS_OK;
	st = inflate_raw(j, entry);
	if (st)
		return st;
	like = &j->likes[like_of(entry->kind, &j->raw)];
	if (like->deltas < LIKE_MAX &&
	    alike_delta(&j->delta, like->raw.data, like->raw.len, j->raw.data, j->raw.len)) {
		like->deltas++;
		*done = true;
		return put_made(j, like->at);
	}
	like->at = here;
	like->deltas = 0;
	buf_reset(&like->raw);
	buf_add(&like->raw, j->raw.data, j->raw.len);
	return buf_ok(&like->raw) ? STATUS_OK : error_set(j->e, STATUS_NOMEM, "no memory to join packs");
}

static enum status copy_delta(struct join *j, const struct pack_entry *entry)
{
	uint64_t base = new_base(j, entry->base_at);

	if (base == 0)
		return packfile_damaged(&j->pack, j->e);
	return put_delta(j, base, entry->size, entry->data, entry->data_len);
}

/* A base by id may come behind what it is the base of. */
static bool has_base(const struct join *j, const struct pack_entry *entry)
{
	struct oid base;

	memcpy(base.id, entry->base, OID_LEN);
	return oid_map_find(&j->ids, &base) != OID_MAP_NONE;
}

static enum status copy_object(struct join *j, size_t i)
{
	const struct stored *s = &j->stored[i];
	uint64_t end = end_of(j, i);
	const uint8_t *bytes = j->pack.pack.bytes + s->offset;
	size_t len = (size_t)(end - s->offset);
	struct pack_entry entry;
	bool done = false;
	enum status st = pack_entry_read(&entry, &j->pack, s->offset, end, j->e);

	if (st == STATUS_OK && crc32_z(0, bytes, len) != s->crc)
		st = packfile_damaged(&j->pack, j->e);
	if (st == STATUS_OK)
		st = pack_writer_begin(&j->out, s->place);
	if (st == STATUS_OK && entry.kind == PACK_OFS_DELTA)
		return copy_delta(j, &entry);
	if (st == STATUS_OK && entry.kind == PACK_REF_DELTA && !has_base(j, &entry))
		st = packfile_damaged(&j->pack, j->e);
	if (st == STATUS_OK && entry.kind == REPO_TREE)
		st = put_tree(&done, j, &entry, s->place);
	if (st == STATUS_OK && (entry.kind == REPO_BLOB || entry.kind == REPO_COMMIT) && !s->is_base)
		st = put_alike(&done, j, &entry);
	return st == STATUS_OK && !done ? pack_writer_put(&j->out, bytes, len) : st;
}

static enum status copy_pack(struct join *j, const char *hex)
{
	enum status st = open_pack(j, hex);

	for (size_t i = 0; i < j->stored_len && st == STATUS_OK; i++) {
		if (j->out.places[j->stored[i].place].offset == 0)
			st = copy_object(j, i);
	}
	close_pack(j);
	return st;
}

static bool stopped(const atomic_bool *stop)
{
	return stop && atomic_load(stop);
}

static enum status copy_packs(struct join *j, const struct pack_list *l, const atomic_bool *stop)
{
	enum status st = pack_writer_open(&j->out, j->repo, j->ids.len, j->e);

	j->likeness = likeness_open();
	if (st == STATUS_OK && !j->likeness)
		st = error_set(j->e, STATUS_NOMEM, "no memory to join packs");
	for (size_t i = 0; i < l->len && st == STATUS_OK; i++)
		st = stopped(stop) ? error_set(j->e, STATUS_BUSY, "joining packs was broken off")
				   : copy_pack(j, l->packs[i].hex);
	return st;
}

enum status packs_join(char hex[2 * SHA1_LEN + 1], struct repo *r, const struct pack_list *l, const atomic_bool *stop,
		       struct error *e)
{
	struct join j = {.repo = r, .e = e};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < l->len && st == STATUS_OK; i++)
		st = collect_ids(&j, l->packs[i].hex);
	if (st == STATUS_OK) {
		st = copy_packs(&j, l, stop);
		if (st == STATUS_OK)
			st = pack_writer_keep(hex, &j.out, j.ids.keys, j.ids.len);
		pack_writer_close(&j.out);
	}
	close_pack(&j);
	pack_deflater_close(&j.deflater);
	likeness_close(j.likeness);
	buf_clear(&j.raw);
	buf_clear(&j.delta);
	buf_clear(&j.packed);
	for (size_t i = 0; i < LIKES; i++)
		buf_clear(&j.likes[i].raw);
	oid_map_clear(&j.ids);
	return st;
}
