/* core/code.h - the join code: all that a new device must be told, in one line that survives copying by hand.
 *
 * Bytes: version 1 | flags | ODS (6) | secret (16) | first 16 bytes of the SHA-256 of the server's CA certificate (DER) |
 * first 16 bytes of the root key's fingerprint (zero while the practice has none) | CRC32C of all before (4, big-endian).
 * Text: Crockford base32, groups of five with '-', case and separators ignored, O read as 0 and I, L as 1.
 */
#ifndef QIP_CORE_CODE_H
#define QIP_CORE_CODE_H

#include <stdbool.h>

#include "core/key.h"

#define CODE_SECRET_LEN 16
#define CODE_PIN_LEN 16
#define CODE_TEXT_MAX 160

struct code {
	char ods[7];
	uint8_t secret[CODE_SECRET_LEN]; /* seed of the invite key, see code_invite_key() */
	uint8_t ca_pin[CODE_PIN_LEN];
	uint8_t root_pin[CODE_PIN_LEN]; /* meaningless while has_root is false */
	bool has_root;                  /* false only for a practice's first manager */
};

void code_format(char out[CODE_TEXT_MAX], const struct code *c);
/* STATUS_MALFORMED with words that help somebody who mistyped. */
enum status code_parse(struct code *out, const char *text, struct error *e) MUST_CHECK;
/* The invite's key pair: whoever holds the code can sign with it, the registry holds its public half. */
enum status code_invite_key(struct key **out, const struct code *c, struct error *e) MUST_CHECK;

#endif
