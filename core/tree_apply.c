/* core/tree_apply.c - edits of paths enter, the tree that comes of them leaves. Only directories on an edited path are
 * read and written. */
#include <stdlib.h>
#include <string.h>

#include "core/tree_internal.h"

struct apply {
	struct repo *repo;
	struct error *e;
};

/* Edits sorted so that those below one directory stand together, behind one that names the directory itself. */
struct edits {
	const struct tree_edit **list;
	size_t len;
};

/* '/' before every other character: "a", "a/b", "a-b". */
static int compare_paths(const char *x, const char *y)
{
	while (*x && *x == *y) {
		x++;
		y++;
	}
	if (*x == '/' || *y == '/')
		return *x == *y ? 0 : *x == '/' ? (*y ? -1 : 1) : (*x ? 1 : -1);
	return (int)(unsigned char)*x - (int)(unsigned char)*y;
}

static int compare_edits(const void *a, const void *b)
{
	const struct tree_edit *const *x = a, *const *y = b;

	return compare_paths((*x)->path, (*y)->path);
}

static bool removes(const struct tree_edit *edit)
{
	return oid_is_zero(&edit->id);
}

static enum status in_the_way(struct apply *a, const char *path)
{
	return error_set(a->e, STATUS_INVALID, "%s cannot be a file and a directory", path);
}

static size_t place_of(const struct tree *t, const char *name, size_t len)
{
	size_t i = 0;

	while (i < t->len && (strncmp(t->entries[i].name, name, len) != 0 || t->entries[i].name[len] != '\0'))
		i++;
	return i;
}

/* Put an entry at a place, which is t->len for a new one. The order is repo_tree_write's to make. */
static enum status put_entry(struct apply *a, struct tree *t, size_t at, const char *name, size_t len, bool is_dir,
			     const struct oid *id)
{
	struct tree_entry *entries = t->entries;
	char *copy = NULL;

	if (at < t->len) {
		entries[at].is_dir = is_dir;
		entries[at].id = *id;
		return STATUS_OK;
	}
	copy = strndup(name, len);
	entries = copy ? realloc(t->entries, (t->len + 1) * sizeof(*entries)) : NULL;
	if (!entries) {
		free(copy);
		return error_set(a->e, STATUS_NOMEM, "no memory to change a directory");
	}
	t->entries = entries;
	t->entries[t->len++] = (struct tree_entry){.name = copy, .is_dir = is_dir, .id = *id};
	return STATUS_OK;
}

static enum status apply_dir(struct oid *out, bool *empty, struct apply *a, const struct oid *tree, struct edits edits,
			     size_t skip);

/* The edit that names the entry itself (NULL: none), and those below it. */
struct group {
	const struct tree_edit *self;
	struct edits below;
	const char *name;
	size_t name_len;
};

/* What is below the entry changes; it may be absent, and vanishes when nothing is left. */
static enum status apply_below(struct apply *a, struct tree *t, const struct group *g, size_t skip)
{
	size_t at = place_of(t, g->name, g->name_len);
	bool there = at < t->len, empty = false, all_remove = true;
	struct oid id;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < g->below.len; i++)
		all_remove = all_remove && removes(g->below.list[i]);
	if (there && !t->entries[at].is_dir)
		return all_remove ? STATUS_OK : in_the_way(a, g->below.list[0]->path);
	st = apply_dir(&id, &empty, a, there ? &t->entries[at].id : NULL, g->below, skip + g->name_len + 1);
	if (st)
		return st;
	if (!empty)
		return put_entry(a, t, at, g->name, g->name_len, true, &id);
	if (there)
		tree_drop(t, at);
	return STATUS_OK;
}

static enum status is_empty_tree(bool *out, struct apply *a, const struct oid *id)
{
	struct tree t = TREE_INIT;
	enum status st = tree_load(&t, a->repo, id, a->e);

	*out = t.len == 0;
	tree_clear(&t);
	return st;
}

