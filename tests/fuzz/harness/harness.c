/* tests/fuzz/harness/harness.c - what the harnesses share. */
#include "tests/fuzz/harness/harness.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDERS_OPEN 16 /* descriptors of a walk */

static char folder[256];

void harness_holds(bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, what);
	abort();
}

void harness_must(enum status st, const struct error *e)
{
	if (st == STATUS_OK)
		return;
	(void)fprintf(stderr, "the harness cannot go on: %s: %s\n", status_text(st), e->text);
	abort();
}

static int drop(const char *path, const struct stat *s, int kind, struct FTW *where)
{
	(void)s;
	(void)kind;
	(void)where;
	return remove(path);
}

static void drop_folder(void)
{
	(void)nftw(folder, drop, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}

const char *harness_folder(void)
{
	const char *parent = getenv("TMPDIR");

	if (folder[0])
		return folder;
	(void)snprintf(folder, sizeof(folder), "%s/qip-harness-XXXXXX", parent ? parent : "/tmp");
	HOLDS(mkdtemp(folder) != NULL);
	HOLDS(atexit(drop_folder) == 0);
	return folder;
}

uint8_t input_byte(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->at++;
}

size_t input_below(struct input *in, size_t n)
{
	return input_byte(in) % n;
}

const uint8_t *input_bytes(size_t *out, struct input *in, size_t len)
{
	const uint8_t *bytes = in->at;

	*out = len < in->len ? len : in->len;
	in->at += *out;
	in->len -= *out;
	return bytes;
}

const uint8_t *input_until(size_t *out, struct input *in, uint8_t end)
{
	const uint8_t *found = in->len ? memchr(in->at, end, in->len) : NULL;
	const uint8_t *bytes = input_bytes(out, in, found ? (size_t)(found - in->at) : in->len);

	if (found)
		(void)input_byte(in);
	return bytes;
}

char *input_text(struct input *in, uint8_t end)
{
	size_t len = 0;
	const uint8_t *bytes = input_until(&len, in, end);
	char *text = strndup(len ? (const char *)bytes : "", len);

	HOLDS(text != NULL);
	return text;
}
