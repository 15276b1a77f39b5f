/* tests/fuzz/harness/pkt.c - git's packets as whoever speaks to the server sends them.
 *
 * A byte that says where the stream is torn, then the stream.
 */
#include <stdlib.h>
#include <string.h>

#include "core/pkt.h"
#include "tests/fuzz/harness/harness.h"

/* Writing a packet again gives the same packet. */
static void write_again(const struct pkt *p)
{
	struct buf out = BUF_INIT;
	struct pkt again = {0};
	size_t at = 0;

	if (p->kind == PKT_FLUSH)
		pkt_flush(&out);
	else if (p->kind == PKT_DELIM)
		pkt_delim(&out);
	else
		pkt_add(&out, p->bytes, p->len);
	HOLDS(buf_ok(&out));
	HOLDS(pkt_next(&again, buf_text(&out), out.len, &at) == STATUS_OK);
	HOLDS(at == out.len && again.kind == p->kind && again.len == p->len);
	HOLDS(p->len == 0 || memcmp(again.bytes, p->bytes, p->len) == 0);
	buf_clear(&out);
}

/* The word in a packet is found with and without a newline, and no other. */
static void compare_word(const struct pkt *p)
{
	size_t len = p->len > 0 && p->bytes[p->len - 1] == '\n' ? p->len - 1 : p->len;
	char *word = strndup(p->bytes, len);

	HOLDS(word != NULL);
	HOLDS(pkt_is(p, word) == (p->kind == PKT_DATA && strlen(word) == len));
	free(word);
}

/* No packet of a stream is seen before all its bytes are there: from a piece of it the same ones come, then more are needed. */
static void check_torn(const char *bytes, size_t torn, size_t at, size_t next, const struct pkt *whole)
{
	struct pkt p = {0};
	enum status st = STATUS_OK;
	size_t moved = at;

	if (at > torn)
		return;
	st = pkt_next(&p, bytes, torn, &moved);
	HOLDS(st == (next <= torn ? STATUS_OK : STATUS_NOT_FOUND));
	HOLDS(st == STATUS_OK ? moved == next && p.kind == whole->kind && p.bytes == whole->bytes && p.len == whole->len : moved == at);
}

static void read_stream(const char *bytes, size_t len, size_t torn)
{
	size_t at = 0;

	for (;;) {
		struct pkt p = {0};
		size_t before = at;
		enum status st = pkt_next(&p, bytes, len, &at);

		HOLDS(st == STATUS_OK || st == STATUS_NOT_FOUND || st == STATUS_MALFORMED);
		if (st != STATUS_OK) {
			HOLDS(at == before);
			return;
		}
		HOLDS(at > before && at <= len);
		HOLDS(p.bytes >= bytes + before && p.bytes + p.len <= bytes + at);
		HOLDS(p.kind == PKT_DATA || p.len == 0);
		HOLDS(p.len <= PKT_MAX_PAYLOAD);
		write_again(&p);
		compare_word(&p);
		check_torn(bytes, torn, before, at, &p);
	}
}

/* What goes out in bands comes back whole. */
static void read_band(const uint8_t *bytes, size_t len)
{
	struct buf out = BUF_INIT, back = BUF_INIT;
	struct pkt p = {0};
	size_t at = 0;

	pkt_band(&out, 1, bytes, len);
	HOLDS(buf_ok(&out));
	while (at < out.len) {
		HOLDS(pkt_next(&p, buf_text(&out), out.len, &at) == STATUS_OK);
		HOLDS(p.kind == PKT_DATA && p.len > 1 && p.bytes[0] == 1);
		buf_add(&back, p.bytes + 1, p.len - 1);
	}
	HOLDS(back.len == len && (len == 0 || memcmp(back.data, bytes, len) == 0));
	buf_clear(&out);
	buf_clear(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};
	size_t torn = input_byte(&in);

	if (in.len == 0)
		return 0;
	read_stream((const char *)in.at, in.len, torn < in.len ? torn : in.len);
	read_band(in.at, in.len);
	return 0;
}
