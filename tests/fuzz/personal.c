/* tests/fuzz/personal.c - comments of any making before the search for personal data (client/personal.c).
 *
 * A seed makes one text of parts that the forms are made of, with bytes changed at random. What is found must lie in the text, in order, in whole
 * characters; and stay the same when the digits are written in another script, or marks that do not show stand between the characters.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/personal.h"
#include "core/status.h"
#include "core/utf8.h"
#include "tests/fuzz/dice.h"

#define TEXT_MAX 600
#define FOUND_MAX 64

struct text {
	char *bytes; /* of exactly its size, so that a sanitizer sees every byte read beyond it */
	size_t len;
};

static const char *const parts[] = {
	"943", "476", "5919", "9434765919", "0", "07700", "900123", "+44", "(0)", "(", ")", "+", "0044", "020", "7946", "0018", " ", "  ", "-", ".", "/", ",", "'", "\n", ":", "@",
	"jan", "example", "com", "co.uk", "www.", "http://", "https://", "SW1A", "1AA", "so15", "2ab", "w1", "B12", "12", "3", "1990", "85", "March", "may", "st", "th", "of", "I waited",
	"minutes", "৯", "૯", "੯", "९", "٩", "۹", "９", "Ａ", "ｂ", "\u200e", "\u200d", "\u00a0", "\u2011", "\u2019", "છે", "میں",
};

static struct text make(struct dice *d)
{
	char draft[TEXT_MAX + 16];
	size_t len = 0, n = 1 + dice_roll(d, 40);
	struct text t;

	for (size_t i = 0; i < n; i++) {
		const char *part = parts[dice_roll(d, ARRAY_LEN(parts))];

		if (len + strlen(part) > TEXT_MAX)
			break;
		memcpy(draft + len, part, strlen(part));
		len += strlen(part);
	}
	if (dice_once_in(d, 3)) {
		for (size_t i = 0; i < 3 && len > 0; i++)
			draft[dice_roll(d, len)] = (char)(1 + dice_roll(d, 255));
	}
	t = (struct text){.bytes = malloc(len + 1), .len = len};
	if (!t.bytes)
		abort();
	memcpy(t.bytes, draft, len);
	t.bytes[len] = '\0';
	return t;
}

static bool is_plain(const struct personal_found *found, size_t n, const struct text *t)
{
	size_t from = 0;
	bool whole = utf8_valid(NULL, t->bytes, t->len);

	for (size_t i = 0; i < n; i++) {
		const struct personal_found *f = &found[i];

		if (f->at < from || f->len == 0 || f->at > t->len || f->len > t->len - f->at || f->kind >= PERSONAL_KINDS)
			return false;
		if (whole && !utf8_valid(NULL, t->bytes + f->at, f->len))
			return false;
		from = f->at + f->len;
	}
	return true;
}

static char *add(char *out, const char *bytes, size_t len)
{
	memcpy(out, bytes, len);
	return out + len;
}

/* Digits in the script of this zero, and a mark that does not show behind each character. */
static struct text rewrite(const struct text *t, uint32_t zero, bool marks)
{
	struct text out = {.bytes = malloc(t->len * 7 + 1)};
	char *to = out.bytes;

	if (!to)
		abort();
	for (size_t at = 0; at < t->len;) {
		size_t n = utf8_decode(NULL, t->bytes + at, t->len - at);

		if (n == 1 && t->bytes[at] >= '0' && t->bytes[at] <= '9')
			to += utf8_encode(to, zero + (uint32_t)(t->bytes[at] - '0'));
		else
			to = add(to, t->bytes + at, n);
		if (marks)
			to = add(to, "\u200e", 3);
		at += n;
	}
	*to = '\0';
	out.len = (size_t)(to - out.bytes);
	return out;
}

static bool same_in_script(const struct personal_found *found, size_t n, const struct text *t, uint32_t zero, bool marks)
{
	struct personal_found other[FOUND_MAX];
	struct text written = rewrite(t, zero, marks);
	size_t m = personal_find(other, FOUND_MAX, written.bytes);
	bool same = m == n && is_plain(other, m, &written);

	for (size_t i = 0; same && i < n; i++)
		same = other[i].kind == found[i].kind;
	free(written.bytes);
	return same;
}

static bool try_seed(uint64_t seed, bool aloud)
{
	static const uint32_t zeros[] = {'0', 0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6};
	struct dice d = {.state = seed};
	struct text t = make(&d);
	struct personal_found found[FOUND_MAX];
	size_t n = personal_find(found, FOUND_MAX, t.bytes);
	bool good = is_plain(found, n, &t);

	if (aloud) {
		printf("\"%s\"\n", t.bytes);
		for (size_t i = 0; i < n; i++)
			printf("  %s \"%.*s\"\n", personal_kind_name(found[i].kind), (int)found[i].len, t.bytes + found[i].at);
	}
	if (good && utf8_valid(NULL, t.bytes, t.len))
		good = same_in_script(found, n, &t, zeros[dice_roll(&d, ARRAY_LEN(zeros))], dice_once_in(&d, 2));
	free(t.bytes);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, tried = 0;
	long seconds = 10;
	time_t end = 0;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--one") == 0)
			return try_seed(strtoull(argv[i + 1], NULL, 10), true) ? 0 : 1;
		if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtol(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 10);
	}
	for (end = time(NULL) + seconds; time(NULL) < end; seed++, tried++) {
		if (try_seed(seed, false))
			continue;
		printf("seed %" PRIu64 ": what was found is not in order, or not the same in another script\n", seed);
		return 1;
	}
	printf("%" PRIu64 " texts: all well\n", tried);
	return 0;
}
