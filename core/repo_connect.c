/* core/repo_connect.c - is all there that new tips of refs need? From the old tips to the new ones, so that it costs what the difference
 * does. Commits, trees and tags are read on the way; files are looked for. */
#include "core/repo_internal.h"

struct check {
	struct repo *repo;
	struct error *e;
};

static enum status look_for(void *ctx, const struct oid *id, enum repo_kind kind, const struct tree_item *item)
{
	struct check *check = ctx;
	char hex[OID_HEX_LEN + 1];

	(void)item;
	if (kind != REPO_BLOB || repo_has(check->repo, id))
		return STATUS_OK;
	oid_hex(hex, id);
	return error_set(check->e, STATUS_INVALID, "the file %s is missing", hex);
}

enum status repo_check_whole(struct repo *r, const struct oid *news, size_t news_len, const struct oid *olds, size_t olds_len,
			     struct error *e)
{
	const struct repo_span span = {.wants = news, .wants_len = news_len, .haves = olds, .haves_len = olds_len};
	struct check check = {.repo = r, .e = e};
	struct closure c = {.repo = r, .visit = look_for, .ctx = &check, .e = e};
	enum status st = closure_span(&c, &span);

	oid_map_clear(&c.seen);
	return st == STATUS_NOT_FOUND ? error_prefix(e, STATUS_INVALID, "an object is missing") : st;
}
