/* core/key.h - ECDSA P-256 keys: a device's identity, for TLS and for signing commits alike.
 *
 * The public half travels as an OpenSSH public key (RFC 5656, section 3.1): "ecdsa-sha2-nistp256 AAAA…", no comment.
 * A `struct key` may be used by several threads at once.
 */
#ifndef QIP_CORE_KEY_H
#define QIP_CORE_KEY_H

#include "core/digest.h"

#define KEY_SSH_MAX 192       /* bytes of a public key line with NUL */
#define KEY_PRIVATE_LEN 32    /* the scalar, big-endian */
#define KEY_FINGERPRINT_MAX 64 /* "SHA256:" + base64 without padding, as ssh-keygen -l prints */

struct key; /* a pair, or a public half alone */

enum status key_generate(struct key **out, struct error *e) MUST_CHECK;
/* The same seed and label always give the same key: HKDF-SHA256 (RFC 5869) of the seed, label as info, reduced into the
 * group as FIPS 186-5 A.2.1 (extra random bits). Used for invites, whose join code carries the seed. */
enum status key_from_seed(struct key **out, const uint8_t *seed, size_t len, const char *label, struct error *e) MUST_CHECK;
enum status key_from_private(struct key **out, const uint8_t scalar[KEY_PRIVATE_LEN], struct error *e) MUST_CHECK;
/* A public half. STATUS_MALFORMED when the line is not exactly one P-256 key on the curve. */
enum status key_from_ssh(struct key **out, const char *line, struct error *e) MUST_CHECK;
/* PEM (SEC 1 or PKCS #8) private key. */
enum status key_from_pem(struct key **out, const char *pem, struct error *e) MUST_CHECK;

/* Append SEC 1 PEM of the private half, for a file of mode 0600. */
enum status key_to_pem(struct buf *out, const struct key *key) MUST_CHECK;
enum status key_private(uint8_t out[KEY_PRIVATE_LEN], const struct key *key) MUST_CHECK;
void key_ssh(char out[KEY_SSH_MAX], const struct key *key);
/* SHA-256 of the SSH public key blob. */
void key_fingerprint(uint8_t out[SHA256_LEN], const struct key *key);
void key_fingerprint_text(char out[KEY_FINGERPRINT_MAX], const struct key *key);

/* Plain ECDSA over a SHA-256 digest. sig is r || s, 64 bytes big-endian. */
enum status key_sign(uint8_t sig[64], const struct key *key, const uint8_t digest[SHA256_LEN]) MUST_CHECK;
/* STATUS_UNTRUSTED when the signature is not the key's. */
enum status key_verify(const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64]) MUST_CHECK;

/* A check keeps multiples of its key, 2.5 kB, with which the next one by the same key takes 0.6 of the time. They are kept
 * of the keys that were used last: KEY_TABLES_FEW, and KEY_TABLES_MAX once this was called by who checks much by many. */
#define KEY_TABLES_FEW 8
#define KEY_TABLES_MAX 256
void key_keep_many(void);

/* NULL is allowed; the private half is wiped. */
void key_free(struct key *key);

#endif
