/* client/journal_record.h - one record of the journal as bytes, and finding the records in a segment's bytes.
 *
 * All numbers little-endian; every record starts at a multiple of 8 and is padded with zeros to one:
 *
 *      0  4  magic "qipj"
 *      4  2  version 1          6  2  bytes of this header, 88
 *      8  4  CRC32C of bytes 0 to 7 and of everything from 12 to the end of the attachment
 *     12  4  bytes of JSON     16  4  bytes of attachment     20  4  clock quality
 *     24  8  number            32  8  wall clock, Unix ms     40  8  ms since boot
 *     48 40  boot id, NUL-terminated and NUL-filled
 *     88     JSON, attachment, padding
 */
#ifndef QIP_CLIENT_JOURNAL_RECORD_H
#define QIP_CLIENT_JOURNAL_RECORD_H

#include "client/journal.h"

#define JOURNAL_HEADER_BYTES 88
#define JOURNAL_ALIGN 8

/* Bytes of a record with its padding. */
size_t journal_record_size(size_t json_len, size_t attachment_len);
/* Write journal_record_size() bytes. */
void journal_record_encode(uint8_t *out, const struct journal_record *record);
/* True if a whole, undamaged record starts at `bytes`; *out borrows from them. */
bool journal_record_decode(struct journal_record *out, const uint8_t *bytes, size_t len);

/* A walk over the records of a segment. */
struct journal_cursor {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	size_t at;            /* behind the last record given: where the next one may be written */
	size_t record_at;     /* start of the last record given */
	uint64_t seq;         /* number of the last record given; numbers rise */
};
/* The next undamaged record, or false when none is left. Damage between two good records is stepped over. */
bool journal_cursor_next(struct journal_cursor *c, struct journal_record *out);
/* After the walk: bytes behind `at` up to the last that is not zero. What is there was never acknowledged, or was damaged. */
size_t journal_cursor_rest(const struct journal_cursor *c);

#endif
