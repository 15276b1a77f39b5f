/* core/repo_walk.c - which commits lead to which, by the graph alone.
 *
 * Commit times order nothing here: a kiosk may think it is 1970, and a walk by date (git's, libgit2's) would then read
 * the whole history before it is sure. Instead two walks go at the same pace, one from what is wanted and one from what
 * the other side has. What the second finds is marked, and the mark runs on at once through all that the first has read
 * already; so the first stops soon after the histories meet, and the cost is that of the difference.
 */
#include "core/repo_walk.h"

#include <stdlib.h>

#include "core/array.h"

#define WALK_MAX_COMMITS ((size_t)1 << 24)
/* How much further to look when a root was reached, which is either new (a device that has just joined) or old, but met
 * before the mark: at most this many commits, and so many for each that seems new. Too little only sends too much. */
#define WALK_EXTRA 4096
#define WALK_EXTRA_EACH 8

#define GIVEN_UP_EACH 1024 /* steps between two looks whether it was */

enum status walk_push(struct queue *q, size_t item)
{
	if (!array_room(&q->items, &q->cap, q->len))
		return STATUS_NOMEM;
	q->items[q->len++] = (uint32_t)item;
	return STATUS_OK;
}

static enum status node_of(size_t *out, struct walk *w, const struct oid *id)
{
	bool added = false;
	enum status st = w->ids.len < WALK_MAX_COMMITS ? oid_map_add(out, &added, &w->ids, id) : STATUS_TOO_BIG;

	if (st || !added)
		return st;
	if (!array_room(&w->nodes, &w->cap, *out))
		return STATUS_NOMEM;
	w->nodes[*out] = (struct node){0};
	return STATUS_OK;
}

static enum status walk_failed(struct walk *w, enum status st)
{
	return error_set(w->e, st, "cannot walk through the history: %s", status_text(st));
}

enum status span_go_on(const struct repo_span *span, size_t n, struct error *e)
{
	if (!span || !span->given_up || n % GIVEN_UP_EACH != 0 || !span->given_up(span->given_up_ctx))
		return STATUS_OK;
	return error_set(e, STATUS_NETWORK, "the client went away before its answer was made");
}

enum status walk_read(struct walk *w, size_t at)
{
	struct oid id = w->ids.keys[at];
	struct commit_links links = COMMIT_LINKS_INIT;
	size_t parents_at = w->parents.len;
	enum status st = STATUS_OK;

	if (w->nodes[at].marks & MARK_READ)
		return STATUS_OK;
	st = span_go_on(w->span, at, w->e);
	if (!st)
		st = commit_links_read(&links, w->repo, &id, w->e);
	if (st)
		return st;
	if (oid_map_find(&w->cuts, &id) != OID_MAP_NONE)
		links.parents_len = 0;
	for (size_t i = 0; i < links.parents_len && !st; i++) {
		size_t parent = 0;

		st = node_of(&parent, w, &links.parents[i]);
		if (!st)
			st = walk_push(&w->parents, parent);
	}
	if (!st) {
		w->nodes[at].tree = links.tree;
		w->nodes[at].parents_at = (uint32_t)parents_at;
		w->nodes[at].parents_len = (uint32_t)links.parents_len;
		w->nodes[at].marks |= MARK_READ;
	}
	commit_links_clear(&links);
	return st ? walk_failed(w, st) : STATUS_OK;
}

static enum status mark_wanted(struct walk *w, size_t at)
{
	if (w->nodes[at].marks & MARK_WANTED)
		return STATUS_OK;
	w->nodes[at].marks |= MARK_WANTED;
	w->found = w->found || (w->nodes[at].marks & MARK_GOAL);
	if (w->nodes[at].marks & MARK_HAD)
		return STATUS_OK;
	return walk_push(&w->wanted, at);
}

/* Mark it and all its ancestors as far as they are read; the others wait in w->had. */
static enum status mark_had(struct walk *w, size_t at)
{
	enum status st = walk_push(&w->stack, at);

	while (!st && w->stack.len) {
		struct node *n = NULL;

		at = w->stack.items[--w->stack.len];
		n = &w->nodes[at];
		if (n->marks & MARK_HAD)
			continue;
		n->marks |= MARK_HAD;
		if (!(n->marks & MARK_READ))
			st = walk_push(&w->had, at);
		for (size_t i = 0; i < n->parents_len && !st; i++)
			st = walk_push(&w->stack, walk_parent(w, at, i));
	}
	return st;
}

static enum status step_wanted(struct walk *w)
{
	size_t at = w->wanted.items[w->wanted.first++];
	enum status st = STATUS_OK;

