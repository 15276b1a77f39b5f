/* client/adopted.c - see adopted.h. */
#include "client/adopted.h"

#include <stdio.h>
#include <string.h>

#include "client/chain.h"

struct looking {
	struct adopted *taken;
	const struct kept_chain *chain;
	struct repo *repo;
	const struct registry *registry; /* of the log's end */
};

static void note(struct looking *l, const struct commit *c)
{
	struct oid adopted;

	if (!head_message_adopts(&adopted, c->message))
		return;
	for (size_t i = 0; i < l->chain->len; i++)
		if (oid_equal(&l->taken[i].origin, &adopted))
			(void)snprintf(l->taken[i].by, sizeof(l->taken[i].by), "%.40s", c->author_name);
}

/* Nobody else takes over; and a kiosk's commits, on which its next ones build, go back to its first. */
static bool is_managers(const struct looking *l, const struct commit *c)
{
	const struct device *d = registry_find(l->registry, c->author_name);

	return d && d->role == ROLE_MANAGER;
}

/* A head of a manager and what it brought: back to the merge or the head that it was made on. */
static enum status look_at_head(struct looking *l, struct oid at, size_t max, struct error *e)
{
	bool more = true;
	enum status st = STATUS_OK;

	for (size_t n = 0; st == STATUS_OK && more && n < max; n++) {
		struct commit c = COMMIT_INIT;

		st = repo_commit_read(&c, l->repo, &at, e);
		more = st == STATUS_OK && c.parents_len == 1 && is_managers(l, &c);
		if (more) {
			note(l, &c);
			at = c.parents[0];
		}
		commit_clear(&c);
	}
	return st;
}

/* Back to where the chain starts: nobody can have taken it over before. */
static enum status look_at_log(struct looking *l, struct oid at, struct error *e)
{
	const struct oid *base = &l->chain->base;
	bool more = true;
	enum status st = STATUS_OK;

	for (int n = 0; st == STATUS_OK && more && !oid_equal(&at, base); n++) {
		struct commit c = COMMIT_INIT;

		if (n == LIMIT_LOG_MERGES)
			return error_set(e, STATUS_TOO_BIG, "the log is too long to look through for who took this over before");
		st = repo_commit_read(&c, l->repo, &at, e);
		more = st == STATUS_OK && c.parents_len == 2 && !oid_equal(&c.parents[1], base);
		if (more) {
			st = look_at_head(l, c.parents[1], LIMIT_KEPT_COMMITS, e);
			at = c.parents[0];
		}
		commit_clear(&c);
	}
	return st;
}

static enum status find_origins(struct looking *l, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < l->chain->len; i++) {
		struct commit c = COMMIT_INIT;

		st = repo_commit_read(&c, l->repo, &l->chain->ids[i], e);
		if (st == STATUS_OK && !head_message_adopts(&l->taken[i].origin, c.message))
			l->taken[i].origin = l->chain->ids[i];
		commit_clear(&c);
	}
	return st;
}

enum status adopted_find(struct adopted *taken, const struct kept_chain *chain, struct qip *q, struct error *e)
{
	struct looking l = {.taken = taken, .chain = chain, .repo = q->repo};
	struct chain own = {0};
	struct oid main, tree;
	enum status st = find_origins(&l, e);

	if (st == STATUS_OK)
		st = home_ref(&main, q, REF_MAIN, e);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, &main, e);
	if (st == STATUS_OK)
		st = view_registry_of(&l.registry, q, &tree, e);
	if (st == STATUS_OK)
		st = chain_load(&own, q, e);
	if (st == STATUS_OK && own.len > 0)
		st = look_at_head(&l, own.ids[own.len - 1], own.len, e);
	if (st == STATUS_OK)
		st = look_at_log(&l, main, e);
	chain_clear(&own);
	return st;
}
