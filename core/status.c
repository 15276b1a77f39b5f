/* core/status.c - texts of statuses and errors. */
#include "core/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

const char *status_text(enum status st)
{
	switch (st) {
#define STATUS_CASE(name, value, text)                                                                                 \
	case STATUS_##name:                                                                                            \
		return (text);
		STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
	}
	return "an unknown failure";
}

/* A sentence that did not fit must not end inside a character. */
static void cut_at_character(char *text)
{
	size_t len = strlen(text);
	size_t start = len;

	while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xC0)
		start--;
	if (start < len && utf8_decode(NULL, text + start, len - start) == 0)
		text[start] = '\0';
}

/* The arguments may point into e->text, so the text is made aside. */
static void set_text(struct error *e, const char *prefix, const char *text)
{
	char all[ERROR_TEXT_MAX];

	(void)snprintf(all, sizeof(all), "%s%s", prefix, text);
	cut_at_character(all);
	memcpy(e->text, all, strlen(all) + 1);
}

enum status error_set(struct error *e, enum status st, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	if (!e)
		return st;
	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	e->status = st;
	set_text(e, "", text);
	return st;
}

/* The formatted text with ": " behind, cut so that both fit. */
static void __attribute__((format(printf, 2, 0))) format_prefix(char out[ERROR_TEXT_MAX], const char *fmt, va_list args)
{
	size_t len;

	if (vsnprintf(out, ERROR_TEXT_MAX - 2, fmt, args) < 0)
		out[0] = '\0';
	cut_at_character(out);
	len = strlen(out);
	memcpy(out + len, ": ", 3);
}

enum status error_set_errno(struct error *e, int errno_value, const char *fmt, ...)
{
	bool full = errno_value == ENOSPC || errno_value == EDQUOT;
	enum status st = full ? STATUS_NO_SPACE : STATUS_IO;
	char text[ERROR_TEXT_MAX];
	va_list args;

	if (!e)
		return st;
	va_start(args, fmt);
	format_prefix(text, fmt, args);
	va_end(args);
	e->status = st;
	set_text(e, text, strerror(errno_value)); /* thread-safe in glibc since 2.32 and in musl */
	return st;
}

enum status error_prefix(struct error *e, enum status st, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	if (!e)
		return st;
	va_start(args, fmt);
	format_prefix(text, fmt, args);
	va_end(args);
	set_text(e, text, e->text);
	return st;
}
