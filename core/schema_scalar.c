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

bool check_limit(const struct check *c, const char *keyword, int64_t *out)
{
	return json_integer(c->schema, keyword, out);
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

enum status check_type(const struct check *c, const cJSON *type)
{
	const cJSON *first = cJSON_IsArray(type) ? type->child : type;
	struct buf words = BUF_INIT;

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

enum status check_enum(const struct check *c, const cJSON *allowed)
{
	struct buf words = BUF_INIT;

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

enum status check_const(const struct check *c, const cJSON *wanted)
{
	struct buf words = BUF_INIT;

	if (json_equal(wanted, c->value))
		return STATUS_OK;
	add_value_words(&words, wanted);
	(void)check_fault(c, "must be %s", buf_text(&words));
	buf_clear(&words);
	return STATUS_INVALID;
}

/* ---- text and numbers ---- */

/* Where a title says the whole form in words, it says more than the one rule that was broken. */
static enum status check_form(const struct check *c, const char *pattern, size_t characters, int64_t least,
			      int64_t most)
{
	bool fits = (int64_t)characters >= least && (int64_t)characters <= most;

	if (fits)
		fits = regexec(schema_document_pattern(c->document, pattern), c->value->valuestring, 0, NULL, 0) == 0;
	return fits ? STATUS_OK : check_fault(c, "must be %s", json_string(c->schema, "title"));
}

enum status check_text(const struct check *c)
{
	const char *text = c->value->valuestring, *pattern = json_string(c->schema, "pattern");
	int64_t least = 0, most = INT64_MAX;
	size_t characters = 0;

	if (!utf8_valid(&characters, text, strlen(text)))
		return check_fault(c, "must be UTF-8");
	(void)check_limit(c, "minLength", &least);
	(void)check_limit(c, "maxLength", &most);
	if (pattern)
		return check_form(c, pattern, characters, least, most);
	if (characters == 0 && least > 0)
		return check_fault(c, "must not be empty");
	if ((int64_t)characters < least)
		return check_fault(c, "must have at least %" PRId64 " characters, has %zu", least, characters);
	if ((int64_t)characters > most)
		return check_fault(c, "must have at most %" PRId64 " characters, has %zu", most, characters);
	return STATUS_OK;
}

enum status check_number(const struct check *c)
{
	double d = c->value->valuedouble;
	int64_t n = 0;

	if (!(d >= -(double)JSON_MAX_INTEGER && d <= (double)JSON_MAX_INTEGER) || (double)(int64_t)d != d)
		return check_fault(c, "must be a whole number");
	if (check_limit(c, "minimum", &n) && (int64_t)d < n)
		return check_fault(c, "must be at least %" PRId64, n);
	if (check_limit(c, "maximum", &n) && (int64_t)d > n)
		return check_fault(c, "must be at most %" PRId64, n);
	return STATUS_OK;
}
