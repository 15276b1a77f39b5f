/* client/journal_record.c - one record of the journal as bytes. Bytes in doubt enter; records that carry right checksums leave. */
#include "client/journal_record.h"

#include <string.h>

#include "core/digest.h"

#define VERSION 2
#define OLD_VERSION 1
#define LATER_HEADER_MIN 16
#define LATER_HEADER_MAX 1024
#define OLD_HEADER_BYTES 88

enum offset {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_HEADER_LEN = 6,
	AT_CRC = 8,
	AT_CONTENTS_CRC = 12,
	AT_MASK = 16,
	AT_JSON_LEN = 24,
	AT_ATTACHMENT_LEN = 28,
	AT_QUALITY = 32,
	AT_SEQ = 40,
	AT_WALL = 48,
	AT_MONOTONIC = 56,
	AT_BOOT_ID = 64,
};

enum old_offset {
	OLD_AT_CRC = 8,
	OLD_AT_JSON_LEN = 12,
	OLD_AT_ATTACHMENT_LEN = 16,
	OLD_AT_QUALITY = 20,
	OLD_AT_SEQ = 24,
	OLD_AT_WALL = 32,
	OLD_AT_MONOTONIC = 40,
	OLD_AT_BOOT_ID = 48,
};

static const uint8_t magic[4] = {'q', 'i', 'p', 'j'};

