/* core/seal_secret.c - AES-256-GCM: from a secret and plain bytes to sealed bytes, and back. */
#include "core/seal_secret.h"

#include <string.h>

#include <mbedtls/gcm.h>

#include "core/key_internal.h"

#define NONCE_LEN 12
#define TAG_LEN 16
#define MAX_BYTES ((size_t)64 << 20)

static bool set_key(mbedtls_gcm_context *gcm, const uint8_t secret[SEAL_SECRET_LEN])
{
	return mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, secret, SEAL_SECRET_LEN * 8) == 0;
}

enum status seal_secret(struct buf *out, const uint8_t secret[SEAL_SECRET_LEN], const char *info, const void *plain, size_t len)
{
	mbedtls_gcm_context gcm;
	uint8_t *nonce = NULL;
	enum status st = STATUS_CRYPTO;

	if (len > MAX_BYTES)
		return STATUS_TOO_BIG;
	if (!buf_reserve(out, len + SEAL_SECRET_OVERHEAD))
		return STATUS_NOMEM;
	nonce = out->data + out->len;
	if (key_random(NULL, nonce, NONCE_LEN) != 0)
		return STATUS_IO;
	mbedtls_gcm_init(&gcm);
	if (set_key(&gcm, secret) &&
	    mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, nonce, NONCE_LEN, (const uint8_t *)info, strlen(info), plain, nonce + NONCE_LEN,
				      TAG_LEN, nonce + NONCE_LEN + len) == 0) {
		out->len += len + SEAL_SECRET_OVERHEAD;
		st = STATUS_OK;
	}
	out->data[out->len] = '\0';
	mbedtls_gcm_free(&gcm);
	return st;
}

enum status seal_secret_open(struct buf *out, const uint8_t secret[SEAL_SECRET_LEN], const char *info, const void *sealed, size_t len)
{
	const uint8_t *nonce = sealed;
	size_t plain_len = len - SEAL_SECRET_OVERHEAD;
	mbedtls_gcm_context gcm;
	enum status st = STATUS_UNTRUSTED;

	if (len < SEAL_SECRET_OVERHEAD || len > MAX_BYTES)
		return STATUS_UNTRUSTED;
	if (!buf_reserve(out, plain_len))
		return STATUS_NOMEM;
	mbedtls_gcm_init(&gcm);
	if (set_key(&gcm, secret) &&
	    mbedtls_gcm_auth_decrypt(&gcm, plain_len, nonce, NONCE_LEN, (const uint8_t *)info, strlen(info), nonce + NONCE_LEN + plain_len, TAG_LEN,
				     nonce + NONCE_LEN, out->data + out->len) == 0) {
		out->len += plain_len;
		st = STATUS_OK;
	}
	out->data[out->len] = '\0';
	mbedtls_gcm_free(&gcm);
	return st;
}
