/* core/seal_secret.h - sealing for oneself: AES-256-GCM (NIST SP 800-38D) with a secret that nobody else has. Sealed bytes are nonce || ciphertext || tag;
 * the nonce is 96 random bits, so one secret is good for some thousand million messages. */
#ifndef QIP_CORE_SEAL_SECRET_H
#define QIP_CORE_SEAL_SECRET_H

#include "core/buf.h"

#define SEAL_SECRET_LEN 32
#define SEAL_SECRET_OVERHEAD (12 + 16)

/* Append the sealed bytes. `info` says what they are for: it is not in them, and whoever opens them names it again. */
enum status seal_secret(struct buf *out, const uint8_t secret[SEAL_SECRET_LEN], const char *info, const void *plain, size_t len) MUST_CHECK;
/* Append the plain bytes. STATUS_UNTRUSTED when sealed, info and secret do not belong together. */
enum status seal_secret_open(struct buf *out, const uint8_t secret[SEAL_SECRET_LEN], const char *info, const void *sealed, size_t len) MUST_CHECK;

#endif
