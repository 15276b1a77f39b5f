/* core/merge_tree.c - three-way merge of trees by an own walk: what has equal ids is never read, so cost is changes × depth. */
#include "core/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"

struct walk {
	struct repo *repo;
	const struct rules *rules;
	struct buf *kept;
	struct error *e;
	struct json_pool pool; /* of the records being merged */
	int depth;
	char path[TREE_PATH_MAX]; /* of the folder being merged, with '/' behind, "" for the root */
};

static const struct oid no_oid = {{0}};

static enum status read_side(struct tree *out, struct walk *w, const struct tree_entry *dir)
{
	return dir && dir->is_dir ? repo_tree_read(out, w->repo, &dir->id, w->e) : STATUS_OK;
}

static bool same(const struct tree_entry *a, const struct tree_entry *b)
{
	if (!a || !b)
		return a == b;
	return a->is_dir == b->is_dir && oid_equal(&a->id, &b->id);
}

struct record_side {
	struct buf bytes;
	cJSON *record; /* the pool's */
};

/* first: a side that was read before, whose pieces this one may refer to; itself for none. */
static enum status read_record(struct record_side *out, struct walk *w, const struct tree_entry *file, const struct record_side *first)
{
	const struct json_reading how = {.pool = &w->pool, .other = first->record, .other_bytes = buf_text(&first->bytes)};
	enum status st = repo_read(&out->bytes, w->repo, &file->id, REPO_BLOB, RECORD_MAX_BYTES, w->e);

	if (st == STATUS_OK)
		st = json_read(&out->record, buf_text(&out->bytes), out->bytes.len, &how, w->e);
	return st == STATUS_OK ? st : error_prefix(w->e, st, "%s%s", w->path, file->name);
}

/* Two sides may each keep to a limit of which both together are over. */
static enum status check_merged(struct walk *w, const cJSON *merged, size_t bytes)
{
	enum status st = schema_check(merged, w->e);

	if (st == STATUS_INVALID)
		return error_prefix(w->e, STATUS_TOO_BIG, "the merged record");
	if (st == STATUS_OK && bytes > RECORD_MAX_BYTES)
		st = error_set(w->e, STATUS_TOO_BIG, "the merged record has more than %d bytes", RECORD_MAX_BYTES);
	return st;
}

static enum status merge_files(struct oid *out, struct walk *w, const struct tree_entry *base, const struct tree_entry *ours,
			       const struct tree_entry *theirs)
{
	struct record_side sides[3] = {{.record = NULL}};
	const struct tree_entry *files[3] = {base && !base->is_dir ? base : NULL, ours, theirs};
	struct buf bytes = BUF_INIT;
	cJSON *merged = NULL;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < 3 && st == STATUS_OK; i++)
		if (files[i])
			st = read_record(&sides[i], w, files[i], &sides[files[0] ? 0 : 1]);
	if (st == STATUS_OK) {
		st = merge_records_in_place(&merged, sides[0].record, sides[1].record, sides[2].record, w->rules, w->e);
		if (st == STATUS_OK)
			st = json_canonical(&bytes, merged);
		if (st == STATUS_OK)
			st = check_merged(w, merged, bytes.len);
		if (st != STATUS_OK)
			st = error_prefix(w->e, st, "%s%s", w->path, ours->name);
	}
	if (st == STATUS_OK)
		st = repo_write(out, w->repo, REPO_BLOB, bytes.data, bytes.len, w->e);
	cJSON_Delete(merged);
	json_pool_reset(&w->pool);
	for (size_t i = 0; i < 3; i++)
		buf_clear(&sides[i].bytes);
	buf_clear(&bytes);
	return st;
}

static enum status merge_dirs(struct oid *out, struct walk *w, const struct tree_entry *base, const struct tree_entry *ours,
			      const struct tree_entry *theirs);

static enum status descend(struct oid *out, struct walk *w, const char *name, const struct tree_entry *base,
			   const struct tree_entry *ours, const struct tree_entry *theirs)
{
	size_t len = strlen(w->path);
	enum status st;

	if (w->depth + 1 >= TREE_DEPTH_MAX || len + strlen(name) + 2 > sizeof(w->path))
		return error_set(w->e, STATUS_TOO_BIG, "%s%s is nested too deeply", w->path, name);
	(void)snprintf(w->path + len, sizeof(w->path) - len, "%s/", name);
	w->depth++;
	st = merge_dirs(out, w, base, ours, theirs);
	w->depth--;
	w->path[len] = '\0';
	return st;
}

static void keep(struct walk *w, const char *name)
{
	buf_addf(w->kept, "%s%s\n", w->path, name);
}

/* One name that both sides changed, each in its own way. A zero id: the name goes. */
static enum status merge_entry(struct tree_entry *out, struct walk *w, const struct tree_entry *base, const struct tree_entry *ours,
			       const struct tree_entry *theirs)
{
	const struct tree_entry *there = ours ? ours : theirs;
	bool dir_o = ours && ours->is_dir, dir_t = theirs && theirs->is_dir;

	out->id = no_oid;
	out->is_dir = dir_o || dir_t;
	if (!there)
		return STATUS_OK;
	/* A folder against a file of the same name is refused by policy; should one appear, the folder stays. */
	if (out->is_dir && ((ours && !dir_o) || (theirs && !dir_t))) {
		out->id = dir_o ? ours->id : theirs->id;
		return STATUS_OK;
	}
	if (out->is_dir)
		return descend(&out->id, w, there->name, base && base->is_dir ? base : NULL, ours, theirs);
	if (!ours || !theirs) {
		keep(w, there->name); /* changed beats deleted */
		out->id = there->id;
		return STATUS_OK;
	}
	return merge_files(&out->id, w, base, ours, theirs);
}

