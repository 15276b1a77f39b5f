/* tests/support/bad_push/main.c - bad_push KIND REF OLD NEW: the body of a push that costs the server far more than whoever sends it, on stdout.
 *
 *   bomb      255 objects of 4 MiB, a gigabyte together, out of one megabyte
 *   chain     one object of 4 MiB and 240 deltas, each on the last one, that make as large a one
 *   reverse   20,000 deltas, each in front of its base
 *   tiny      60,000 objects of four bytes
 *   few       says that it holds 100,000 objects, and holds one
 *   many      says that it holds one object, and holds 1,000
 *   thin      20,000 deltas on objects that are nowhere
 *   commands  400 commands, as many as fit
 *   long      a ref with a name of 60,000 characters
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/buf.h"
#include "core/digest.h"

#define OBJECT_BYTES ((size_t)4 << 20)
#define BLOB 3
#define OFS_DELTA 6
#define REF_DELTA 7
#define REVERSE 20000

static struct buf pack = BUF_INIT;

static void put_be32(uint8_t out[4], uint32_t n)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void begin(uint32_t objects)
{
	uint8_t head[12] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};

	put_be32(head + 8, objects);
	buf_reset(&pack);
	buf_add(&pack, head, sizeof(head));
}

static void add_header(int kind, size_t size)
{
	uint8_t byte = (uint8_t)(kind << 4 | (int)(size & 15));

	for (size >>= 4; size; size >>= 7) {
		buf_addc(&pack, (char)(byte | 0x80));
		byte = size & 0x7f;
	}
	buf_addc(&pack, (char)byte);
}

static void add_content(const void *bytes, size_t len)
{
	uLongf room = compressBound((uLong)len);
	uint8_t *out = malloc(room);

	if (!out || compress2(out, &room, bytes, (uLong)len, 9) != Z_OK)
		exit(1);
	buf_add(&pack, out, room);
	free(out);
}

static void add_size(struct buf *b, size_t size)
{
	for (; size > 0x7f; size >>= 7)
		buf_addc(b, (char)(0x80 | (size & 0x7f)));
	buf_addc(b, (char)size);
}

/* The distance to an object's base, see gitformat-pack(5). */
static void add_distance(size_t distance)
{
	uint8_t bytes[10];
	int at = sizeof(bytes);

	bytes[--at] = distance & 0x7f;
	while (distance >>= 7)
		bytes[--at] = (uint8_t)(0x80 | (--distance & 0x7f));
	buf_add(&pack, bytes + at, sizeof(bytes) - (size_t)at);
}

static void object_id(uint8_t out[SHA1_LEN], const void *bytes, size_t len)
{
	struct sha1 *s = sha1_open();
	char head[32];
	int n = snprintf(head, sizeof(head), "blob %zu", len);

	if (!s)
		exit(1);
	sha1_add(s, head, (size_t)n + 1);
	sha1_add(s, bytes, len);
	if (sha1_finish(out, s) != STATUS_OK)
		exit(1);
	sha1_close(s);
}

/* ---- kinds ---- */

static void bomb(void)
{
	uint8_t *zeros = calloc(1, OBJECT_BYTES);

	if (!zeros)
		exit(1);
	begin(255);
	for (int i = 0; i < 255; i++) {
		zeros[0] = (uint8_t)i;
		add_header(BLOB, OBJECT_BYTES);
		add_content(zeros, OBJECT_BYTES);
	}
	free(zeros);
}

/* Copies its base but for the first byte. */
static void add_change(char byte)
{
	struct buf delta = BUF_INIT;
	/* 4 MiB less one in copies of at most 64 KiB: offset in three bytes, size in two, or none for 64 KiB */
	add_size(&delta, OBJECT_BYTES);
	add_size(&delta, OBJECT_BYTES);
	buf_addc(&delta, 1);
	buf_addc(&delta, byte);
	for (size_t at = 1; at < OBJECT_BYTES;) {
		size_t len = OBJECT_BYTES - at < 0xffff ? OBJECT_BYTES - at : 0xffff;
		const uint8_t copy[] = {0xb7, (uint8_t)at, (uint8_t)(at >> 8), (uint8_t)(at >> 16), (uint8_t)len, (uint8_t)(len >> 8)};

		buf_add(&delta, copy, sizeof(copy));
		at += len;
	}
	add_content(delta.data, delta.len);
	buf_clear(&delta);
}