static void put_number(uint8_t *out, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_number(const uint8_t *bytes, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static size_t padded(size_t size)
{
	return (size + JOURNAL_ALIGN - 1) / JOURNAL_ALIGN * JOURNAL_ALIGN;
}

/* Its own inverse. */
static void apply_mask(uint8_t *bytes, size_t len, const uint8_t mask[JOURNAL_ALIGN])
{
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= mask[i % JOURNAL_ALIGN];
}

static uint32_t checksum_of(const uint8_t *bytes, size_t header_len)
{
	uint32_t crc = crc32c(0, bytes, AT_CRC);

	return crc32c(crc, bytes + AT_CONTENTS_CRC, header_len - AT_CONTENTS_CRC);
}

static uint32_t header_checksum(const uint8_t *bytes)
{
	return checksum_of(bytes, JOURNAL_HEADER_BYTES);
}

size_t journal_record_size(size_t json_len, size_t attachment_len)
{
	return padded(JOURNAL_HEADER_BYTES + json_len + attachment_len);
}

void journal_record_encode(uint8_t *out, const struct journal_record *record, uint64_t mask)
{
	size_t contents_len = record->json_len + record->attachment_len;
	size_t size = journal_record_size(record->json_len, record->attachment_len);
	uint8_t *contents = out + JOURNAL_HEADER_BYTES;

	memset(out, 0, JOURNAL_HEADER_BYTES);
	memcpy(out + AT_MAGIC, magic, sizeof(magic));
	put_number(out + AT_VERSION, VERSION, 2);
	put_number(out + AT_HEADER_LEN, JOURNAL_HEADER_BYTES, 2);
	put_number(out + AT_MASK, mask, JOURNAL_ALIGN);
	put_number(out + AT_JSON_LEN, record->json_len, 4);
	put_number(out + AT_ATTACHMENT_LEN, record->attachment_len, 4);
	put_number(out + AT_QUALITY, (uint64_t)record->quality, 4);
	put_number(out + AT_SEQ, record->seq, 8);
	put_number(out + AT_WALL, (uint64_t)record->wall_ms, 8);
	put_number(out + AT_MONOTONIC, (uint64_t)record->monotonic_ms, 8);
	memcpy(out + AT_BOOT_ID, record->boot_id, strnlen(record->boot_id, ENV_BOOT_ID_MAX - 1));
	if (record->json_len)
		memcpy(contents, record->json, record->json_len);
	if (record->attachment_len)
		memcpy(contents + record->json_len, record->attachment, record->attachment_len);
	memset(contents + contents_len, 0, size - JOURNAL_HEADER_BYTES - contents_len);
	apply_mask(out + AT_JSON_LEN, size - AT_JSON_LEN, out + AT_MASK);
	put_number(out + AT_CONTENTS_CRC, crc32c(0, contents, contents_len), 4);
	put_number(out + AT_CRC, header_checksum(out), 4);
}

/* Of the contents, as the mask goes on from the header. */
static void apply_mask_at(uint8_t *bytes, size_t len, size_t at, const uint8_t mask[JOURNAL_ALIGN])
{
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= mask[(at - AT_JSON_LEN + i) % JOURNAL_ALIGN];
}

static bool begins_as(const uint8_t *bytes, size_t len, uint64_t version, size_t header_len)
{
	return len >= header_len && memcmp(bytes, magic, sizeof(magic)) == 0 && get_number(bytes + AT_VERSION, 2) == version &&
	       get_number(bytes + AT_HEADER_LEN, 2) == header_len;
}

static bool plausible(const struct journal_record *r, uint64_t quality)
{
	return r->json_len <= JOURNAL_MAX_RECORD && r->attachment_len <= JOURNAL_MAX_RECORD - r->json_len && quality <= CLOCK_SYNCHRONISED &&
	       r->seq > 0 && r->seq < UINT64_MAX && r->boot_id[ENV_BOOT_ID_MAX - 1] == '\0';
}

static void set_contents(struct journal_record *r, const uint8_t *contents)
{
	r->json = (const char *)contents;
	r->attachment = r->attachment_len ? contents + r->json_len : NULL;
}

static bool decode_old(struct journal_record *out, size_t *size, const uint8_t *bytes, size_t len)
{
	struct journal_record r = {0};
	uint64_t quality = get_number(bytes + OLD_AT_QUALITY, 4);
	size_t contents_len = 0;
	uint32_t crc = crc32c(0, bytes, OLD_AT_CRC);

	r.json_len = (size_t)get_number(bytes + OLD_AT_JSON_LEN, 4);
	r.attachment_len = (size_t)get_number(bytes + OLD_AT_ATTACHMENT_LEN, 4);
	r.seq = get_number(bytes + OLD_AT_SEQ, 8);
	r.wall_ms = (int64_t)get_number(bytes + OLD_AT_WALL, 8);
	r.monotonic_ms = (int64_t)get_number(bytes + OLD_AT_MONOTONIC, 8);
	memcpy(r.boot_id, bytes + OLD_AT_BOOT_ID, ENV_BOOT_ID_MAX);
	if (!plausible(&r, quality))
		return false;
	contents_len = r.json_len + r.attachment_len;
	if (contents_len > len - OLD_HEADER_BYTES)
		return false;
	crc = crc32c(crc, bytes + OLD_AT_JSON_LEN, OLD_HEADER_BYTES - OLD_AT_JSON_LEN + contents_len);
	if (crc != get_number(bytes + OLD_AT_CRC, 4))
		return false;
	r.quality = (enum clock_quality)quality;
	set_contents(&r, bytes + OLD_HEADER_BYTES);
	*size = padded(OLD_HEADER_BYTES + contents_len);
	*out = r;
	return true;
}

static bool decode_header(struct journal_record *out, const uint8_t *bytes)
{
	struct journal_record r = {0};
	uint8_t header[JOURNAL_HEADER_BYTES];
	uint64_t quality = 0;

	if (header_checksum(bytes) != get_number(bytes + AT_CRC, 4))
		return false;
	memcpy(header, bytes, sizeof(header));
	apply_mask(header + AT_JSON_LEN, sizeof(header) - AT_JSON_LEN, header + AT_MASK);
	r.json_len = (size_t)get_number(header + AT_JSON_LEN, 4);
	r.attachment_len = (size_t)get_number(header + AT_ATTACHMENT_LEN, 4);
	quality = get_number(header + AT_QUALITY, 4);
	r.seq = get_number(header + AT_SEQ, 8);
	r.wall_ms = (int64_t)get_number(header + AT_WALL, 8);
	r.monotonic_ms = (int64_t)get_number(header + AT_MONOTONIC, 8);
	memcpy(r.boot_id, header + AT_BOOT_ID, ENV_BOOT_ID_MAX);
	if (!plausible(&r, quality))
		return false;
	r.quality = (enum clock_quality)quality;
	*out = r;
	return true;
}

enum journal_find journal_record_decode(struct journal_record *out, size_t *size, const uint8_t *bytes, size_t len)
{
	struct journal_record r;
	size_t contents_len = 0;

	if (begins_as(bytes, len, OLD_VERSION, OLD_HEADER_BYTES))
		return decode_old(out, size, bytes, len) ? JOURNAL_WHOLE : JOURNAL_NOISE;
	if (!begins_as(bytes, len, VERSION, JOURNAL_HEADER_BYTES) || !decode_header(&r, bytes))
		return JOURNAL_NOISE;
	contents_len = r.json_len + r.attachment_len;
	set_contents(&r, bytes + JOURNAL_HEADER_BYTES);
	*size = journal_record_size(r.json_len, r.attachment_len);
	*out = r;
	if (contents_len > len - JOURNAL_HEADER_BYTES ||
	    crc32c(0, bytes + JOURNAL_HEADER_BYTES, contents_len) != get_number(bytes + AT_CONTENTS_CRC, 4))
		return JOURNAL_DAMAGED;
	return JOURNAL_WHOLE;
}

static void mask_again(struct journal_cursor *c)
{
	uint8_t *record = c->bytes + c->record_at;

	apply_mask(record + JOURNAL_HEADER_BYTES, c->unmasked, record + AT_MASK);
	c->unmasked = 0;
}

static void unmask(struct journal_cursor *c, const struct journal_record *r)
{
	uint8_t *record = c->bytes + c->record_at;

	if (get_number(record + AT_VERSION, 2) == OLD_VERSION)
		return;
	c->unmasked = r->json_len + r->attachment_len;
	apply_mask(record + JOURNAL_HEADER_BYTES, c->unmasked, record + AT_MASK);
}

/* The first place from `at` on where a record seems to start, or `end`. */
static size_t next_start(const uint8_t *bytes, size_t at, size_t end)
{
	while (at < end) {
		const uint8_t *found = memmem(bytes + at, end - at, magic, sizeof(magic));

		if (!found)
			return end;
		at = padded((size_t)(found - bytes));
		if (bytes + at == found)
			return at;
	}
	return end;
}

static bool starts_later(const uint8_t *bytes, size_t len)
{
	uint64_t header_len = len >= LATER_HEADER_MIN ? get_number(bytes + AT_HEADER_LEN, 2) : 0;

	return header_len >= LATER_HEADER_MIN && header_len <= LATER_HEADER_MAX && header_len <= len && header_len % JOURNAL_ALIGN == 0 &&
	       get_number(bytes + AT_VERSION, 2) > VERSION && checksum_of(bytes, (size_t)header_len) == get_number(bytes + AT_CRC, 4);
}

bool journal_is_later(const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; (at = next_start(bytes, at, len)) < len; at += JOURNAL_ALIGN) {
		if (starts_later(bytes + at, len - at))
			return true;
	}
	return false;
}

bool journal_cursor_next(struct journal_cursor *c, struct journal_record *out)
{
	size_t at = c->at;

	mask_again(c);
	while ((at = next_start(c->bytes, at, c->len)) < c->len) {
		struct journal_record r;
		size_t size = JOURNAL_ALIGN;
		enum journal_find found = journal_record_decode(&r, &size, c->bytes + at, c->len - at);

		if (found == JOURNAL_WHOLE && r.seq > c->seq) {
			c->damaged += at > c->at;
			c->record_at = at;
			c->at = size < c->len - at ? at + size : c->len; /* a file may be cut in its padding */
			c->largest = size > c->largest ? size : c->largest;
			c->seq = r.seq;
			unmask(c, &r);
			*out = r;
			return true;
		}
		at = size < c->len - at ? at + size : c->len;
	}
	return false;
}

/* ---- erasing ---- */

static bool is_old(const uint8_t *bytes)
{
	return get_number(bytes + AT_VERSION, 2) == OLD_VERSION;
}

void journal_record_text(char *out, const uint8_t *bytes, const struct journal_record *record)
{
	memcpy(out, bytes + (is_old(bytes) ? OLD_HEADER_BYTES : JOURNAL_HEADER_BYTES), record->json_len);
	if (!is_old(bytes))
		apply_mask_at((uint8_t *)out, record->json_len, JOURNAL_HEADER_BYTES, bytes + AT_MASK);
}

void journal_record_scrub(uint8_t *bytes, const struct journal_record *record)
{
	size_t header = is_old(bytes) ? OLD_HEADER_BYTES : JOURNAL_HEADER_BYTES, at = header + record->json_len;
	uint32_t crc = 0;

	memset(bytes + at, 0, record->attachment_len);
	if (is_old(bytes)) {
		crc = crc32c(0, bytes, OLD_AT_CRC);
		put_number(bytes + OLD_AT_CRC, crc32c(crc, bytes + OLD_AT_JSON_LEN, at + record->attachment_len - OLD_AT_JSON_LEN), 4);
		return;
	}
	apply_mask_at(bytes + at, record->attachment_len, at, bytes + AT_MASK);
	put_number(bytes + AT_CONTENTS_CRC, crc32c(0, bytes + header, record->json_len + record->attachment_len), 4);
	put_number(bytes + AT_CRC, header_checksum(bytes), 4);
}

/* ---- the tail ---- */

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Up to the last byte that is not zero. */
static size_t written_end(const struct journal_cursor *c)
{
	size_t end = c->len;

	if (c->at >= c->len || is_zero(c->bytes + c->at, c->len - c->at))
		return c->at;
	while (c->bytes[end - 1] == 0)
		end--;
	return end;
}

/* Every word of a record has something in it: one that has not never arrived. Bytes beyond the segment are there no more, which is damage. */
static bool lacks_words(const struct journal_cursor *c, size_t at, size_t size)
{
	size_t end = size < c->len - at ? at + size : c->len;

	for (; at < end; at += JOURNAL_ALIGN) {
		if (is_zero(c->bytes + at, end - at < JOURNAL_ALIGN ? end - at : JOURNAL_ALIGN))
			return true;
	}
	return false;
}

/* How many records such noise was, to the nearest, if they were as large as the largest good one. */
static unsigned records_in(const struct journal_cursor *c, size_t size)
{
	return c->largest > 0 && size > c->largest ? (unsigned)((size + c->largest / 2) / c->largest) : 1;
}

void journal_tail(struct journal_tail *out, const struct journal_cursor *c, uint64_t last)
{
	struct journal_tail t = {.end = c->at, .highest = last};
	size_t written = written_end(c);
	uint64_t sure = last;

	while (t.end < written) {
		struct journal_record r;
		size_t size = 0, at = t.end;
		bool sound = journal_record_decode(&r, &size, c->bytes + at, c->len - at) != JOURNAL_NOISE;
		bool old = begins_as(c->bytes + at, c->len - at, OLD_VERSION, OLD_HEADER_BYTES); /* its words may be zero */

		if (!sound)
			size = next_start(c->bytes, at + JOURNAL_ALIGN, written) - at;
		if (at + size >= written && !old && lacks_words(c, at, sound ? size : JOURNAL_HEADER_BYTES)) {
			t.torn = written - at;
			break;
		}
		t.damaged += sound ? 1 : records_in(c, size);
		t.end = padded(at + size) < c->len ? padded(at + size) : c->len;
		if (!sound)
			t.highest += records_in(c, size);
		else if (r.seq > sure)
			t.highest = sure = r.seq;
	}
	*out = t;
}
