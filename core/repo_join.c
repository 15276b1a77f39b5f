/* core/repo_join.c - many packs become one. Packs of the repository enter; one pack in quarantine leaves, with each of
 * their objects once.
 *
 * Objects are copied as they are stored, deltas included, but for directories, which become deltas here (see
 * core/repo_likeness.c): nothing else is compressed anew, and memory goes by the number of objects, not by their bytes. A delta by distance gets the distance in the new pack; one by id stays as it is. Both
 * have their base in the pack they come from, because no thin pack is taken in. Of an object that several packs hold the
 * first copy stays, so the chains stay free of circles. The indexer then inflates and hashes every object: what does
 * not come out with the ids that the old indexes name is not kept.
 */
#include <stdlib.h>
#include <string.h>

#include "core/repo_packfile.h"

/* Where an object of the pack at hand begins, and which one it is. */
struct stored {
	uint64_t offset;
	size_t place; /* in join.ids */
};

struct join {
	struct repo *repo;
	struct quarantine *quarantine;
	struct pack_stream out;
	struct oid_map ids;
	uint64_t *offsets;     /* parallel to ids.keys: in the new pack, 0 while not written */
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

/* First way through: which objects there are, since a pack begins with their number. */
static enum status collect_ids(struct join *j, const char *hex)
{
	enum status st = packfile_open_idx(&j->pack, j->repo, hex, j->e);

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
		j->stored[i] = (struct stored){offset, place};
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

	return found ? j->offsets[found->place] : 0;
}

static enum status put_delta(struct join *j, uint64_t base, uint64_t size, const void *packed, size_t len)
{
	uint8_t head[2 * PACK_VARINT_MAX];
	size_t head_len = pack_put_head(head, PACK_OFS_DELTA, size);
	enum status st = STATUS_OK;

	head_len += pack_put_distance(head + head_len, j->out.written - base);
	st = pack_stream_put(&j->out, head, head_len);
	return st ? st : pack_stream_put(&j->out, packed, len);
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
	return put_delta(j, j->offsets[base], j->delta.len, j->packed.data, j->packed.len);
}

static enum status copy_object(struct join *j, size_t i)
{
	uint64_t start = j->stored[i].offset, here = j->out.written, base = 0;
	uint64_t end = i + 1 < j->stored_len ? j->stored[i + 1].offset : j->pack.pack.len - OID_LEN;
	const uint8_t *bytes = j->pack.pack.bytes;
	struct pack_entry entry;
	bool done = false;
	enum status st = pack_entry_read(&entry, &j->pack, start, end, j->e);

	if (st)
		return st;
	if (entry.kind == PACK_OFS_DELTA) {
		base = new_base(j, entry.base_at);
		if (base == 0)
			return packfile_damaged(&j->pack, j->e);
		st = put_delta(j, base, entry.size, entry.data, entry.data_len);
	} else {
		if (entry.kind == REPO_TREE)
			st = put_tree(&done, j, &entry, j->stored[i].place);
		if (st == STATUS_OK && !done)
			st = pack_stream_put(&j->out, bytes + start, (size_t)(end - start));
	}
	j->offsets[j->stored[i].place] = here;
	return st;
}

static enum status copy_pack(struct join *j, const char *hex)
{
	enum status st = open_pack(j, hex);

	for (size_t i = 0; i < j->stored_len && st == STATUS_OK; i++) {
		if (j->offsets[j->stored[i].place] == 0)
			st = copy_object(j, i);
	}
	close_pack(j);
	return st;
}

static enum status feed_quarantine(void *ctx, const void *bytes, size_t len)
{
	struct join *j = ctx;

	return quarantine_feed(j->quarantine, bytes, len, j->e);
}

static enum status begin(struct join *j)
{
	j->offsets = calloc(j->ids.len ? j->ids.len : 1, sizeof(*j->offsets));
	j->likeness = likeness_open();
	if (!j->offsets || !j->likeness)
		return error_set(j->e, STATUS_NOMEM, "no memory to join packs");
	return pack_stream_open(&j->out, feed_quarantine, j, j->ids.len, j->e);
}

/* The indexer wrote what it found by hashing: that must be what the old indexes promised. */
static enum status compare_ids(struct join *j)
{
	size_t size = strlen(j->quarantine->base) + sizeof(".idx");
	char *path = malloc(size);
	enum status st = STATUS_OK;

	if (path)
		memcpy(mempcpy(path, j->quarantine->base, size - sizeof(".idx")), ".idx", sizeof(".idx"));
	st = packfile_open_idx_at(&j->pack, path, "that was made", j->e);
	if (st == STATUS_OK && j->pack.objects != j->ids.len)
		st = packfile_damaged(&j->pack, j->e);
	for (uint32_t i = 0; i < j->pack.objects && st == STATUS_OK; i++) {
		struct oid id;

		packfile_id(&id, &j->pack, i);
		if (oid_map_find(&j->ids, &id) == OID_MAP_NONE)
			st = packfile_damaged(&j->pack, j->e);
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
		st = pack_stream_end(&j.out);
	if (st == STATUS_OK)
		st = quarantine_index(q, e);
	if (st == STATUS_OK)
		st = compare_ids(&j);
	close_pack(&j);
	pack_stream_close(&j.out);
	pack_deflater_close(&j.deflater);
	likeness_close(j.likeness);
	buf_clear(&j.raw);
	buf_clear(&j.delta);
	buf_clear(&j.packed);
	oid_map_clear(&j.ids);
	free(j.offsets);
	return st;
}
