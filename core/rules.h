/* core/rules.h - how each field of each record type merges: versioned tables, embedded from core/rules/rules-<version>.json.
 *
 * A merge commit names the version and the SHA-256 of the table it used, so an auditor re-runs it by the same table for ever.
 */
#ifndef QIP_CORE_RULES_H
#define QIP_CORE_RULES_H

#include "core/json.h"

#define RULES_VERSION 1 /* what the server merges by */
#define RULES_MAX_FIELDS 64 /* of one record type */

enum field_kind {
	FIELD_NONE,     /* not a field of this type */
	FIELD_VALUE,    /* of several claims the highest edit number shows */
	FIELD_SEVERITY, /* of several claims the more severe shows */
	FIELD_SET,      /* elements, each with claims of presence: slots "field/element" */
	FIELD_MAP,      /* keys, each a value of its own: slots "field/key" */
	FIELD_LOG,      /* entries by id: a union, an entry never changes */
};

enum record_kind {
	RECORD_CLAIMS,    /* fields with claims, as above */
	RECORD_IMMUTABLE, /* written once */
	RECORD_REGISTRY,  /* devices: an enrolment, retirement or revocation, once there, stays */
	RECORD_KEY,       /* comment keys: written once, but for devices that it is wrapped to, which are added */
	RECORD_VERSIONED, /* whole record; the higher version wins, then the greater canonical bytes */
};

struct rules; /* one version of the table; static storage */

/* STATUS_UNSUPPORTED for a version that this program does not know. Thread-safe. */
enum status rules_get(const struct rules **out, int version, struct error *e) MUST_CHECK;
int rules_version(const struct rules *r);
/* Lower-case hex SHA-256 of the table's file. */
const char *rules_digest(const struct rules *r);

enum record_kind rules_record_kind(const struct rules *r, const char *type);
/* The member that is the version of a RECORD_VERSIONED: "version" unless the table names another. */
const char *rules_version_member(const struct rules *r, const char *type);
enum field_kind rules_field_kind(const struct rules *r, const char *type, const char *field);
/* > 0 when a is more severe than b by the field's order, 0 when equally severe. Unknown values are the most severe. */
int rules_compare_severity(const struct rules *r, const char *type, const char *field, const cJSON *a, const cJSON *b);
/* i-th field of a type, NULL past the end. */
const char *rules_field(const struct rules *r, const char *type, size_t i);

#endif
