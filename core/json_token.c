/* core/json_token.c - the parts of a JSON text that hold no other: strings, numbers and words. */
#include "core/json_token.h"

#include <string.h>

#include "core/utf8.h"

enum status scanner_fault(const struct scanner *s, struct error *e, enum status st, const struct json_path *path,
			  const char *what)
{
	char pointer[JSON_POINTER_MAX];

	json_path_text(pointer, path);
	return error_set(e, st, "%s: %s (byte %zu)", pointer, what, (size_t)(s->at - s->start));
}

enum status scanner_malformed(const struct scanner *s, const struct json_path *path, const char *what)
{
	return scanner_fault(s, s->e, STATUS_MALFORMED, path, what);
}

enum status scanner_out_of_memory(const struct scanner *s)
{
	return error_set(s->e, STATUS_NOMEM, "out of memory while reading JSON");
}

void scanner_forbid(struct scanner *s, const struct json_path *path, const char *what)
{
	if (s->forbidden.status == STATUS_OK)
		(void)scanner_fault(s, &s->forbidden, STATUS_FORBIDDEN_FORM, path, what);
}

/* The four hex digits behind "\u" at `at`; false when there are not four. */
static bool read_hex4(const struct scanner *s, const char *at, uint32_t *out)
{
	uint32_t value = 0;

	if (s->end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = at[i];

		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value |= (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value |= (uint32_t)(c - 'A' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

/* A \u escape, s->at on its digits; takes the second half of a pair along. */
static enum status read_unicode_escape(struct scanner *s, const struct json_path *path)
{
	char utf8[4];
	uint32_t cp = 0, low = 0;

	if (!read_hex4(s, s->at, &cp))
		return scanner_malformed(s, path, "four hex digits must follow \\u");
	if (cp >= 0xD800 && cp <= 0xDBFF && s->end - s->at >= 6 && s->at[4] == '\\' && s->at[5] == 'u' &&
	    read_hex4(s, s->at + 6, &low) && low >= 0xDC00 && low <= 0xDFFF) {
		cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
		s->at += 6;
	}
	if (cp == 0 || (cp >= 0xD800 && cp <= 0xDFFF)) {
		scanner_forbid(s, path,
			       cp == 0 ? "the character U+0000 is not allowed"
				       : "half of a surrogate pair stands alone");
		cp = 0xFFFD;
	}
	s->at += 4;
	buf_add(&s->text, utf8, utf8_encode(utf8, cp));
	return STATUS_OK;
}

/* What follows a backslash. */
static enum status read_escape(struct scanner *s, const struct json_path *path)
{
	static const char names[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *found = NULL;

	if (scanner_next_is(s, 'u')) {
		s->doubtful = true; /* right for some control characters only */
		s->at++;
		return read_unicode_escape(s, path);
	}
	if (s->at < s->end)
		found = memchr(names, *s->at, sizeof(names) - 1);
	if (!found)
		return scanner_malformed(s, path, "no such escape in a text");
	if (*s->at == '/')
		s->doubtful = true;
	buf_addc(&s->text, meanings[found - names]);
	s->at++;
	return STATUS_OK;
}

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Bits 7 of a word that is 0 unless one of eight bytes is no ASCII, a control character, a quote or a backslash; the lowest bit that is set
 * is then of such a byte. */
static uint64_t find_special(const char *text)
{
	uint64_t eight = 0, quote = 0, backslash = 0;

	memcpy(&eight, text, sizeof(eight));
	quote = eight ^ EVERY_BYTE('"');
	backslash = eight ^ EVERY_BYTE('\\');
	return ((eight - EVERY_BYTE(0x20)) | (quote - EVERY_BYTE(1)) | (backslash - EVERY_BYTE(1)) | eight) & EVERY_BYTE(0x80);
}

static size_t plain_ascii(const char *text, size_t len)
{
	size_t at = 0;

	for (; len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t special = find_special(text + at);

		if (special && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			return at + (size_t)__builtin_ctzll(special) / 8;
		if (special)
			break;
	}
	if (at > 0 && at < len && !find_special(text + len - sizeof(uint64_t)))
		return len;
	while (at < len && (unsigned char)text[at] - 0x20u < 0x60 && text[at] != '"' && text[at] != '\\')
		at++;
	return at;
}

bool json_plain_run(size_t *out, const char *text, size_t len)
{
	size_t at = plain_ascii(text, len);

	while (at < len && (unsigned char)text[at] >= 0x80) {
		size_t n = utf8_decode(NULL, text + at, len - at);

		if (n == 0) {
			*out = at;
			return false;
		}
		at += n;
		at += plain_ascii(text + at, len - at);
	}
	*out = at;
	return true;
}

static enum status read_with_escapes(struct scanner *s, const struct json_path *path)
{
	enum status st = STATUS_OK;

	buf_reset(&s->text);
	for (;;) {
		size_t run = 0;
		bool valid = json_plain_run(&run, s->at, (size_t)(s->end - s->at));

		buf_add(&s->text, s->at, run);
		s->at += run;
		if (!valid)
			return scanner_malformed(s, path, "not valid UTF-8");
		if (s->at == s->end)
			return scanner_malformed(s, path, "a text has no end");
		if (*s->at == '"')
			break;
		if (*s->at != '\\')
			return scanner_malformed(s, path, "a control character in a text must be escaped");
		s->at++;
		st = read_escape(s, path);
		if (st != STATUS_OK)
			return st;
	}
	s->at++;
	s->string = buf_text(&s->text);
	s->string_len = s->text.len;
	return buf_ok(&s->text) ? STATUS_OK : scanner_out_of_memory(s);
}

enum status scanner_read_string(struct scanner *s, const struct json_path *path)
{
	size_t run = 0, left = (size_t)(s->end - ++s->at);

	if (!json_plain_run(&run, s->at, left) || run == left || s->at[run] != '"')
		return read_with_escapes(s, path);
	s->string = s->at;
	s->string_len = run;
	s->at += run + 1;
	return STATUS_OK;
}

cJSON *scanner_make(const struct scanner *s, int type)
{
	cJSON *value = s->pool ? json_pool_take(s->pool, sizeof(*value)) : cJSON_CreateNull();

	if (value)
		*value = (cJSON){.type = type};
	return value;
}

char *scanner_copy_string(const struct scanner *s)
{
	char *copy = s->pool ? json_pool_take(s->pool, s->string_len + 1) : cJSON_malloc(s->string_len + 1);

	if (copy) {
		memcpy(copy, s->string, s->string_len);
		copy[s->string_len] = '\0';
	}
	return copy;
}

void scanner_drop(const struct scanner *s, cJSON *value)
{
	if (!s->pool)
		cJSON_Delete(value);
}

void scanner_drop_text(const struct scanner *s, char *text)
{
	if (!s->pool)
		cJSON_free(text);
}

enum status scanner_read_text(struct scanner *s, const struct json_path *path, cJSON **out)
{
	enum status st = scanner_read_string(s, path);
	cJSON *item = NULL;

	if (st != STATUS_OK)
		return st;
	item = scanner_make(s, cJSON_String);
	if (!item)
		return scanner_out_of_memory(s);
	item->valuestring = scanner_copy_string(s);
	if (!item->valuestring) {
		scanner_drop(s, item);
		return scanner_out_of_memory(s);
	}
	*out = item;
	return STATUS_OK;
}

/* The optional fraction and exponent; true in *there if any. */
static enum status skip_fraction(struct scanner *s, const struct json_path *path, bool *there)
{
	*there = scanner_next_is(s, '.') || scanner_next_is(s, 'e') || scanner_next_is(s, 'E');
	if (scanner_next_is(s, '.')) {
		s->at++;
		if (!scanner_next_is_digit(s))
			return scanner_malformed(s, path, "a digit must follow the decimal point");
		while (scanner_next_is_digit(s))
			s->at++;
	}
	if (scanner_next_is(s, 'e') || scanner_next_is(s, 'E')) {
		s->at++;
		if (scanner_next_is(s, '+') || scanner_next_is(s, '-'))
			s->at++;
		if (!scanner_next_is_digit(s))
			return scanner_malformed(s, path, "a digit must follow the exponent");
		while (scanner_next_is_digit(s))
			s->at++;
	}
	return STATUS_OK;
}

enum status scanner_read_number(struct scanner *s, const struct json_path *path, cJSON **out)
{
	bool negative = scanner_next_is(s, '-');
	bool fraction = false;
	int64_t value = 0;
	enum status st = STATUS_OK;

	if (negative)
		s->at++;
	if (!scanner_next_is_digit(s))
		return scanner_malformed(s, path, "a digit must follow the minus sign");
	if (*s->at == '0') {
		s->at++;
		if (scanner_next_is_digit(s))
			return scanner_malformed(s, path, "a number must not start with 0");
	}
	while (scanner_next_is_digit(s)) {
		if (value <= JSON_MAX_INTEGER)
			value = value * 10 + (*s->at - '0');
		s->at++;
	}
	st = skip_fraction(s, path, &fraction);
	if (st != STATUS_OK)
		return st;
	if (fraction)
		scanner_forbid(s, path, "only whole numbers, without point or exponent, are allowed");
	else if (value > JSON_MAX_INTEGER)
		scanner_forbid(s, path, "the number is too large");
	else if (negative && value == 0)
		scanner_forbid(s, path, "-0 is not allowed");
	*out = scanner_make(s, cJSON_Number);
	if (!*out)
		return scanner_out_of_memory(s);
	(void)cJSON_SetNumberHelper(*out, (double)(negative ? -value : value));
	return STATUS_OK;
}

enum status scanner_read_word(struct scanner *s, const struct json_path *path, cJSON **out)
{
	size_t left = (size_t)(s->end - s->at);

	if (left >= 4 && memcmp(s->at, "true", 4) == 0) {
		s->at += 4;
		*out = scanner_make(s, cJSON_True);
	} else if (left >= 5 && memcmp(s->at, "false", 5) == 0) {
		s->at += 5;
		*out = scanner_make(s, cJSON_False);
	} else if (left >= 4 && memcmp(s->at, "null", 4) == 0) {
		s->at += 4;
		*out = scanner_make(s, cJSON_NULL);
	} else {
		return scanner_malformed(s, path, left == 0 ? "a value is missing" : "not JSON");
	}
	return *out ? STATUS_OK : scanner_out_of_memory(s);
}
