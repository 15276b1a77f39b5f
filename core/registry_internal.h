/* core/registry_internal.h - what the files that read a registry share. */
#ifndef QIP_CORE_REGISTRY_INTERNAL_H
#define QIP_CORE_REGISTRY_INTERNAL_H

#include "core/record.h"
#include "core/record_file.h"
#include "core/registry.h"

/* By its schema, which has to be the one of what stands there: a record of another kind is sound by its own, and lacks all that is read here. */
enum status registry_check_as(const char *type, const cJSON *record, struct error *e) MUST_CHECK;
/* A signature over a statement, in the namespace of records. */
enum status registry_check_statement(const struct key *key, struct buf *statement, const char *signature, struct error *e) MUST_CHECK;
/* A record out of its blob; the error names the path. */
enum status registry_read_json(cJSON **out, struct repo *r, const struct oid *blob, const char *path, struct error *e) MUST_CHECK;

/* ---- core/registry_practice.c: everything of a registry but its devices ---- */
enum status registry_read_practice(struct registry *reg, const struct registry *known, struct repo *r, const struct oid *tree, const uint8_t *root_pin,
				   struct error *e) MUST_CHECK;

#endif
