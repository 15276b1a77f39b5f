/* core/key.c - ECDSA P-256 keys. A key is plain bytes that nobody changes after it was made, so that threads can share
 * it. */
#include "core/key_internal.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/base64.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>

#define PEM_MAX_BYTES 4096
#define PEM_BEGIN "-----BEGIN EC PRIVATE KEY-----\n"
#define PEM_END "-----END EC PRIVATE KEY-----\n"
#define SEED_OKM_LEN 48 /* 128 bits more than the group order: the bias of the reduction is beyond notice */

struct key {
	uint8_t point[KEY_POINT_LEN];
	uint8_t scalar[KEY_PRIVATE_LEN];
	bool has_private;
};

/* The fixed bytes around a P-256 key: SEC 1 ECPrivateKey (RFC 5915), SubjectPublicKeyInfo (RFC 5480), SSH blob (RFC
 * 5656). */
static const uint8_t sec1_head[] = {0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
static const uint8_t sec1_middle[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
				      0x03, 0x01, 0x07, 0xa1, 0x44, 0x03, 0x42, 0x00};
static const uint8_t spki_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
				    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
static const uint8_t blob_head[] = "\0\0\0\x13" KEY_ALGORITHM "\0\0\0\x08nistp256\0\0\0\x41";

#define SEC1_MIDDLE_AT (sizeof(sec1_head) + KEY_PRIVATE_LEN)
#define SEC1_LEN (SEC1_MIDDLE_AT + sizeof(sec1_middle) + KEY_POINT_LEN)
#define SPKI_LEN (sizeof(spki_head) + KEY_POINT_LEN)
#define BLOB_HEAD_LEN (sizeof(blob_head) - 1)

_Static_assert(BLOB_HEAD_LEN + KEY_POINT_LEN == KEY_BLOB_LEN, "RFC 5656 blob");

static bool point_on_curve(const uint8_t point[KEY_POINT_LEN])
{
	mbedtls_ecp_group *group = key_curve();
	mbedtls_ecp_point q;
	bool ok = false;

	mbedtls_ecp_point_init(&q);
	ok = group && point[0] == 0x04 && mbedtls_ecp_point_read_binary(group, &q, point, KEY_POINT_LEN) == 0 &&
	     mbedtls_ecp_check_pubkey(group, &q) == 0;
	mbedtls_ecp_point_free(&q);
	return ok;
}

/* ---- making ---- */

static enum status key_of_point(struct key **out, const uint8_t point[KEY_POINT_LEN])
{
	struct key *key = NULL;

	if (!point_on_curve(point))
		return STATUS_MALFORMED;
	key = calloc(1, sizeof(*key));
	if (!key)
		return STATUS_NOMEM;
	memcpy(key->point, point, KEY_POINT_LEN);
	*out = key;
	return STATUS_OK;
}

static enum status key_of_scalar(struct key **out, const mbedtls_mpi *d)
{
	mbedtls_ecp_group *group = key_curve();
	struct key *key = calloc(1, sizeof(*key));
	enum status st = STATUS_NOMEM;
	mbedtls_ecp_point q;
	size_t len = 0;

	mbedtls_ecp_point_init(&q);
	if (!group || !key)
		goto done;
	st = STATUS_MALFORMED;
	if (mbedtls_ecp_check_privkey(group, d) != 0)
		goto done;
	st = STATUS_CRYPTO;
	if (mbedtls_ecp_mul(group, &q, d, &group->G, key_random, NULL) != 0 ||
	    mbedtls_ecp_point_write_binary(group, &q, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, key->point, KEY_POINT_LEN) !=
		    0 ||
	    mbedtls_mpi_write_binary(d, key->scalar, KEY_PRIVATE_LEN) != 0)
		goto done;
	key->has_private = true;
	*out = key;
	key = NULL;
	st = STATUS_OK;
done:
	mbedtls_ecp_point_free(&q);
	key_free(key);
	return st;
}

/* d = okm mod (n - 1) + 1 */
static enum status key_of_random_bits(struct key **out, const uint8_t okm[SEED_OKM_LEN])
{
	mbedtls_ecp_group *group = key_curve();
	enum status st = STATUS_CRYPTO;
	mbedtls_mpi d, modulus;

	mbedtls_mpi_init(&d);
	mbedtls_mpi_init(&modulus);
	if (group && mbedtls_mpi_sub_int(&modulus, &group->N, 1) == 0 &&
	    mbedtls_mpi_read_binary(&d, okm, SEED_OKM_LEN) == 0 && mbedtls_mpi_mod_mpi(&d, &d, &modulus) == 0 &&
	    mbedtls_mpi_add_int(&d, &d, 1) == 0)
		st = key_of_scalar(out, &d);
	mbedtls_mpi_free(&d);
	mbedtls_mpi_free(&modulus);
	return st;
}

enum status key_generate(struct key **out, struct error *e)
{
	uint8_t bits[SEED_OKM_LEN];
	enum status st = STATUS_CRYPTO;

	if (key_random(NULL, bits, sizeof(bits)) == 0)
		st = key_of_random_bits(out, bits);
	explicit_bzero(bits, sizeof(bits));
	return st ? error_set(e, st, "could not make a new key: the system gave no memory or no randomness")
		  : STATUS_OK;
}

enum status key_from_seed(struct key **out, const uint8_t *seed, size_t len, const char *label, struct error *e)
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
	uint8_t okm[SEED_OKM_LEN];
	enum status st = STATUS_CRYPTO;

	if (mbedtls_hkdf(md, NULL, 0, seed, len, (const unsigned char *)label, strlen(label), okm, sizeof(okm)) == 0)
		st = key_of_random_bits(out, okm);
	explicit_bzero(okm, sizeof(okm));
	return st ? error_set(e, st, "could not derive a key from its seed") : STATUS_OK;
}

