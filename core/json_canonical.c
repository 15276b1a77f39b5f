/* core/json_canonical.c - the one byte form of a value (RFC 8785), for signing, hashing and comparing.
 * What enters may have been built by a program from any text; what leaves always parses again by json_parse. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_token.h"
#include "core/utf8.h"

#define FEW_MEMBERS 16 /* of an object, that need no memory of their own */

static enum status write_value(struct buf *out, const cJSON *value, int depth);

static void write_escape(struct buf *out, char c)
{
	static const char meanings[] = "\b\t\n\f\r\"\\";
	static const char names[] = "btnfr\"\\";
	const char *found = memchr(meanings, c, sizeof(meanings) - 1);

	if (found)
		buf_add(out, (char[]){'\\', names[found - meanings]}, 2);
	else
		buf_addf(out, "\\u%04x", (unsigned char)c);
}

/* How many bytes from text on are written as they are; STATUS_FORBIDDEN_FORM where they are not UTF-8. */
static enum status plain_bytes(size_t *out, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && (unsigned char)text[at] >= 0x20 && text[at] != '"' && text[at] != '\\') {
		size_t n = (unsigned char)text[at] < 0x80 ? 1 : utf8_decode(NULL, text + at, len - at);

		if (n == 0)
			return STATUS_FORBIDDEN_FORM;
		at += n;
	}
	*out = at;
	return STATUS_OK;
}

static enum status write_string(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	size_t plain = 0;

	buf_addc(out, '"');
	for (size_t at = 0; at < len; at += plain + 1) {
		enum status st = plain_bytes(&plain, text + at, len - at);

		if (st != STATUS_OK)
			return st;
		buf_add(out, text + at, plain);
		if (at + plain < len)
			write_escape(out, text[at + plain]);
	}
	buf_addc(out, '"');
	return STATUS_OK;
}

static enum status write_number(struct buf *out, double d)
{
	if (!(d >= -(double)JSON_MAX_INTEGER && d <= (double)JSON_MAX_INTEGER) || (double)(int64_t)d != d)
		return STATUS_FORBIDDEN_FORM;
	buf_addf(out, "%" PRId64, (int64_t)d);
	return STATUS_OK;
}

static enum status write_array(struct buf *out, const cJSON *array, int depth)
{
	const cJSON *item = NULL;
	enum status st = STATUS_OK;

	buf_addc(out, '[');
	for (item = array->child; item && st == STATUS_OK; item = item->next) {
		if (item != array->child)
			buf_addc(out, ',');
		st = write_value(out, item, depth);
	}
	buf_addc(out, ']');
	return st;
}

/* Order of UTF-16 code units without converting: it is the order of the UTF-8 bytes, except that characters beyond the
 * BMP (lead bytes F0 to F4, surrogates D800 to DFFF in UTF-16) come before U+E000 to U+FFFF (lead bytes EE and EF). */
int json_compare_names(const char *a, const char *b)
{
	const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;

	while (*x == *y && *x) {
		x++;
		y++;
	}
	if (*x >= 0xEE && *y >= 0xEE && (*x >= 0xF0) != (*y >= 0xF0))
		return *x >= 0xF0 ? -1 : 1;
	return (int)*x - (int)*y;
}

static int by_utf16(const void *a, const void *b)
{
	return json_compare_names((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static bool is_sorted(const cJSON *const *members, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (by_utf16(&members[i - 1], &members[i]) > 0)
			return false;
	}
	return true;
}

static enum status write_members(struct buf *out, const cJSON **members, size_t len, int depth)
{
	enum status st = STATUS_OK;

	if (!is_sorted(members, len))
		qsort(members, len, sizeof(members[0]), by_utf16);
	for (size_t i = 0; i < len && st == STATUS_OK; i++) {
		if (i > 0 && strcmp(members[i - 1]->string, members[i]->string) == 0)
			return STATUS_FORBIDDEN_FORM; /* no reader would take it */
		if (i > 0)
			buf_addc(out, ',');
		st = write_string(out, members[i]->string);
		buf_addc(out, ':');
		if (st == STATUS_OK)
			st = write_value(out, members[i], depth);
	}
	return st;
}

static enum status write_object(struct buf *out, const cJSON *object, int depth)
{
	const cJSON *few[FEW_MEMBERS];
	const cJSON **members = few;
	const cJSON *item = NULL;
	enum status st = STATUS_OK;
	size_t len = 0;

	for (item = object->child; item; item = item->next)
		len++;
	if (len > ARRAY_LEN(few)) {
		members = malloc(len * sizeof(members[0]));
		if (!members)
			return STATUS_NOMEM;
	}
	len = 0;
	for (item = object->child; item; item = item->next)
		members[len++] = item;
	buf_addc(out, '{');
	if (len > 0)
		st = write_members(out, members, len, depth);
	buf_addc(out, '}');
	if (members != few)
		free(members);
	return st;
}

static enum status write_value(struct buf *out, const cJSON *value, int depth)
{
	if (cJSON_IsString(value))
		return write_string(out, value->valuestring);
	if (cJSON_IsNumber(value))
		return write_number(out, value->valuedouble);
	if (cJSON_IsBool(value) || cJSON_IsNull(value)) {
		buf_adds(out, cJSON_IsNull(value) ? "null" : cJSON_IsTrue(value) ? "true" : "false");
		return STATUS_OK;
	}
	if (depth == JSON_MAX_DEPTH)
		return STATUS_TOO_BIG;
	if (cJSON_IsArray(value))
		return write_array(out, value, depth + 1);
	if (cJSON_IsObject(value))
		return write_object(out, value, depth + 1);
	return STATUS_FORBIDDEN_FORM; /* a raw or invalid node */
}

enum status json_canonical(struct buf *out, const cJSON *value)
{
	size_t start = out->len;
	enum status st = write_value(out, value, 0);

	if (st == STATUS_OK && !buf_ok(out))
		st = STATUS_NOMEM;
	if (st != STATUS_OK && out->data) {
		out->len = start;
		out->data[start] = 0;
	}
	return st;
}
