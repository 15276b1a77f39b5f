/* core/json_canonical.c - the one byte form of a value (RFC 8785), for signing, hashing and comparing.
 * What enters may have been built by a program from any text; what leaves always parses again by json_parse. */
#include <stdlib.h>
#include <string.h>

#include "core/json_token.h"

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

static enum status write_string(struct buf *out, const char *text)
{
	size_t len = strlen(text), run = 0;

	if (json_plain_run(&run, text, len) && run == len && buf_reserve(out, len + 2)) {
		char *at = (char *)out->data + out->len;

		at[0] = '"';
		memcpy(at + 1, text, len);
		at[len + 1] = '"';
		at[len + 2] = '\0';
		out->len += len + 2;
		return STATUS_OK;
	}
	buf_addc(out, '"');
	for (size_t at = 0; at < len; at += run + 1) {
		if (!json_plain_run(&run, text + at, len - at))
			return STATUS_FORBIDDEN_FORM;
		buf_add(out, text + at, run);
		if (at + run < len)
			write_escape(out, text[at + run]);
	}
	buf_addc(out, '"');
	return STATUS_OK;
}

static enum status write_number(struct buf *out, double d)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = 0;

	if (!(d >= -(double)JSON_MAX_INTEGER && d <= (double)JSON_MAX_INTEGER) || (double)(int64_t)d != d)
		return STATUS_FORBIDDEN_FORM;
	left = (uint64_t)(d < 0 ? -d : d);
	do
		digits[--at] = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (d < 0)
		digits[--at] = '-';
	buf_add(out, digits + at, sizeof(digits) - at);
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

static enum status write_member(struct buf *out, const cJSON *member, int depth)
{
	enum status st = write_string(out, member->string);

	buf_addc(out, ':');
	return st == STATUS_OK ? write_value(out, member, depth) : st;
}

static enum status write_sorted(struct buf *out, const cJSON **members, size_t len, int depth)
{
	enum status st = STATUS_OK;

	qsort(members, len, sizeof(members[0]), by_utf16);
	for (size_t i = 0; i < len && st == STATUS_OK; i++) {
		if (i > 0 && strcmp(members[i - 1]->string, members[i]->string) == 0)
			return STATUS_FORBIDDEN_FORM; /* no reader would take it */
		if (i > 0)
			buf_addc(out, ',');
		st = write_member(out, members[i], depth);
	}
	return st;
}

static enum status write_unsorted_object(struct buf *out, const cJSON *object, size_t len, int depth)
{
	const cJSON *few[FEW_MEMBERS];
	const cJSON **members = len > ARRAY_LEN(few) ? malloc(len * sizeof(members[0])) : few;
	enum status st = STATUS_OK;

	if (!members)
		return STATUS_NOMEM;
	len = 0;
	for (const cJSON *item = object->child; item; item = item->next)
		members[len++] = item;
	st = write_sorted(out, members, len, depth);
	if (members != few)
		free(members);
	return st;
}

static enum status write_object(struct buf *out, const cJSON *object, int depth)
{
	enum status st = STATUS_OK;
	bool sorted = true;
	size_t len = 0;

	for (const cJSON *item = object->child; item; item = item->next) {
		sorted = sorted && (!item->next || json_compare_names(item->string, item->next->string) < 0);
		len++;
	}
	buf_addc(out, '{');
	if (!sorted)
		st = write_unsorted_object(out, object, len, depth);
	for (const cJSON *item = object->child; sorted && item && st == STATUS_OK; item = item->next) {
		if (item != object->child)
			buf_addc(out, ',');
		st = write_member(out, item, depth);
	}
	buf_addc(out, '}');
	return st;
}

static enum status write_value(struct buf *out, const cJSON *value, int depth)
{
	switch (value->type & 0xFF) {
	case cJSON_String:
		return write_string(out, value->valuestring);
	case cJSON_Number:
		return write_number(out, value->valuedouble);
	case cJSON_True:
	case cJSON_False:
	case cJSON_NULL:
		buf_adds(out, cJSON_IsNull(value) ? "null" : cJSON_IsTrue(value) ? "true" : "false");
		return STATUS_OK;
	case cJSON_Array:
		return depth == JSON_MAX_DEPTH ? STATUS_TOO_BIG : write_array(out, value, depth + 1);
	case cJSON_Object:
		return depth == JSON_MAX_DEPTH ? STATUS_TOO_BIG : write_object(out, value, depth + 1);
	default:
		/* raw or invalid; too deep is said first, as of what has a form */
		return depth == JSON_MAX_DEPTH ? STATUS_TOO_BIG : STATUS_FORBIDDEN_FORM;
	}
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
