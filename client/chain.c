/* client/chain.c - own commits that the server has not accepted yet. */
#include "client/chain.h"

#include <stdlib.h>
#include <string.h>

#include "core/array.h"

static enum status add(struct chain *c, size_t *cap, const struct oid *id, struct error *e)
{
	if (c->len == LIMIT_CHAIN)
		return error_set(e, STATUS_TOO_BIG, "more than %d commits wait to be sent", LIMIT_CHAIN);
	if (!array_room(&c->ids, cap, c->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	c->ids[c->len++] = *id;
	return STATUS_OK;
}

static void reverse(struct chain *c)
{
	for (size_t i = 0, k = c->len; i + 1 < k; i++) {
		struct oid id = c->ids[i];

		k--;
		c->ids[i] = c->ids[k];
		c->ids[k] = id;
	}
}

/* A device's commits have one parent; the log's have two (its first one none). */
static enum status walk(struct chain *c, struct qip *q, const struct oid *work, const struct oid *accepted, struct error *e)
{
	struct oid at = *work;
	size_t cap = 0;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && !oid_equal(&at, accepted)) {
		struct commit commit = COMMIT_INIT;
		size_t parents = 0;

		st = repo_commit_read(&commit, q->repo, &at, e);
		if (st != STATUS_OK)
			break;
		parents = commit.parents_len;
		if (parents == 1) {
			st = add(c, &cap, &at, e);
			at = commit.parents[0];
		} else if (parents == 0 && home_is_kiosk(q) && oid_is_zero(accepted)) {
			st = add(c, &cap, &at, e); /* its enrolment */
			at = *accepted;
		} else if (home_is_kiosk(q))
			st = error_set(e, STATUS_CORRUPT, "this kiosk's branch does not build on what the server accepted: ask for help");
		commit_clear(&commit);
		if (parents != 1)
			break;
	}
	c->base = at;
	return st;
}

enum status chain_load(struct chain *out, struct qip *q, struct error *e)
{
	struct chain c = {0};
	struct oid work, accepted;
	enum status st = home_ref(&work, q, REF_WORK, e);

	if (st == STATUS_OK)
		st = home_ref(&accepted, q, q->own_ref, e);
	if (st == STATUS_OK)
		st = walk(&c, q, &work, &accepted, e);
	if (st != STATUS_OK) {
		chain_clear(&c);
		return st;
	}
	reverse(&c);
	*out = c;
	return STATUS_OK;
}

void chain_clear(struct chain *c)
{
	free(c->ids);
	*c = (struct chain){0};
}

/* People are told of what they or patients said, not of a clock. */
static enum status count_file(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	uint64_t *count = ctx;

	(void)old_id;
	(void)new_id;
	(void)e;
	if (strncmp(path, "clock/", 6) != 0)
		(*count)++;
	return STATUS_OK;
}

enum status chain_count_records(uint64_t *out, struct qip *q, const struct oid *from, const struct oid *to, struct error *e)
{
	struct oid before, after;
	uint64_t count = 0;
	enum status st = home_tree_of(&before, q, from, e);

	if (st == STATUS_OK)
		st = home_tree_of(&after, q, to, e);
	if (st == STATUS_OK)
		st = tree_diff(q->repo, &before, &after, count_file, &count, e);
	if (st == STATUS_OK)
		*out = count;
	return st;
}
