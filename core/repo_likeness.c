/* core/repo_likeness.c - directories written as what distinguishes them from one that is like them.
 *
 * Every push brings a few directories whole, of which all but some lines were there before: copied as they came they would soon
 * be larger than the records. Versions of one directory are known by their first or last line, which stays the same while
 * others come and go. Of each directory the largest version is kept in mind as the base of the next: what only grows then
 * costs its lines once, in whatever order its versions come.
 */
#include <stdlib.h>
#include <string.h>

#include "core/repo_packfile.h"

#define BASES 256
#define MIN_BYTES 100	/* smaller ones gain nothing */
#define MAX_BYTES 24576 /* BASES of them are memory */
#define MAX_DEPTH 12	/* of deltas on deltas: reading the last reads them all, and joining again adds as many */
#define MAX_TRIES 4
#define INSERT_MAX 127
#define COPY_OP (0x80 | 0x01 | 0x02 | 0x10 | 0x20) /* two bytes of offset, two of size: MAX_BYTES fits */

struct base {
	struct buf raw;
	uint32_t first, last; /* checksums of its first and last line */
	uint64_t used;
	size_t place;
	unsigned depth;
};

struct likeness {
	struct base bases[BASES];
	uint64_t clock;
};

struct likeness *likeness_open(void)
{
	return calloc(1, sizeof(struct likeness));
}

void likeness_close(struct likeness *l)
{
	for (size_t i = 0; l && i < BASES; i++)
		buf_clear(&l->bases[i].raw);
	free(l);
}

bool likeness_is_for(uint64_t size)
{
	return size >= MIN_BYTES && size <= MAX_BYTES;
}

/* "<mode> <name>\0<id>" */
struct line {
	const uint8_t *at;
	size_t len;
	const char *name;
};

/* False at the end, and where it is not a tree's form. */
static bool next_line(struct line *out, const uint8_t *raw, size_t len, size_t at)
{
	const uint8_t *nul = at < len ? memchr(raw + at, 0, len - at) : NULL;
	const uint8_t *space = nul ? memchr(raw + at, ' ', (size_t)(nul - raw) - at) : NULL;

	if (!space || (size_t)(raw + len - nul) <= OID_LEN)
		return false;
	*out = (struct line){
		.at = raw + at, .len = (size_t)(nul - raw) - at + 1 + OID_LEN, .name = (const char *)space + 1};
	return true;
}

static bool ends_of(uint32_t *first, uint32_t *last, const uint8_t *raw, size_t len)
{
	struct line line;
	size_t at = 0;

	for (; next_line(&line, raw, len, at); at += line.len) {
		*last = (uint32_t)crc32(0, line.at, (uInt)line.len);
		if (at == 0)
			*first = *last;
	}
	return len > 0 && at == len;
}

static struct base *oldest(struct likeness *l)
{
	struct base *found = &l->bases[0];

	for (size_t i = 1; i < BASES; i++) {
		if (l->bases[i].used < found->used)
			found = &l->bases[i];
	}
	return found;
}

/* ---- a delta: lines that both have, and others (gitformat-pack, "Deltified representation") ---- */

static void put_size(struct buf *out, size_t size)
{
	while (size > 0x7f) {
		buf_addc(out, (char)(size | 0x80));
		size >>= 7;
	}
	buf_addc(out, (char)size);
}

static void put_copy(struct buf *out, size_t offset, size_t size)
{
	const uint8_t op[] = {COPY_OP, (uint8_t)offset, (uint8_t)(offset >> 8), (uint8_t)size, (uint8_t)(size >> 8)};

	if (size)
		buf_add(out, op, sizeof(op));
}

static void put_insert(struct buf *out, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t take = len < INSERT_MAX ? len : INSERT_MAX;

		buf_addc(out, (char)take);
		buf_add(out, bytes, take);
		bytes += take;
		len -= take;
	}
}

/* The line of the base that is this very line; *at moves up to the first that does not come before it. */
static bool is_in_base(size_t *at, const struct buf *base, const struct line *line)
{
	struct line old;

	while (next_line(&old, base->data, base->len, *at)) {
		int order = strcmp(old.name, line->name);

		if (order >= 0)
			return order == 0 && old.len == line->len && memcmp(old.at, line->at, line->len) == 0;
		*at += old.len;
	}
	return false;
}

/* Lines that follow each other become one copy, or one insert. Where git's order is not that of the bytes, a line is
 * inserted that could be copied. */
static void make_delta(struct buf *out, const struct buf *base, const uint8_t *raw, size_t len)
{
	size_t in_base = 0, copy_at = 0, copy_len = 0, insert_len = 0;
	struct line line;

	put_size(out, base->len);
	put_size(out, len);
	for (size_t at = 0; next_line(&line, raw, len, at); at += line.len) {
		bool same = is_in_base(&in_base, base, &line);

		if (insert_len && same) {
			put_insert(out, raw + at - insert_len, insert_len);
			insert_len = 0;
		}
		if (copy_len && (!same || in_base != copy_at + copy_len)) {
			put_copy(out, copy_at, copy_len);
			copy_len = 0;
		}
		if (!same) {
			insert_len += line.len;
			continue;
		}
		if (copy_len == 0)
			copy_at = in_base;
		copy_len += line.len;
	}
	put_copy(out, copy_at, copy_len);
	put_insert(out, raw + len - insert_len, insert_len);
}

static void keep(struct base *b, const struct base *as, const uint8_t *raw, size_t len)
{
	struct buf bytes = b->raw;

	*b = *as;
	b->raw = bytes;
	buf_reset(&b->raw);
	buf_add(&b->raw, raw, len);
	if (!buf_ok(&b->raw))
		buf_clear(&b->raw); /* without memory there is one base less */
}

/* The first base that makes a small delta. A line may be found in directories that have little else in common. */
static struct base *find(struct buf *delta, struct likeness *l, uint32_t first, uint32_t last, const uint8_t *raw, size_t len)
{
	for (size_t i = 0, tries = 0; i < BASES && tries < MAX_TRIES; i++) {
		struct base *b = &l->bases[i];

		if (b->raw.len == 0 || b->depth >= MAX_DEPTH || (b->first != first && b->last != last))
			continue;
		tries++;
		buf_reset(delta);
		make_delta(delta, &b->raw, raw, len);
		if (buf_ok(delta) && delta->len < len / 2)
			return b;
	}
	return NULL;
}

bool likeness_find(struct buf *delta, size_t *base, struct likeness *l, const uint8_t *raw, size_t len, size_t place)
{
	struct base this = {.place = place, .used = ++l->clock};
	struct base *b = NULL;

	if (!likeness_is_for(len) || !ends_of(&this.first, &this.last, raw, len))
		return false;
	b = find(delta, l, this.first, this.last, raw, len);
	if (b) {
		*base = b->place;
		b->used = this.used;
		this.depth = b->depth + 1;
	}
	if (!b || len > b->raw.len)
		keep(b ? b : oldest(l), &this, raw, len);
	return b != NULL;
}
