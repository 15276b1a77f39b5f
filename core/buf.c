/* core/buf.c - a growing byte buffer. */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_CAP 64

/* realloc() may leave a copy behind. */
static uint8_t *move_secret(struct buf *b, size_t cap)
{
	uint8_t *data = malloc(cap);

	if (!data || !b->data)
		return data;
	memcpy(data, b->data, b->len + 1);
	explicit_bzero(b->data, b->cap);
	free(b->data);
	return data;
}

/* Make room for `more` bytes and the NUL behind them. */
bool buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST_CAP;
	uint8_t *data = NULL;

	if (b->failed)
		return false;
	if (more >= SIZE_MAX / 2 - b->len)
		goto fail;
	if (b->data && b->len + more < b->cap)
		return true;
	while (cap <= b->len + more)
		cap *= 2;
	data = b->secret ? move_secret(b, cap) : realloc(b->data, cap);
	if (!data)
		goto fail;
	b->data = data;
	b->cap = cap;
	return true;
fail:
	b->failed = true;
	return false;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || !buf_reserve(b, len))
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = 0;
}

void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
	if (b->failed || b->len + 1 >= b->cap) {
		buf_add(b, &c, 1);
		return;
	}
	b->data[b->len++] = (uint8_t)c;
	b->data[b->len] = 0;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	int need = 0;

	va_start(args, fmt);
	va_copy(again, args);
	need = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (need < 0)
		b->failed = true;
	else if (buf_reserve(b, (size_t)need)) {
		(void)vsnprintf((char *)b->data + b->len, (size_t)need + 1, fmt, again);
		b->len += (size_t)need;
	}
	va_end(again);
}

void buf_consume(struct buf *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	if (len == 0)
		return;
	b->len -= len;
	memmove(b->data, b->data + len, b->len);
	b->data[b->len] = 0;
}

bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? (const char *)b->data : "";
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = 0;
}

void buf_clear(struct buf *b)
{
	if (b->secret && b->data)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	*b = (struct buf){.secret = b->secret};
}

void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_clear(b);
}
