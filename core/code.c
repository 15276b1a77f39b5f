/* core/code.c - join codes: from their parts to one line of text, and from a line that somebody typed to the parts. */
#include "core/code.h"

#include <string.h>

#include "core/id.h"

#define VERSION 1
#define FLAG_ROOT 0x01
#define ODS_LEN 6
#define BODY_LEN (1 + 1 + ODS_LEN + CODE_SECRET_LEN + CODE_PIN_LEN + CODE_PIN_LEN)
#define CODE_LEN (BODY_LEN + 4)
#define DIGITS (CODE_LEN * 8 / 5)
#define GROUP 5
#define INVITE_LABEL "qip invite"

_Static_assert(CODE_LEN % 5 == 0, "no digit is half used");
_Static_assert(DIGITS + DIGITS / GROUP < CODE_TEXT_MAX, "the text fits");

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Append to, or take from, bytes at *at; moves *at behind them. */
static void put(uint8_t **at, const void *bytes, size_t len)
{
	memcpy(*at, bytes, len);
	*at += len;
}

static void get(void *bytes, const uint8_t **at, size_t len)
{
	memcpy(bytes, *at, len);
	*at += len;
}

static void put_crc(uint8_t code[CODE_LEN])
{
	uint32_t crc = crc32c(0, code, BODY_LEN);

	for (unsigned i = 0; i < 4; i++)
		code[BODY_LEN + i] = (uint8_t)(crc >> (24 - 8 * i));
}

static bool crc_fits(const uint8_t code[CODE_LEN])
{
	uint8_t again[CODE_LEN];
	bool fits = false;

	memcpy(again, code, BODY_LEN);
	put_crc(again);
	fits = memcmp(again + BODY_LEN, code + BODY_LEN, 4) == 0;
	explicit_bzero(again, sizeof(again));
	return fits;
}

void code_format(char out[CODE_TEXT_MAX], const struct code *c)
{
	static const uint8_t none[CODE_PIN_LEN] = {0};
	uint8_t code[CODE_LEN];
	uint8_t *at = code;
	uint32_t bits = 0;
	unsigned held = 0;
	size_t digits = 0;

	*at++ = VERSION;
	*at++ = c->has_root ? FLAG_ROOT : 0;
	put(&at, c->ods, ODS_LEN);
	put(&at, c->secret, CODE_SECRET_LEN);
	put(&at, c->ca_pin, CODE_PIN_LEN);
	put(&at, c->has_root ? c->root_pin : none, CODE_PIN_LEN);
	put_crc(code);
	for (size_t i = 0; i < CODE_LEN; i++) {
		bits = (bits << 8 | code[i]) & 0xffff;
		for (held += 8; held >= 5; held -= 5) {
			if (digits > 0 && digits % GROUP == 0)
				*out++ = '-';
			*out++ = alphabet[bits >> (held - 5) & 31];
			digits++;
		}
	}
	*out = '\0';
	explicit_bzero(code, sizeof(code));
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

static enum status wrong_character(char c, size_t digits, struct error *e)
{
	if (c >= ' ' && c <= '~')
		return error_set(e, STATUS_MALFORMED,
				 "the join code has '%c' in group %zu, which no join code has; "
				 "please compare it with the original",
				 c, digits / GROUP + 1);
	return error_set(e, STATUS_MALFORMED,
			 "the join code has a character in group %zu that no join code has; "
			 "please compare it with the original",
			 digits / GROUP + 1);
}

static enum status read_digits(uint8_t code[CODE_LEN], const char *text, struct error *e)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t digits = 0, n = 0;

	for (; *text; text++) {
		int value = digit_value(*text);

		if (strchr("- \t\r\n", *text))
			continue;
		if (value < 0)
			return wrong_character(*text, digits, e);
		if (++digits > DIGITS)
			return error_set(e, STATUS_MALFORMED,
					 "the join code is too long: it has %d letters and digits; "
					 "is something typed twice?",
					 DIGITS);
		bits = (bits << 5 | (uint32_t)value) & 0xffff;
		held += 5;
		if (held >= 8) {
			held -= 8;
			code[n++] = (uint8_t)(bits >> held);
		}
	}
	if (digits < DIGITS)
		return error_set(e, STATUS_MALFORMED,
				 "the join code is too short: %zu of its %d letters and digits are "
				 "there; please copy the whole line",
				 digits, DIGITS);
	return STATUS_OK;
}

static enum status take_apart(struct code *out, const uint8_t code[CODE_LEN], struct error *e)
{
	const uint8_t *at = code + 2;
	struct code c = {.has_root = code[1] == FLAG_ROOT};

	if (!crc_fits(code))
		return error_set(e, STATUS_MALFORMED,
				 "the join code has a typing mistake in it; please compare it with "
				 "the original, group by group");
	if (code[0] != VERSION || code[1] > FLAG_ROOT)
		return error_set(e, STATUS_MALFORMED,
				 "the join code was made by a newer version of qip than this one; "
				 "please update this device's software");
	get(c.ods, &at, ODS_LEN);
	get(c.secret, &at, CODE_SECRET_LEN);
	get(c.ca_pin, &at, CODE_PIN_LEN);
	get(c.root_pin, &at, CODE_PIN_LEN);
	if (!ods_valid(c.ods))
		return error_set(e, STATUS_MALFORMED, "the join code names no practice; please ask for a new one");
	*out = c;
	explicit_bzero(&c, sizeof(c));
	return STATUS_OK;
}

enum status code_parse(struct code *out, const char *text, struct error *e)
{
	uint8_t code[CODE_LEN];
	enum status st = read_digits(code, text, e);

	if (!st)
		st = take_apart(out, code, e);
	explicit_bzero(code, sizeof(code));
	return st;
}

enum status code_invite_key(struct key **out, const struct code *c, struct error *e)
{
	return key_from_seed(out, c->secret, sizeof(c->secret), INVITE_LABEL, e);
}
