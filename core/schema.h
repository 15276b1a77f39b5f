/* core/schema.h - the JSON Schemas (2020-12) of all records, embedded from core/schemas, and their enforcement.
 *
 * A record names its schema as "schema": "<type>/<version>". The file is core/schemas/<type>-<version>.json. The validator knows the
 * part of JSON Schema that these files use, and says so at start-up (schema_self_check) if a file uses more.
 */
#ifndef QIP_CORE_SCHEMA_H
#define QIP_CORE_SCHEMA_H

#include "core/json.h"

#define SCHEMA_NAME_MAX 48
#define SCHEMA_LEVEL 1 /* the highest schema version that this program knows */

struct schema_name {
	char type[SCHEMA_NAME_MAX]; /* "action" */
	int version;                /* 1 */
};

/* Read the record's "schema" member. STATUS_INVALID when absent or malformed. */
enum status schema_name_of(struct schema_name *out, const cJSON *record, struct error *e) MUST_CHECK;

/* Check a whole record against the schema that it names. STATUS_INVALID with the JSON pointer and the rule in words;
 * STATUS_UNSUPPORTED when it names a schema or version that this program does not know. */
enum status schema_check(const cJSON *record, struct error *e) MUST_CHECK;

/* The published text of a schema, or NULL; static storage. */
const char *schema_text(const char *type, int version);
/* Enumerate: name of the i-th embedded schema file ("action-1"), NULL past the end. */
const char *schema_file(size_t i);

/* All embedded schemas parse and use only known keywords. */
enum status schema_self_check(struct error *e) MUST_CHECK;

#endif
