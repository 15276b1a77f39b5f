/* core/schema_node.h - what one schema of a document says, found once instead of at each value. Inside core only, for
 * schema_*.c; made by schema_node.c out of a schema that schema_lint.c let through. */
#ifndef QIP_CORE_SCHEMA_NODE_H
#define QIP_CORE_SCHEMA_NODE_H

#include "core/json.h"

#define SCHEMA_MAX_SEEN 64 /* members of an object that are ticked off while they are checked */

struct schema_node;
struct schema_document;
struct schema_pattern;

/* A name that "properties" or "required" know. */
struct schema_member {
	const char *name;
	const struct schema_node *schema; /* NULL: only required */
	bool required;
};

/* oneOf, anyOf */
struct schema_forms {
	const struct schema_node **list; /* owned; NULL: there are none */
	size_t len;
};

struct schema_range {
	int64_t least, most; /* INT64_MIN, INT64_MAX where nothing is said */
};

struct schema_node {
	const cJSON *source; /* borrowed from the document, as all that points to JSON or text */
	const cJSON *type, *constant, *allowed;
	const char *title;
	const struct schema_pattern *pattern;
	const struct schema_node *ref, *items, *names, *others; /* NULL where nothing is said */
	struct schema_forms one, any;
	struct schema_range characters, number, entries, members_count;
	struct schema_member *members; /* owned */
	size_t members_len;
	uint64_t required; /* bits of members; of the first SCHEMA_MAX_SEEN */
	bool closed;       /* no other members */
	bool unique;
	bool by_type;      /* something depends on what the value is */
};

/* Note a schema of the document; STATUS_NOMEM. */
enum status schema_node_add(struct schema_document *d, const cJSON *source) MUST_CHECK;
/* Once all are noted: what each says. STATUS_NOMEM. */
enum status schema_nodes_fill(struct schema_document *d) MUST_CHECK;
void schema_nodes_clear(struct schema_document *d);

#endif