/* ---- one folder ---- */

static int by_name(const void *a, const void *b)
{
	const struct tree_entry *const *ea = a, *const *eb = b;

	return strcmp((*ea)->name, (*eb)->name);
}

/* Pointers to a tree's entries, sorted by plain name. */
static const struct tree_entry **sorted(const struct tree *t)
{
	const struct tree_entry **out = calloc(t->len + 1, sizeof(const struct tree_entry *));

	for (size_t i = 0; out && i < t->len; i++)
		out[i] = &t->entries[i];
	if (out)
		qsort(out, t->len, sizeof(const struct tree_entry *), by_name);
	return out;
}

/* The entry of that name at the cursor, moving on; NULL when this side has none. */
static const struct tree_entry *take(const struct tree_entry ***cursor, const char *name)
{
	const struct tree_entry *entry = **cursor;

	if (!entry || strcmp(entry->name, name) != 0)
		return NULL;
	(*cursor)++;
	return entry;
}

static const char *lowest(const struct tree_entry *const *const cursors[3])
{
	const char *name = NULL;

	for (size_t i = 0; i < 3; i++)
		if (*cursors[i] && (!name || strcmp((*cursors[i])->name, name) < 0))
			name = (*cursors[i])->name;
	return name;
}

static enum status merge_name(struct tree_entry *out, struct walk *w, const struct tree_entry *base, const struct tree_entry *ours,
			      const struct tree_entry *theirs)
{
	const struct tree_entry *winner;

	if (same(ours, theirs) || same(base, theirs))
		winner = ours;
	else if (same(base, ours))
		winner = theirs;
	else
		return merge_entry(out, w, base, ours, theirs);
	out->id = winner ? winner->id : no_oid;
	out->is_dir = winner && winner->is_dir;
	return STATUS_OK;
}

static enum status merge_names(struct tree *out, struct walk *w, const struct tree sides[3])
{
	const struct tree_entry **lists[3] = {sorted(&sides[0]), sorted(&sides[1]), sorted(&sides[2])};
	const struct tree_entry **cursors[3] = {lists[0], lists[1], lists[2]};
	enum status st = lists[0] && lists[1] && lists[2] ? STATUS_OK : error_set(w->e, STATUS_NOMEM, "out of memory");
	const char *name;

	while (st == STATUS_OK && (name = lowest((const struct tree_entry *const *const *)cursors)) != NULL) {
		const struct tree_entry *base = take(&cursors[0], name), *ours = take(&cursors[1], name),
					*theirs = take(&cursors[2], name);
		struct tree_entry *entry = &out->entries[out->len];

		st = merge_name(entry, w, base, ours, theirs);
		if (st != STATUS_OK || oid_is_zero(&entry->id))
			continue;
		entry->name = strdup(name);
		if (!entry->name)
			st = error_set(w->e, STATUS_NOMEM, "out of memory");
		else
			out->len++;
	}
	for (size_t i = 0; i < 3; i++)
		free(lists[i]);
	return st;
}

/* A folder left empty has a zero id: it goes. */
static enum status merge_dirs(struct oid *out, struct walk *w, const struct tree_entry *base, const struct tree_entry *ours,
			      const struct tree_entry *theirs)
{
	struct tree sides[3] = {TREE_INIT, TREE_INIT, TREE_INIT}, merged = TREE_INIT;
	enum status st = read_side(&sides[0], w, base);

	if (st == STATUS_OK)
		st = read_side(&sides[1], w, ours);
	if (st == STATUS_OK)
		st = read_side(&sides[2], w, theirs);
	if (st != STATUS_OK)
		goto done;
	merged.entries = calloc(sides[0].len + sides[1].len + sides[2].len + 1, sizeof(*merged.entries));
	st = merged.entries ? merge_names(&merged, w, sides) : error_set(w->e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && merged.len == 0 && w->depth > 0)
		*out = no_oid;
	else if (st == STATUS_OK)
		st = repo_tree_write(out, w->repo, &merged, w->e);
done:
	tree_clear(&merged);
	for (size_t i = 0; i < 3; i++)
		tree_clear(&sides[i]);
	return st;
}

enum status merge_trees(struct oid *out, struct buf *kept, struct repo *r, const struct oid *base, const struct oid *ours,
			const struct oid *theirs, const struct rules *rules, struct error *e)
{
	struct walk w = {.repo = r, .rules = rules, .kept = kept, .e = e};
	const struct oid *ids[3] = {base, ours, theirs};
	struct tree_entry roots[3];
	const struct tree_entry *sides[3];
	enum status st;

	for (size_t i = 0; i < 3; i++) {
		roots[i] = (struct tree_entry){.is_dir = true, .id = ids[i] ? *ids[i] : no_oid};
		sides[i] = oid_is_zero(&roots[i].id) ? NULL : &roots[i];
	}
	if (same(sides[1], sides[2]) || same(sides[0], sides[2])) {
		*out = roots[1].id;
		return STATUS_OK;
	}
	if (same(sides[0], sides[1])) {
		*out = roots[2].id;
		return STATUS_OK;
	}
	st = merge_dirs(out, &w, sides[0], sides[1], sides[2]);
	json_pool_clear(&w.pool);
	return st;
}
