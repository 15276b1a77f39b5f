/* core/digest.c - SHA-256, git's SHA-1, CRC32C and the text encodings of bytes. */
#include "core/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/md.h>

#define FOREIGN 0xff

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum status sha256(uint8_t out[SHA256_LEN], const void *bytes, size_t len)
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

	if (mbedtls_md(md, len ? bytes : (const void *)"", len, out) != 0)
		return STATUS_CRYPTO;
	return STATUS_OK;
}

/* A digest of bytes as they come. */
struct running {
	mbedtls_md_context_t md;
	bool failed;
};

static void running_begin(struct running *r, mbedtls_md_type_t type)
{
	mbedtls_md_init(&r->md);
	r->failed = mbedtls_md_setup(&r->md, mbedtls_md_info_from_type(type), 0) != 0 || mbedtls_md_starts(&r->md) != 0;
}

static void running_add(struct running *r, const void *bytes, size_t len)
{
	if (!r->failed && len)
		r->failed = mbedtls_md_update(&r->md, bytes, len) != 0;
}

static enum status running_finish(uint8_t *out, struct running *r)
{
	return r->failed || mbedtls_md_finish(&r->md, out) != 0 ? STATUS_CRYPTO : STATUS_OK;
}

struct sha256 {
	struct running running;
};

struct sha256 *sha256_open(void)
{
	struct sha256 *s = calloc(1, sizeof(*s));

	if (s)
		running_begin(&s->running, MBEDTLS_MD_SHA256);
	return s;
}

void sha256_add(struct sha256 *s, const void *bytes, size_t len)
{
	running_add(&s->running, bytes, len);
}

enum status sha256_finish(uint8_t out[SHA256_LEN], struct sha256 *s)
{
	return running_finish(out, &s->running);
}

void sha256_close(struct sha256 *s)
{
	if (!s)
		return;
	mbedtls_md_free(&s->running.md);
	free(s);
}

struct sha1 {
	struct running running;
};

struct sha1 *sha1_open(void)
{
	struct sha1 *s = calloc(1, sizeof(*s));

	if (s)
		running_begin(&s->running, MBEDTLS_MD_SHA1);
	return s;
}

void sha1_add(struct sha1 *s, const void *bytes, size_t len)
{
	running_add(&s->running, bytes, len);
}

enum status sha1_finish(uint8_t out[SHA1_LEN], struct sha1 *s)
{
	return running_finish(out, &s->running);
}

void sha1_close(struct sha1 *s)
{
	if (!s)
		return;
	mbedtls_md_free(&s->running.md);
	free(s);
}

/* Eight bytes at a time: tables[k] is what a byte does to the sum k bytes further on. A journal is read through at each
 * visit to the server. */
#define CRC32C_STEP 8
#define CRC32C_POLYNOMIAL 0x82f63b78 /* RFC 3720, reflected */

static uint32_t crc32c_tables[CRC32C_STEP][256];
static pthread_once_t crc32c_ready = PTHREAD_ONCE_INIT;

static void crc32c_prepare(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
		crc32c_tables[0][i] = crc;
	}
	for (size_t k = 1; k < CRC32C_STEP; k++)
		for (size_t i = 0; i < 256; i++)
			crc32c_tables[k][i] = (crc32c_tables[k - 1][i] >> 8) ^ crc32c_tables[0][crc32c_tables[k - 1][i] & 255];
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	(void)pthread_once(&crc32c_ready, crc32c_prepare);
	crc = ~crc;
	for (; len >= CRC32C_STEP; p += CRC32C_STEP, len -= CRC32C_STEP) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = crc32c_tables[7][crc & 255] ^ crc32c_tables[6][crc >> 8 & 255] ^ crc32c_tables[5][crc >> 16 & 255] ^
		      crc32c_tables[4][crc >> 24] ^ crc32c_tables[3][p[4]] ^ crc32c_tables[2][p[5]] ^ crc32c_tables[1][p[6]] ^
		      crc32c_tables[0][p[7]];
	}
	for (; len > 0; p++, len--)
		crc = (crc >> 8) ^ crc32c_tables[0][(crc ^ *p) & 255];
	return ~crc;
}

void hex_encode(char *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum status hex_decode(uint8_t *out, size_t len, const char *text)
{
	if (strlen(text) != 2 * len)
		return STATUS_MALFORMED;
	for (size_t i = 0; i < 2 * len; i++)
		if (hex_value(text[i]) < 0)
			return STATUS_MALFORMED;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	return STATUS_OK;
}

static void encode(struct buf *out, const uint8_t *p, size_t len, const char *alphabet, bool pad)
{
	for (; len > 0; p += 3) {
		size_t n = len < 3 ? len : 3;
		uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? (uint32_t)p[2] : 0);
		char quad[4];

		for (unsigned i = 0; i < 4; i++)
			quad[i] = i <= n ? alphabet[v >> (18 - 6 * i) & 63] : '=';
		buf_add(out, quad, pad ? 4 : n + 1);
		len -= n;
	}
}

void base64_encode(struct buf *out, const void *bytes, size_t len)
{
	encode(out, bytes, len, base64_alphabet, true);
}

void base64url_encode(struct buf *out, const void *bytes, size_t len)
{
	encode(out, bytes, len, base64url_alphabet, false);
}

static uint8_t sextet(char c, const char *alphabet)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (uint8_t)(at - alphabet) : FOREIGN;
}

/* The bytes of up to four digits without padding. A length of 1, or bits set behind the last whole byte, is no encoding
 * of anything: were they taken, one value would have several texts. */
static bool decode_group(uint8_t out[3], const char *text, size_t digits, const char *alphabet)
{
	uint32_t v = 0;

	if (digits < 2)
		return false;
	for (size_t i = 0; i < 4; i++) {
		uint8_t s = i < digits ? sextet(text[i], alphabet) : 0;

		if (s == FOREIGN)
			return false;
		v = v << 6 | s;
	}
	for (unsigned i = 0; i < 3; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return digits == 4 || (digits == 3 ? out[2] == 0 : out[1] == 0 && out[2] == 0);
}

static enum status decode(struct buf *out, const char *text, size_t len, const char *alphabet)
{
	struct buf bytes = BUF_INIT;
	enum status st = STATUS_MALFORMED;

	for (size_t i = 0; i < len; i += 4) {
		size_t digits = len - i < 4 ? len - i : 4;
		uint8_t group[3];

		if (!decode_group(group, text + i, digits, alphabet))
			goto done;
		buf_add(&bytes, group, digits - 1);
	}
	buf_add(out, bytes.data, bytes.len);
	st = buf_ok(&bytes) && buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
done:
	buf_wipe(&bytes);
	return st;
}

enum status base64_decode(struct buf *out, const char *text, size_t len)
{
	if (len % 4 != 0)
		return STATUS_MALFORMED;
	for (int padding = 0; padding < 2 && len > 0 && text[len - 1] == '='; padding++)
		len--;
	return decode(out, text, len, base64_alphabet);
}

enum status base64url_decode(struct buf *out, const char *text, size_t len)
{
	return decode(out, text, len, base64url_alphabet);
}