/* The entry itself is put or removed; what is below it has been changed before. */
static enum status apply_self(struct apply *a, struct tree *t, const struct group *g)
{
	size_t at = place_of(t, g->name, g->name_len);
	bool there = at < t->len, empty = false;
	enum status st = STATUS_OK;

	if (there && t->entries[at].is_dir != g->self->is_dir)
		return in_the_way(a, g->self->path);
	if (g->self->is_dir) {
		st = is_empty_tree(&empty, a, &g->self->id);
		if (st)
			return st;
	}
	if (!empty)
		return put_entry(a, t, at, g->name, g->name_len, g->self->is_dir, &g->self->id);
	if (there)
		tree_drop(t, at);
	return STATUS_OK;
}

/* A file may become a directory and the other way round if the edits remove the one themselves: removing "a" comes
 * before putting "a/b", and removing "a/b" before putting "a". */
static enum status apply_group(struct apply *a, struct tree *t, const struct group *g, size_t skip)
{
	enum status st = STATUS_OK;

	if (g->self && removes(g->self)) {
		size_t at = place_of(t, g->name, g->name_len);

		if (at < t->len)
			tree_drop(t, at);
		return g->below.len ? apply_below(a, t, g, skip) : STATUS_OK;
	}
	if (g->self && g->self->is_dir && g->below.len)
		return error_set(a->e, STATUS_INVALID, "%s is put whole and changed below", g->self->path);
	if (g->below.len)
		st = apply_below(a, t, g, skip);
	return st || !g->self ? st : apply_self(a, t, g);
}

/* Take the group of the first edits off the list. */
static enum status next_group(struct group *g, struct apply *a, struct edits *edits, size_t skip)
{
	const char *first = edits->list[0]->path + skip;
	size_t n = 0;

	*g = (struct group){.name = first, .name_len = strcspn(first, "/")};
	if (first[g->name_len] == '\0') {
		g->self = edits->list[0];
		n = 1;
	}
	g->below.list = edits->list + n;
	for (; n < edits->len; n++) {
		const char *path = edits->list[n]->path + skip;

		if (strncmp(path, first, g->name_len) != 0 || (path[g->name_len] != '/' && path[g->name_len] != '\0'))
			break;
		if (path[g->name_len] == '\0')
			return error_set(a->e, STATUS_INVALID, "%s is changed twice", edits->list[n]->path);
		g->below.len++;
	}
	edits->list += n;
	edits->len -= n;
	return STATUS_OK;
}

/* The tree that `tree` becomes; an empty one is not written. The first `skip` bytes of each path lead here. */
static enum status apply_dir(struct oid *out, bool *empty, struct apply *a, const struct oid *tree, struct edits edits,
			     size_t skip)
{
	struct tree t = TREE_INIT;
	enum status st = tree_load(&t, a->repo, tree, a->e);

	while (!st && edits.len) {
		struct group g;

		st = next_group(&g, a, &edits, skip);
		if (!st)
			st = apply_group(a, &t, &g, skip);
	}
	*empty = t.len == 0;
	if (!st && t.len)
		st = repo_tree_write(out, a->repo, &t, a->e);
	tree_clear(&t);
	return st;
}

enum status tree_apply(struct oid *out, struct repo *r, const struct oid *tree, const struct tree_edit *edits,
		       size_t len, struct error *e)
{
	struct apply a = {.repo = r, .e = e};
	struct tree nothing = TREE_INIT;
	const struct tree_edit **list = calloc(len + 1, sizeof(const struct tree_edit *));
	enum status st = list ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory to change a directory");
	struct oid id;
	bool empty = false;

	for (size_t i = 0; i < len && !st; i++) {
		list[i] = &edits[i];
		if (!tree_path_clean(edits[i].path))
			st = error_set(e, STATUS_INVALID, "'%s' is not a clean path", edits[i].path);
	}
	if (st)
		goto done;
	qsort(list, len, sizeof(*list), compare_edits);
	st = apply_dir(&id, &empty, &a, tree, (struct edits){list, len}, 0);
	if (!st && empty)
		st = repo_tree_write(&id, r, &nothing, e);
	if (!st)
		*out = id;
done:
	free(list);
	return st;
}
