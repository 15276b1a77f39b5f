/* client/journal_record.h - one record of the journal as bytes, and finding the records in a segment's bytes.
 *
 * All numbers little-endian; every record starts at a multiple of 8 and ends at one:
 *
 *      0  4  magic "qipj"
 *      4  2  version 2          6  2  bytes of this header, 104
 *      8  4  CRC32C of bytes 0 to 7 and 12 to 103
 *     12  4  CRC32C of JSON and attachment as they stand here
 *     16  8  mask: all that follows is exclusive-or'ed with it, word by word
 *     24  4  bytes of JSON     28  4  bytes of attachment
 *     32  4  clock quality     36  4  0
 *     40  8  number            48  8  wall clock, Unix ms     56  8  ms since boot
 *     64 40  boot id, NUL-terminated and NUL-filled
 *    104     JSON, attachment, zeros up to a multiple of 8
 *
 * The header has a checksum of its own, so that the number and the extent of a record are known though its contents are damaged. The mask is nothing
 * that a patient can foresee: whatever she writes, no bytes of hers look like a record to somebody who searches behind damage. And no word
 * of 8 bytes is zero (but once in 2^64): where one is, bytes never arrived.
 *
 * Every later version keeps the first twelve bytes as they are, and the rule for their checksum: of a header of 16 to 1024 bytes, a multiple of 8, all but bytes
 * 8 to 11. So an older program knows a record of a newer one from damage, and leaves such a journal alone.
 *
 * Version 1 is read, too: header of 88 bytes without mask, one CRC over all but itself at 8, lengths at 12 and 16, quality at 20, number at 24, wall
 * clock at 32, ms since boot at 40, boot id at 48.
 */
#ifndef QIP_CLIENT_JOURNAL_RECORD_H
#define QIP_CLIENT_JOURNAL_RECORD_H

#include "client/journal.h"

#define JOURNAL_HEADER_BYTES 104
#define JOURNAL_ALIGN 8

/* Bytes of a record with its padding. */
size_t journal_record_size(size_t json_len, size_t attachment_len);
/* Write journal_record_size() bytes. */
void journal_record_encode(uint8_t *out, const struct journal_record *record, uint64_t mask);

enum journal_find {
	JOURNAL_NOISE,   /* nothing that can be read */
	JOURNAL_DAMAGED, /* a record whose header is sound: number, clocks and *size are true, contents are not */
	JOURNAL_WHOLE,
};
/* What starts at `bytes`; *out borrows from them, contents as they stand there. *size: of the record with its padding; may be more than len.
 * Of noise neither is set. */
enum journal_find journal_record_decode(struct journal_record *out, size_t *size, const uint8_t *bytes, size_t len);

/* Is there a record of a later version than this program knows? */
bool journal_is_later(const uint8_t *bytes, size_t len);

/* The JSON of a record that was found at `bytes`, `out` having room for json_len of it; `record` as the decoding gave it. */
void journal_record_text(char *out, const uint8_t *bytes, const struct journal_record *record);
/* What is left of a record whose attachment was erased: zeros in its place, and checksums that fit. journal_scrub writes the one, then the other. */
void journal_record_scrub(uint8_t *bytes, const struct journal_record *record);
/* Where its checksums stand in a record: all that a scrubbed one differs in beside the attachment. */
#define JOURNAL_SUMS_AT 8
#define JOURNAL_SUMS_LEN 8

/* A walk over the records of a segment. */
struct journal_cursor {
	uint8_t *bytes;       /* borrowed; the record that was given last stands unmasked in them until the next is asked for */
	size_t len;
	size_t at;            /* behind the last record given: where the next one may be written */
	size_t record_at;     /* start of the last record given */
	size_t unmasked;      /* bytes of it */
	size_t largest;       /* bytes of the largest record given */
	uint64_t seq;         /* number of the last record given; numbers rise */
	unsigned damaged;     /* places that were stepped over */
};
/* The next undamaged record, or false when none is left. Damage between two good records is stepped over. */
bool journal_cursor_next(struct journal_cursor *c, struct journal_record *out);

/* What stands behind the last undamaged record of the segment that was written last. */
struct journal_tail {
	size_t end;       /* behind all that may have been acknowledged: where the next record goes */
	size_t torn;      /* bytes from there on that were written and never acknowledged */
	uint64_t highest; /* number of the last record before `end`, damaged or not; at least `last` */
	unsigned damaged; /* records, as far as they can be told apart */
};
/* After a walk to the end. last: number of the last record before these bytes. Torn is what lacks bytes; damaged what lacks none, and what something follows. */
void journal_tail(struct journal_tail *out, const struct journal_cursor *c, uint64_t last);

#endif
