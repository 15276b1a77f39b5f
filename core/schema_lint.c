/* core/schema_lint.c - what a schema may say here. A keyword that the checker does not know would be a rule that nobody
 * keeps, and a text, list or open object without a limit a way to fill the server's disk: both are refused before any
 * record is checked. */
#include <stdlib.h>
#include <string.h>

#include "core/schema_document.h"
#include "core/schema_node.h"

struct linter {
	struct schema_document *document;
	struct error *e;
};

/* What a keyword's own value must be. */
enum argument {
	ARG_TEXT,
	ARG_TYPES,  /* type names */
	ARG_ANY,    /* const */
	ARG_VALUES, /* enum: a list that is not empty */
	ARG_NAMES,  /* required */
	ARG_INTEGER,
	ARG_COUNT, /* not negative */
	ARG_BOOL,
	ARG_REF,
	ARG_PATTERN,
	ARG_SCHEMA,
	ARG_SCHEMA_OR_NO, /* false, or a schema */
	ARG_SCHEMAS,	  /* a list of them */
	ARG_SCHEMA_MAP,	  /* an object of them */
};

static const struct keyword {
	const char *name;
	enum argument argument;
} keywords[] = {
	{"$schema", ARG_TEXT},
	{"$id", ARG_TEXT},
	{"$defs", ARG_SCHEMA_MAP},
	{"$ref", ARG_REF},
	{"title", ARG_TEXT},
	{"description", ARG_TEXT},
	{"type", ARG_TYPES},
	{"enum", ARG_VALUES},
	{"const", ARG_ANY},
	{"oneOf", ARG_SCHEMAS},
	{"anyOf", ARG_SCHEMAS},
	{"pattern", ARG_PATTERN},
	{"minLength", ARG_COUNT},
	{"maxLength", ARG_COUNT},
	{"minimum", ARG_INTEGER},
	{"maximum", ARG_INTEGER},
	{"items", ARG_SCHEMA},
	{"minItems", ARG_COUNT},
	{"maxItems", ARG_COUNT},
	{"uniqueItems", ARG_BOOL},
	{"properties", ARG_SCHEMA_MAP},
	{"required", ARG_NAMES},
	{"propertyNames", ARG_SCHEMA},
	{"minProperties", ARG_COUNT},
	{"maxProperties", ARG_COUNT},
	{"additionalProperties", ARG_SCHEMA_OR_NO},
};

static enum status lint_schema(struct linter *l, const cJSON *schema, const struct json_path *path, bool is_name);

static enum status wrong(const struct linter *l, const struct json_path *path, const char *what)
{
	char pointer[JSON_POINTER_MAX];

	json_path_text(pointer, path);
	return error_set(l->e, STATUS_INVALID, "%s: %s", pointer, what);
}

static const struct keyword *find_keyword(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	}
	return NULL;
}

static bool is_type_name(const cJSON *item)
{
	static const char *const names[] = {"string", "integer", "boolean", "null", "array", "object"};

	for (size_t i = 0; i < ARRAY_LEN(names) && cJSON_IsString(item); i++) {
		if (strcmp(item->valuestring, names[i]) == 0)
			return true;
	}
	return false;
}

/* True if the value is a list that is not empty and all of whose elements pass. */
static bool is_list_of(const cJSON *value, bool (*passes)(const cJSON *item))
{
	const cJSON *item = NULL;

	if (!cJSON_IsArray(value) || !value->child)
		return false;
	for (item = value->child; item; item = item->next) {
		if (!passes(item))
			return false;
	}
	return true;
}

static bool is_text(const cJSON *item)
{
	return cJSON_IsString(item) != 0;
}

static bool is_anything(const cJSON *item)
{
	return item != NULL;
}

static enum status lint_pattern(struct linter *l, const cJSON *pattern, const struct json_path *path)
{
	struct schema_document *d = l->document;
	struct schema_pattern *p = &d->patterns[d->patterns_len];
	enum status st;

	if (!cJSON_IsString(pattern))
		return wrong(l, path, "a pattern must be a text");
	if (schema_document_pattern(d, pattern->valuestring))
		return STATUS_OK;
	if (d->patterns_len == SCHEMA_MAX_PATTERNS)
		return wrong(l, path, "too many different patterns");
	p->text = pattern->valuestring;
	if (p->text[0] != '^' || p->text[strlen(p->text) - 1] != '$')
		return wrong(l, path, "a pattern must stand between ^ and $");
	st = pattern_compile(&p->compiled, p->text);
	if (st != STATUS_OK)
		return st == STATUS_NOMEM ? error_set(l->e, st, "out of memory for a schema") : wrong(l, path, "not a pattern");
	d->patterns_len++;
	return STATUS_OK;
}

static enum status lint_each(struct linter *l, const cJSON *schemas, const struct json_path *path)
{
	struct json_path here = {.parent = path};
	const cJSON *item = NULL;

