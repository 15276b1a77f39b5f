/* core/key_pin.h - the staff's PIN of a kiosk, as a record may hold it: PBKDF2 with HMAC-SHA-256 (RFC 8018, section 5.2).
 *
 * A PIN is short: whoever has the record can try them all in days, whatever the rounds. It keeps patients from a page about the kiosk's state, no more.
 */
#ifndef QIP_CORE_KEY_PIN_H
#define QIP_CORE_KEY_PIN_H

#include <stdbool.h>

#include "core/digest.h"
#include "core/env.h"
#include "core/json.h"

#define KEY_PIN_SALT_LEN 16
#define KEY_PIN_HASH_LEN SHA256_LEN
#define KEY_PIN_DIGITS_MIN 6
#define KEY_PIN_DIGITS_MAX 12
#define KEY_PIN_ROUNDS 50000     /* of a new one: about a second on the smallest box */
#define KEY_PIN_ROUNDS_MAX 200000

struct key_pin {
	uint8_t salt[KEY_PIN_SALT_LEN];
	uint32_t rounds;
	uint8_t hash[KEY_PIN_HASH_LEN];
};

/* RFC 8018's PBKDF2 with HMAC-SHA-256, one block of it. rounds: at least 1. */
enum status key_pbkdf2(uint8_t out[SHA256_LEN], const void *password, size_t password_len, const void *salt, size_t salt_len, uint32_t rounds) MUST_CHECK;

/* With a fresh salt. STATUS_INVALID, with words, unless pin is 6 to 12 digits and not all the same or counting up or down. */
enum status key_pin_make(struct key_pin *out, const char *pin, const struct env *env, struct error *e) MUST_CHECK;
/* STATUS_OK: it is this PIN; STATUS_DENIED: it is not, or a form of it that nobody could have set; STATUS_CRYPTO. In constant time as far as the hash goes. */
enum status key_pin_check(const struct key_pin *p, const char *pin) MUST_CHECK;

/* {"hash", "rounds", "salt"}, bytes in hex, as it stands in a site's record. NULL without memory. */
cJSON *key_pin_json(const struct key_pin *p);
/* STATUS_MALFORMED */
enum status key_pin_read(struct key_pin *out, const cJSON *json) MUST_CHECK;

#endif
