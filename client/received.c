/* client/received.c - see received.h. */
#include "client/received.h"

#include <stdlib.h>
#include <string.h>

struct looking {
	struct repo *repo;
	struct received *list;
	size_t len, open; /* open: sent, and not yet found */
	struct oid tree;  /* of the merge at hand */
	struct tree root; /* what stands in it */
};

static const struct oid *entry_of(const struct tree *t, const char *path)
{
	size_t len = strcspn(path, "/");

	for (size_t i = 0; i < t->len; i++)
		if (strncmp(t->entries[i].name, path, len) == 0 && t->entries[i].name[len] == '\0')
			return &t->entries[i].id;
	return NULL;
}

/* Does the record in this tree hold the edit? Ids are like no other text, so the bytes are searched. */
static enum status holds(bool *out, struct looking *l, const struct oid *tree, const struct received *x, struct error *e)
{
	struct buf bytes = BUF_INIT;
	enum status st = tree_read_path(&bytes, l->repo, tree, x->path, RECORD_MAX_BYTES, e);

	*out = st == STATUS_OK && memmem(buf_text(&bytes), bytes.len, x->edit, strlen(x->edit)) != NULL;
	buf_clear(&bytes);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static bool same_entry(const struct tree *a, const struct tree *b, const char *path)
{
	const struct oid *x = entry_of(a, path), *y = entry_of(b, path);

	return x && y && oid_equal(x, y);
}

/* What the merge has and the one before it has not came with it. */
static enum status look_before(struct looking *l, const struct oid *before, const struct tree *root, const char *message, struct error *e)
{
	struct merge_note note = {0};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < l->len && st == STATUS_OK; i++) {
		struct received *x = &l->list[i];
		bool held = false;

		if (!x->sent || x->at[0] || same_entry(&l->root, root, x->path))
			continue;
		st = holds(&held, l, before, x, e);
		if (st != STATUS_OK || held)
			continue;
		if (!note.received[0])
			st = merge_note_parse(&note, message, e);
		memcpy(x->at, note.received, sizeof(x->at));
		l->open--;
	}
	buf_clear(&note.kept);
	return st;
}

/* From the merge `c` to the one before. */
static enum status step_back(struct looking *l, struct commit *c, struct error *e)
{
	struct commit before = COMMIT_INIT;
	struct tree root = TREE_INIT;
	enum status st = repo_commit_read(&before, l->repo, &c->parents[0], e);

	if (st == STATUS_OK && !oid_equal(&before.tree, &l->tree)) {
		st = repo_tree_read(&root, l->repo, &before.tree, e);
		if (st == STATUS_OK)
			st = look_before(l, &before.tree, &root, c->message, e);
		if (st == STATUS_OK) {
			struct tree old = l->root;

			l->root = root;
			root = old;
			l->tree = before.tree;
		}
	}
	tree_clear(&root);
	commit_clear(c);
	*c = before;
	return st;
}

enum status received_find(struct received *list, size_t len, struct repo *r, const struct oid *main, struct error *e)
{
	struct looking l = {.repo = r, .list = list, .len = len, .root = TREE_INIT};
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, r, main, e);

	l.tree = c.tree;
	if (st == STATUS_OK)
		st = repo_tree_read(&l.root, r, &l.tree, e);
	for (size_t i = 0; i < len && st == STATUS_OK; i++) {
		st = holds(&list[i].sent, &l, &l.tree, &list[i], e);
		l.open += list[i].sent;
	}
	for (size_t n = 0; n < RECEIVED_MAX_MERGES && l.open > 0 && c.parents_len == 2 && st == STATUS_OK; n++)
		st = step_back(&l, &c, e);
	tree_clear(&l.root);
	commit_clear(&c);
	return st;
}