	for (item = schemas->child; item; item = item->next, here.index++) {
		enum status st = STATUS_OK;

		here.key = item->string;
		st = lint_schema(l, item, &here, false);
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}

/* Keywords whose value is a plain one. */
static bool is_plain_argument(const struct linter *l, enum argument argument, const cJSON *value)
{
	switch (argument) {
	case ARG_TEXT:
		return is_text(value);
	case ARG_TYPES:
		return is_type_name(value) || is_list_of(value, is_type_name);
	case ARG_VALUES:
		return is_list_of(value, is_anything);
	case ARG_NAMES:
		return is_list_of(value, is_text);
	case ARG_INTEGER:
		return cJSON_IsNumber(value) != 0;
	case ARG_COUNT:
		return cJSON_IsNumber(value) && value->valuedouble >= 0;
	case ARG_BOOL:
		return cJSON_IsBool(value) != 0;
	case ARG_REF:
		return cJSON_IsString(value) && schema_document_resolve(l->document, value->valuestring);
	default:
		return true;
	}
}

static enum status lint_keyword(struct linter *l, const cJSON *item, const struct json_path *path)
{
	const struct keyword *keyword = find_keyword(item->string);

	if (!keyword)
		return wrong(l, path, "no keyword that this program knows");
	if (strcmp(item->string, "$defs") == 0 && path->parent)
		return wrong(l, path, "definitions stand at the top only");
	switch (keyword->argument) {
	case ARG_PATTERN:
		return lint_pattern(l, item, path);
	case ARG_SCHEMA:
		return lint_schema(l, item, path, strcmp(item->string, "propertyNames") == 0);
	case ARG_SCHEMA_OR_NO:
		return cJSON_IsFalse(item) ? STATUS_OK : lint_schema(l, item, path, false);
	case ARG_SCHEMAS:
	case ARG_SCHEMA_MAP:
		if (keyword->argument == ARG_SCHEMAS ? !is_list_of(item, is_anything) : !cJSON_IsObject(item))
			return wrong(l, path, "must hold schemas");
		return lint_each(l, item, path);
	default:
		return is_plain_argument(l, keyword->argument, item) ? STATUS_OK
								     : wrong(l, path, "not what the keyword takes");
	}
}

static bool allows_type(const cJSON *schema, const char *name)
{
	const cJSON *type = json_get(schema, "type");
	const cJSON *item = NULL;

	if (cJSON_IsString(type))
		return strcmp(type->valuestring, name) == 0;
	for (item = type ? type->child : NULL; item; item = item->next) {
		if (strcmp(item->valuestring, name) == 0)
			return true;
	}
	return false;
}

/* Every size is capped. */
static enum status lint_limits(const struct linter *l, const cJSON *schema, const struct json_path *path, bool is_name)
{
	const cJSON *more = json_get(schema, "additionalProperties");

	if (json_get(schema, "pattern") && !json_get(schema, "title"))
		return wrong(l, path, "a pattern needs a title that says it in words");
	if (json_get(schema, "enum") || json_get(schema, "const") || json_get(schema, "$ref") ||
	    json_get(schema, "oneOf") || json_get(schema, "anyOf"))
		return STATUS_OK;
	if (!json_get(schema, "type") && !is_name)
		return wrong(l, path, "takes any type");
	if ((is_name || allows_type(schema, "string")) && !json_get(schema, "maxLength"))
		return wrong(l, path, "a text needs maxLength");
	if (allows_type(schema, "array") && !(json_get(schema, "items") && json_get(schema, "maxItems")))
		return wrong(l, path, "a list needs items and maxItems");
	if (!allows_type(schema, "object") || cJSON_IsFalse(more))
		return STATUS_OK;
	if (!more || !json_get(schema, "maxProperties") || !json_get(schema, "propertyNames"))
		return wrong(l, path, "an open object needs additionalProperties, propertyNames and maxProperties");
	return STATUS_OK;
}

static enum status lint_schema(struct linter *l, const cJSON *schema, const struct json_path *path, bool is_name)
{
	struct json_path here = {.parent = path};
	const cJSON *item = NULL;

	if (!cJSON_IsObject(schema))
		return wrong(l, path, "a schema must be an object");
	if (schema_node_add(l->document, schema) != STATUS_OK)
		return error_set(l->e, STATUS_NOMEM, "out of memory for a schema");
	for (item = schema->child; item; item = item->next) {
		enum status st = STATUS_OK;

		here.key = item->string;
		st = lint_keyword(l, item, &here);
		if (st != STATUS_OK)
			return st;
	}
	return lint_limits(l, schema, path, is_name);
}

enum status schema_document_lint(struct schema_document *d, struct error *e)
{
	struct linter l = {.document = d, .e = e};

	return lint_schema(&l, d->root, NULL, false);
}
