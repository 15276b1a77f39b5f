/* core/repo_alike.c - a record written as what distinguishes it from one that came before. Two records' bytes enter; a
 * delta leaves (gitformat-pack(5), "Deltified representation"), or nothing where the two have too little in common.
 *
 * Records of one kind in their canonical form differ in a few numbers, times and ids, most of them of equal length: it is
 * enough to walk through both side by side, and to look a few bytes ahead in the base where they part.
 */
#include <string.h>

#include "core/repo_packfile.h"

#define MAX_BYTES 65535	   /* of the base: offsets and sizes of two bytes */
#define COPY_MIN 8	   /* a shorter one saves nothing */
#define LOOK_AHEAD 24	   /* bytes of the base that may be left out at once */
#define INSERT_MAX 127
#define OP_COPY 0x80
#define OP_SIZE 0x10

struct diff {
	struct buf *out;
	const uint8_t *base, *bytes;
	size_t base_len, len;
};

static void put_size(struct buf *out, size_t size)
{
	for (; size > 0x7f; size >>= 7)
		buf_addc(out, (char)(size | 0x80));
	buf_addc(out, (char)size);
}

/* Only those bytes of offset and size that are not 0, as the first byte tells. */
static void put_copy(struct buf *out, size_t offset, size_t size)
{
	const uint8_t parts[] = {(uint8_t)offset, (uint8_t)(offset >> 8), (uint8_t)size, (uint8_t)(size >> 8)};
	static const uint8_t bits[] = {0x01, 0x02, OP_SIZE, OP_SIZE << 1};
	uint8_t op[1 + sizeof(parts)] = {OP_COPY};
	size_t n = 1;

	for (size_t i = 0; i < sizeof(parts); i++) {
		if (parts[i]) {
			op[0] |= bits[i];
			op[n++] = parts[i];
		}
	}
	buf_add(out, op, n);
}

static void put_insert(struct buf *out, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t take = len < INSERT_MAX ? len : INSERT_MAX;

		buf_addc(out, (char)take);
		buf_add(out, bytes, take);
		bytes += take;
		len -= take;
	}
}

/* How many bytes are the same from there on. */
static size_t common(const struct diff *d, size_t in_base, size_t at)
{
	size_t most = d->base_len - in_base < d->len - at ? d->base_len - in_base : d->len - at, n = 0;

	while (n < most && d->base[in_base + n] == d->bytes[at + n])
		n++;
	return n;
}

/* The first place of the base, from in_base on, where what follows is worth a copy; base_len if there is none near. */
static size_t look_ahead(const struct diff *d, size_t in_base, size_t at)
{
	size_t last = in_base + LOOK_AHEAD;

	if (d->len - at < COPY_MIN || d->base_len < COPY_MIN)
		return d->base_len;
	for (size_t i = in_base; i <= last && i + COPY_MIN <= d->base_len; i++) {
		if (memcmp(d->base + i, d->bytes + at, COPY_MIN) == 0)
			return i;
	}
	return d->base_len;
}

/* False when it came to half of the bytes, and is not whole then. */
static bool write_delta(const struct diff *d)
{
	size_t in_base = 0, at = 0, inserted = 0; /* inserted: from where on nothing was written yet */

	put_size(d->out, d->base_len);
	put_size(d->out, d->len);
	while (at < d->len && d->out->len + (at - inserted) < d->len / 2) {
		size_t found = look_ahead(d, in_base, at), run = 0;

		if (found == d->base_len) {
			at++;
			in_base += in_base < d->base_len;
			continue;
		}
		run = common(d, found, at);
		put_insert(d->out, d->bytes + inserted, at - inserted);
		put_copy(d->out, found, run);
		in_base = found + run;
		at += run;
		inserted = at;
	}
	put_insert(d->out, d->bytes + inserted, at - inserted);
	return at == d->len && d->out->len < d->len / 2;
}

bool alike_delta(struct buf *out, const void *base, size_t base_len, const void *bytes, size_t len)
{
	const struct diff d = {.out = out, .base = base, .base_len = base_len, .bytes = bytes, .len = len};

	buf_reset(out);
	if (base_len > MAX_BYTES || len > MAX_BYTES || base_len == 0 || len == 0)
		return false;
	return write_delta(&d) && buf_ok(out);
}

void alike_store(struct buf *out, const uint8_t *bytes, size_t len)
{
	const uint8_t head[] = {0x78, 0x01, 0x01, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)~len, (uint8_t)(~len >> 8)};
	const uLong sum = adler32(adler32(0, NULL, 0), bytes, (uInt)len);
	const uint8_t tail[] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum};

	buf_add(out, head, sizeof(head));
	buf_add(out, bytes, len);
	buf_add(out, tail, sizeof(tail));
}
