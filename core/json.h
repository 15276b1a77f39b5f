/* core/json.h - strict JSON in, canonical JSON out, over cJSON.
 *
 * cJSON takes duplicate keys, invalid UTF-8, "\u0000" and trailing bytes, and keeps every number as a double. Records must
 * mean one thing to every reader, so the strictness is here: RFC 8259 grammar, plus a profile (RFC 7493 and the project's own):
 * no duplicate keys, valid UTF-8 and paired surrogates, no U+0000, whole numbers within ±(2^53 - 1) written without fraction or
 * exponent, bounded size and depth.
 */
#ifndef QIP_CORE_JSON_H
#define QIP_CORE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/buf.h"
#include "core/json_pool.h"

#define JSON_MAX_BYTES (1024 * 1024)
#define JSON_MAX_DEPTH 32
#define JSON_MAX_INTEGER 9007199254740991 /* 2^53 - 1 */

/* Parse exactly `len` bytes of untrusted JSON, borrowed for the call.
 * STATUS_OK: *out is the caller's, to end with cJSON_Delete. Otherwise *out is untouched and *e names the JSON pointer
 * (RFC 6901) of the fault:
 * STATUS_TOO_BIG over JSON_MAX_BYTES or JSON_MAX_DEPTH; STATUS_MALFORMED not RFC 8259 (invalid UTF-8 included);
 * STATUS_FORBIDDEN_FORM valid JSON outside the profile; STATUS_NOMEM. */
enum status json_parse(cJSON **out, const char *bytes, size_t len, struct error *e) MUST_CHECK;

/* As json_parse, and the bytes must be the canonical form of what they say (STATUS_FORBIDDEN_FORM otherwise). */
enum status json_parse_canonical(cJSON **out, const char *bytes, size_t len, struct error *e) MUST_CHECK;

/* How a document that is only looked at may be read in less time. */
struct json_reading {
	struct json_pool *pool; /* what is made is the pool's: never changed, and never given to cJSON_Delete */
	bool canonical;         /* as json_parse_canonical */
	/* Another document, or NULL, as it was read from its bytes and not changed since. Lists and objects that have the same bytes under
	 * the same names are not taken apart again: *out refers to the other's, and ends before it. */
	const cJSON *other;
	const char *other_bytes;
};
enum status json_read(cJSON **out, const char *bytes, size_t len, const struct json_reading *how, struct error *e) MUST_CHECK;

/* Append the canonical form (RFC 8785: keys sorted by UTF-16 code units, shortest escapes, no white space).
 * Nothing is appended on failure: STATUS_FORBIDDEN_FORM for what json_parse would refuse (a number that is no whole number
 * within JSON_MAX_INTEGER, text that is not UTF-8, a repeated key); STATUS_TOO_BIG over JSON_MAX_DEPTH; STATUS_NOMEM. */
enum status json_canonical(struct buf *out, const cJSON *value) MUST_CHECK;

/* Members by exact name. NULL, false when absent or of another type. */
const cJSON *json_get(const cJSON *object, const char *key);
const char *json_string(const cJSON *object, const char *key);
bool json_integer(const cJSON *object, const char *key, int64_t *out);
/* Is it of a later form than the first? Each small file of a program's own says "schema":"name/1", and with another number is a newer program's. */
bool json_is_later(const cJSON *object);

/* True if both have the same canonical form; what has none is equal at most to what is built like it. Two NULLs are equal. */
bool json_equal(const cJSON *a, const cJSON *b);

/* Set (replace or add) a member; takes `value` over in every case. STATUS_NOMEM when value is NULL or memory is out;
 * STATUS_USAGE when `object` is none; STATUS_FORBIDDEN_FORM for an integer beyond JSON_MAX_INTEGER. */
enum status json_set(cJSON *object, const char *key, cJSON *value) MUST_CHECK;
enum status json_set_string(cJSON *object, const char *key, const char *value) MUST_CHECK;
enum status json_set_integer(cJSON *object, const char *key, int64_t value) MUST_CHECK;

#endif
