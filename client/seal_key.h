/* client/seal_key.h - seal.key: this device's private half of X25519, to which the practice's comment keys are wrapped.
 *
 * 32 bytes in base64url, or under a passphrase: {"schema": "seal-key/1", "kdf": "pbkdf2-hmac-sha256", "rounds", "salt", "sealed"}, salt and sealed in base64url;
 * sealed is seal_secret (AES-256-GCM) under what PBKDF2 (RFC 8018) makes of the passphrase. Everything but reading free text, names and evidence goes on
 * without it: syncing, editing, joining of others.
 */
#ifndef QIP_CLIENT_SEAL_KEY_H
#define QIP_CLIENT_SEAL_KEY_H

#include "client/home.h"

#define SEAL_KEY_PASSPHRASE_MIN 12   /* bytes */
#define SEAL_KEY_PASSPHRASE_MAX 1024

/* The key; wipe it. STATUS_DENIED: it is under a passphrase that was not given yet; STATUS_CORRUPT: it is missing or damaged. */
enum status seal_key_read(uint8_t key[SEAL_KEY_LEN], const struct qip *q, struct error *e) MUST_CHECK;
/* Whether it is under a passphrase, given by now or not. STATUS_CORRUPT as above. */
enum status seal_key_is_protected(bool *out, const struct qip *q, struct error *e) MUST_CHECK;
/* Until q is closed it can be read. One that is not protected is no error. STATUS_DENIED: another passphrase. Takes about a second on a small machine. */
enum status seal_key_unlock(struct qip *q, const char *passphrase, struct error *e) MUST_CHECK;

/* Put it under a passphrase, durably: a power cut leaves the file as it was or as it is to be. It has to be readable now. STATUS_INVALID: the passphrase is
 * too short or too long. */
enum status seal_key_protect(struct qip *q, const char *passphrase, struct error *e) MUST_CHECK;
/* Take the passphrase away. STATUS_NOT_FOUND: there was none. */
enum status seal_key_unprotect(struct qip *q, struct error *e) MUST_CHECK;

/* device.key and seal.key are for this account alone: one that others could read is closed to them, and that is logged. */
void seal_key_guard(const struct qip *q);

#endif
