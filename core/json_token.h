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
	const char *string;     /* the last string read, decoded; not NUL-terminated */
	size_t string_len;
	struct buf text;        /* where it is if it had escapes */
	struct json_pool *pool; /* whose all values are; NULL: each is cJSON's */
	const char *beside;     /* the bytes of another document, of which parts may be the same; NULL for none */
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

static inline bool scanner_next_is(const struct scanner *s, char c)
{
	return s->at < s->end && *s->at == c;
}

static inline bool scanner_next_is_digit(const struct scanner *s)
{
	return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static inline void scanner_skip_space(struct scanner *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r')) {
		s->at++;
		s->doubtful = true;
	}
}

/* How many bytes of text stand for themselves inside a string; false where UTF-8 ends to be such. */
bool json_plain_run(size_t *out, const char *text, size_t len);
/* Order of names in the canonical form (RFC 8785): below 0, 0 or above 0 (core/json_canonical.c). */
int json_compare_names(const char *a, const char *b);

/* A string, s->at on its opening quote, into s->string. */
enum status scanner_read_string(struct scanner *s, const struct json_path *path) MUST_CHECK;
/* A value of a cJSON type, which it still lacks; a copy of the last string read. To end with scanner_drop and scanner_drop_text; NULL
 * without memory. */
cJSON *scanner_make(const struct scanner *s, int type);
char *scanner_copy_string(const struct scanner *s);
void scanner_drop(const struct scanner *s, cJSON *value);
void scanner_drop_text(const struct scanner *s, char *text);
/* Values: *out is the caller's. */
enum status scanner_read_text(struct scanner *s, const struct json_path *path, cJSON **out) MUST_CHECK;
enum status scanner_read_number(struct scanner *s, const struct json_path *path, cJSON **out) MUST_CHECK;
enum status scanner_read_word(struct scanner *s, const struct json_path *path, cJSON **out) MUST_CHECK;

#endif
