/* client/released.c - see released.h. */
#include "client/released.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/limits.h"
#include "core/record_file.h"

struct looking {
	struct released_of *of;
	size_t len, open;     /* open: may have been triaged further back */
	struct qip *q;
	released_visit visit;
	void *ctx;
	const char *id;       /* of the record at hand */
	bool touched;         /* by the commit at hand */
};

static int by_id(const void *key, const void *item)
{
	return strcmp(key, ((const struct released_of *)item)->id);
}

/* "<xx>/<id>.json", of triage/. */
static struct released_of *find(const struct looking *l, const char *path)
{
	const char *name = strrchr(path, '/');
	char id[ID_TEXT_LEN + 1];

	name = name ? name + 1 : path;
	if (strlen(name) != ID_TEXT_LEN + strlen(".json"))
		return NULL;
	memcpy(id, name, ID_TEXT_LEN);
	id[ID_TEXT_LEN] = '\0';
	return bsearch(id, l->of, l->len, sizeof(*l->of), by_id);
}

static enum status found(void *ctx, const char *hex, struct error *e)
{
	const struct looking *l = ctx;

	return l->visit(l->ctx, l->id, hex, e);
}

static enum status look_in(struct looking *l, const char *id, const struct oid *blob, struct error *e)
{
	cJSON *record = NULL;
	enum status st = record_read(&record, l->q->repo, blob, e);

	l->id = id;
	if (st == STATUS_OK)
		st = blobs_named(record, found, l, e);
	cJSON_Delete(record);
	return st == STATUS_MALFORMED || st == STATUS_FORBIDDEN_FORM || st == STATUS_TOO_BIG ? STATUS_OK : st; /* the audit tells of it */
}

static void close_one(struct looking *l, struct released_of *of)
{
	l->open -= of->open;
	of->open = false;
}

static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct looking *l = ctx;
	struct released_of *of = find(l, path);
	enum status st = STATUS_OK;

	if (!of)
		return STATUS_OK;
	l->touched = true;
	if (new_id)
		st = look_in(l, of->id, new_id, e);
	if (st == STATUS_OK && old_id)
		st = look_in(l, of->id, old_id, e);
	return st;
}

/* triage/ of a commit; zero: there is none. */
static enum status triage_of(struct oid *out, struct looking *l, const struct oid *commit_tree, struct error *e)
{
	bool is_dir = false;
	enum status st = tree_find(out, &is_dir, l->q->repo, commit_tree, "triage", e);

	if (st == STATUS_NOT_FOUND)
		*out = (struct oid){{0}};
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

struct place {
	struct oid parent, second; /* zero: none */
	struct oid triage;
	bool by_server;
};

static enum status read_place(struct place *out, struct looking *l, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, l->q->repo, id, e);

	*out = (struct place){.by_server = false};
	if (st == STATUS_OK) {
		out->parent = c.parents_len > 0 ? c.parents[0] : out->parent;
		out->second = c.parents_len > 1 ? c.parents[1] : out->second;
		out->by_server = strcmp(c.author_name, "server") == 0;
		st = triage_of(&out->triage, l, &c.tree, e);
	}
	commit_clear(&c);
	return st;
}

/* A commit against the one before it; *before becomes that one, and *more whether there is one. */
static enum status step(struct place *before, bool *more, struct looking *l, const struct place *at, struct error *e)
{
	enum status st = STATUS_OK;

	*before = (struct place){.by_server = false};
	*more = !oid_is_zero(&at->parent);
	if (*more)
		st = read_place(before, l, &at->parent, e);
	l->touched = false;
	if (st == STATUS_OK && !oid_equal(&before->triage, &at->triage))
		st = tree_diff(l->q->repo, &before->triage, &at->triage, look_at, l, e);
	return st;
}

/* What one device sent at once, one edit after the other, back to the log that it built on. */
static enum status look_at_chain(struct looking *l, const struct oid *head, struct error *e)
{
	struct place at, before;
	bool more = true;
	enum status st = read_place(&at, l, head, e);

	for (int i = 0; st == STATUS_OK && more && !at.by_server && i < LIMIT_CHAIN; i++) {
		st = step(&before, &more, l, &at, e);
		at = before;
	}
	return st;
}

/* Those that are not in a tree are not in any before it: records stay. */
static enum status close_absent(struct looking *l, const struct oid *triage, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < l->len; i++) {
		char path[TREE_PATH_MAX];
		struct oid found;

		if (!l->of[i].open)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s.json", l->of[i].id + ID_TEXT_LEN - 2, l->of[i].id);
		st = oid_is_zero(triage) ? STATUS_NOT_FOUND : tree_find(&found, NULL, l->q->repo, triage, path, e);
		if (st == STATUS_NOT_FOUND) {
			close_one(l, &l->of[i]);
			st = STATUS_OK;
		}
	}
	return st;
}

enum status released_each(struct released_of *of, size_t len, struct qip *q, released_visit visit, void *ctx, struct error *e)
{
	struct looking l = {.of = of, .len = len, .open = len, .q = q, .visit = visit, .ctx = ctx};
	struct oid tip;
	struct place at, before;
	bool more = true;
	enum status st = home_ref(&tip, q, REF_WORK, e);

	for (size_t i = 0; i < len; i++)
		of[i].open = true;
	if (st == STATUS_OK && oid_is_zero(&tip))
		return STATUS_OK;
	if (st == STATUS_OK)
		st = read_place(&at, &l, &tip, e);
	if (st == STATUS_OK)
		st = close_absent(&l, &at.triage, e);
	while (st == STATUS_OK && more && l.open > 0) {
		st = step(&before, &more, &l, &at, e);
		if (st == STATUS_OK && l.touched)
			st = close_absent(&l, &before.triage, e);
		if (st == STATUS_OK && l.touched && !oid_is_zero(&at.second))
			st = look_at_chain(&l, &at.second, e);
		at = before;
	}
	return st;
}
