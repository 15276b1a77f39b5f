/* client/paper.h - secrets that a practice keeps on paper alone: the root key and the recovery key, printed and typed in again.
 *
 * 32 bytes and 4 of a CRC32C over them (big-endian) in Crockford's base32, groups of five joined by '-'. The recovery key's starts with "RECOVERY-", and its
 * checksum goes on from that word: neither passes for the other, with the word or without. Read: case does not matter, O is 0 and I and L are 1, hyphens and
 * blanks and line breaks are passed over.
 */
#ifndef QIP_CLIENT_PAPER_H
#define QIP_CLIENT_PAPER_H

#include "client/include/qip/client.h"

#define PAPER_SECRET_LEN 32

enum paper { PAPER_ROOT, PAPER_RECOVERY };

void paper_print(char out[QIP_PAPER_TEXT_MAX], enum paper which, const uint8_t secret[PAPER_SECRET_LEN]);
/* The secret, which the caller wipes. STATUS_MALFORMED with words that help somebody who mistyped, or took the other paper. No part of the text is ever in
 * them. */
enum status paper_read(uint8_t secret[PAPER_SECRET_LEN], enum paper which, const char *text, struct error *e) MUST_CHECK;
/* The root key of its paper; the caller's. STATUS_MALFORMED as above. */
enum status paper_read_root(struct key **out, const char *text, struct error *e) MUST_CHECK;

#endif