enum status key_from_private(struct key **out, const uint8_t scalar[KEY_PRIVATE_LEN], struct error *e)
{
	enum status st = STATUS_NOMEM;
	mbedtls_mpi d;

	mbedtls_mpi_init(&d);
	if (mbedtls_mpi_read_binary(&d, scalar, KEY_PRIVATE_LEN) == 0)
		st = key_of_scalar(out, &d);
	mbedtls_mpi_free(&d);
	return st ? error_set(e, st, "not a private key of the curve P-256") : STATUS_OK;
}

enum status key_from_blob(struct key **out, const uint8_t *blob, size_t len)
{
	if (len != KEY_BLOB_LEN || memcmp(blob, blob_head, BLOB_HEAD_LEN) != 0)
		return STATUS_MALFORMED;
	return key_of_point(out, blob + BLOB_HEAD_LEN);
}

enum status key_from_ssh(struct key **out, const char *line, struct error *e)
{
	static const char head[] = KEY_ALGORITHM " ";
	struct buf blob = BUF_INIT;
	enum status st = STATUS_MALFORMED;

	if (strnlen(line, KEY_SSH_MAX) < KEY_SSH_MAX && strncmp(line, head, sizeof(head) - 1) == 0) {
		const char *text = line + sizeof(head) - 1;

		st = base64_decode(&blob, text, strlen(text));
	}
	if (!st)
		st = key_from_blob(out, blob.data, blob.len);
	buf_clear(&blob);
	return st ? error_set(e, st,
			      "not a public key: expected one line \"" KEY_ALGORITHM " AAAA...\" without comment")
		  : STATUS_OK;
}

static int parse_private_pem(mbedtls_pk_context *pk, const char *pem, size_t len)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
	return mbedtls_pk_parse_key(pk, (const unsigned char *)pem, len + 1, NULL, 0, key_random, NULL);
#else
	return mbedtls_pk_parse_key(pk, (const unsigned char *)pem, len + 1, NULL, 0);
#endif
}

enum status key_from_pem(struct key **out, const char *pem, struct error *e)
{
	size_t len = strnlen(pem, PEM_MAX_BYTES);
	enum status st = STATUS_MALFORMED;
	uint8_t der[256];
	mbedtls_pk_context pk;
	int n = 0;

	mbedtls_pk_init(&pk);
	if (len == PEM_MAX_BYTES || parse_private_pem(&pk, pem, len) != 0)
		goto done;
	n = mbedtls_pk_write_key_der(&pk, der, sizeof(der));
	/* Only the scalar is taken over, the public half is computed: a file whose halves differ cannot mislead. */
	if (n == (int)SEC1_LEN && memcmp(der + sizeof(der) - n, sec1_head, sizeof(sec1_head)) == 0 &&
	    memcmp(der + sizeof(der) - n + SEC1_MIDDLE_AT, sec1_middle, sizeof(sec1_middle)) == 0)
		st = key_from_private(out, der + sizeof(der) - n + sizeof(sec1_head), NULL);
done:
	mbedtls_pk_free(&pk);
	explicit_bzero(der, sizeof(der));
	return st ? error_set(e, st, "not a private key in PEM form of the curve P-256") : STATUS_OK;
}

enum status key_from_pk(struct key **out, struct mbedtls_pk_context *pk)
{
	uint8_t der[512];
	const uint8_t *at = NULL;
	int n = mbedtls_pk_write_pubkey_der(pk, der, sizeof(der));

	if (n != (int)SPKI_LEN)
		return STATUS_MALFORMED;
	at = der + sizeof(der) - n;
	if (memcmp(at, spki_head, sizeof(spki_head)) != 0)
		return STATUS_MALFORMED;
	return key_of_point(out, at + sizeof(spki_head));
}

bool key_is_pk(const struct key *key, struct mbedtls_pk_context *pk)
{
	struct key *other = NULL;
	bool same = false;

	if (key_from_pk(&other, pk) != STATUS_OK)
		return false;
	same = memcmp(key->point, other->point, KEY_POINT_LEN) == 0;
	key_free(other);
	return same;
}

/* ---- forms ---- */

static void write_sec1(uint8_t out[SEC1_LEN], const struct key *key)
{
	memcpy(out, sec1_head, sizeof(sec1_head));
	memcpy(out + sizeof(sec1_head), key->scalar, KEY_PRIVATE_LEN);
	memcpy(out + SEC1_MIDDLE_AT, sec1_middle, sizeof(sec1_middle));
	memcpy(out + SEC1_MIDDLE_AT + sizeof(sec1_middle), key->point, KEY_POINT_LEN);
}

