/* core/record_file.h - records as files of a repository. */
#ifndef QIP_CORE_RECORD_FILE_H
#define QIP_CORE_RECORD_FILE_H

#include "core/json.h"
#include "core/repo.h"

/* The record in a blob, the caller's to delete. Failures as of repo_read and json_parse; STATUS_TOO_BIG over RECORD_MAX_BYTES. */
enum status record_read(cJSON **out, struct repo *r, const struct oid *blob, struct error *e) MUST_CHECK;
/* The record at a path of a tree; whatever is wrong with it, the error names the path. STATUS_NOT_FOUND. */
enum status record_read_path(cJSON **out, struct repo *r, const struct oid *tree, const char *path, struct error *e) MUST_CHECK;

#endif
