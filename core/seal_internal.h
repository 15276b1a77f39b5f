/* core/seal_internal.h - sealing with a given ephemeral key, so that a test can compare with the vectors of RFC 9180.
 */
#ifndef QIP_CORE_SEAL_INTERNAL_H
#define QIP_CORE_SEAL_INTERNAL_H

#include "core/seal.h"

/* Append enc || ciphertext. The ephemeral key is to be used once. */
enum status seal_with(struct buf *out, const uint8_t ephemeral[SEAL_KEY_LEN], const uint8_t public_key[SEAL_KEY_LEN],
		      const char *info, const void *aad, size_t aad_len, const void *plain, size_t len,
		      struct error *e) MUST_CHECK;

#endif
