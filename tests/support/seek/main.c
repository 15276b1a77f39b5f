/* seek [--sealed] SECRET PATH… - is anything of a secret in these files, or below these folders?
 *
 * SECRET is a file with what a patient typed (UTF-8), or with --sealed any bytes. Looked for is every piece of it (12 characters from every sixth on; of
 * sealed bytes 16 from every eighth on) in every form that it may stand in (form.h): in the files as they are, in names of files, in what zlib streams in
 * them hold (git keeps its objects so), and under a mask that repeats after 8 bytes (as the journal's). Prints "PATH: form" for each file in which
 * something is found. Exit status: 0 nothing was found, 1 something was, 2 it could not be looked for.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/buf.h"
#include "tests/support/seek/form.h"

#define TEXT_PIECE 12
#define SEALED_PIECE 16
#define MASK 8
#define PIECES_MAX 4096
#define STREAM_MAX (64u << 20)

struct piece {
	const uint8_t *begin, *end; /* in the secret */
	struct form forms[FORMS_MAX];
	size_t forms_len;
};

static struct piece *pieces;
static size_t pieces_len;
static bool found;

static void give_up(const char *what)
{
	(void)fprintf(stderr, "seek: %s\n", what);
	exit(2);
}

static void read_file(struct buf *out, const char *path)
{
	char bytes[65536];
	size_t n = 0;
	FILE *f = fopen(path, "rbe");

	if (!f)
		give_up(path);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(out, bytes, n);
	if (ferror(f) || !buf_ok(out))
		give_up(path);
	(void)fclose(f);
}

/* ---- what is looked for ---- */

static size_t behind(const struct buf *b, size_t at, size_t units, bool is_text)
{
	for (; units > 0 && at < b->len; units--) {
		at++;
		while (is_text && at < b->len && (b->data[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

static void cut(const struct buf *secret, bool is_text)
{
	size_t units = is_text ? TEXT_PIECE : SEALED_PIECE;

	pieces = calloc(PIECES_MAX, sizeof(*pieces));
	for (size_t at = 0; at < secret->len; at = behind(secret, at, units / 2, is_text)) {
		size_t end = behind(secret, at, units, is_text);

		if (behind(secret, at, units - 1, is_text) >= secret->len)
			break; /* a short rest: it stands in the piece before */
		if (!pieces || pieces_len == PIECES_MAX)
			give_up("the secret is too long");
		pieces[pieces_len].begin = secret->data + at;
		pieces[pieces_len].end = secret->data + end;
		pieces[pieces_len].forms_len = forms_of(pieces[pieces_len].forms, secret->data + at, end - at, is_text);
		pieces_len++;
	}
	if (pieces_len == 0)
		give_up("the secret is too short");
}

/* ---- looking ---- */

static void tell(const char *path, const char *form, const char *where)
{
	(void)printf("%s: %s%s\n", path, form, where);
	found = true;
}

static bool look_at(const char *path, const uint8_t *bytes, size_t len, const char *where)
{
	for (size_t i = 0; i < pieces_len; i++) {
		for (size_t k = 0; k < pieces[i].forms_len; k++) {
			const struct form *f = &pieces[i].forms[k];

			if (len >= f->len && memmem(bytes, len, f->bytes, f->len)) {
				tell(path, f->name, where);
				return true;
			}
		}
	}
	return false;
}

/* A mask of 8 bytes falls out where bytes are taken together with those 8 further on. */
static void look_under_masks(const char *path, const struct buf *file)
{
	size_t len = file->len > MASK ? file->len - MASK : 0;
	uint8_t *folded = malloc(len + 1);

	if (!folded)
		give_up("out of memory");
	for (size_t i = 0; i < len; i++)
		folded[i] = file->data[i] ^ file->data[i + MASK];
	for (size_t i = 0; i + 1 < pieces_len; i++) { /* two neighbours: what is left of one alone any text may have, by chance */
		const uint8_t *begin = pieces[i].begin;
		size_t both = (size_t)(pieces[i + 1].end - begin), left = both - MASK;
		uint8_t piece[4 * (TEXT_PIECE + SEALED_PIECE)];

		if (both > sizeof(piece))
			give_up("a piece is too long");
		for (size_t k = 0; k < left; k++)
			piece[k] = begin[k] ^ begin[k + MASK];
		if (memmem(folded, len, piece, left)) {
			tell(path, "as it is", ", under a mask");
			break;
		}
	}
	free(folded);
}

static bool begins_stream(const uint8_t *at)
{
	return (at[0] & 0x0f) == 8 && at[0] >> 4 <= 7 && (at[0] * 256u + at[1]) % 31 == 0 && !(at[1] & 0x20);
}

static void look_in_stream(const char *path, const uint8_t *at, size_t len)
{
	z_stream z = {.next_in = (Bytef *)at, .avail_in = (uInt)(len < STREAM_MAX ? len : STREAM_MAX)};
	struct buf plain = BUF_INIT;
	uint8_t out[65536];
	int said = Z_OK;

	if (inflateInit(&z) != Z_OK)
		give_up("zlib");
	while (said == Z_OK && plain.len < STREAM_MAX) {
		z.next_out = out;
		z.avail_out = sizeof(out);
		said = inflate(&z, Z_NO_FLUSH);
		buf_add(&plain, out, sizeof(out) - z.avail_out);
		if (z.avail_out == sizeof(out))
			break;
	}
	(void)inflateEnd(&z);
	if (plain.len > 0)
		(void)look_at(path, plain.data, plain.len, ", in a zlib stream");
	buf_clear(&plain);
}

static int visit(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	const char *name = path + ftw->base;
	struct buf file = BUF_INIT;

	(void)look_at(path, (const uint8_t *)name, strlen(name), ", in its name");
	if (type != FTW_F || !S_ISREG(s->st_mode))
		return 0;
	read_file(&file, path);
	if (!look_at(path, file.data, file.len, ""))
		look_under_masks(path, &file);
	for (size_t i = 0; i + 2 <= file.len; i++)
		if (begins_stream(file.data + i))
			look_in_stream(path, file.data + i, file.len - i);
	buf_clear(&file);
	return 0;
}

int main(int argc, char **argv)
{
	bool is_text = !(argc > 1 && strcmp(argv[1], "--sealed") == 0);
	int at = is_text ? 1 : 2;
	struct buf secret = BUF_INIT;

	if (argc < at + 2)
		give_up("[--sealed] SECRET PATH…");
	read_file(&secret, argv[at++]);
	cut(&secret, is_text);
	for (; at < argc; at++)
		if (nftw(argv[at], visit, 32, FTW_PHYS) != 0)
			give_up(argv[at]);
	for (size_t i = 0; i < pieces_len; i++)
		for (size_t k = 0; k < pieces[i].forms_len; k++)
			free(pieces[i].forms[k].bytes);
	free(pieces);
	buf_clear(&secret);
	return found ? 1 : 0;
}
