/* core/schema_check.c - a value against a schema: references, lists, objects and alternative forms. The schema is one
 * that schema_lint.c let through, so its keywords have the types they must have; the value may be anything. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema_check.h"

#define MAX_LEVELS (4 * JSON_MAX_DEPTH) /* of schemas in schemas, references followed */

static enum status check_value(const struct check *c);

/* The same check one step further down: another schema, value or path. */
static struct check descend(const struct check *c, const cJSON *schema, const cJSON *value,
			    const struct json_path *path)
{
	struct check next = *c;

	next.schema = schema;
	next.value = value;
	next.path = path;
	next.level++;
	return next;
}

/* ---- lists ---- */

static enum status check_count(const struct check *c, const char *min, const char *max, const char *what)
{
	int64_t count = cJSON_GetArraySize(c->value);
	int64_t n = 0;

	if (check_limit(c, min, &n) && count < n)
		return check_fault(c, "must have at least %" PRId64 " %s, has %" PRId64, n, what, count);
	if (check_limit(c, max, &n) && count > n)
		return check_fault(c, "must have at most %" PRId64 " %s, has %" PRId64, n, what, count);
	return STATUS_OK;
}

struct element {
	struct buf bytes; /* canonical */
	size_t index;
};

static int by_bytes(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int order = strcmp(buf_text(&x->bytes), buf_text(&y->bytes));

	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* Sorted by their canonical bytes, which hold no NUL. */
static enum status check_unique(const struct check *c)
{
	size_t len = (size_t)cJSON_GetArraySize(c->value);
	struct json_path here = {.parent = c->path};
	struct element *elements = NULL;
	enum status st = STATUS_OK;
	size_t n = 0;

	if (len < 2)
		return STATUS_OK;
	elements = calloc(len, sizeof(elements[0]));
	if (!elements)
		return error_set(c->e, STATUS_NOMEM, "out of memory while checking a record");
	for (const cJSON *item = c->value->child; item && st == STATUS_OK; item = item->next) {
		elements[n].index = n;
		st = json_canonical(&elements[n].bytes, item);
		if (st != STATUS_OK)
			(void)error_set(c->e, st, "a record's list: %s", status_text(st));
		n++;
	}
	if (st == STATUS_OK)
		qsort(elements, n, sizeof(elements[0]), by_bytes);
	for (size_t i = 1; i < n && st == STATUS_OK; i++) {
		struct check twice = descend(c, c->schema, c->value, &here);

		here.index = elements[i].index;
		if (strcmp(buf_text(&elements[i - 1].bytes), buf_text(&elements[i].bytes)) == 0)
			st = check_fault(&twice, "stands twice");
	}
	for (size_t i = 0; i < n; i++)
		buf_clear(&elements[i].bytes);
	free(elements);
	return st;
}

static enum status check_list(const struct check *c)
{
	const cJSON *items = json_get(c->schema, "items");
	struct json_path here = {.parent = c->path};
	enum status st = check_count(c, "minItems", "maxItems", "entries");

	if (items) {
		for (const cJSON *item = c->value->child; item && st == STATUS_OK; item = item->next, here.index++) {
			struct check next = descend(c, items, item, &here);

			st = check_value(&next);
		}
	}
	if (st == STATUS_OK && cJSON_IsTrue(json_get(c->schema, "uniqueItems")))
		st = check_unique(c);
	return st;
}

/* ---- objects ---- */

static enum status check_required(const struct check *c)
{
	const cJSON *required = json_get(c->schema, "required");
	struct json_path here = {.parent = c->path};

	for (const cJSON *name = required ? required->child : NULL; name; name = name->next) {
		struct check missing = descend(c, c->schema, c->value, &here);

		here.key = name->valuestring;
		if (!json_get(c->value, name->valuestring))
			return check_fault(&missing, "is required");
	}
	return STATUS_OK;
}

static enum status check_name(const struct check *c, const cJSON *names, const char *key)
{
	struct check next = *c;
	cJSON *name = cJSON_CreateString(key);
	enum status st = STATUS_OK;

	if (!name)
		return error_set(c->e, STATUS_NOMEM, "out of memory while checking a record");
	next.schema = names;
	next.value = name;
	next.is_name = true;
	st = check_value(&next);
	cJSON_Delete(name);
	return st;
}

/* What a schema says of an object's members. */
struct members {
	const cJSON *names, *known, *others; /* propertyNames, properties, additionalProperties */
};

static enum status check_member(const struct check *c, const struct members *m, const cJSON *item)
{
	const struct json_path here = {.parent = c->path, .key = item->string};
	struct check next = descend(c, json_get(m->known, item->string), item, &here);
	enum status st = STATUS_OK;

	if (m->names)
		st = check_name(&next, m->names, item->string);
	if (st != STATUS_OK)
		return st;
	if (!next.schema)
		next.schema = m->others;
	if (cJSON_IsFalse(next.schema))
		return check_fault(&next, "is not a field that belongs here");
	return next.schema ? check_value(&next) : STATUS_OK;
}

static enum status check_object(const struct check *c)
{
	const struct members m = {
		.names = json_get(c->schema, "propertyNames"),
		.known = json_get(c->schema, "properties"),
		.others = json_get(c->schema, "additionalProperties"),
	};
	enum status st = check_count(c, "minProperties", "maxProperties", "members");

	for (const cJSON *item = c->value->child; item && st == STATUS_OK; item = item->next)
		st = check_member(c, &m, item);
	return st == STATUS_OK ? check_required(c) : st;
}

/* ---- oneOf, anyOf ---- */

/* A form whose constant members contradict the value is not the one that was meant. */
static bool may_be_meant(const struct check *c, const cJSON *form)
{
	const cJSON *ref = json_get(form, "$ref");
	const cJSON *properties = NULL;

	if (ref)
		form = schema_document_resolve(c->document, ref->valuestring);
	properties = json_get(form, "properties");
	for (const cJSON *item = properties ? properties->child : NULL; item; item = item->next) {
		const cJSON *wanted = json_get(item, "const");
		const cJSON *member = json_get(c->value, item->string);

		if (wanted && member && !json_equal(wanted, member))
			return false;
	}
	return true;
}

static enum status check_forms(const struct check *c, const cJSON *forms, bool one)
{
	const cJSON *meant = NULL;
	size_t fits = 0, candidates = 0;

	for (const cJSON *form = forms->child; form; form = form->next) {
		struct check trial = descend(c, form, c->value, c->path);

		trial.e = NULL;
		fits += check_value(&trial) == STATUS_OK;
		if (may_be_meant(c, form)) {
			meant = form;
			candidates++;
		}
	}
	if (fits == 1 || (fits > 1 && !one))
		return STATUS_OK;
	if (fits == 0 && candidates == 1) {
		struct check next = descend(c, meant, c->value, c->path);

		return check_value(&next);
	}
	return check_fault(c, fits == 0 ? "has none of the allowed forms" : "has more than one of the allowed forms");
}

static enum status check_by_type(const struct check *c)
{
	if (cJSON_IsString(c->value))
		return check_text(c);
	if (cJSON_IsNumber(c->value))
		return check_number(c);
	if (cJSON_IsArray(c->value))
		return check_list(c);
	if (cJSON_IsObject(c->value))
		return check_object(c);
	return STATUS_OK;
}

static enum status check_reference(const struct check *c, const char *ref)
{
	struct check next = *c;

	next.schema = schema_document_resolve(c->document, ref);
	next.level++;
	return check_value(&next);
}

/* The keywords that any value may have. One pass over the schema finds them: it is short, and values are many. */
struct rules {
	const cJSON *ref, *type, *constant, *allowed, *one, *any;
	bool by_type; /* there are others, which depend on what the value is */
};

static void read_rules(struct rules *out, const cJSON *schema)
{
	const struct {
		const char *keyword;
		const cJSON **place; /* NULL: only for people */
	} known[] = {
		{"$ref", &out->ref},  {"type", &out->type}, {"const", &out->constant}, {"enum", &out->allowed},
		{"oneOf", &out->one}, {"anyOf", &out->any}, {"title", NULL},	       {"description", NULL},
	};

	for (const cJSON *item = schema->child; item; item = item->next) {
		size_t i = 0;

		while (i < ARRAY_LEN(known) &&
		       (item->string[0] != known[i].keyword[0] || strcmp(item->string, known[i].keyword) != 0))
			i++;
		if (i == ARRAY_LEN(known))
			out->by_type = true;
		else if (known[i].place)
			*known[i].place = item;
	}
}

static enum status check_value(const struct check *c)
{
	struct rules rules = {0};
	enum status st = STATUS_OK;

	if (c->level > MAX_LEVELS)
		return error_set(c->e, STATUS_TOO_BIG, "the record or its schema is nested too deep");
	read_rules(&rules, c->schema);
	if (rules.ref)
		st = check_reference(c, rules.ref->valuestring);
	if (st == STATUS_OK && rules.type)
		st = check_type(c, rules.type);
	if (st == STATUS_OK && rules.constant)
		st = check_const(c, rules.constant);
	if (st == STATUS_OK && rules.allowed)
		st = check_enum(c, rules.allowed);
	if (st == STATUS_OK && (rules.by_type || !rules.ref)) /* what is referred to has done the rest */
		st = check_by_type(c);
	if (st == STATUS_OK && rules.one)
		st = check_forms(c, rules.one, true);
	return st == STATUS_OK && rules.any ? check_forms(c, rules.any, false) : st;
}

enum status schema_document_check(const struct schema_document *d, const cJSON *value, struct error *e)
{
	struct error unheard = {0};
	struct check c = {.document = d, .schema = d->root, .value = value, .e = e ? e : &unheard};

	return check_value(&c);
}
