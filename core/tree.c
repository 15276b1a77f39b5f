/* core/tree.c - paths in trees: looked up and compared. (Edits are in core/tree_apply.c.) Whatever has the same id on
 * both sides is never read. */
#include "core/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tree_internal.h"

bool tree_path_clean(const char *path)
{
	size_t len = strlen(path), depth = 1;

	if (len == 0 || len >= TREE_PATH_MAX || path[0] == '/' || path[len - 1] == '/' || strstr(path, "//"))
		return false;
	for (const char *c = path; *c; c++)
		depth += *c == '/';
	return depth <= TREE_DEPTH_MAX;
}

bool tree_none(const struct oid *tree)
{
	return !tree || oid_is_zero(tree);
}

enum status tree_load(struct tree *out, struct repo *r, const struct oid *id, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	enum status st = tree_none(id) ? STATUS_OK : repo_tree_read(out, r, id, e);

	if (st != STATUS_NOT_FOUND)
		return st;
	oid_hex(hex, id);
	return error_set(e, STATUS_CORRUPT, "the directory %s is missing", hex);
}

/* Nothing says what kind of thing the name is, so git's order is no help. */
static const struct tree_entry *entry_named(const struct tree *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->len; i++)
		if (!strncmp(t->entries[i].name, name, len) && t->entries[i].name[len] == '\0')
			return &t->entries[i];
	return NULL;
}

/* Step from the tree *at to its entry `name`. */
static enum status descend(struct oid *at, bool *is_dir, struct repo *r, const char *name, size_t len, struct error *e)
{
	struct tree t = TREE_INIT;
	enum status st = tree_load(&t, r, at, e);
	const struct tree_entry *entry = st ? NULL : entry_named(&t, name, len);

	if (entry) {
		*at = entry->id;
		*is_dir = entry->is_dir;
	}
	tree_clear(&t);
	return st || entry ? st : STATUS_NOT_FOUND;
}

enum status tree_find(struct oid *out, bool *is_dir, struct repo *r, const struct oid *tree, const char *path,
		      struct error *e)
{
	struct oid at;
	bool dir = true;
	const char *name = path;
	enum status st = STATUS_OK;

	if (!tree_path_clean(path))
		return error_set(e, STATUS_INVALID, "'%s' is not a clean path", path);
	if (tree_none(tree))
		return error_set(e, STATUS_NOT_FOUND, "there is no %s", path);
	at = *tree;
	while (!st && name) {
		size_t len = strcspn(name, "/");

		st = dir ? descend(&at, &dir, r, name, len, e) : STATUS_NOT_FOUND;
		name = name[len] ? name + len + 1 : NULL;
	}
	if (st == STATUS_NOT_FOUND)
		return error_set(e, st, "there is no %s", path);
	if (st)
		return st;
	*out = at;
	if (is_dir)
		*is_dir = dir;
	return STATUS_OK;
}

enum status tree_read_path(struct buf *out, struct repo *r, const struct oid *tree, const char *path, size_t max_bytes,
			   struct error *e)
{
	struct oid id;
	bool is_dir = false;
	enum status st = tree_find(&id, &is_dir, r, tree, path, e);

	if (st)
		return st;
	if (is_dir)
		return error_set(e, STATUS_NOT_FOUND, "%s is a directory", path);
	st = repo_read(out, r, &id, REPO_BLOB, max_bytes, e);
	return st ? error_prefix(e, st, "%s", path) : STATUS_OK;
}

/* ---- comparing ---- */

struct diff {
	struct repo *repo;
	tree_visit visit;
	void *ctx;
	struct error *e;
	char *place; /* TREE_PATH_MAX: of the directory that failed; NULL: the error names it */
	char path[TREE_PATH_MAX];
	size_t path_len;
	int depth;
};

static int compare_places(const struct tree_entry *a, const struct tree_entry *b)
{
	const char *x = a->name, *y = b->name;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return (int)(unsigned char)(*x ? *x : (a->is_dir ? '/' : '\0')) -
	       (int)(unsigned char)(*y ? *y : (b->is_dir ? '/' : '\0'));
}

static enum status diff_trees(struct diff *d, const struct oid *old_id, const struct oid *new_id);

/* One place; either side may be absent, and both are of one kind. */
static enum status diff_entry(struct diff *d, const struct tree_entry *old, const struct tree_entry *new)
{
	const struct tree_entry *any = new ? new : old;
	const struct oid *old_id = old ? &old->id : NULL, *new_id = new ? &new->id : NULL;
	size_t kept = d->path_len, len = 0;
	enum status st = STATUS_OK;

