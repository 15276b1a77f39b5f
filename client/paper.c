/* client/paper.c - from a secret to what is printed, and from what somebody typed off the paper to the secret. */
#include "client/paper.h"

#include <string.h>
#include <strings.h>

#include "core/digest.h"

#define BYTES (PAPER_SECRET_LEN + 4)
#define DIGITS ((BYTES * 8 + 4) / 5)
#define GROUP 5
#define BLANKS "- \t\r\n"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const struct kind {
	const char *prefix; /* of the text, and what its checksum starts with */
	const char *name;
	const char *title;  /* on the paper */
} kinds[] = {
	[PAPER_ROOT] = {"", "root key", "Root key of the practice"},
	[PAPER_RECOVERY] = {"RECOVERY-", "recovery key", "Recovery key of the practice's comments"},
};

static uint32_t checksum(enum paper which, const uint8_t secret[PAPER_SECRET_LEN])
{
	return crc32c(crc32c(0, kinds[which].prefix, strlen(kinds[which].prefix)), secret, PAPER_SECRET_LEN);
}

void paper_print(char out[QIP_PAPER_TEXT_MAX], enum paper which, const uint8_t secret[PAPER_SECRET_LEN])
{
	uint8_t bytes[BYTES + 1] = {0}; /* the last digit looks at one more */
	uint32_t crc = checksum(which, secret);
	size_t at = strlen(kinds[which].prefix);

	memcpy(out, kinds[which].prefix, at);
	memcpy(bytes, secret, PAPER_SECRET_LEN);
	for (size_t i = 0; i < 4; i++)
		bytes[PAPER_SECRET_LEN + i] = (uint8_t)(crc >> (24 - 8 * i));
	for (size_t i = 0; i < DIGITS; i++) {
		size_t bit = i * 5, byte = bit / 8;
		unsigned pair = (unsigned)bytes[byte] << 8 | bytes[byte + 1];

		if (i > 0 && i % GROUP == 0)
			out[at++] = '-';
		out[at++] = alphabet[pair >> (11 - bit % 8) & 31];
	}
	out[at] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
}

/* The value of a digit as people write it, or -1. */
static int digit_value(char c)
{
	const char *at = NULL;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

static enum status read_digits(uint8_t bytes[BYTES], const char *name, const char *text, struct error *e)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t digits = 0, n = 0;

	for (; *text; text++) {
		int value = digit_value(*text);

		if (strchr(BLANKS, *text))
			continue;
		if (value < 0)
			return error_set(e, STATUS_MALFORMED, "there is a character in group %zu that no %s has; please compare it with the paper",
					 digits / GROUP + 1, name);
		if (++digits > DIGITS)
			return error_set(e, STATUS_MALFORMED, "the %s is too long: it has %d letters and digits; is something typed twice?", name, DIGITS);
		bits = (bits << 5 | (uint32_t)value) & 0xffff;
		held += 5;
		if (held >= 8) {
			held -= 8;
			bytes[n++] = (uint8_t)(bits >> held);
		}
	}
	if (digits < DIGITS)
		return error_set(e, STATUS_MALFORMED, "the %s is too short: %zu of its %d letters and digits are there; please type all groups", name,
				 digits, DIGITS);
	if (bits & ((1u << held) - 1)) /* what the last digit has beyond the bytes is nothing on the paper */
		return error_set(e, STATUS_MALFORMED, "the last group has a typing mistake in it; please compare it with the paper");
	return STATUS_OK;
}

/* What stands behind the word of the recovery key's paper, which may be left out. */
static const char *skip_prefix(const char *text)
{
	static const char word[] = "RECOVERY";

	text += strspn(text, BLANKS);
	return strncasecmp(text, word, strlen(word)) == 0 ? text + strlen(word) : text;
}

enum status paper_read(uint8_t secret[PAPER_SECRET_LEN], enum paper which, const char *text, struct error *e)
{
	const struct kind *kind = &kinds[which], *other = &kinds[which == PAPER_ROOT ? PAPER_RECOVERY : PAPER_ROOT];
	uint8_t bytes[BYTES] = {0};
	uint32_t noted = 0;
	enum status st = read_digits(bytes, kind->name, skip_prefix(text), e);

	for (size_t i = PAPER_SECRET_LEN; i < BYTES; i++)
		noted = noted << 8 | bytes[i];
	if (st == STATUS_OK && noted == checksum((enum paper)(other - kinds), bytes))
		st = error_set(e, STATUS_MALFORMED, "that is the %s; please take the paper that says \"%s\"", other->name, kind->title);
	else if (st == STATUS_OK && noted != checksum(which, bytes))
		st = error_set(e, STATUS_MALFORMED, "the %s has a typing mistake in it; please compare it with the paper, group by group", kind->name);
	if (st == STATUS_OK)
		memcpy(secret, bytes, PAPER_SECRET_LEN);
	explicit_bzero(bytes, sizeof(bytes));
	return st;
}

enum status paper_read_root(struct key **out, const char *text, struct error *e)
{
	uint8_t secret[PAPER_SECRET_LEN];
	enum status st = paper_read(secret, PAPER_ROOT, text, e);

	if (st == STATUS_OK && key_from_private(out, secret, e) != STATUS_OK)
		st = error_set(e, STATUS_MALFORMED, "that is no root key; please take the paper that says \"%s\"", kinds[PAPER_ROOT].title);
	explicit_bzero(secret, sizeof(secret));
	return st;
}
