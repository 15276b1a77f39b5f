/* core/utf8.h - one character at a time out of UTF-8 (RFC 3629). */
#ifndef QIP_CORE_UTF8_H
#define QIP_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at the start of text, 1 to 4, and its code point in *cp (which may be NULL).
 * 0 when len is 0 or the bytes are no shortest form of a code point that is not a surrogate. */
size_t utf8_decode(uint32_t *cp, const char *text, size_t len);

/* Write the UTF-8 of a code point (at most U+10FFFF, no surrogate); returns its 1 to 4 bytes. */
size_t utf8_encode(char out[4], uint32_t cp);

/* True if all of text is UTF-8; *count (which may be NULL) is its number of code points. */
bool utf8_valid(size_t *count, const char *text, size_t len);

#endif
