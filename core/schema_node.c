/* core/schema_node.c - schemas as JSON enter; leaves what each of them says, in a form that is quick to ask. */
#include "core/schema_node.h"

#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/schema_document.h"

enum status schema_node_add(struct schema_document *d, const cJSON *source)
{
	if (!array_room(&d->nodes, &d->nodes_cap, d->nodes_len))
		return STATUS_NOMEM;
	d->nodes[d->nodes_len++] = (struct schema_node){.source = source};
	return STATUS_OK;
}

static const struct schema_node *node_of(const struct schema_document *d, const cJSON *source)
{
	for (size_t i = 0; source && i < d->nodes_len; i++) {
		if (d->nodes[i].source == source)
			return &d->nodes[i];
	}
	return NULL;
}

static struct schema_range range_of(const cJSON *schema, const char *least, const char *most)
{
	struct schema_range r = {INT64_MIN, INT64_MAX};

	(void)json_integer(schema, least, &r.least);
	(void)json_integer(schema, most, &r.most);
	return r;
}

static enum status fill_forms(struct schema_forms *out, const struct schema_document *d, const cJSON *forms)
{
	if (!forms)
		return STATUS_OK;
	out->list = calloc((size_t)cJSON_GetArraySize(forms), sizeof(*out->list)); /* never empty */
	if (!out->list)
		return STATUS_NOMEM;
	for (const cJSON *form = forms->child; form; form = form->next)
		out->list[out->len++] = node_of(d, form);
	return STATUS_OK;
}

static struct schema_member *find_or_add(struct schema_node *n, const char *name)
{
	for (size_t i = 0; i < n->members_len; i++) {
		if (strcmp(n->members[i].name, name) == 0)
			return &n->members[i];
	}
	n->members[n->members_len] = (struct schema_member){.name = name};
	return &n->members[n->members_len++];
}

static enum status fill_members(struct schema_node *n, const struct schema_document *d)
{
	const cJSON *known = json_get(n->source, "properties"), *required = json_get(n->source, "required");
	size_t most = (size_t)(cJSON_GetArraySize(known) + cJSON_GetArraySize(required));

	if (most == 0)
		return STATUS_OK;
	n->members = calloc(most, sizeof(*n->members));
	if (!n->members)
		return STATUS_NOMEM;
	for (const cJSON *item = known ? known->child : NULL; item; item = item->next)
		find_or_add(n, item->string)->schema = node_of(d, item);
	for (const cJSON *item = required ? required->child : NULL; item; item = item->next)
		find_or_add(n, item->valuestring)->required = true;
	for (size_t i = 0; i < n->members_len && i < SCHEMA_MAX_SEEN; i++)
		n->required |= n->members[i].required ? UINT64_C(1) << i : 0;
	return STATUS_OK;
}

/* Keywords that mean the same for any value, or are for people. */
static bool says_more(const cJSON *schema)
{
	static const char *const plain[] = {"$ref", "type", "const", "enum", "oneOf", "anyOf", "title", "description"};

	for (const cJSON *item = schema->child; item; item = item->next) {
		size_t i = 0;

		while (i < ARRAY_LEN(plain) && strcmp(item->string, plain[i]) != 0)
			i++;
		if (i == ARRAY_LEN(plain))
			return true;
	}
	return false;
}

static enum status fill(struct schema_node *n, const struct schema_document *d)
{
	const cJSON *schema = n->source, *others = json_get(schema, "additionalProperties");
	const char *ref = json_string(schema, "$ref"), *pattern = json_string(schema, "pattern");
	enum status st = fill_forms(&n->one, d, json_get(schema, "oneOf"));

	n->type = json_get(schema, "type");
	n->constant = json_get(schema, "const");
	n->allowed = json_get(schema, "enum");
	n->title = json_string(schema, "title");
	n->pattern = pattern ? schema_document_pattern(d, pattern) : NULL;
	n->ref = ref ? node_of(d, schema_document_resolve(d, ref)) : NULL;
	n->items = node_of(d, json_get(schema, "items"));
	n->names = node_of(d, json_get(schema, "propertyNames"));
	n->closed = cJSON_IsFalse(others);
	n->others = node_of(d, others);
	n->characters = range_of(schema, "minLength", "maxLength");
	n->number = range_of(schema, "minimum", "maximum");
	n->entries = range_of(schema, "minItems", "maxItems");
	n->members_count = range_of(schema, "minProperties", "maxProperties");
	n->unique = cJSON_IsTrue(json_get(schema, "uniqueItems"));
	n->by_type = says_more(schema);
	if (st == STATUS_OK)
		st = fill_forms(&n->any, d, json_get(schema, "anyOf"));
	return st == STATUS_OK ? fill_members(n, d) : st;
}

enum status schema_nodes_fill(struct schema_document *d)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < d->nodes_len && st == STATUS_OK; i++)
		st = fill(&d->nodes[i], d);
	return st;
}

void schema_nodes_clear(struct schema_document *d)
{
	for (size_t i = 0; i < d->nodes_len; i++) {
		free(d->nodes[i].one.list);
		free(d->nodes[i].any.list);
		free(d->nodes[i].members);
	}
	free(d->nodes);
}
