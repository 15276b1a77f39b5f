/* core/schema_check.c - a value against a schema: references, lists, objects and alternative forms. The schema is one
 * that schema_lint.c let through, so its keywords have the types they must have; the value may be anything. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema_check.h"

#define MAX_LEVELS (4 * JSON_MAX_DEPTH) /* of schemas in schemas, references followed */

static enum status check_value(const struct check *c);

/* The same check one step further down: another schema, value or path. */
static struct check descend(const struct check *c, const struct schema_node *schema, const cJSON *value,
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

static enum status check_count(const struct check *c, const struct schema_range *r, const char *what)
{
	int64_t count = cJSON_GetArraySize(c->value);

	if (count < r->least)
		return check_fault(c, "must have at least %" PRId64 " %s, has %" PRId64, r->least, what, count);
	if (count > r->most)
		return check_fault(c, "must have at most %" PRId64 " %s, has %" PRId64, r->most, what, count);
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
	struct json_path here = {.parent = c->path};
	enum status st = check_count(c, &c->schema->entries, "entries");

	if (c->schema->items) {
		for (const cJSON *item = c->value->child; item && st == STATUS_OK; item = item->next, here.index++) {
			struct check next = descend(c, c->schema->items, item, &here);

			st = check_value(&next);
		}
	}
	return st == STATUS_OK && c->schema->unique ? check_unique(c) : st;
}

/* ---- objects ---- */

static enum status check_required(const struct check *c)
{
	struct json_path here = {.parent = c->path};

	for (size_t i = 0; i < c->schema->members_len; i++) {
		const struct schema_member *m = &c->schema->members[i];
		struct check missing = descend(c, c->schema, c->value, &here);

		here.key = m->name;
		if (m->required && !json_get(c->value, m->name))
			return check_fault(&missing, "is required");
	}
	return STATUS_OK;
}

static enum status check_name(const struct check *c, const char *key)
{
	cJSON name = {.type = cJSON_String, .valuestring = (char *)(uintptr_t)key}; /* only read */
	struct check next = *c;

	next.value = &name;
	next.is_name = true;
	return check_value(&next);
}

/* Which of the schema's members that is; members_len for none. */
static size_t find_member(const struct schema_node *schema, const char *name)
{
	size_t i = 0;

	while (i < schema->members_len &&
	       (schema->members[i].name[0] != name[0] || strcmp(schema->members[i].name, name) != 0))
		i++;
	return i;
}

static enum status check_member(const struct check *c, const cJSON *item, uint64_t *seen)
{
	const struct schema_node *schema = c->schema;
	const struct json_path here = {.parent = c->path, .key = item->string};
	struct check next = descend(c, schema->names, item, &here);
	size_t i = find_member(schema, item->string);
	enum status st = next.schema ? check_name(&next, item->string) : STATUS_OK;

	if (st != STATUS_OK)
		return st;
	if (i < SCHEMA_MAX_SEEN)
		*seen |= UINT64_C(1) << i;
	next.schema = i < schema->members_len ? schema->members[i].schema : NULL;
	if (!next.schema && schema->closed)
		return check_fault(&next, "is not a field that belongs here");
	if (!next.schema)
		next.schema = schema->others;
	return next.schema ? check_value(&next) : STATUS_OK;
}

static enum status check_object(const struct check *c)
{
	uint64_t seen = 0;
	enum status st = check_count(c, &c->schema->members_count, "members");

	for (const cJSON *item = c->value->child; item && st == STATUS_OK; item = item->next)
		st = check_member(c, item, &seen);
	if (st != STATUS_OK || (c->schema->members_len <= SCHEMA_MAX_SEEN && (c->schema->required & ~seen) == 0))
		return st;
	return check_required(c);
}

/* ---- oneOf, anyOf ---- */

/* A form whose constant members contradict the value is not the one that was meant. */
static bool may_be_meant(const struct check *c, const struct schema_node *form)
{
	if (form->ref)
		form = form->ref;
	for (size_t i = 0; i < form->members_len; i++) {
		const struct schema_member *m = &form->members[i];
		const cJSON *member = m->schema && m->schema->constant ? json_get(c->value, m->name) : NULL;

		if (member && !json_equal(m->schema->constant, member))
			return false;
	}
	return true;
}

static enum status check_forms(const struct check *c, const struct schema_forms *forms, bool one)
{
	const struct schema_node *meant = NULL;
	size_t fits = 0, candidates = 0;

	for (size_t i = 0; i < forms->len; i++) {
		struct check trial = descend(c, forms->list[i], c->value, c->path);

		trial.e = NULL;
		fits += check_value(&trial) == STATUS_OK;
		if (may_be_meant(c, forms->list[i])) {
			meant = forms->list[i];
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

static enum status check_reference(const struct check *c)
{
	struct check next = *c;

	next.schema = c->schema->ref;
	next.level++;
	return check_value(&next);
}

static enum status check_value(const struct check *c)
{
	const struct schema_node *schema = c->schema;
	enum status st = STATUS_OK;

	if (c->level > MAX_LEVELS)
		return error_set(c->e, STATUS_TOO_BIG, "the record or its schema is nested too deep");
	if (schema->ref)
		st = check_reference(c);
	if (st == STATUS_OK)
		st = check_type(c);
	if (st == STATUS_OK)
		st = check_const(c);
	if (st == STATUS_OK)
		st = check_enum(c);
	if (st == STATUS_OK && (schema->by_type || !schema->ref)) /* what is referred to has done the rest */
		st = check_by_type(c);
	if (st == STATUS_OK && schema->one.list)
		st = check_forms(c, &schema->one, true);
	return st == STATUS_OK && schema->any.list ? check_forms(c, &schema->any, false) : st;
}

enum status schema_document_check(const struct schema_document *d, const cJSON *value, struct error *e)
{
	struct error unheard = {0};
	struct check c = {.schema = &d->nodes[0], .value = value, .e = e ? e : &unheard};

	return check_value(&c);
}
