/* core/server_chain.c - whose signature counts along a chain of the server's commits; see server_chain.h. */
#include "core/server_chain.h"

#include <stdio.h>
#include <string.h>

void server_chain_begin(struct server_chain *out, struct repo *r, const char *root_ssh)
{
	*out = (struct server_chain){.repo = r};
	(void)snprintf(out->root_ssh, sizeof(out->root_ssh), "%s", root_ssh);
}

void server_chain_clear(struct server_chain *w)
{
	registry_clear(&w->after.registry);
	registry_clear(&w->before.registry);
	w->after.read = w->before.read = false;
}

/* Zero where there is none. */
static enum status find(struct oid *out, struct repo *r, const struct oid *tree, const char *path, struct error *e)
{
	enum status st = tree_find(out, NULL, r, tree, path, e);

	if (st != STATUS_NOT_FOUND)
		return st;
	*out = (struct oid){{0}};
	return STATUS_OK;
}

static enum status load(struct registry *out, const struct server_chain *w, const struct oid *tree, const struct registry *known, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	enum status st = registry_load_keys(&reg, known->root ? known : NULL, w->repo, tree, NULL, e);

	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_CORRUPT, "a practice.json of the history is missing");
	if (st == STATUS_OK && strcmp(reg.root_ssh, w->root_ssh) != 0)
		st = error_set(e, STATUS_UNTRUSTED, "practice.json names another root key further back in the history");
	if (st != STATUS_OK) {
		registry_clear(&reg);
		return st;
	}
	*out = reg;
	return STATUS_OK;
}

/* The keys of a tree; those that were there already, where they are the same: they rarely change. */
static enum status read_keys(struct chain_keys *k, struct server_chain *w, const struct oid *tree, const struct registry *known, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct oid practice = {{0}}, retired = {{0}};
	enum status st = find(&practice, w->repo, tree, "practice.json", e);

	if (st == STATUS_OK)
		st = find(&retired, w->repo, tree, "retired-keys", e);
	if (st != STATUS_OK)
		return st;
	if (!k->read || !oid_equal(&practice, &k->registry.practice) || !oid_equal(&retired, &k->registry.retired_keys)) {
		if (!oid_is_zero(&practice)) /* or the practice starts after it */
			st = load(&reg, w, tree, known, e);
		if (st != STATUS_OK)
			return st;
		registry_clear(&k->registry);
		k->registry = reg;
	}
	k->read = true;
	k->tree = *tree;
	return STATUS_OK;
}

/* What was before the last commit is what comes after this one. */
static enum status step(struct server_chain *w, const struct oid *tree, struct error *e)
{
	struct chain_keys after = w->before;

	if (!after.read || !oid_equal(&after.tree, tree))
		return read_keys(&w->after, w, tree, &w->after.registry, e);
	w->before = w->after;
	w->after = after;
	return STATUS_OK;
}

static enum status step_parent(struct server_chain *w, const struct oid *parent, struct error *e)
{
	struct commit c = COMMIT_INIT;
	char hex[OID_HEX_LEN + 1];
	enum status st = repo_commit_read(&c, w->repo, parent, e);

	oid_hex(hex, parent);
	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_CORRUPT, "commit %s of the log is missing", hex);
	if (st == STATUS_OK)
		st = read_keys(&w->before, w, &c.tree, &w->after.registry, e);
	commit_clear(&c);
	return st;
}

static bool is_signed(const struct registry *before, const struct registry *after, const struct commit *c)
{
	return after->root && registry_server_signer(before->root ? before : NULL, after, c) != NULL;
}

enum status server_chain_check(bool *out, struct server_chain *w, const struct commit *c, struct error *e)
{
	static const struct registry nothing = REGISTRY_INIT;
	enum status st;

	if (c->parents_len == 0 && w->after.read && w->before.read && oid_equal(&w->before.tree, &c->tree) && !w->before.registry.root) {
		*out = is_signed(&nothing, &w->after.registry, c);
		return STATUS_OK;
	}
	st = step(w, &c->tree, e);
	if (st == STATUS_OK && c->parents_len > 0)
		st = step_parent(w, &c->parents[0], e);
	if (st == STATUS_OK)
		*out = is_signed(c->parents_len > 0 ? &w->before.registry : &nothing, &w->after.registry, c);
	return st;
}
