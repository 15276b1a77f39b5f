/* core/pkt.c - git's pkt-line framing. */
#include "core/pkt.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HEADER_LEN 4
#define FORMATTED_MAX 4096 /* refs, ids, capabilities and sentences; a longer line is cut */

static void add_header(struct buf *out, size_t payload)
{
	buf_addf(out, "%04x", (unsigned)(payload + HEADER_LEN));
}

void pkt_add(struct buf *out, const void *bytes, size_t len)
{
	assert(len <= PKT_MAX_PAYLOAD);
	add_header(out, len);
	buf_add(out, bytes, len);
}

void pkt_addf(struct buf *out, const char *fmt, ...)
{
	char text[FORMATTED_MAX];
	va_list args;
	int need = 0;

	va_start(args, fmt);
	need = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (need < 0)
		out->failed = true;
	else
		pkt_add(out, text, (size_t)need < sizeof text ? (size_t)need : sizeof text - 1);
}

void pkt_flush(struct buf *out)
{
	buf_add(out, "0000", HEADER_LEN);
}

void pkt_delim(struct buf *out)
{
	buf_add(out, "0001", HEADER_LEN);
}

void pkt_band(struct buf *out, int band, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		size_t part = len < PKT_MAX_BAND ? len : PKT_MAX_BAND;

		add_header(out, part + 1);
		buf_addc(out, (char)band);
		buf_add(out, at, part);
		at += part;
		len -= part;
	}
}

/* -1 for anything but four hex digits. */
static int read_length(const char *hex)
{
	int n = 0;

	for (int i = 0; i < HEADER_LEN; i++) {
		char c = hex[i];
		int digit = -1;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10;
		if (digit < 0)
			return -1;
		n = n * 16 + digit;
	}
	return n;
}

enum status pkt_next(struct pkt *out, const char *bytes, size_t len, size_t *at)
{
	size_t left = len - *at, total = HEADER_LEN;
	int n = 0;

	assert(*at <= len);
	if (left < HEADER_LEN)
		return STATUS_NOT_FOUND;
	n = read_length(bytes + *at);
	/* 2 and 3 are no packets of the protocols spoken here */
	if (n < 0 || n == 2 || n == 3 || n > PKT_MAX_PAYLOAD + HEADER_LEN)
		return STATUS_MALFORMED;
	if (n >= HEADER_LEN)
		total = (size_t)n;
	if (left < total)
		return STATUS_NOT_FOUND;
	out->kind = n == 0 ? PKT_FLUSH : n == 1 ? PKT_DELIM : PKT_DATA;
	out->bytes = bytes + *at + HEADER_LEN;
	out->len = total - HEADER_LEN;
	*at += total;
	return STATUS_OK;
}

bool pkt_is(const struct pkt *p, const char *text)
{
	size_t len = p->len, want = strlen(text);

	if (p->kind != PKT_DATA)
		return false;
	if (len == want + 1 && p->bytes[len - 1] == '\n')
		len--;
	return len == want && memcmp(p->bytes, text, want) == 0;
}
