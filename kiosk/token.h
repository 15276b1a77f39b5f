/* kiosk/token.h - the hidden field of a question page: the answer's id, made when the form was shown, and a seal that says that this
 * kiosk made it. The same kiosk knows its own tokens again after a restart, so an answer that was on its way is not lost or kept twice. */
#ifndef QIP_KIOSK_TOKEN_H
#define QIP_KIOSK_TOKEN_H

#include "core/digest.h"
#include "core/id.h"

#define TOKEN_SEAL_LEN 16
#define TOKEN_TEXT_MAX (ID_TEXT_LEN + 1 + 2 * TOKEN_SEAL_LEN + 1) /* "<id>.<hex>" with NUL */

struct token_secret {
	uint8_t bytes[SHA256_LEN];
};

/* The secret that belongs to a device's private key file: nothing more to keep, and nobody without the key can work it out. */
enum status token_secret_load(struct token_secret *out, const char *home, struct error *e) MUST_CHECK;
enum status token_make(char out[TOKEN_TEXT_MAX], const struct token_secret *secret, const struct env *env) MUST_CHECK;
/* The id in a token of this kiosk. STATUS_UNTRUSTED. */
enum status token_read(char id[ID_TEXT_LEN + 1], const struct token_secret *secret, const char *text) MUST_CHECK;

#endif
