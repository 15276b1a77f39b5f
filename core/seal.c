/* core/seal.c - HPKE base mode: from a recipient's public key and plain bytes to sealed bytes, and back. */
#include "core/seal_internal.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/chachapoly.h>
#include <mbedtls/ecp.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>

#include "core/key_internal.h"

#define ENC_LEN 32
#define TAG_LEN 16
#define NONCE_LEN 12
#define HASH_LEN 32
#define LABEL_MAX 32
#define INFO_MAX 256
#define SEALED_MAX_BYTES ((size_t)64 << 20)

/* RFC 9180, sections 4.1 and 5.1: which scheme a derived value is for. */
static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};
static const uint8_t hpke_suite[] = {'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x03};

struct suite {
	const uint8_t *id;
	size_t len;
};

static const struct suite kem = {kem_suite, sizeof(kem_suite)};
static const struct suite hpke = {hpke_suite, sizeof(hpke_suite)};

/* What one message is encrypted with. */
struct message_key {
	uint8_t key[32];
	uint8_t nonce[NONCE_LEN];
};

/* ---- X25519 (RFC 7748) ---- */

/* out = scalar * point. False when the point is one of those that give zero whatever the scalar (RFC 9180, 7.1.4). */
static bool multiply(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32])
{
	static const uint8_t zero[32] = {0};
	uint8_t clamped[32];
	mbedtls_ecp_group group;
	mbedtls_ecp_point p;
	mbedtls_mpi d;
	size_t len = 0;
	bool ok = false;

	memcpy(clamped, scalar, sizeof(clamped));
	clamped[0] &= 248;
	clamped[31] = (uint8_t)((clamped[31] & 127) | 64);
	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&p);
	mbedtls_mpi_init(&d);
	ok = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_CURVE25519) == 0 &&
	     mbedtls_mpi_read_binary_le(&d, clamped, sizeof(clamped)) == 0 &&
	     mbedtls_ecp_point_read_binary(&group, &p, point, 32) == 0 &&
	     mbedtls_ecp_mul(&group, &p, &d, &p, key_random, NULL) == 0 &&
	     mbedtls_ecp_point_write_binary(&group, &p, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, out, 32) == 0 && len == 32 &&
	     memcmp(out, zero, sizeof(zero)) != 0;
	mbedtls_ecp_group_free(&group);
	mbedtls_ecp_point_free(&p);
	mbedtls_mpi_free(&d);
	explicit_bzero(clamped, sizeof(clamped));
	return ok;
}

enum status seal_public(uint8_t public_key[SEAL_KEY_LEN], const uint8_t private_key[SEAL_KEY_LEN], struct error *e)
{
	static const uint8_t base[32] = {9};
	uint8_t out[32];

	if (!multiply(out, private_key, base))
		return error_set(e, STATUS_CRYPTO, "could not compute a public key");
	memcpy(public_key, out, sizeof(out));
	return STATUS_OK;
}

enum status seal_generate(uint8_t private_key[SEAL_KEY_LEN], uint8_t public_key[SEAL_KEY_LEN], struct error *e)
{
	uint8_t bytes[SEAL_KEY_LEN];
	enum status st = STATUS_OK;

	if (key_random(NULL, bytes, sizeof(bytes)) != 0)
		return error_set(e, STATUS_IO, "the system gave no randomness for a new key");
	st = seal_public(public_key, bytes, e);
	if (!st)
		memcpy(private_key, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return st;
}

/* ---- the key schedule ---- */

/* What both begin with, "HPKE-v1", the suite and the label, then what they label; how many bytes. */
static size_t put_labelled(uint8_t *out, const struct suite *suite, const char *label, const void *bytes, size_t len)
{
	size_t n = 7;

	memcpy(out, "HPKE-v1", n);
	memcpy(out + n, suite->id, suite->len);
	n += suite->len;
	memcpy(out + n, label, strlen(label));
	n += strlen(label);
	memcpy(out + n, bytes, len);
	return n + len;
}

/* RFC 9180, section 4: LabeledExtract */
static bool extract(uint8_t out[HASH_LEN], const struct suite *suite, const char *label, const uint8_t *salt,
		    size_t salt_len, const void *ikm, size_t len)
{
	uint8_t labelled[7 + sizeof(hpke_suite) + LABEL_MAX + INFO_MAX];
	size_t n = 0;
	bool ok = false;

	if (strlen(label) > LABEL_MAX || len > INFO_MAX)
		return false;
	n = put_labelled(labelled, suite, label, ikm, len);
	ok = mbedtls_hkdf_extract(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), salt, salt_len, labelled, n, out) == 0;
	explicit_bzero(labelled, sizeof(labelled));
	return ok;
}

