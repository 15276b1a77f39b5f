/* core/schema_check.h - what goes from rule to rule while a value is checked. Inside core only, for schema_*.c. */
#ifndef QIP_CORE_SCHEMA_CHECK_H
#define QIP_CORE_SCHEMA_CHECK_H

#include "core/schema_document.h"

/* A value and what is asked of it. */
struct check {
	const struct schema_document *document;
	const cJSON *schema;
	const cJSON *value;
	const struct json_path *path;
	int level;
	bool is_name; /* the value is the name of a member, the path that of the member */
	struct error *e; /* NULL while one of several forms is on trial */
};

/* STATUS_INVALID; "<pointer>: <rule in words>" into c->e. */
enum status check_fault(const struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A limit of the schema at hand; false when it has none. */
bool check_limit(const struct check *c, const char *keyword, int64_t *out);

/* What the schema says by each of these keywords. */
enum status check_type(const struct check *c, const cJSON *type) MUST_CHECK;
enum status check_enum(const struct check *c, const cJSON *allowed) MUST_CHECK;
enum status check_const(const struct check *c, const cJSON *wanted) MUST_CHECK;
/* The value is a string, or a number. */
enum status check_text(const struct check *c) MUST_CHECK;
enum status check_number(const struct check *c) MUST_CHECK;

#endif
