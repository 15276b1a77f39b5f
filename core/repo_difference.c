/* core/repo_difference.c - which commits are new to somebody: two histories in, a list out. */
#include "core/repo_walk.h"

#include <stdlib.h>

static bool is_new(const struct node *n)
{
	return (n->marks & MARK_WANTED) && !(n->marks & MARK_HAD);
}

static enum status collect_one(struct walk_commit *out, struct walk *w, size_t at)
{
	enum status st = STATUS_OK;

	out->id = w->ids.keys[at];
	out->tree = w->nodes[at].tree;
	for (size_t i = 0; i < w->nodes[at].parents_len && i < REPO_MAX_PARENTS && !st; i++) {
		size_t parent = walk_parent(w, at, i);

		st = walk_read(w, parent);
		out->before[i] = w->nodes[parent].tree;
		out->before_len = i + 1;
	}
	return st;
}

/* A commit after its new parents. */
static enum status collect_from(struct walk_commit *out, size_t *len, struct walk *w, size_t at)
{
	enum status st = walk_push(&w->stack, at);

	while (!st && w->stack.len) {
		at = w->stack.items[w->stack.len - 1];
		if (w->nodes[at].marks & (MARK_OPENED | MARK_TAKEN)) {
			w->stack.len--;
			if (!(w->nodes[at].marks & MARK_TAKEN))
				st = collect_one(&out[(*len)++], w, at);
			w->nodes[at].marks |= MARK_TAKEN;
			continue;
		}
		w->nodes[at].marks |= MARK_OPENED;
		for (size_t i = 0; i < w->nodes[at].parents_len && !st; i++) {
			size_t parent = walk_parent(w, at, i);

			if (is_new(&w->nodes[parent]) && !(w->nodes[parent].marks & MARK_OPENED))
				st = walk_push(&w->stack, parent);
		}
	}
	return st;
}

static enum status collect(struct walk_commit **out, size_t *out_len, struct walk *w)
{
	size_t len = 0, read = w->ids.len; /* parents that collect_one reads add more, none of them new */
	struct walk_commit *commits = calloc(read + 1, sizeof(*commits));
	enum status st = STATUS_OK;

	if (!commits)
		return error_set(w->e, STATUS_NOMEM, "no memory to walk through the history");
	for (size_t i = 0; i < read && !st; i++)
		if (is_new(&w->nodes[i]))
			st = collect_from(commits, &len, w, i);
	if (st) {
		free(commits);
		return st;
	}
	*out = commits;
	*out_len = len;
	return STATUS_OK;
}

enum status walk_difference(struct walk_commit **out, size_t *out_len, struct repo *r, const struct repo_span *span,
			    struct error *e)
{
	struct walk w = {.repo = r, .e = e, .span = span};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < span->cuts_len && !st; i++)
		st = walk_cut(&w, &span->cuts[i]);
	for (size_t i = 0; i < span->haves_len && !st; i++)
		st = walk_have(&w, &span->haves[i]);
	for (size_t i = 0; i < span->wants_len && !st; i++)
		st = walk_want(&w, &span->wants[i]);
	if (!st)
		st = walk_both(&w);
	if (!st)
		st = walk_extra(&w);
	if (!st)
		st = collect(out, out_len, &w);
	walk_clear(&w);
	return st;
}
