/* core/repo_offsets.c - the objects of a pack by where they stand: what an index, which is sorted by ids, does not tell. */
#include <stdlib.h>
#include <string.h>

#include "core/repo_packfile.h"

#define DIGIT_BITS 11
#define DIGITS ((size_t)1 << DIGIT_BITS)

static enum status read_offsets(struct pack_offset *out, uint64_t *most, const struct packfile *p, struct error *e)
{
	for (uint32_t i = 0; i < p->objects; i++) {
		out[i] = (struct pack_offset){packfile_offset(p, i), i};
		if (out[i].offset == 0)
			return packfile_damaged(p, e);
		if (out[i].offset > *most)
			*most = out[i].offset;
	}
	return STATUS_OK;
}

/* By one digit; what is equal in it stays in its order. */
static void sort_digit(struct pack_offset *to, const struct pack_offset *from, uint32_t len, unsigned shift)
{
	uint32_t starts[DIGITS] = {0}, at = 0;

	for (uint32_t i = 0; i < len; i++)
		starts[(from[i].offset >> shift) & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		uint32_t count = starts[d];

		starts[d] = at;
		at += count;
	}
	for (uint32_t i = 0; i < len; i++)
		to[starts[(from[i].offset >> shift) & (DIGITS - 1)]++] = from[i];
}

enum status packfile_offsets(struct pack_offset **out, const struct packfile *p, struct error *e)
{
	struct pack_offset *offsets = malloc(((size_t)p->objects + 1) * sizeof(*offsets));
	struct pack_offset *other = malloc(((size_t)p->objects + 1) * sizeof(*other)), *sorted = NULL;
	uint64_t most = 0;
	enum status st = offsets && other ? read_offsets(offsets, &most, p, e)
					 : error_set(e, STATUS_NOMEM, "no memory to go through a pack");

	for (unsigned shift = 0; !st && shift < 64 && most >> shift > 0; shift += DIGIT_BITS) {
		sort_digit(other, offsets, p->objects, shift);
		sorted = other;
		other = offsets;
		offsets = sorted;
	}
	free(other);
	if (st) {
		free(offsets);
		return st;
	}
	*out = offsets;
	return STATUS_OK;
}
