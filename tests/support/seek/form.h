/* tests/support/seek/form.h - the bytes that a text, or a piece of sealed bytes, may stand as in a file. */
#ifndef QIP_TESTS_SUPPORT_SEEK_FORM_H
#define QIP_TESTS_SUPPORT_SEEK_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct form {
	const char *name; /* of the encoding */
	uint8_t *bytes;   /* owned */
	size_t len;
};

#define FORMS_MAX 40

/* All forms of a piece: as it is, in base64 at each of three places, in hexadecimal; of text also the encodings and escapes of its characters. Returns how
 * many; free the bytes of each. */
size_t forms_of(struct form out[FORMS_MAX], const uint8_t *piece, size_t len, bool is_text);

#endif
