/* core/json_token.h - reading JSON from bytes, one token at a time. Inside core only: json_scan.c puts the tokens together.
 *
 * A fault against RFC 8259 ends the scan. One against the profile alone is remembered and the scan goes on, so that bytes
 * which are no JSON at all are never called merely "outside the profile".
 */
#ifndef QIP_CORE_JSON_TOKEN_H
#define QIP_CORE_JSON_TOKEN_H

#include "core/json.h"
#include "core/json_path.h"

struct scanner {
	const char *start, *at, *end;
	struct buf text;        /* the last string read, decoded */
	struct error forbidden; /* first fault against the profile */
	bool doubtful;          /* something may be written otherwise than the canonical form has it */
	struct error *e;
};

enum status scanner_fault(const struct scanner *s, struct error *e, enum status st, const struct json_path *path,
			  const char *what);
enum status scanner_malformed(const struct scanner *s, const struct json_path *path, const char *what);
enum status scanner_out_of_memory(const struct scanner *s);
/* Remember a fault against the profile, if it is the first. */
void scanner_forbid(struct scanner *s, const struct json_path *path, const char *what);

bool scanner_next_is(const struct scanner *s, char c);
bool scanner_next_is_digit(const struct scanner *s);
void scanner_skip_space(struct scanner *s);
/* Order of names in the canonical form (RFC 8785): below 0, 0 or above 0 (core/json_canonical.c). */
int json_compare_names(const char *a, const char *b);

/* A string, s->at on its opening quote, into s->text. */
enum status scanner_read_string(struct scanner *s, const struct json_path *path) MUST_CHECK;
/* Values: *out is the caller's. */
enum status scanner_read_text(struct scanner *s, const struct json_path *path, cJSON **out) MUST_CHECK;
enum status scanner_read_number(struct scanner *s, const struct json_path *path, cJSON **out) MUST_CHECK;
enum status scanner_read_word(struct scanner *s, const struct json_path *path, cJSON **out) MUST_CHECK;

#endif
