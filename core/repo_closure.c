/* core/repo_closure.c - all objects that one side of a difference between two histories has and the other lacks: commits by the walk, and
 * of each commit's tree what differs from its parents'. */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

/* True if id is new to the closure. */
static enum status closure_add(bool *added, struct closure *c, const struct oid *id, enum repo_kind kind,
			       const struct tree_item *item)
{
	size_t place = 0;
	enum status st = oid_map_add(&place, added, &c->seen, id);

	if (st)
		return error_set(c->e, st, "no memory to go through a history");
	if (c->seen.len > REPO_MAX_PACK_OBJECTS)
		return error_set(c->e, STATUS_TOO_BIG, "more than %zu objects for one pack", REPO_MAX_PACK_OBJECTS);
	if (*added && c->visit)
		return c->visit(c->ctx, id, kind, item);
	return *added ? span_go_on(c->span, place, c->e) : STATUS_OK;
}

/* ---- trees ---- */

/* A tree beside those of the commit's parents that stood at the same path. */
struct level {
	struct buf raw;
	struct buf before_raw[REPO_MAX_PARENTS];
	struct tree_cursor before[REPO_MAX_PARENTS];
	bool before_more[REPO_MAX_PARENTS]; /* the cursor stands on an entry */
	size_t before_len;
};

static enum status level_step(struct level *l, size_t i)
{
	enum status st = tree_cursor_next(&l->before[i]);

	l->before_more[i] = st == STATUS_OK;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status level_open(struct level *l, struct closure *c, const struct oid *tree, const struct oid *before,
			      size_t before_len)
{
	enum status st = repo_read(&l->raw, c->repo, tree, REPO_TREE, REPO_MAX_OBJECT_BYTES, c->e);

	l->before_len = before_len;
	for (size_t i = 0; i < before_len && !st; i++) {
		st = repo_read(&l->before_raw[i], c->repo, &before[i], REPO_TREE, REPO_MAX_OBJECT_BYTES, c->e);
		if (st)
			break;
		tree_cursor_init(&l->before[i], l->before_raw[i].data, l->before_raw[i].len, c->repo->plain);
		st = level_step(l, i);
	}
	return st;
}

static void level_close(struct level *l)
{
	buf_clear(&l->raw);
	for (size_t i = 0; i < l->before_len; i++)
		buf_clear(&l->before_raw[i]);
}

/* Move every cursor up to item's name. *same if one of them has the very entry; otherwise the directories that stood
 * there are left in before[]. */
static enum status level_compare(bool *same, struct oid *before, size_t *before_len, struct level *l,
				 const struct tree_item *item)
{
	*same = false;
	*before_len = 0;
	for (size_t i = 0; i < l->before_len; i++) {
		const struct tree_item *old = &l->before[i].item;
		int order = 1;

		while (l->before_more[i]) {
			enum status st = STATUS_OK;

			order = tree_name_compare(item->name, item->name_len, item->is_dir, old->name, old->name_len,
						  old->is_dir);
			if (order <= 0)
				break;
			st = level_step(l, i);
			if (st)
				return st;
		}
		if (!l->before_more[i] || order != 0)
			continue;
		if (oid_equal(&old->id, &item->id))
			*same = true;
		else if (item->is_dir)
			before[(*before_len)++] = old->id;
	}
	return STATUS_OK;
}

static enum status add_tree(struct closure *c, const struct oid *tree, const struct oid *before, size_t before_len,
			    int depth);

static enum status add_entries(struct closure *c, struct level *l, int depth)
{
	struct tree_cursor cursor;
	enum status st = STATUS_OK;

	tree_cursor_init(&cursor, l->raw.data, l->raw.len, c->repo->plain);
	while (!(st = tree_cursor_next(&cursor))) {
		struct oid before[REPO_MAX_PARENTS];
		size_t before_len = 0;
		bool same = false, added = false;
		enum repo_kind kind = cursor.item.is_dir ? REPO_TREE : REPO_BLOB;

		st = level_compare(&same, before, &before_len, l, &cursor.item);
		if (st)
			return st;
		if (same)
			continue;
		st = closure_add(&added, c, &cursor.item.id, kind, &cursor.item);
		if (!st && added && cursor.item.is_dir)
			st = add_tree(c, &cursor.item.id, before, before_len, depth + 1);
		if (st)
			return st;
	}
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* Add what is below a tree that is in the pack already. What equals a parent's entry at the same path the receiver has,
 * or got with that parent, which came before; so a subtree met once is complete for every commit that holds it. */
static enum status add_tree(struct closure *c, const struct oid *tree, const struct oid *before, size_t before_len,
			    int depth)
{
	struct level *l = NULL; /* too large for the stack of a thread, at every depth */
	int max_depth = c->repo->plain ? REPO_MAX_DEPTH_PLAIN : REPO_MAX_DEPTH;
	enum status st = STATUS_OK;

	if (depth >= max_depth)
		return error_set(c->e, STATUS_TOO_BIG, "a tree is more than %d directories deep", max_depth);
	l = calloc(1, sizeof(*l));
	if (!l)
		return error_set(c->e, STATUS_NOMEM, "no memory to pack a history");
	st = level_open(l, c, tree, before, before_len);
	if (!st)
		st = add_entries(c, l, depth);
	level_close(l);
	free(l);
	return st;
}

static enum status add_commit(struct closure *c, const struct walk_commit *commit)
{
	bool added = false;
	enum status st = closure_add(&added, c, &commit->id, REPO_COMMIT, NULL);

