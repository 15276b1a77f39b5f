/* client/personal_reader.h - reads a text character by character as client/personal.c compares it: small letters, digits 0 to 9, plain spaces and hyphens. */
#ifndef QIP_CLIENT_PERSONAL_READER_H
#define QIP_CLIENT_PERSONAL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value: a copy looks ahead. */
struct reader {
	const char *text; /* borrowed */
	size_t len;
	size_t at, next;  /* bytes of the character, and where the one after it begins */
	uint32_t c;       /* as it is compared; 0 at the end */
	uint32_t raw;     /* as it is written */
};

void reader_start(struct reader *r, const char *text, size_t len);
/* To the next character that shows. */
void reader_step(struct reader *r);

/* Each takes a character as it is compared. */
bool reader_is_digit(uint32_t c);
bool reader_is_letter(uint32_t c); /* a to z */
/* Take it if it is next. */
bool reader_take(struct reader *r, uint32_t c);
/* Pass over at most max spaces; returns how many. */
size_t reader_spaces(struct reader *r, size_t max);
/* Take the letters that come; false, and nothing taken, when there are none or they do not fit. */
bool reader_word(struct reader *r, char *out, size_t size);

#endif
