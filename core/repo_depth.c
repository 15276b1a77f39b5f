/* core/repo_depth.c - how deep the deltas of a pack go. A deep chain costs its length at each reading, for as long as the pack is
 * kept; the indexer follows any. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/repo_packfile.h"

struct start {
	uint64_t offset;
	uint32_t i; /* in the index */
};

struct depths {
	struct packfile pack;
	struct start *starts; /* by offset */
	uint32_t *known;      /* by index: depth + 1; 0: not known yet */
	struct error *e;
};

static int compare_starts(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static enum status open_all(struct depths *d, const char *base)
{
	size_t size = strlen(base) + sizeof(".pack");
	char *path = malloc(size);
	enum status st = STATUS_NOMEM;

	if (path) {
		(void)snprintf(path, size, "%s.idx", base);
		st = packfile_open_idx_at(&d->pack, path, "that was received", d->e);
	}
	if (st == STATUS_OK) {
		(void)snprintf(path, size, "%s.pack", base);
		st = packfile_open_pack_at(&d->pack, path, d->e);
	}
	free(path);
	if (st == STATUS_OK) {
		d->starts = malloc(d->pack.objects * sizeof(*d->starts));
		d->known = calloc(d->pack.objects, sizeof(*d->known));
	}
	if (st == STATUS_NOMEM || (st == STATUS_OK && (!d->starts || !d->known)))
		return error_set(d->e, STATUS_NOMEM, "no memory to look through a pack");
	for (uint32_t i = 0; i < d->pack.objects && st == STATUS_OK; i++)
		d->starts[i] = (struct start){packfile_offset(&d->pack, i), i};
	if (st == STATUS_OK)
		qsort(d->starts, d->pack.objects, sizeof(*d->starts), compare_starts);
	return st;
}

/* *whole: it is no delta. */
static enum status base_of(uint32_t *base, bool *whole, const struct depths *d, uint32_t i)
{
	struct start key = {.offset = packfile_offset(&d->pack, i)};
	const struct start *found = NULL;
	struct pack_entry entry;
	struct oid id;
	enum status st = key.offset ? pack_entry_read(&entry, &d->pack, key.offset, d->pack.pack.len - OID_LEN, d->e)
				    : packfile_damaged(&d->pack, d->e);

	if (st)
		return st;
	*whole = entry.kind != PACK_OFS_DELTA && entry.kind != PACK_REF_DELTA;
	if (entry.kind == PACK_OFS_DELTA) {
		key.offset = entry.base_at;
		found = bsearch(&key, d->starts, d->pack.objects, sizeof(key), compare_starts);
		if (!found)
			return packfile_damaged(&d->pack, d->e);
		*base = found->i;
	} else if (entry.kind == PACK_REF_DELTA) {
		memcpy(id.id, entry.base, OID_LEN);
		if (!packfile_find(base, &d->pack, &id))
			return packfile_damaged(&d->pack, d->e);
	}
	return STATUS_OK;
}

enum status pack_too_deep(uint32_t max, struct error *e)
{
	return error_set(e, STATUS_TOO_BIG,
			 "the pack holds deltas on deltas more than %u deep; push in parts, or repack with a smaller depth",
			 (unsigned)max);
}

/* Down to what is known, then the same way again to write it down: each object is passed twice. */
static enum status follow(struct depths *d, uint32_t from, uint32_t max)
{
	uint32_t at = from, depth = 0;
	bool whole = false;
	enum status st = STATUS_OK;

	while (!d->known[at]) {
		st = base_of(&at, &whole, d, at);
		if (st != STATUS_OK)
			return st;
		if (whole)
			break;
		if (++depth > max)
			return pack_too_deep(max, d->e);
	}
	depth += d->known[at] ? d->known[at] - 1 : 0;
	if (depth > max)
		return pack_too_deep(max, d->e);
	for (at = from; !d->known[at] && st == STATUS_OK; depth--) {
		d->known[at] = depth + 1;
		if (depth > 0)
			st = base_of(&at, &whole, d, at);
	}
	return st;
}

enum status pack_check_depth(const char *base, uint32_t max, struct error *e)
{
	struct depths d = {.e = e};
	enum status st = open_all(&d, base);

	for (uint32_t i = 0; i < d.pack.objects && st == STATUS_OK; i++)
		st = follow(&d, i, max);
	packfile_close(&d.pack);
	free(d.starts);
	free(d.known);
	return st;
}