enum status key_to_pem(struct buf *out, const struct key *key)
{
	uint8_t der[SEC1_LEN];
	unsigned char pem[512];
	size_t len = 0;
	enum status st = STATUS_CRYPTO;

	if (!key->has_private)
		return STATUS_USAGE;
	write_sec1(der, key);
	if (mbedtls_pem_write_buffer(PEM_BEGIN, PEM_END, der, sizeof(der), pem, sizeof(pem), &len) == 0) {
		buf_adds(out, (const char *)pem);
		st = buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
	}
	explicit_bzero(der, sizeof(der));
	explicit_bzero(pem, sizeof(pem));
	return st;
}

enum status key_to_pk(struct mbedtls_pk_context *out, const struct key *key)
{
	uint8_t der[SEC1_LEN];
	int failed = 0;

	mbedtls_pk_init(out);
	if (key->has_private) {
		write_sec1(der, key);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
		failed = mbedtls_pk_parse_key(out, der, SEC1_LEN, NULL, 0, key_random, NULL);
#else
		failed = mbedtls_pk_parse_key(out, der, SEC1_LEN, NULL, 0);
#endif
		explicit_bzero(der, sizeof(der));
	} else {
		memcpy(der, spki_head, sizeof(spki_head));
		memcpy(der + sizeof(spki_head), key->point, KEY_POINT_LEN);
		failed = mbedtls_pk_parse_public_key(out, der, SPKI_LEN);
	}
	return failed ? STATUS_CRYPTO : STATUS_OK;
}

enum status key_private(uint8_t out[KEY_PRIVATE_LEN], const struct key *key)
{
	if (!key->has_private)
		return STATUS_USAGE;
	memcpy(out, key->scalar, KEY_PRIVATE_LEN);
	return STATUS_OK;
}

void key_blob(uint8_t out[KEY_BLOB_LEN], const struct key *key)
{
	memcpy(out, blob_head, BLOB_HEAD_LEN);
	memcpy(out + BLOB_HEAD_LEN, key->point, KEY_POINT_LEN);
}

/* mbedTLS's own encoder: it needs no memory, so that these cannot fail. */
static void base64_text(char *out, size_t size, const uint8_t *bytes, size_t len)
{
	size_t written = 0;

	if (mbedtls_base64_encode((unsigned char *)out, size, &written, bytes, len) != 0)
		written = 0;
	out[written] = '\0';
}

void key_ssh(char out[KEY_SSH_MAX], const struct key *key)
{
	static const char head[] = KEY_ALGORITHM " ";
	uint8_t blob[KEY_BLOB_LEN];

	key_blob(blob, key);
	memcpy(out, head, sizeof(head));
	base64_text(out + sizeof(head) - 1, KEY_SSH_MAX - sizeof(head) + 1, blob, sizeof(blob));
}

void key_fingerprint(uint8_t out[SHA256_LEN], const struct key *key)
{
	uint8_t blob[KEY_BLOB_LEN];

	key_blob(blob, key);
	if (sha256(out, blob, sizeof(blob)) != STATUS_OK)
		memset(out, 0, SHA256_LEN);
}

void key_fingerprint_text(char out[KEY_FINGERPRINT_MAX], const struct key *key)
{
	static const char head[] = "SHA256:";
	uint8_t digest[SHA256_LEN];

	key_fingerprint(digest, key);
	memcpy(out, head, sizeof(head));
	base64_text(out + sizeof(head) - 1, KEY_FINGERPRINT_MAX - sizeof(head) + 1, digest, sizeof(digest));
	out[strcspn(out, "=")] = '\0';
}

/* ---- use ---- */

/* The nonce comes from the key and the digest (RFC 6979), so that a box with poor randomness cannot give its key away.
 */
enum status key_sign(uint8_t sig[64], const struct key *key, const uint8_t digest[SHA256_LEN])
{
	mbedtls_ecp_group *group = key_curve();
	enum status st = STATUS_CRYPTO;
	mbedtls_mpi d, r, s;

	if (!key->has_private)
		return STATUS_USAGE;
	mbedtls_mpi_init(&d);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	if (group && mbedtls_mpi_read_binary(&d, key->scalar, KEY_PRIVATE_LEN) == 0 &&
	    mbedtls_ecdsa_sign_det_ext(group, &r, &s, &d, digest, SHA256_LEN, MBEDTLS_MD_SHA256, key_random, NULL) ==
		    0 &&
	    mbedtls_mpi_write_binary(&r, sig, 32) == 0 && mbedtls_mpi_write_binary(&s, sig + 32, 32) == 0)
		st = STATUS_OK;
	mbedtls_mpi_free(&d);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
	return st;
}

enum status key_verify(const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64])
{
	return key_check(key->point, digest, sig);
}

void key_free(struct key *key)
{
	if (!key)
		return;
	explicit_bzero(key, sizeof(*key));
	free(key);
}
