/* core/repo_reach.c - does a pack hold only what its head needs? Whatever else came along was looked at by nobody: it
 * would lie in the repository for good, out of the audit's sight.
 */
#include "core/repo_internal.h"

struct reach {
	struct repo *repo;
	git_odb_backend *pack; /* NULL: what is staged counts as the pack */
	struct oid_map seen; /* objects of the pack, those behind the current one still to be read */
	struct error *e;
};

static bool in_pack(const struct reach *w, const struct oid *id)
{
	return w->pack ? w->pack->exists(w->pack, git_id(id))
		       : oid_map_find(&w->repo->staged.ids, id) != OID_MAP_NONE;
}

/* What is not in the pack is in the repository, with all that it needs. */
static enum status reach_add(struct reach *w, const struct oid *id)
{
	size_t place = 0;
	enum status st = STATUS_OK;

	if (in_pack(w, id))
		st = oid_map_add(&place, NULL, &w->seen, id);
	return st ? error_set(w->e, st, "no memory to look through a pack") : STATUS_OK;
}

static enum status reach_commit(struct reach *w, const struct oid *id)
{
	struct commit_links links = COMMIT_LINKS_INIT;
	enum status st = commit_links_read(&links, w->repo, id, w->e);

	if (!st)
		st = reach_add(w, &links.tree);
	for (size_t i = 0; !st && i < links.parents_len; i++)
		st = reach_add(w, &links.parents[i]);
	commit_links_clear(&links);
	return st;
}

static enum status reach_tree(struct reach *w, const struct oid *id)
{
	struct buf raw = BUF_INIT;
	struct tree_cursor cursor;
	enum status st = repo_read(&raw, w->repo, id, REPO_TREE, REPO_MAX_OBJECT_BYTES, w->e);

	if (st)
		goto done;
	tree_cursor_init(&cursor, raw.data, raw.len, w->repo->plain);
	while (!(st = tree_cursor_next(&cursor)) && !(st = reach_add(w, &cursor.item.id)))
		;
	if (st == STATUS_NOT_FOUND)
		st = STATUS_OK;
	else if (st == STATUS_INVALID)
		st = error_set(w->e, st, "a directory in the pack is not of the allowed form");
done:
	buf_clear(&raw);
	return st;
}

static enum status reach_from(struct reach *w, const struct oid *id)
{
	enum repo_kind kind = REPO_BLOB;
	size_t size = 0;
	enum status st = repo_stat(&kind, &size, w->repo, id, w->e);

	if (st || kind == REPO_BLOB || kind == REPO_TAG)
		return st;
	return kind == REPO_COMMIT ? reach_commit(w, id) : reach_tree(w, id);
}

enum status pack_check_reached(struct repo *r, git_odb_backend *pack, size_t objects, const struct oid *head,
			       struct error *e)
{
	struct reach w = {.repo = r, .pack = pack, .e = e};
	enum status st = reach_add(&w, head);

	for (size_t i = 0; !st && i < w.seen.len; i++) {
		struct oid id = w.seen.keys[i]; /* the array moves as it grows */

		st = reach_from(&w, &id);
	}
	if (!st && w.seen.len != objects)
		st = error_set(e, STATUS_INVALID,
			       "the pack holds objects that are no part of what is pushed (%zu of %zu)",
			       objects - w.seen.len, objects);
	oid_map_clear(&w.seen);
	return st;
}

enum status repo_staged_only(struct repo *r, const struct oid *head, struct error *e)
{
	return pack_check_reached(r, NULL, r->staged.ids.len, head, e);
}