	for (size_t i = 0; i < commit->before_len; i++)
		if (oid_equal(&commit->before[i], &commit->tree))
			return st;
	if (!st)
		st = closure_add(&added, c, &commit->tree, REPO_TREE, NULL);
	if (!st && added)
		st = add_tree(c, &commit->tree, commit->before, c->everything ? 0 : commit->before_len, 0);
	return st;
}

/* ---- tags, and what they or a ref may stand for besides commits ---- */

/* One object of any kind and, of a tag, what it names; *commit is where that ends, if it is a commit: its history is the walk's. */
static enum status add_named(struct oid *commit, struct closure *c, const struct oid *id)
{
	struct oid at = *id;
	enum repo_kind kind = REPO_TAG;
	enum status st = STATUS_OK;
	bool added = false;
	size_t size = 0;

	for (int depth = 0; !st; depth++) {
		st = repo_stat(&kind, &size, c->repo, &at, c->e);
		if (!st && kind == REPO_COMMIT) {
			*commit = at;
			return STATUS_OK;
		}
		if (!st)
			st = closure_add(&added, c, &at, kind, NULL);
		if (st || kind == REPO_BLOB)
			break;
		if (kind == REPO_TREE)
			return added ? add_tree(c, &at, NULL, 0, 0) : STATUS_OK;
		if (depth == REPO_MAX_TAGS)
			return error_set(c->e, STATUS_TOO_BIG, "more than %d tags name each other", REPO_MAX_TAGS);
		st = tag_target(&at, c->repo, &at, c->e);
	}
	return st;
}

/* What is wanted, as commits to walk from. Strict repositories have nothing else, and a walk says so. */
static enum status add_wants(struct repo_span *out, struct oid *commits, struct closure *c,
			     const struct repo_span *span)
{
	const struct oid nothing = {{0}};
	enum status st = STATUS_OK;

	*out = *span;
	if (!c->repo->plain)
		return STATUS_OK;
	out->wants = commits;
	out->wants_len = 0;
	for (size_t i = 0; i < span->wants_len && !st; i++) {
		struct oid commit = nothing;

		st = add_named(&commit, c, &span->wants[i]);
		if (!st && !oid_is_zero(&commit))
			commits[out->wants_len++] = commit;
	}
	return st;
}

/* Tags follow what they name. */
static enum status add_tags(struct closure *c, const struct repo_span *span)
{
	struct oid commit;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < span->tags_len && !st; i++) {
		if (oid_map_find(&c->seen, &span->tags[i].names) != OID_MAP_NONE)
			st = add_named(&commit, c, &span->tags[i].id);
	}
	return st;
}

enum status closure_span(struct closure *c, const struct repo_span *span)
{
	struct oid *wants = calloc(span->wants_len + 1, sizeof(*wants));
	struct walk_commit *commits = NULL;
	struct repo_span walked;
	size_t commits_len = 0;
	enum status st = wants ? add_wants(&walked, wants, c, span)
			       : error_set(c->e, STATUS_NOMEM, "no memory to go through a history");

	/* of a whole history each directory is read once: what a parent has as well is added in any case */
	c->everything = span->haves_len == 0;
	c->span = span;
	if (!st)
		st = walk_difference(&commits, &commits_len, c->repo, &walked, c->e);
	for (size_t i = 0; i < commits_len && !st; i++)
		st = add_commit(c, &commits[i]);
	if (!st)
		st = add_tags(c, span);
	free(commits);
	free(wants);
	return st;
}

enum status closure_whole(struct closure *c, const struct repo_span *span)
{
	struct repo_span since = *span;
	struct oid noted;
	enum status st = STATUS_NOT_FOUND;

	if (!c->repo->plain && span->haves_len == 0 && span->cuts_len == 0)
		st = reached_read(&noted, &c->seen, c->repo, span->wants, span->wants_len, c->e);
	if (st == STATUS_NOT_FOUND)
		return closure_span(c, span);
	if (st)
		return st;
	since.haves = &noted;
	since.haves_len = 1;
	return closure_span(c, &since);
}