/* RFC 9180, section 4: LabeledExpand */
static bool expand(uint8_t *out, size_t out_len, const struct suite *suite, const char *label,
		   const uint8_t prk[HASH_LEN], const uint8_t *info, size_t len)
{
	uint8_t labelled[2 + 7 + sizeof(hpke_suite) + LABEL_MAX + 1 + 2 * HASH_LEN];
	size_t n;

	if (strlen(label) > LABEL_MAX || len > 1 + 2 * HASH_LEN)
		return false;
	labelled[0] = (uint8_t)(out_len >> 8);
	labelled[1] = (uint8_t)out_len;
	n = 2 + put_labelled(labelled + 2, suite, label, info, len);
	return mbedtls_hkdf_expand(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), prk, HASH_LEN, labelled, n, out,
				   out_len) == 0;
}

/* RFC 9180, section 4.1: ExtractAndExpand over the Diffie-Hellman result */
static bool shared_secret(uint8_t out[HASH_LEN], const uint8_t own[32], const uint8_t their[32], const uint8_t enc[32],
			  const uint8_t recipient[32])
{
	uint8_t dh[32], prk[HASH_LEN], context[64];
	bool ok = false;

	memcpy(context, enc, 32);
	memcpy(context + 32, recipient, 32);
	ok = multiply(dh, own, their) && extract(prk, &kem, "eae_prk", NULL, 0, dh, sizeof(dh)) &&
	     expand(out, HASH_LEN, &kem, "shared_secret", prk, context, sizeof(context));
	explicit_bzero(dh, sizeof(dh));
	explicit_bzero(prk, sizeof(prk));
	return ok;
}

/* RFC 9180, section 5.1: KeySchedule in mode_base, where psk and psk_id are empty */
static bool schedule(struct message_key *out, const uint8_t shared[HASH_LEN], const char *info)
{
	uint8_t context[1 + 2 * HASH_LEN] = {0}; /* the mode, 0, in front */
	uint8_t secret[HASH_LEN];
	bool ok = extract(context + 1, &hpke, "psk_id_hash", NULL, 0, "", 0) &&
		  extract(context + 1 + HASH_LEN, &hpke, "info_hash", NULL, 0, info, strlen(info)) &&
		  extract(secret, &hpke, "secret", shared, HASH_LEN, "", 0) &&
		  expand(out->key, sizeof(out->key), &hpke, "key", secret, context, sizeof(context)) &&
		  expand(out->nonce, sizeof(out->nonce), &hpke, "base_nonce", secret, context, sizeof(context));

	explicit_bzero(secret, sizeof(secret));
	return ok;
}

/* ---- sealing and opening ---- */

static bool encrypt(uint8_t *out, uint8_t tag[TAG_LEN], const struct message_key *k, const void *aad, size_t aad_len,
		    const void *plain, size_t len)
{
	mbedtls_chachapoly_context chachapoly;
	bool ok = false;

	mbedtls_chachapoly_init(&chachapoly);
	ok = mbedtls_chachapoly_setkey(&chachapoly, k->key) == 0 &&
	     mbedtls_chachapoly_encrypt_and_tag(&chachapoly, len, k->nonce, aad, aad_len, plain, out, tag) == 0;
	mbedtls_chachapoly_free(&chachapoly);
	return ok;
}

static bool decrypt(uint8_t *out, const struct message_key *k, const void *aad, size_t aad_len, const uint8_t *sealed,
		    size_t len)
{
	mbedtls_chachapoly_context chachapoly;
	bool ok = false;

	mbedtls_chachapoly_init(&chachapoly);
	ok = mbedtls_chachapoly_setkey(&chachapoly, k->key) == 0 &&
	     mbedtls_chachapoly_auth_decrypt(&chachapoly, len, k->nonce, aad, aad_len, sealed + len, sealed, out) == 0;
	mbedtls_chachapoly_free(&chachapoly);
	return ok;
}