	if (old && new && oid_equal(old_id, new_id))
		return STATUS_OK;
	len = strlen(any->name);
	if (kept + 1 + len >= sizeof(d->path))
		return error_set(d->e, STATUS_TOO_BIG, "the path %s/%s is longer than %d bytes", d->path, any->name,
				 TREE_PATH_MAX - 1);
	if (kept)
		d->path[d->path_len++] = '/';
	memcpy(d->path + d->path_len, any->name, len + 1);
	d->path_len += len;
	st = any->is_dir ? diff_trees(d, old_id, new_id) : d->visit(d->ctx, d->path, old_id, new_id, d->e);
	d->path_len = kept;
	d->path[kept] = '\0';
	return st;
}

static enum status diff_entries(struct diff *d, const struct tree *old, const struct tree *new)
{
	enum status st = STATUS_OK;
	size_t i = 0, k = 0;

	while (!st && (i < old->len || k < new->len)) {
		int order = i == old->len ? 1 : k == new->len ? -1 : compare_places(&old->entries[i], &new->entries[k]);

		st = diff_entry(d, order <= 0 ? &old->entries[i] : NULL, order >= 0 ? &new->entries[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return st;
}

static enum status tell_place(struct diff *d, enum status st)
{
	if (d->place)
		(void)snprintf(d->place, TREE_PATH_MAX, "%s", d->path);
	else if (d->path_len > 0)
		st = error_prefix(d->e, st, "%s", d->path);
	return st;
}

static enum status diff_trees(struct diff *d, const struct oid *old_id, const struct oid *new_id)
{
	struct tree old = TREE_INIT, new = TREE_INIT;
	enum status st = STATUS_OK;

	if (d->depth == TREE_DEPTH_MAX)
		return tell_place(d, error_set(d->e, STATUS_TOO_BIG, "the directory is more than %d deep", TREE_DEPTH_MAX));
	d->depth++;
	st = tree_load(&old, d->repo, old_id, d->e);
	if (!st)
		st = tree_load(&new, d->repo, new_id, d->e);
	/* Nobody would see it, and it would keep a file of its name away. tree_apply and merges leave none behind. */
	if (!st && new_id && d->depth > 1 && !new.len)
		st = error_set(d->e, STATUS_INVALID, "the directory is empty");
	if (st)
		st = tell_place(d, st);
	else
		st = diff_entries(d, &old, &new);
	d->depth--;
	tree_clear(&old);
	tree_clear(&new);
	return st;
}

enum status tree_diff(struct repo *r, const struct oid *old_tree, const struct oid *new_tree, tree_visit visit,
		      void *ctx, struct error *e)
{
	return tree_diff_place(NULL, r, old_tree, new_tree, visit, ctx, e);
}

enum status tree_diff_place(char place[TREE_PATH_MAX], struct repo *r, const struct oid *old_tree,
			    const struct oid *new_tree, tree_visit visit, void *ctx, struct error *e)
{
	struct diff d = {.repo = r, .visit = visit, .ctx = ctx, .e = e, .place = place};

	if (!tree_none(old_tree) && !tree_none(new_tree) && oid_equal(old_tree, new_tree))
		return STATUS_OK;
	return diff_trees(&d, old_tree, new_tree);
}

enum status tree_each(struct repo *r, const struct oid *tree, const char *prefix, tree_visit visit, void *ctx,
		      struct error *e)
{
	struct diff d = {.repo = r, .visit = visit, .ctx = ctx, .e = e};
	size_t len = strlen(prefix);
	struct oid below;
	bool is_dir = false;
	enum status st = STATUS_OK;

	if (len && prefix[len - 1] == '/')
		len--;
	if (len >= sizeof(d.path))
		return error_set(e, STATUS_INVALID, "'%s' is not a clean path", prefix);
	if (len == 0)
		return diff_trees(&d, NULL, tree);
	memcpy(d.path, prefix, len);
	d.path_len = len;
	d.depth = 1;
	for (size_t i = 0; i < len; i++)
		d.depth += prefix[i] == '/';
	st = tree_find(&below, &is_dir, r, tree, d.path, e);
	if (st == STATUS_NOT_FOUND || (!st && !is_dir))
		return STATUS_OK;
	return st ? st : diff_trees(&d, NULL, &below);
}
