/* tests/support/seek/form.c - see form.h. */
#include "tests/support/seek/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

struct forms {
	struct form *out;
	size_t len;
};

static void add(struct forms *f, const char *name, struct buf *bytes)
{
	if (!buf_ok(bytes) || f->len == FORMS_MAX)
		abort();
	if (bytes->len > 0) {
		struct form *form = &f->out[f->len++];

		*form = (struct form){.name = name, .bytes = malloc(bytes->len), .len = bytes->len};
		if (!form->bytes)
			abort();
		memcpy(form->bytes, bytes->data, bytes->len);
	}
	buf_clear(bytes);
}

/* ---- of bytes ---- */

static void add_hex(struct forms *f, const uint8_t *piece, size_t len, const char *digits, const char *name)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < len; i++)
		buf_addf(&b, "%c%c", digits[piece[i] >> 4], digits[piece[i] & 15]);
	add(f, name, &b);
}

/* What does not depend on the bytes before and behind: the piece without what the first and last character of it share with those. */
static void add_base64(struct forms *f, const uint8_t *piece, size_t len, size_t skip, const char *last_two, const char *name)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	struct buf b = BUF_INIT;

	for (size_t i = skip; i + 3 <= len; i += 3) {
		uint32_t three = (uint32_t)piece[i] << 16 | (uint32_t)piece[i + 1] << 8 | piece[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6) {
			uint32_t digit = three >> shift & 63;
			char c = digit < 62 ? digits[digit] : last_two[digit - 62];

			buf_add(&b, &c, 1);
		}
	}
	add(f, name, &b);
}

/* ---- of characters ---- */

static size_t next_character(uint32_t *out, const uint8_t *text, size_t len)
{
	size_t more = text[0] < 0x80 ? 0 : text[0] < 0xe0 ? 1 : text[0] < 0xf0 ? 2 : 3;

	*out = more == 0 ? text[0] : text[0] & (0x3fu >> more);
	if (more >= len)
		abort(); /* the text was to be cut between characters */
	for (size_t i = 1; i <= more; i++)
		*out = *out << 6 | (text[i] & 0x3f);
	return more + 1;
}

enum script { UTF_16, UTF_32, JSON, HTML_DECIMAL, HTML_HEX, PERCENT, LATIN_1 };

static void put_number(struct buf *b, uint32_t value, size_t bytes, bool big)
{
	for (size_t i = 0; i < bytes; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (big ? bytes - 1 - i : i));

		buf_add(b, &byte, 1);
	}
}

enum units { LITTLE, BIG, ESCAPED, ESCAPED_IN_CAPITALS };

static void put_utf_16(struct buf *b, uint32_t c, enum units form)
{
	uint32_t units[2] = {c, 0};
	size_t count = 1;

	if (c >= 0x10000) {
		units[0] = 0xd800 + ((c - 0x10000) >> 10);
		units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
		count = 2;
	}
	for (size_t i = 0; i < count; i++) {
		if (form == ESCAPED)
			buf_addf(b, "\\u%04x", units[i]);
		else if (form == ESCAPED_IN_CAPITALS)
			buf_addf(b, "\\u%04X", units[i]);
		else
			put_number(b, units[i], 2, form == BIG);
	}
}

/* False where the script cannot write it. */
static bool put_character(struct buf *b, enum script script, uint32_t c, const uint8_t *bytes, size_t len, bool variant)
{
	bool plain = c < 0x80;

	switch (script) {
	case UTF_16:
		put_utf_16(b, c, variant ? BIG : LITTLE);
		return true;
	case UTF_32:
		put_number(b, c, 4, variant);
		return true;
	case JSON:
		if (plain)
			buf_add(b, bytes, len);
		else
			put_utf_16(b, c, variant ? ESCAPED_IN_CAPITALS : ESCAPED);
		return true;
	case HTML_DECIMAL:
	case HTML_HEX:
		if (plain)
			buf_add(b, bytes, len);
		else
			buf_addf(b, script == HTML_DECIMAL ? "&#%u;" : variant ? "&#x%X;" : "&#x%x;", c);
		return true;
	case PERCENT: /* variant: a form's, where a blank is a plus sign */
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			buf_add(b, bytes, len);
		else if (c == ' ' && variant)
			buf_add(b, "+", 1);
		else
			for (size_t i = 0; i < len; i++)
				buf_addf(b, "%%%02X", bytes[i]);
		return true;
	case LATIN_1:
		put_number(b, c, 1, false);
		return c < 0x100;
	}
	return false;
}

static void add_script(struct forms *f, const uint8_t *piece, size_t len, enum script script, bool variant, const char *name)
{
	struct buf b = BUF_INIT;
	bool whole = true;

	for (size_t at = 0; at < len && whole;) {
		uint32_t c = 0;
		size_t bytes = next_character(&c, piece + at, len - at);

		whole = put_character(&b, script, c, piece + at, bytes, variant);
		at += bytes;
	}
	if (whole)
		add(f, name, &b);
	buf_clear(&b);
}

size_t forms_of(struct form out[FORMS_MAX], const uint8_t *piece, size_t len, bool is_text)
{
	static const struct {
		enum script script;
		bool variant;
		const char *name;
	} scripts[] = {{UTF_16, false, "UTF-16LE"}, {UTF_16, true, "UTF-16BE"}, {UTF_32, false, "UTF-32LE"}, {UTF_32, true, "UTF-32BE"},
		       {JSON, false, "JSON"}, {JSON, true, "JSON in capitals"}, {HTML_DECIMAL, false, "HTML"}, {HTML_HEX, false, "HTML in hexadecimal"},
		       {HTML_HEX, true, "HTML in capitals"}, {PERCENT, false, "URL"}, {PERCENT, true, "form"}, {LATIN_1, false, "Latin-1"}};
	struct forms f = {.out = out};
	struct buf plain = BUF_INIT;

	buf_add(&plain, piece, len);
	add(&f, "as it is", &plain);
	add_hex(&f, piece, len, "0123456789abcdef", "hexadecimal");
	add_hex(&f, piece, len, "0123456789ABCDEF", "hexadecimal in capitals");
	for (size_t skip = 0; skip < 3; skip++) {
		add_base64(&f, piece, len, skip, "+/", "base64");
		add_base64(&f, piece, len, skip, "-_", "base64url");
	}
	for (size_t i = 0; is_text && i < sizeof(scripts) / sizeof(scripts[0]); i++)
		add_script(&f, piece, len, scripts[i].script, scripts[i].variant, scripts[i].name);
	return f.len;
}
