/* client/personal_reader.c - characters as they are compared. UTF-8 of any script enters; small letters, digits and plain punctuation leave. */
#include "client/personal_reader.h"

#include "core/utf8.h"

/* The zeros of the scripts whose digits are read (Unicode, general category Nd). */
static const uint32_t zeros[] = {
	0x0660, /* Arabic */
	0x06F0, /* Persian and Urdu */
	0x0966, /* Devanagari */
	0x09E6, /* Bengali */
	0x0A66, /* Gurmukhi */
	0x0AE6, /* Gujarati */
};

#define BROKEN 0xFFFD

static bool shows(uint32_t c)
{
	if (c == 0x00AD || c == 0x061C || c == 0x180E || c == 0xFEFF)
		return false;
	return (c < 0x200B || c > 0x200F) && (c < 0x202A || c > 0x202E) && (c < 0x2060 || c > 0x206F) && (c < 0xFE00 || c > 0xFE0F);
}

static uint32_t fold(uint32_t c)
{
	if (c >= 0xFF01 && c <= 0xFF5E) /* full-width forms */
		c -= 0xFF01 - '!';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 'a';
	if (c < 0x80)
		return c == '\t' ? ' ' : c;
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		if (c >= zeros[i] && c <= zeros[i] + 9)
			return '0' + c - zeros[i];
	}
	if (c == 0x00A0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000)
		return ' ';
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE63)
		return '-';
	if (c == 0x2018 || c == 0x2019 || c == 0x02BC)
		return '\'';
	if (c == 0x06D4 || c == 0x3002) /* full stops */
		return '.';
	if (c == 0x060C) /* Arabic comma */
		return ',';
	return c;
}

void reader_step(struct reader *r)
{
	do {
		size_t n = 0;

		r->at = r->next;
		if (r->at >= r->len) {
			r->c = r->raw = 0;
			return;
		}
		r->raw = (unsigned char)r->text[r->at];
		n = r->raw < 0x80 ? 1 : utf8_decode(&r->raw, r->text + r->at, r->len - r->at);
		if (n == 0) {
			n = 1;
			r->raw = BROKEN;
		}
		r->next = r->at + n;
	} while (!shows(r->raw));
	r->c = fold(r->raw);
}

void reader_start(struct reader *r, const char *text, size_t len)
{
	*r = (struct reader){.text = text, .len = len};
	reader_step(r);
}

bool reader_is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

bool reader_is_letter(uint32_t c)
{
	return c >= 'a' && c <= 'z';
}

bool reader_take(struct reader *r, uint32_t c)
{
	if (r->c != c)
		return false;
	reader_step(r);
	return true;
}

size_t reader_spaces(struct reader *r, size_t max)
{
	size_t n = 0;

	while (n < max && reader_take(r, ' '))
		n++;
	return n;
}

bool reader_word(struct reader *r, char *out, size_t size)
{
	struct reader ahead = *r;
	size_t len = 0;

	for (; reader_is_letter(ahead.c); reader_step(&ahead)) {
		if (len + 1 >= size)
			return false;
		out[len++] = (char)ahead.c;
	}
	if (len == 0)
		return false;
	out[len] = '\0';
	*r = ahead;
	return true;
}
