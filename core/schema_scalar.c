/* core/schema_scalar.c - the rules for a single value: its type, the values allowed, its length, form or range. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/schema_check.h"
#include "core/utf8.h"

#define MAX_WORDS_BYTES 400 /* of a list of allowed values in a message */

enum status check_fault(const struct check *c, const char *fmt, ...)
{
	char pointer[JSON_POINTER_MAX], rule[ERROR_TEXT_MAX];
	va_list args;

	if (!c->e)
		return STATUS_INVALID;
	va_start(args, fmt);
	(void)vsnprintf(rule, sizeof(rule), fmt, args);
	va_end(args);
	json_path_text(pointer, c->path);
	return error_set(c->e, STATUS_INVALID, "%s: %s%s", pointer, c->is_name ? "the name " : "", rule);
}

/* ---- type, enum, const ---- */

static const struct type {
	const char *name, *words;
	cJSON_bool (*is)(const cJSON *);
} types[] = {
	{"string", "a text", cJSON_IsString},	    {"integer", "a whole number", cJSON_IsNumber},
	{"boolean", "true or false", cJSON_IsBool}, {"null", "null", cJSON_IsNull},
	{"array", "a list", cJSON_IsArray},	    {"object", "an object", cJSON_IsObject},
};

static const struct type *find_type(const char *name)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(types) && strcmp(types[i].name, name) != 0)
		i++;
	return &types[i];
}

enum status check_type(const struct check *c)
{
	const cJSON *type = c->schema->type;
	const cJSON *first = cJSON_IsArray(type) ? type->child : type;
	struct buf words = BUF_INIT;

	if (!type)
		return STATUS_OK;
	for (const cJSON *item = first; item; item = cJSON_IsArray(type) ? item->next : NULL) {
		const struct type *t = find_type(item->valuestring);

		if (t->is(c->value)) {
			buf_clear(&words);
			return STATUS_OK;
		}
		buf_addf(&words, "%s%s", item == first ? "" : " or ", t->words);
	}
	(void)check_fault(c, "must be %s", buf_text(&words));
	buf_clear(&words);
	return STATUS_INVALID;
}

static void add_value_words(struct buf *words, const cJSON *value)
{
	if (cJSON_IsString(value))
		buf_adds(words, value->valuestring);
	else if (json_canonical(words, value) != STATUS_OK)
		buf_adds(words, "?");
}

enum status check_enum(const struct check *c)
{
	const cJSON *allowed = c->schema->allowed;
	struct buf words = BUF_INIT;

	if (!allowed)
		return STATUS_OK;
	for (const cJSON *item = allowed->child; item; item = item->next) {
		if (json_equal(item, c->value)) {
			buf_clear(&words);
			return STATUS_OK;
		}
		if (words.len < MAX_WORDS_BYTES) {
			buf_adds(&words, item == allowed->child ? "" : ", ");
			add_value_words(&words, item);
		}
	}
	(void)check_fault(c, "must be one of %s", buf_text(&words));
	buf_clear(&words);
	return STATUS_INVALID;
}

enum status check_const(const struct check *c)
{
	const cJSON *wanted = c->schema->constant;
	struct buf words = BUF_INIT;

	if (!wanted || json_equal(wanted, c->value))
		return STATUS_OK;
	add_value_words(&words, wanted);
	(void)check_fault(c, "must be %s", buf_text(&words));
	buf_clear(&words);
	return STATUS_INVALID;
}

/* ---- text and numbers ---- */

/* Where a title says the whole form in words, it says more than the one rule that was broken. */
static enum status check_form(const struct check *c, bool fits)
{
	if (fits)
		fits = pattern_fits(c->schema->pattern->compiled, c->value->valuestring);
	return fits ? STATUS_OK : check_fault(c, "must be %s", c->schema->title);
}

enum status check_text(const struct check *c)
{
	const struct schema_range *r = &c->schema->characters;
	const char *text = c->value->valuestring;
	size_t characters = 0;

	if (!utf8_valid(&characters, text, strlen(text)))
		return check_fault(c, "must be UTF-8");
	if (c->schema->pattern)
		return check_form(c, (int64_t)characters >= r->least && (int64_t)characters <= r->most);
	if (characters == 0 && r->least > 0)
		return check_fault(c, "must not be empty");
	if ((int64_t)characters < r->least)
		return check_fault(c, "must have at least %" PRId64 " characters, has %zu", r->least, characters);
	if ((int64_t)characters > r->most)
		return check_fault(c, "must have at most %" PRId64 " characters, has %zu", r->most, characters);
	return STATUS_OK;
}

enum status check_number(const struct check *c)
{
	const struct schema_range *r = &c->schema->number;
	double d = c->value->valuedouble;

	if (!(d >= -(double)JSON_MAX_INTEGER && d <= (double)JSON_MAX_INTEGER) || (double)(int64_t)d != d)
		return check_fault(c, "must be a whole number");
	if ((int64_t)d < r->least)
		return check_fault(c, "must be at least %" PRId64, r->least);
	if ((int64_t)d > r->most)
		return check_fault(c, "must be at most %" PRId64, r->most);
	return STATUS_OK;
}
