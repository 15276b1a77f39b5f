/* core/seal.h - sealing to a public key: HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
 * ChaCha20-Poly1305 (KEM 0x0020, KDF 0x0001, AEAD 0x0003), single shot, sequence number 0. Sealed bytes are enc || ciphertext. */
#ifndef QIP_CORE_SEAL_H
#define QIP_CORE_SEAL_H

#include "core/digest.h"

#define SEAL_KEY_LEN 32
#define SEAL_OVERHEAD (32 + 16)

enum status seal_generate(uint8_t private_key[SEAL_KEY_LEN], uint8_t public_key[SEAL_KEY_LEN], struct error *e) MUST_CHECK;
enum status seal_public(uint8_t public_key[SEAL_KEY_LEN], const uint8_t private_key[SEAL_KEY_LEN], struct error *e) MUST_CHECK;

/* Append the sealed bytes. */
enum status seal_to(struct buf *out, const uint8_t public_key[SEAL_KEY_LEN], const char *info, const void *aad, size_t aad_len,
		    const void *plain, size_t len, struct error *e) MUST_CHECK;
/* Append the plain bytes. STATUS_UNTRUSTED when sealed, info, aad or key do not belong together. */
enum status seal_open(struct buf *out, const uint8_t private_key[SEAL_KEY_LEN], const char *info, const void *aad, size_t aad_len,
		      const void *sealed, size_t len, struct error *e) MUST_CHECK;

#endif
