/* core/repo_join.c - many packs become one. Packs of the repository enter; one durable pack leaves, with each of their
 * objects once.
 *
 * Objects are copied as they are stored, deltas included, but for directories, which become deltas here (see
 * core/repo_likeness.c): nothing else is compressed anew, and memory goes by the number of objects, not by their bytes. A delta by distance gets the distance in the new pack; one by id stays as it is. Both
 * have their base in the pack they come from, because no thin pack is taken in. Of an object that several packs hold the
 * first copy stays, so the chains stay free of circles. What the disk gives back is compared with the checksums that were
 * made when it was written: of each index as a whole, and of each entry. Nothing that differs is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "core/repo_packfile.h"

/* Where an object of the pack at hand begins, and which one it is. */
struct stored {
	uint64_t offset;
	size_t place; /* in join.ids */
	uint32_t crc; /* of its entry */
};

struct join {
	struct repo *repo;
	struct pack_writer out;
	struct oid_map ids;
	struct likeness *likeness;
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

/* Second way: the objects of one pack in the order they are stored. */
static enum status open_pack(struct join *j, const char *hex)
{
	enum status st = packfile_open_idx(&j->pack, j->repo, hex, j->e);

	if (st == STATUS_OK)
		st = packfile_open_pack(&j->pack, j->repo, j->e);
	if (st)
		return st;
	j->stored = malloc(j->pack.objects * sizeof(*j->stored));
	if (!j->stored)
		return error_set(j->e, STATUS_NOMEM, "no memory to join packs");
	for (uint32_t i = 0; i < j->pack.objects; i++) {
		struct oid id;
		uint64_t offset = packfile_offset(&j->pack, i);
		size_t place = 0;

		packfile_id(&id, &j->pack, i);
		place = oid_map_find(&j->ids, &id);
		if (place == OID_MAP_NONE || offset == 0)
			return packfile_damaged(&j->pack, j->e);
		j->stored[i] = (struct stored){offset, place, packfile_crc(&j->pack, i)};
	}
	j->stored_len = j->pack.objects;
	qsort(j->stored, j->stored_len, sizeof(*j->stored), compare_stored);
	return STATUS_OK;
}

/* Where the base of a delta by distance stands in the new pack; 0 if there is none. */
static uint64_t new_base(const struct join *j, uint64_t offset)
{
	struct stored key = {.offset = offset};
	const struct stored *found = bsearch(&key, j->stored, j->stored_len, sizeof(key), compare_stored);

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

/* *done: the directory was written as a delta against one that is in the new pack. */
static enum status put_tree(bool *done, struct join *j, const struct pack_entry *entry, size_t place)
{
	size_t base = 0;
	enum status st = STATUS_OK;

	*done = false;
	if (!likeness_is_for(entry->size))
		return STATUS_OK;
	buf_reset(&j->raw);
	buf_reset(&j->delta);
	buf_reset(&j->packed);
	st = pack_entry_inflate(&j->raw, entry, &j->pack, j->e);
	if (st || !likeness_find(&j->delta, &base, j->likeness, j->raw.data, j->raw.len, place))
		return st;
	st = pack_deflate(&j->packed, &j->deflater, j->delta.data, j->delta.len, j->e);
	if (st)
		return st;
	*done = true;
	return put_delta(j, j->out.places[base].offset, j->delta.len, j->packed.data, j->packed.len);
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
	uint64_t end = i + 1 < j->stored_len ? j->stored[i + 1].offset : j->pack.pack.len - OID_LEN;
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
	oid_map_clear(&j.ids);
	return st;
}