enum status seal_with(struct buf *out, const uint8_t ephemeral[SEAL_KEY_LEN], const uint8_t public_key[SEAL_KEY_LEN],
		      const char *info, const void *aad, size_t aad_len, const void *plain, size_t len, struct error *e)
{
	uint8_t shared[HASH_LEN];
	uint8_t *sealed = NULL;
	struct message_key k;
	enum status st = STATUS_CRYPTO;

	if (len > SEALED_MAX_BYTES || strlen(info) > INFO_MAX)
		return error_set(e, STATUS_TOO_BIG, "too long to be sealed");
	sealed = malloc(len + SEAL_OVERHEAD);
	if (!sealed)
		return error_set(e, STATUS_NOMEM, "out of memory while sealing");
	st = seal_public(sealed, ephemeral, e);
	if (st)
		goto done;
	if (!shared_secret(shared, ephemeral, public_key, sealed, public_key)) {
		st = error_set(e, STATUS_MALFORMED, "this is no key that anything can be sealed to");
		goto done;
	}
	if (!schedule(&k, shared, info) ||
	    !encrypt(sealed + ENC_LEN, sealed + ENC_LEN + len, &k, aad, aad_len, plain, len)) {
		st = error_set(e, STATUS_CRYPTO, "could not seal");
		goto done;
	}
	buf_add(out, sealed, len + SEAL_OVERHEAD);
	if (!buf_ok(out))
		st = error_set(e, STATUS_NOMEM, "out of memory while sealing");
done:
	explicit_bzero(shared, sizeof(shared));
	explicit_bzero(&k, sizeof(k));
	free(sealed);
	return st;
}

enum status seal_to(struct buf *out, const uint8_t public_key[SEAL_KEY_LEN], const char *info, const void *aad,
		    size_t aad_len, const void *plain, size_t len, struct error *e)
{
	uint8_t ephemeral[SEAL_KEY_LEN];
	enum status st = STATUS_OK;

	if (key_random(NULL, ephemeral, sizeof(ephemeral)) != 0)
		return error_set(e, STATUS_IO, "the system gave no randomness for sealing");
	st = seal_with(out, ephemeral, public_key, info, aad, aad_len, plain, len, e);
	explicit_bzero(ephemeral, sizeof(ephemeral));
	return st;
}

/* The key of the message whose encapsulation is `enc`. */
static bool recipient_key(struct message_key *out, const uint8_t private_key[SEAL_KEY_LEN], const uint8_t enc[ENC_LEN],
			  const char *info)
{
	uint8_t public_key[SEAL_KEY_LEN], shared[HASH_LEN];
	bool ok = seal_public(public_key, private_key, NULL) == STATUS_OK &&
		  shared_secret(shared, private_key, enc, enc, public_key) && schedule(out, shared, info);

	explicit_bzero(shared, sizeof(shared));
	return ok;
}

enum status seal_open(struct buf *out, const uint8_t private_key[SEAL_KEY_LEN], const char *info, const void *aad,
		      size_t aad_len, const void *sealed, size_t len, struct error *e)
{
	const uint8_t *enc = sealed;
	enum status st = STATUS_UNTRUSTED;
	struct message_key k;
	uint8_t *plain = NULL;
	size_t plain_len = 0;

	if (len < SEAL_OVERHEAD || len - SEAL_OVERHEAD > SEALED_MAX_BYTES)
		return error_set(e, STATUS_UNTRUSTED, "these bytes are no sealed message: %zu bytes", len);
	plain_len = len - SEAL_OVERHEAD;
	plain = malloc(plain_len + 1);
	if (!plain)
		return error_set(e, STATUS_NOMEM, "out of memory while unsealing");
	if (recipient_key(&k, private_key, enc, info) && decrypt(plain, &k, aad, aad_len, enc + ENC_LEN, plain_len)) {
		buf_add(out, plain, plain_len);
		st = buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
	}
	explicit_bzero(&k, sizeof(k));
	explicit_bzero(plain, plain_len);
	free(plain);
	return st ? error_set(e, st, "could not unseal: not sealed to this key, or for another purpose, or damaged")
		  : STATUS_OK;
}
