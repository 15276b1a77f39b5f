/* core/schema_document.c - one JSON Schema, opened and closed. */
#include "core/schema_document.h"

#include <stdlib.h>
#include <string.h>

#include "core/schema_node.h"

void schema_document_close(struct schema_document *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->patterns_len; i++)
		pattern_free(d->patterns[i].compiled);
	schema_nodes_clear(d);
	cJSON_Delete(d->root);
	free(d);
}

enum status schema_document_open(struct schema_document **out, const char *json, size_t len, struct error *e)
{
	struct schema_document *d = calloc(1, sizeof(*d));
	enum status st = STATUS_OK;

	if (!d)
		return error_set(e, STATUS_NOMEM, "out of memory for a schema");
	st = json_parse(&d->root, json, len, e);
	if (st == STATUS_OK)
		st = schema_document_lint(d, e);
	if (st == STATUS_OK && schema_nodes_fill(d) != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "out of memory for a schema");
	if (st != STATUS_OK) {
		schema_document_close(d);
		return st;
	}
	*out = d;
	return STATUS_OK;
}

const cJSON *schema_document_resolve(const struct schema_document *d, const char *ref)
{
	if (strncmp(ref, SCHEMA_DEFS, strlen(SCHEMA_DEFS)) != 0)
		return NULL;
	return json_get(json_get(d->root, "$defs"), ref + strlen(SCHEMA_DEFS));
}

const struct schema_pattern *schema_document_pattern(const struct schema_document *d, const char *text)
{
	for (size_t i = 0; i < d->patterns_len; i++) {
		if (strcmp(d->patterns[i].text, text) == 0)
			return &d->patterns[i];
	}
	return NULL;
}
