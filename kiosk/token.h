/* kiosk/token.h - the hidden field of every page: what the kiosk knows of the patient before it, sealed, so that the process itself keeps nothing of them.
 * Only this kiosk can make or read one, also after a restart. */
#ifndef QIP_KIOSK_TOKEN_H
#define QIP_KIOSK_TOKEN_H

#include "core/digest.h"
#include "core/seal_secret.h"

struct token_secret {
	uint8_t bytes[SEAL_SECRET_LEN];
};

/* The secret that belongs to a device's private key file: nothing more to keep, and nobody without the key can work it out. */
enum status token_secret_load(struct token_secret *out, const char *home, struct error *e) MUST_CHECK;
/* Append the token: letters, digits, '-' and '_'. */
enum status token_make(struct buf *out, const struct token_secret *secret, const void *bytes, size_t len) MUST_CHECK;
/* Append what is in a token of this kiosk. STATUS_UNTRUSTED. */
enum status token_read(struct buf *out, const struct token_secret *secret, const char *text) MUST_CHECK;

#endif
