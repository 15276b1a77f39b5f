/* core/schema_check.h - what goes from rule to rule while a value is checked. Inside core only, for schema_*.c. */
#ifndef QIP_CORE_SCHEMA_CHECK_H
#define QIP_CORE_SCHEMA_CHECK_H

#include "core/schema_document.h"
#include "core/schema_node.h"

/* A value and what is asked of it. */
struct check {
	const struct schema_node *schema;
	const cJSON *value;
	const struct json_path *path;
	int level;
	bool is_name; /* the value is the name of a member, the path that of the member */
	struct error *e; /* NULL while one of several forms is on trial */
};

/* STATUS_INVALID; "<pointer>: <rule in words>" into c->e. */
enum status check_fault(const struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What the schema says by type, const and enum, if it says anything by them. */
enum status check_type(const struct check *c) MUST_CHECK;
enum status check_const(const struct check *c) MUST_CHECK;
enum status check_enum(const struct check *c) MUST_CHECK;
/* The value is a string, or a number. */
enum status check_text(const struct check *c) MUST_CHECK;
enum status check_number(const struct check *c) MUST_CHECK;

#endif