static size_t change_len(void)
{
	size_t copies = (OBJECT_BYTES - 1 + 0xfffe) / 0xffff;

	return 4 + 4 + 2 + copies * 6;
}

static void chain(void)
{
	uint8_t *zeros = calloc(1, OBJECT_BYTES);
	size_t last = 0;

	if (!zeros)
		exit(1);
	begin(241);
	last = pack.len;
	add_header(BLOB, OBJECT_BYTES);
	add_content(zeros, OBJECT_BYTES);
	for (int i = 1; i <= 240; i++) {
		size_t here = pack.len;

		add_header(OFS_DELTA, change_len());
		add_distance(here - last);
		add_change((char)i);
		last = here;
	}
	free(zeros);
}

static int numbered(char out[16], int i)
{
	return snprintf(out, 16, "%08d", i);
}

/* A delta that makes another text of eight bytes. */
static void add_numbered(const uint8_t base[SHA1_LEN], int i)
{
	char text[16], delta[16];
	int n = numbered(text, i);

	delta[0] = delta[1] = delta[2] = (char)n;
	memcpy(delta + 3, text, (size_t)n);
	add_header(REF_DELTA, 3 + (size_t)n);
	buf_add(&pack, base, SHA1_LEN);
	add_content(delta, 3 + (size_t)n);
}

static void reverse(void)
{
	uint8_t base[SHA1_LEN];
	char text[16];

	begin(REVERSE + 1);
	for (int i = REVERSE; i > 0; i--) {
		int n = numbered(text, i - 1);

		object_id(base, text, (size_t)n);
		add_numbered(base, i);
	}
	add_header(BLOB, (size_t)numbered(text, 0));
	add_content(text, strlen(text));
}

static void thin(void)
{
	uint8_t base[SHA1_LEN] = {0};

	begin(REVERSE);
	for (int i = 0; i < REVERSE; i++) {
		put_be32(base, (uint32_t)i);
		add_numbered(base, i);
	}
}

static void blobs(uint32_t said, int held)
{
	begin(said);
	for (int i = 0; i < held; i++) {
		add_header(BLOB, sizeof(i));
		add_content(&i, sizeof(i));
	}
}

/* ---- the whole ---- */

static void add_command(const char *ref, const char *from, const char *to, const char *capabilities)
{
	(void)printf("%04zx%s %s %s", 4 + 82 + strlen(ref) + (*capabilities ? 1 + strlen(capabilities) : 0), from, to, ref);
	if (*capabilities)
		(void)printf("%c%s", 0, capabilities);
}

static void commands(const char *kind, const char *ref, const char *from, const char *to)
{
	char name[60001];
	int many = strcmp(kind, "commands") == 0 ? 400 : 1;

	if (strcmp(kind, "long") == 0) {
		memset(name, 'r', sizeof(name) - 1);
		memcpy(name, "refs/devices/", 13);
		name[sizeof(name) - 1] = 0;
		ref = name;
	}
	for (int i = 0; i < many; i++)
		add_command(ref, from, to, i == 0 ? "report-status" : "");
	(void)fputs("0000", stdout);
}

static bool make(const char *kind)
{
	if (strcmp(kind, "bomb") == 0)
		bomb();
	else if (strcmp(kind, "chain") == 0)
		chain();
	else if (strcmp(kind, "reverse") == 0)
		reverse();
	else if (strcmp(kind, "tiny") == 0)
		blobs(60000, 60000);
	else if (strcmp(kind, "few") == 0)
		blobs(100000, 1);
	else if (strcmp(kind, "many") == 0)
		blobs(1, 1000);
	else if (strcmp(kind, "thin") == 0)
		thin();
	else if (strcmp(kind, "commands") == 0 || strcmp(kind, "long") == 0)
		blobs(1, 1);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct sha1 *s = sha1_open();
	uint8_t sum[SHA1_LEN];

	if (argc != 5 || !s || !make(argv[1])) {
		(void)fputs("usage: bad_push bomb|chain|reverse|tiny|few|many|thin|commands|long REF OLD NEW\n", stderr);
		return 2;
	}
	sha1_add(s, pack.data, pack.len);
	if (!buf_ok(&pack) || sha1_finish(sum, s) != STATUS_OK)
		return 1;
	sha1_close(s);
	commands(argv[1], argv[2], argv[3], argv[4]);
	(void)fwrite(pack.data, 1, pack.len, stdout);
	(void)fwrite(sum, 1, sizeof(sum), stdout);
	buf_clear(&pack);
	return fflush(stdout) == 0 ? 0 : 1;
}
