/* core/log.c - logfmt lines on stderr. What enters may come from a stranger's request, so nothing of it can end the
 * line, forge a field or reach a terminal as an escape sequence. */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/env.h"
#include "core/utf8.h"

#define LINE_MAX_BYTES 4096 /* what a pipe takes in one piece (PIPE_BUF) */
#define LINE_TAIL " cut=true\n"

struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
	bool cut; /* no more is taken in */
};

static atomic_int lowest = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&lowest, (int)level);
}

/* All or nothing; two bytes more than the tail stay free for a closing quote. */
static void put(struct line *l, const char *bytes, size_t len)
{
	if (l->cut || len > sizeof(l->text) - l->len - sizeof(LINE_TAIL) - 2) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, bytes, len);
	l->len += len;
}

static void put_text(struct line *l, const char *text)
{
	put(l, text, strlen(text));
}

static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

static bool is_bare(const char *text)
{
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || c >= 0x7F || strchr("\"=\\", c))
			return false;
	}
	return text[0] != '\0';
}

static void put_character(struct line *l, uint32_t cp, const char *bytes, size_t len)
{
	char escape[8];

	if (cp == '"' || cp == '\\') {
		put(l, (char[]){'\\', (char)cp}, 2);
	} else if (cp == '\n') {
		put_text(l, "\\n");
	} else if (cp == '\t') {
		put_text(l, "\\t");
	} else if (is_control(cp)) {
		(void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)cp & 0xFFFF);
		put_text(l, escape);
	} else {
		put(l, bytes, len);
	}
}

static void put_value(struct line *l, const char *text)
{
	size_t left = strlen(text);

	if (is_bare(text)) {
		put(l, text, left);
		return;
	}
	put_text(l, "\"");
	if (l->cut)
		return;
	while (left > 0) {
		uint32_t cp = 0;
		size_t n = utf8_decode(&cp, text, left);

		if (n == 0) {
			put_text(l, "\\ufffd");
			n = 1;
		} else {
			put_character(l, cp, text, n);
		}
		text += n;
		left -= n;
	}
	l->text[l->len++] = '"';
}

static void put_pair(struct line *l, const char *key, const char *value)
{
	put_text(l, " ");
	put_text(l, key);
	put_text(l, "=");
	if (!l->cut)
		put_value(l, value ? value : "");
}

static void write_line(struct line *l)
{
	const char *tail = l->cut ? LINE_TAIL : "\n";

	memcpy(l->text + l->len, tail, strlen(tail));
	l->len += strlen(tail);
	while (write(STDERR_FILENO, l->text, l->len) < 0 && errno == EINTR)
		;
}

void log_line(enum log_level level, const char *msg, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	const struct env *env = env_system();
	int saved = errno;
	struct line l;
	char now[TIME_TEXT_MAX];
	const char *key = NULL;
	va_list args;

	if ((int)level > atomic_load(&lowest))
		return;
	l.len = 0;
	l.cut = false;
	time_format(now, env->now_ms(env->ctx));
	put_text(&l, "ts=");
	put_text(&l, now);
	put_pair(&l, "level", names[level]);
	put_pair(&l, "msg", msg);
	va_start(args, msg);
	while ((key = va_arg(args, const char *)) != NULL)
		put_pair(&l, key, va_arg(args, const char *));
	va_end(args);
	write_line(&l);
	errno = saved;
}