	if (w->nodes[at].marks & MARK_HAD)
		return STATUS_OK;
	st = walk_read(w, at);
	if (st)
		return st;
	if (w->nodes[at].parents_len == 0)
		st = walk_push(&w->roots, at);
	for (size_t i = 0; i < w->nodes[at].parents_len && !st; i++)
		st = mark_wanted(w, walk_parent(w, at, i));
	return st ? walk_failed(w, st) : STATUS_OK;
}

static enum status step_had(struct walk *w)
{
	size_t at = w->had.items[w->had.first++];
	enum status st = walk_read(w, at);

	for (size_t i = 0; !st && i < w->nodes[at].parents_len; i++) {
		st = mark_had(w, walk_parent(w, at, i));
		if (st)
			return walk_failed(w, st);
	}
	return st;
}

static bool pending(const struct queue *q)
{
	return q->first < q->len;
}

enum status walk_both(struct walk *w)
{
	enum status st = STATUS_OK;

	while (!st && pending(&w->wanted) && !w->found) {
		st = step_wanted(w);
		if (!st && pending(&w->had))
			st = step_had(w);
	}
	return st;
}

enum status walk_want(struct walk *w, const struct oid *id)
{
	size_t at = 0;
	enum status st = node_of(&at, w, id);

	if (!st)
		st = mark_wanted(w, at);
	return st ? walk_failed(w, st) : STATUS_OK;
}

enum status walk_have(struct walk *w, const struct oid *id)
{
	enum repo_kind kind = REPO_BLOB;
	size_t at = 0, size = 0;
	enum status st = STATUS_OK;

	if (!repo_has(w->repo, id) || repo_stat(&kind, &size, w->repo, id, NULL) || kind != REPO_COMMIT)
		return STATUS_OK;
	st = node_of(&at, w, id);
	if (!st)
		st = mark_had(w, at);
	return st ? walk_failed(w, st) : STATUS_OK;
}

static bool root_seems_new(struct walk *w)
{
	while (pending(&w->roots) && (w->nodes[w->roots.items[w->roots.first]].marks & MARK_HAD))
		w->roots.first++;
	return pending(&w->roots);
}

enum status walk_extra(struct walk *w)
{
	size_t budget = WALK_EXTRA + w->ids.len * WALK_EXTRA_EACH;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < budget && pending(&w->had) && root_seems_new(w) && !st; i++)
		st = step_had(w);
	return st;
}

void walk_clear(struct walk *w)
{
	oid_map_clear(&w->cuts);
	oid_map_clear(&w->ids);
	free(w->nodes);
	free(w->wanted.items);
	free(w->had.items);
	free(w->stack.items);
	free(w->roots.items);
	free(w->parents.items);
}

enum status walk_cut(struct walk *w, const struct oid *id)
{
	size_t at = 0;
	enum status st = oid_map_add(&at, NULL, &w->cuts, id);

	return st ? walk_failed(w, st) : STATUS_OK;
}

enum status repo_is_ancestor(bool *out, struct repo *r, const struct oid *ancestor, const struct oid *id,
			     struct error *e)
{
	return repo_is_reached(out, r, ancestor, id, 1, e);
}

static enum status add_goal(struct walk *w, const struct oid *id)
{
	size_t at = 0;
	enum status st = node_of(&at, w, id);

	if (!st)
		w->nodes[at].marks |= MARK_GOAL;
	if (!st)
		st = mark_had(w, at);
	return st ? walk_failed(w, st) : STATUS_OK;
}

/* What a goal's own ancestors lead to cannot lead to it: the marks end the walk without the whole history being read. */
static enum status look_for_goals(bool *out, struct repo *r, const struct oid *goals, size_t goals_len,
				  const struct oid *ids, size_t ids_len, struct error *e)
{
	struct walk w = {.repo = r, .e = e};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < goals_len && !st; i++)
		st = add_goal(&w, &goals[i]);
	for (size_t i = 0; i < ids_len && !st; i++)
		st = walk_want(&w, &ids[i]);
	if (!st)
		st = walk_both(&w);
	if (!st)
		*out = w.found;
	walk_clear(&w);
	return st;
}

enum status repo_is_reached(bool *out, struct repo *r, const struct oid *ancestor, const struct oid *ids,
			    size_t ids_len, struct error *e)
{
	struct commit_links links = COMMIT_LINKS_INIT;
	enum status st = commit_links_read(&links, r, ancestor, e); /* a missing one is an error, not a no */

	commit_links_clear(&links);
	return st ? st : look_for_goals(out, r, ancestor, 1, ids, ids_len, e);
}

enum status repo_reaches_any(bool *out, struct repo *r, const struct oid *id, const struct oid *goals,
			     size_t goals_len, struct error *e)
{
	return look_for_goals(out, r, goals, goals_len, id, 1, e);
}
