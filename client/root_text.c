/* client/root_text.c - from what somebody typed off the paper to the root key. */
#include "client/root_text.h"

#include <string.h>

#define BYTES (KEY_PRIVATE_LEN + 4)
#define DIGITS ((BYTES * 8 + 4) / 5)
#define GROUP 5

/* The value of a digit as people write it, or -1. */
static int digit_value(char c)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
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

static enum status read_digits(uint8_t bytes[BYTES], const char *text, struct error *e)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t digits = 0, n = 0;

	for (; *text; text++) {
		int value = digit_value(*text);

		if (strchr("- \t\r\n", *text))
			continue;
		if (value < 0)
			return error_set(e, STATUS_MALFORMED, "there is a character in group %zu that no root key has; please compare it with the paper",
					 digits / GROUP + 1);
		if (++digits > DIGITS)
			return error_set(e, STATUS_MALFORMED, "the root key is too long: it has %d letters and digits; is something typed twice?", DIGITS);
		bits = (bits << 5 | (uint32_t)value) & 0xffff;
		held += 5;
		if (held >= 8) {
			held -= 8;
			bytes[n++] = (uint8_t)(bits >> held);
		}
	}
	if (digits < DIGITS)
		return error_set(e, STATUS_MALFORMED, "the root key is too short: %zu of its %d letters and digits are there; please type all groups",
				 digits, DIGITS);
	if (bits & ((1u << held) - 1)) /* what the last digit has beyond the bytes is nothing on the paper */
		return error_set(e, STATUS_MALFORMED, "the last group has a typing mistake in it; please compare it with the paper");
	return STATUS_OK;
}

enum status root_text_read(struct key **out, const char *text, struct error *e)
{
	uint8_t bytes[BYTES] = {0};
	uint32_t crc = 0, noted = 0;
	enum status st = read_digits(bytes, text, e);

	if (st == STATUS_OK) {
		crc = crc32c(0, bytes, KEY_PRIVATE_LEN);
		for (size_t i = KEY_PRIVATE_LEN; i < BYTES; i++)
			noted = noted << 8 | bytes[i];
		if (crc != noted)
			st = error_set(e, STATUS_MALFORMED, "the root key has a typing mistake in it; please compare it with the paper, group by group");
	}
	if (st == STATUS_OK && key_from_private(out, bytes, e) != STATUS_OK)
		st = error_set(e, STATUS_MALFORMED, "that is no root key; please take the paper that says \"Root key of the practice\"");
	explicit_bzero(bytes, sizeof(bytes));
	return st;
}
