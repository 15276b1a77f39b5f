/* core/schema_document.h - one JSON Schema, ready to check values against. Inside core only; others use schema.h.
 *
 * schema_document_open() parses a schema, refuses keywords that the checker does not know and anything whose size has no
 * limit, and compiles the patterns; schema_document_check(), by any number of threads; schema_document_close().
 *
 * Keywords (JSON Schema 2020-12): $schema $id $defs $ref ("#/$defs/<name>") title description type enum const oneOf anyOf,
 * pattern minLength maxLength, minimum maximum, items minItems maxItems uniqueItems, properties required
 * additionalProperties propertyNames minProperties maxProperties. Types: string integer boolean null array object.
 * A pattern is written in what core/pattern.h takes; the title beside it says the same in words that follow "must be".
 */
#ifndef QIP_CORE_SCHEMA_DOCUMENT_H
#define QIP_CORE_SCHEMA_DOCUMENT_H

#include "core/json.h"
#include "core/json_path.h"
#include "core/pattern.h"

#define SCHEMA_MAX_PATTERNS 64 /* different ones, of one schema */
#define SCHEMA_DEFS "#/$defs/"

struct schema_pattern {
	const char *text; /* borrowed from the root */
	struct pattern *compiled; /* owned */
};

struct schema_node;
struct schema_document {
	cJSON *root;
	struct schema_pattern patterns[SCHEMA_MAX_PATTERNS];
	size_t patterns_len;
	struct schema_node *nodes; /* owned; all schemas in it, the root first */
	size_t nodes_len, nodes_cap;
};

/* STATUS_INVALID with the place in the schema and what is wrong there; what json_parse says; STATUS_NOMEM. */
enum status schema_document_open(struct schema_document **out, const char *json, size_t len, struct error *e) MUST_CHECK;
/* NULL is allowed. */
void schema_document_close(struct schema_document *d);

/* STATUS_INVALID with the JSON pointer and the broken rule in words. */
enum status schema_document_check(const struct schema_document *d, const cJSON *value, struct error *e) MUST_CHECK;

/* The definition that a $ref names, or NULL. */
const cJSON *schema_document_resolve(const struct schema_document *d, const char *ref);
/* A pattern of this document, or NULL. */
const struct schema_pattern *schema_document_pattern(const struct schema_document *d, const char *text);

/* Walk the whole schema: refuse what is unknown, misplaced or unlimited, note each schema in it, and compile the patterns (schema_lint.c). */
enum status schema_document_lint(struct schema_document *d, struct error *e) MUST_CHECK;

#endif
