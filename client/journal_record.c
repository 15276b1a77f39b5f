/* client/journal_record.c - one record of the journal as bytes. Bytes in doubt enter; records that carry a right checksum leave. */
#include "client/journal_record.h"

#include <string.h>

#include "core/digest.h"

#define VERSION 1

enum offset {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_HEADER_LEN = 6,
	AT_CRC = 8,
	AT_JSON_LEN = 12,
	AT_ATTACHMENT_LEN = 16,
	AT_QUALITY = 20,
	AT_SEQ = 24,
	AT_WALL = 32,
	AT_MONOTONIC = 40,
	AT_BOOT_ID = 48,
};

static const char magic[4] = {'q', 'i', 'p', 'j'};

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

static uint32_t checksum(const uint8_t *bytes, size_t payload_len)
{
	uint32_t crc = crc32c(0, bytes, AT_CRC);

	return crc32c(crc, bytes + AT_JSON_LEN, JOURNAL_HEADER_BYTES - AT_JSON_LEN + payload_len);
}

size_t journal_record_size(size_t json_len, size_t attachment_len)
{
	size_t size = JOURNAL_HEADER_BYTES + json_len + attachment_len;

	return (size + JOURNAL_ALIGN - 1) / JOURNAL_ALIGN * JOURNAL_ALIGN;
}

void journal_record_encode(uint8_t *out, const struct journal_record *record)
{
	size_t payload_len = record->json_len + record->attachment_len;
	size_t size = journal_record_size(record->json_len, record->attachment_len);

	memset(out, 0, JOURNAL_HEADER_BYTES);
	memcpy(out + AT_MAGIC, magic, sizeof(magic));
	put_number(out + AT_VERSION, VERSION, 2);
	put_number(out + AT_HEADER_LEN, JOURNAL_HEADER_BYTES, 2);
	put_number(out + AT_JSON_LEN, record->json_len, 4);
	put_number(out + AT_ATTACHMENT_LEN, record->attachment_len, 4);
	put_number(out + AT_QUALITY, (uint64_t)record->quality, 4);
	put_number(out + AT_SEQ, record->seq, 8);
	put_number(out + AT_WALL, (uint64_t)record->wall_ms, 8);
	put_number(out + AT_MONOTONIC, (uint64_t)record->monotonic_ms, 8);
	memcpy(out + AT_BOOT_ID, record->boot_id, strnlen(record->boot_id, ENV_BOOT_ID_MAX - 1));
	if (record->json_len)
		memcpy(out + JOURNAL_HEADER_BYTES, record->json, record->json_len);
	if (record->attachment_len)
		memcpy(out + JOURNAL_HEADER_BYTES + record->json_len, record->attachment, record->attachment_len);
	memset(out + JOURNAL_HEADER_BYTES + payload_len, 0, size - JOURNAL_HEADER_BYTES - payload_len);
	put_number(out + AT_CRC, checksum(out, payload_len), 4);
}

/* Everything that is cheap to see comes before the checksum, so that a search through garbage stays cheap. */
static bool header_plausible(const uint8_t *bytes, size_t len)
{
	uint64_t json_len = 0, attachment_len = 0;

	if (len < JOURNAL_HEADER_BYTES || memcmp(bytes + AT_MAGIC, magic, sizeof(magic)) != 0)
		return false;
	if (get_number(bytes + AT_VERSION, 2) != VERSION || get_number(bytes + AT_HEADER_LEN, 2) != JOURNAL_HEADER_BYTES)
		return false;
	json_len = get_number(bytes + AT_JSON_LEN, 4);
	attachment_len = get_number(bytes + AT_ATTACHMENT_LEN, 4);
	if (json_len + attachment_len > JOURNAL_MAX_RECORD ||
	    json_len + attachment_len > len - JOURNAL_HEADER_BYTES)
		return false;
	return get_number(bytes + AT_QUALITY, 4) <= CLOCK_SYNCHRONISED && get_number(bytes + AT_SEQ, 8) > 0 &&
	       bytes[AT_BOOT_ID + ENV_BOOT_ID_MAX - 1] == 0;
}

bool journal_record_decode(struct journal_record *out, const uint8_t *bytes, size_t len)
{
	struct journal_record r = {0};

	if (!header_plausible(bytes, len))
		return false;
	r.json_len = (size_t)get_number(bytes + AT_JSON_LEN, 4);
	r.attachment_len = (size_t)get_number(bytes + AT_ATTACHMENT_LEN, 4);
	if (checksum(bytes, r.json_len + r.attachment_len) != get_number(bytes + AT_CRC, 4))
		return false;
	r.quality = (enum clock_quality)get_number(bytes + AT_QUALITY, 4);
	r.seq = get_number(bytes + AT_SEQ, 8);
	r.wall_ms = (int64_t)get_number(bytes + AT_WALL, 8);
	r.monotonic_ms = (int64_t)get_number(bytes + AT_MONOTONIC, 8);
	memcpy(r.boot_id, bytes + AT_BOOT_ID, ENV_BOOT_ID_MAX);
	r.json = (const char *)bytes + JOURNAL_HEADER_BYTES;
	if (r.attachment_len)
		r.attachment = bytes + JOURNAL_HEADER_BYTES + r.json_len;
	*out = r;
	return true;
}

bool journal_cursor_next(struct journal_cursor *c, struct journal_record *out)
{
	for (size_t at = c->at; at < c->len && c->len - at >= JOURNAL_HEADER_BYTES; at += JOURNAL_ALIGN) {
		struct journal_record r;

		if (!journal_record_decode(&r, c->bytes + at, c->len - at) || r.seq <= c->seq)
			continue;
		c->record_at = at;
		c->at = at + journal_record_size(r.json_len, r.attachment_len);
		c->seq = r.seq;
		*out = r;
		return true;
	}
	return false;
}

size_t journal_cursor_rest(const struct journal_cursor *c)
{
	size_t end = c->len;

	while (end > c->at && c->bytes[end - 1] == 0)
		end--;
	return end > c->at ? end - c->at : 0;
}
