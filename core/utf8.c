/* core/utf8.c - one character at a time out of UTF-8. */
#include "core/utf8.h"

size_t utf8_decode(uint32_t *cp, const char *text, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	uint32_t value = 0;
	size_t need = 0;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		need = 1;
		value = p[0];
	} else if ((p[0] & 0xE0) == 0xC0) {
		need = 2;
		value = p[0] & 0x1FU;
	} else if ((p[0] & 0xF0) == 0xE0) {
		need = 3;
		value = p[0] & 0x0FU;
	} else if ((p[0] & 0xF8) == 0xF0) {
		need = 4;
		value = p[0] & 0x07U;
	}
	if (need == 0 || need > len)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3FU);
	}
	if (value < least[need] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	if (cp)
		*cp = value;
	return need;
}

size_t utf8_encode(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

bool utf8_valid(size_t *count, const char *text, size_t len)
{
	size_t characters = 0;

	for (size_t at = 0; at < len;) {
		size_t n = (unsigned char)text[at] < 0x80 ? 1 : utf8_decode(NULL, text + at, len - at);

		if (n == 0)
			return false;
		at += n;
		characters++;
	}
	if (count)
		*count = characters;
	return true;
}
