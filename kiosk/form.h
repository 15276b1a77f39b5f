/* kiosk/form.h - what a browser posts: application/x-www-form-urlencoded (WHATWG URL, section 5.1), read strictly. */
#ifndef QIP_KIOSK_FORM_H
#define QIP_KIOSK_FORM_H

#include <stdbool.h>

#include "core/status.h"

#define FORM_MAX_FIELDS 16
/* 10,000 characters of four bytes, each byte as %XX, and room for the other fields. */
#define FORM_MAX_BYTES (128 * 1024)

struct form {
	struct form_field {
		const char *name, *value; /* UTF-8, NUL-terminated; borrowed from the body */
	} fields[FORM_MAX_FIELDS];
	size_t len;
};

/* Read a body in place: it is overwritten, and must have room for a NUL at body[len]. Line breaks become LF. STATUS_MALFORMED: empty, a bad
 * escape, not UTF-8, U+0000, a field without '=' or name, or one that comes twice; STATUS_TOO_BIG: too many fields. */
enum status form_parse(struct form *out, char *body, size_t len, struct error *e) MUST_CHECK;
/* The value, or NULL. */
const char *form_get(const struct form *f, const char *name);

#endif
