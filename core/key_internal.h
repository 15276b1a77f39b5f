/* core/key_internal.h - a key as the other files on mbedTLS need it: its wire form, its pk context, its randomness. */
#ifndef QIP_CORE_KEY_INTERNAL_H
#define QIP_CORE_KEY_INTERNAL_H

#include <mbedtls/version.h>

#include "core/key.h"

#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define MBEDTLS_PRIVATE(member) member /* mbedTLS 2.28 hides nothing */
#endif

#define KEY_ALGORITHM "ecdsa-sha2-nistp256"
#define KEY_POINT_LEN 65 /* SEC 1, section 2.3.3: 04 || x || y */
#define KEY_BLOB_LEN 104 /* RFC 5656, section 3.1, with that point */

struct mbedtls_pk_context;
struct mbedtls_ecp_group;
struct mbedtls_ecp_point;
struct mbedtls_mpi;

/* mbedTLS's f_rng from getrandom(2): no state, so any thread may call it. */
int key_random(void *ctx, unsigned char *out, size_t len);

/* The same, for products of numbers that everybody may know: nothing has to be hidden, so nothing random is needed. Never
 * for a private key or a nonce. */
int key_no_blinding(void *ctx, unsigned char *out, size_t len);

/* The curve, for all threads at once: the multiples of its generator, by which signing takes half the time, are in it, so
 * mbedTLS only reads it. Borrowed; NULL when out of memory. */
struct mbedtls_ecp_group *key_curve(void);

/* *out = number times point, with number from 1 to the order less one. Both public: see key_no_blinding. Multiples of
 * the point are kept for the next time (key_keep_many). 0, or mbedTLS's error; one if the point is not on the curve. */
int key_multiply(struct mbedtls_ecp_point *out, const uint8_t point[KEY_POINT_LEN], const struct mbedtls_mpi *number);

/* key_verify, for the point of a key. */
enum status key_check(const uint8_t point[KEY_POINT_LEN], const uint8_t digest[SHA256_LEN],
		      const uint8_t sig[64]) MUST_CHECK;

/* The SSH public key blob. */
void key_blob(uint8_t out[KEY_BLOB_LEN], const struct key *key);
/* A public half. STATUS_MALFORMED unless it is such a blob with a point on the curve. */
enum status key_from_blob(struct key **out, const uint8_t *blob, size_t len) MUST_CHECK;

/* A copy as a pk context, private half included if there is one. *out is initialised and the caller's to free in every
 * case. */
enum status key_to_pk(struct mbedtls_pk_context *out, const struct key *key) MUST_CHECK;
/* The public half of a certificate's or request's key. STATUS_MALFORMED unless it is on P-256. */
enum status key_from_pk(struct key **out, struct mbedtls_pk_context *pk) MUST_CHECK;

/* True if *pk holds the same public half. */
bool key_is_pk(const struct key *key, struct mbedtls_pk_context *pk);

#endif
