/* core/record_file.c - a record out of the blob that holds it. */
#include "core/record_file.h"

#include "core/record.h"
#include "core/tree.h"

enum status record_read(cJSON **out, struct repo *r, const struct oid *blob, struct error *e)
{
	struct buf bytes = BUF_INIT;
	enum status st = repo_read(&bytes, r, blob, REPO_BLOB, RECORD_MAX_BYTES, e);

	if (st == STATUS_OK)
		st = json_parse(out, buf_text(&bytes), bytes.len, e);
	buf_clear(&bytes);
	return st;
}

enum status record_read_path(cJSON **out, struct repo *r, const struct oid *tree, const char *path, struct error *e)
{
	struct buf bytes = BUF_INIT;
	enum status st = tree_read_path(&bytes, r, tree, path, RECORD_MAX_BYTES, e);

	if (st == STATUS_OK) {
		st = json_parse(out, buf_text(&bytes), bytes.len, e);
		st = st == STATUS_OK ? st : error_prefix(e, st, "%s", path);
	}
	buf_clear(&bytes);
	return st;
}
