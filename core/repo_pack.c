/* core/repo_pack.c - packs out: what is staged, to the disk; a difference between two histories, over the wire. */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

static enum status builder_new(git_packbuilder **out, struct repo *r, struct error *e)
{
	int rc = git_packbuilder_new(out, r->git);

	if (rc)
		return git_failed(e, rc, "cannot begin a pack");
	git_packbuilder_set_threads(*out, 1); /* a core or two serve many practices */
	return STATUS_OK;
}

/* ---- to the disk ---- */

struct feed {
	struct quarantine *quarantine;
	struct error *e;
	enum status st;
};

static int feed_quarantine(void *bytes, size_t len, void *ctx)
{
	struct feed *f = ctx;

	f->st = quarantine_feed(f->quarantine, bytes, len, f->e);
	return f->st ? GIT_EUSER : 0;
}

static enum status build_staged(struct quarantine *q, struct repo *r, struct error *e)
{
	struct feed feed = {.quarantine = q, .e = e};
	git_packbuilder *builder = NULL;
	enum status st = builder_new(&builder, r, e);
	int rc = 0;

	if (st)
		return st;
	for (size_t i = 0; i < r->staged.ids.len && !rc; i++)
		rc = git_packbuilder_insert(builder, git_id(&r->staged.ids.keys[i]), NULL);
	if (!rc)
		rc = git_packbuilder_foreach(builder, feed_quarantine, &feed);
	if (feed.st)
		st = feed.st;
	else if (rc)
		st = git_failed(e, rc, "cannot pack what is new");
	git_packbuilder_free(builder);
	return st;
}

/* Durable on return, see core/repo_quarantine.c. After a failure everything is still staged, and flushing again is
 * right. */
enum status repo_flush(struct repo *r, struct error *e)
{
	struct quarantine q = QUARANTINE_INIT;
	enum status st = STATUS_OK;

	if (r->staged.ids.len == 0)
		return STATUS_OK;
	st = quarantine_open(&q, r, e);
	if (!st)
		st = build_staged(&q, r, e);
	if (!st)
		st = quarantine_index(&q, e);
	if (!st)
		st = quarantine_keep(&q, r, e);
	if (!st)
		st = repo_refresh(r, e);
	if (!st)
		repo_discard(r);
	quarantine_close(&q);
	return st;
}

/* ---- over the wire ---- */

struct closure {
	struct repo *repo;
	struct oid_map seen;
	git_packbuilder *builder;
	struct error *e;
};

/* True if id is new to the pack. The name helps to find objects that are alike. */
static enum status closure_add(bool *added, struct closure *c, const struct oid *id, const char *name)
{
	size_t place = 0;
	enum status st = oid_map_add(&place, added, &c->seen, id);
	int rc = 0;

	if (st)
		return error_set(c->e, st, "no memory to pack a history");
	if (c->seen.len > REPO_MAX_PACK_OBJECTS)
		return error_set(c->e, STATUS_TOO_BIG, "more than %zu objects for one pack", REPO_MAX_PACK_OBJECTS);
	if (*added)
		rc = git_packbuilder_insert(c->builder, git_id(id), name);
	return rc ? git_failed(c->e, rc, "cannot pack an object") : STATUS_OK;
}

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
		tree_cursor_init(&l->before[i], l->before_raw[i].data, l->before_raw[i].len);
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

	tree_cursor_init(&cursor, l->raw.data, l->raw.len);
	while (!(st = tree_cursor_next(&cursor))) {
		struct oid before[REPO_MAX_PARENTS];
		size_t before_len = 0;
		bool same = false, added = false;
		char name[TREE_NAME_MAX + 1];

		st = level_compare(&same, before, &before_len, l, &cursor.item);
		if (st)
			return st;
		if (same)
			continue;
		memcpy(name, cursor.item.name, cursor.item.name_len);
		name[cursor.item.name_len] = '\0';
		st = closure_add(&added, c, &cursor.item.id, name);
		if (!st && added && cursor.item.is_dir)
			st = add_tree(c, &cursor.item.id, before, before_len, depth + 1);
		if (st)
			return st;
	}
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* Add what is below a tree that is in the pack already. What equals a parent's entry at the same path the receiver has,
 * or gets with that parent; so a subtree met once is complete for every commit that holds it. */
static enum status add_tree(struct closure *c, const struct oid *tree, const struct oid *before, size_t before_len,
			    int depth)
{
	struct level *l = NULL; /* too large for the stack of a thread, at every depth */
	enum status st = STATUS_OK;

	if (depth >= REPO_MAX_DEPTH)
		return error_set(c->e, STATUS_TOO_BIG, "a tree is more than %d directories deep", REPO_MAX_DEPTH);
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
	enum status st = closure_add(&added, c, &commit->id, NULL);

	for (size_t i = 0; i < commit->before_len; i++)
		if (oid_equal(&commit->before[i], &commit->tree))
			return st;
	if (!st)
		st = closure_add(&added, c, &commit->tree, NULL);
	if (!st && added)
		st = add_tree(c, &commit->tree, commit->before, commit->before_len, 0);
	return st;
}

struct drain {
	repo_sink sink;
	void *ctx;
	enum status st;
};

static int drain_pack(void *bytes, size_t len, void *ctx)
{
	struct drain *d = ctx;

	d->st = d->sink(d->ctx, bytes, len);
	return d->st ? GIT_EUSER : 0;
}

static enum status drain_builder(struct closure *c, repo_sink sink, void *ctx)
{
	struct drain drain = {.sink = sink, .ctx = ctx};
	int rc = git_packbuilder_foreach(c->builder, drain_pack, &drain);

	if (drain.st)
		return error_set(c->e, drain.st, "the pack could not be sent: %s", status_text(drain.st));
	return rc ? git_failed(c->e, rc, "cannot pack a history") : STATUS_OK;
}

enum status repo_pack_send_span(struct repo *r, const struct repo_span *span, repo_sink sink, void *ctx,
				uint32_t *objects, struct error *e)
{
	struct closure c = {.repo = r, .e = e};
	struct walk_commit *commits = NULL;
	size_t commits_len = 0;
	enum status st = walk_difference(&commits, &commits_len, r, span, e);

	if (!st)
		st = builder_new(&c.builder, r, e);
	for (size_t i = 0; i < commits_len && !st; i++)
		st = add_commit(&c, &commits[i]);
	if (!st)
		st = drain_builder(&c, sink, ctx);
	if (!st && objects)
		*objects = (uint32_t)c.seen.len;
	git_packbuilder_free(c.builder);
	oid_map_clear(&c.seen);
	free(commits);
	return st;
}

enum status repo_pack_send(struct repo *r, const struct oid *wants, size_t wants_len, const struct oid *haves,
			   size_t haves_len, repo_sink sink, void *ctx, uint32_t *objects, struct error *e)
{
	const struct repo_span span = {.wants = wants, .wants_len = wants_len, .haves = haves, .haves_len = haves_len};

	return repo_pack_send_span(r, &span, sink, ctx, objects, e);
}
