/* kiosk/form.c - what a browser posts. Bytes of anybody's making enter; named texts in UTF-8 leave. */
#include "kiosk/form.h"

#include <string.h>

#include "core/utf8.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Browsers send line breaks as CR LF whatever the page says. */
static size_t unify_line_breaks(char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		text[to++] = text[i] == '\r' ? '\n' : text[i];
	}
	return to;
}

/* Decode in place and end with NUL; false unless it is UTF-8 without U+0000. text[len] must be the separator or the body's end. */
static bool decode(char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
			int low = len - i > 2 ? hex_value(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		if (c == '\0')
			return false;
		text[to++] = c;
	}
	to = unify_line_breaks(text, to);
	text[to] = '\0';
	return utf8_valid(NULL, text, to);
}

static enum status take_field(struct form *f, char *field, size_t len, struct error *e)
{
	char *equals = memchr(field, '=', len);
	size_t name_len = equals ? (size_t)(equals - field) : 0;

	if (f->len == FORM_MAX_FIELDS)
		return error_set(e, STATUS_TOO_BIG, "the form has more than %d fields", FORM_MAX_FIELDS);
	if (name_len == 0)
		return error_set(e, STATUS_MALFORMED, "the form has a field without a name");
	if (!decode(equals + 1, len - name_len - 1) || !decode(field, name_len))
		return error_set(e, STATUS_MALFORMED, "the form has a field that is no text");
	if (form_get(f, field))
		return error_set(e, STATUS_MALFORMED, "the form has a field twice");
	f->fields[f->len].name = field;
	f->fields[f->len].value = equals + 1;
	f->len++;
	return STATUS_OK;
}

enum status form_parse(struct form *out, char *body, size_t len, struct error *e)
{
	struct form f = {.len = 0};
	char *end = body + len;

	if (len == 0)
		return error_set(e, STATUS_MALFORMED, "the form is empty");
	while (body <= end) {
		char *next = memchr(body, '&', (size_t)(end - body));
		char *stop = next ? next : end;
		enum status st = take_field(&f, body, (size_t)(stop - body), e);

		if (st != STATUS_OK)
			return st;
		body = stop + 1;
	}
	*out = f;
	return STATUS_OK;
}

const char *form_get(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->len; i++) {
		if (strcmp(f->fields[i].name, name) == 0)
			return f->fields[i].value;
	}
	return NULL;
}
