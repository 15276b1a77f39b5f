/* client/cli/text.c - see text.h. */
#include "client/cli/text.h"

#include <string.h>

#include "core/utf8.h"

static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

/* Bidirectional controls (Unicode UAX #9): they could make one text look like another. */
static bool turns_direction(uint32_t cp)
{
	return cp == 0x061c || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

enum status text_check(const char *text, const char *what, struct error *e)
{
	size_t len = strlen(text), chars = 0;
	bool blank = true;

	if (!utf8_valid(&chars, text, len))
		return error_set(e, STATUS_INVALID, "%s is not UTF-8 text", what);
	if (chars > TEXT_MAX_CHARS)
		return error_set(e, STATUS_INVALID, "%s has %zu characters; %d are the limit", what, chars,
				 TEXT_MAX_CHARS);
	for (size_t i = 0; i < len;) {
		uint32_t cp;

		i += utf8_decode(&cp, text + i, len - i);
		if (is_control(cp) && cp != '\n')
			return error_set(e, STATUS_INVALID, "%s holds a control character (U+%04X)", what,
					 (unsigned)cp);
		blank = blank && (cp == ' ' || cp == '\n' || cp == 0xa0);
	}
	return blank ? error_set(e, STATUS_INVALID, "%s is empty", what) : STATUS_OK;
}

size_t text_width(const char *text)
{
	size_t chars = 0;

	return utf8_valid(&chars, text, strlen(text)) ? chars : strlen(text);
}

/* The next character as it may be shown: its bytes in *shown and *shown_len. Returns the bytes consumed. */
static size_t next_char(const char **shown, size_t *shown_len, const char *text, size_t len)
{
	uint32_t cp;
	size_t n = utf8_decode(&cp, text, len);

	*shown = text;
	*shown_len = n;
	if (n == 0) {
		*shown = "?";
		*shown_len = 1;
		return 1;
	}
	if (is_control(cp)) {
		*shown = " ";
		*shown_len = 1;
	} else if (turns_direction(cp)) {
		*shown_len = 0;
	}
	return n;
}

void text_clean(struct buf *out, const char *text, size_t max_chars)
{
	size_t len = strlen(text), chars = 0, last = out->len;

	for (size_t i = 0; i < len;) {
		const char *shown;
		size_t shown_len;

		i += next_char(&shown, &shown_len, text + i, len - i);
		if (shown_len == 0)
			continue;
		if (max_chars > 0 && chars == max_chars) {
			out->len = last; /* the place of the last character that fitted goes to the ellipsis */
			buf_adds(out, "…");
			return;
		}
		last = out->len;
		buf_add(out, shown, shown_len);
		chars++;
	}
}

void text_wrap_at(FILE *f, const char *text, size_t first, size_t indent, size_t width)
{
	struct buf clean = BUF_INIT;
	size_t column = first;
	bool begun = false; /* a word stands on this line */
	const char *p;

	text_clean(&clean, text, 0);
	for (p = buf_text(&clean); *p;) {
		size_t word = strcspn(p, " "), chars = 0;

		if (!utf8_valid(&chars, p, word))
			chars = word;
		if (begun && column + 1 + chars > width) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (begun) {
			fputc(' ', f);
			column++;
		}
		(void)fwrite(p, 1, word, f);
		begun = true;
		column += chars;
		p += word + strspn(p + word, " ");
	}
	fputc('\n', f);
	buf_clear(&clean);
}

void text_wrap(FILE *f, const char *text, size_t indent)
{
	text_wrap_at(f, text, indent, indent, TEXT_WIDTH);
}
