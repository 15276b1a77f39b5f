/* core/digest.h - SHA-256, git's SHA-1, CRC32C and the text encodings of bytes. */
#ifndef QIP_CORE_DIGEST_H
#define QIP_CORE_DIGEST_H

#include <stdint.h>

#include "core/buf.h"

#define SHA256_LEN 32
#define SHA256_HEX_LEN 64

enum status sha256(uint8_t out[SHA256_LEN], const void *bytes, size_t len) MUST_CHECK;

/* Of bytes as they come. sha256_open is NULL without memory; a failure on the way is told by sha256_finish. */
struct sha256;
struct sha256 *sha256_open(void);
void sha256_add(struct sha256 *s, const void *bytes, size_t len);
enum status sha256_finish(uint8_t out[SHA256_LEN], struct sha256 *s) MUST_CHECK;
void sha256_close(struct sha256 *s);

/* The same for what git's formats end with; nothing's safety rests on it. */
#define SHA1_LEN 20
struct sha1;
struct sha1 *sha1_open(void);
void sha1_add(struct sha1 *s, const void *bytes, size_t len);
enum status sha1_finish(uint8_t out[SHA1_LEN], struct sha1 *s) MUST_CHECK;
void sha1_close(struct sha1 *s);

/* Castagnoli polynomial, as in RFC 3720 appendix B.4; start with crc = 0 and chain. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* Lower-case hex with NUL; out has 2 * len + 1 bytes. */
void hex_encode(char *out, const uint8_t *bytes, size_t len);
/* STATUS_MALFORMED unless text is exactly 2 * len lower-case hex digits. */
enum status hex_decode(uint8_t *out, size_t len, const char *text) MUST_CHECK;

/* RFC 4648 base64 with padding, and base64url without. */
void base64_encode(struct buf *out, const void *bytes, size_t len);
void base64url_encode(struct buf *out, const void *bytes, size_t len);
/* Append the decoded bytes. STATUS_MALFORMED on any foreign character. */
enum status base64_decode(struct buf *out, const char *text, size_t len) MUST_CHECK;
enum status base64url_decode(struct buf *out, const char *text, size_t len) MUST_CHECK;

#endif
