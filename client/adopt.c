/* client/adopt.c - a manager takes over what a revoked device still said.
 *
 * Enters: what the server keeps aside: commits signed by the revoked device. Leaves: commits of this device that say the same where a manager may
 * say it, each naming the one it was made of. What only the device itself can say, a patient's answer first of all, is left where it is.
 * What would come of it is found out by doing it, without keeping it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/adopted.h"
#include "client/commit.h"
#include "client/kept.h"
#include "client/redo.h"
#include "client/replay.h"
#include "core/record_file.h"

/* ---- what was fetched, and who took it over before ---- */

struct adopting {
	struct kept_chain chain;
	struct adopted *taken; /* owned; as many */
};

static enum status adopting_open(struct adopting *out, struct qip *q, const struct qip_kept *k, struct error *e)
{
	enum status st = kept_chain_load(&out->chain, q, k, e);

	if (st == STATUS_OK)
		st = (out->taken = calloc(out->chain.len, sizeof(*out->taken))) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	return st == STATUS_OK ? adopted_find(out->taken, &out->chain, q, e) : st;
}

static void adopting_close(struct adopting *a)
{
	free(a->taken);
	kept_chain_clear(&a->chain);
}

/* ---- a trial ---- */

struct trial {
	struct qip *q;
	qip_kept_change_visit visit; /* NULL: only count */
	void *ctx;
	struct qip_kept_change change;
	struct oid before, after; /* trees: the practice without and with the commit at hand */
	uint64_t changes;
	size_t last; /* of the chain: the last that something is made of, if there are changes */
};

static enum status tell(struct trial *t, const char *path, const char *slot, const cJSON *before, const cJSON *after, const char *left, struct error *e)
{
	struct qip_kept_change change = t->change;

	change.path = path;
	change.slot = slot;
	change.before = before;
	change.after = after;
	change.left = left;
	return t->visit ? t->visit(t->ctx, &change, e) : STATUS_OK;
}

static enum status tell_left(void *ctx, const char *path, const char *slot, const cJSON *made, const char *why, struct error *e)
{
	return tell(ctx, path, slot, NULL, made, why, e);
}

static enum status tell_file(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct trial *t = ctx;
	cJSON *before = NULL, *after = NULL;
	enum status st = old_id ? record_read(&before, t->q->repo, old_id, e) : STATUS_OK;

	if (st == STATUS_OK && new_id)
		st = record_read(&after, t->q->repo, new_id, e);
	if (st == STATUS_OK)
		st = tell(t, path, "", before, after, NULL, e);
	cJSON_Delete(before);
	cJSON_Delete(after);
	return st;
}

static enum status make(struct trial *t, const struct oid *id, struct error *e)
{
	struct redo redo = {.adopt = true, .leave = tell_left, .ctx = t};
	enum status st = qip_edit_begin(&redo.edit, t->q, NULL, e);

	if (st != STATUS_OK)
		return st;
	commit_try_on(redo.edit, &t->before);
	st = redo_commit(&redo, t->q, id, &t->before, e);
	if (st != STATUS_OK) {
		qip_edit_abort(redo.edit);
		return st;
	}
	t->changes += redo.changes;
	return commit_try(&t->after, redo.edit, e);
}

/* From t->before to t->after. */
static enum status try_commit(struct trial *t, const struct oid *id, const struct adopted *taken, struct error *e)
{
	struct commit c = COMMIT_INIT;
	char hex[OID_HEX_LEN + 1], subject[256];
	enum status st = repo_commit_read(&c, t->q->repo, id, e);

	if (st != STATUS_OK)
		goto done;
	oid_hex(hex, id);
	replay_subject(subject, sizeof(subject), &c);
	t->change = (struct qip_kept_change){.commit = hex, .subject = subject, .at_ms = c.author_s * 1000, .taken_by = taken->by[0] ? taken->by : NULL};
	t->after = t->before;
	if (taken->by[0]) {
		st = tell(t, "", "", NULL, NULL, NULL, e);
		goto done;
	}
	st = make(t, id, e);
	if (st == STATUS_OK)
		st = tree_diff(t->q->repo, &t->before, &t->after, tell_file, t, e);
done:
	commit_clear(&c);
	return st;
}

static enum status try_all(struct trial *t, const struct adopting *a, struct error *e)
{
	struct oid work;
	enum status st = home_ref(&work, t->q, REF_WORK, e);

	if (st == STATUS_OK)
		st = home_tree_of(&t->before, t->q, &work, e);
	for (size_t i = 0; st == STATUS_OK && i < a->chain.len; i++) {
		uint64_t so_far = t->changes;

		st = try_commit(t, &a->chain.ids[i], &a->taken[i], e);
		t->before = t->after;
		t->last = t->changes > so_far ? i : t->last;
	}
	repo_discard(t->q->repo);
	return st;
}

enum status qip_kept_changes(struct qip *q, const struct qip_kept *k, qip_kept_change_visit visit, void *ctx, struct error *e)
{
	struct trial t = {.q = q, .visit = visit, .ctx = ctx};
	struct adopting a = {.taken = NULL};
	enum status st = adopting_open(&a, q, k, e);

	if (st == STATUS_OK)
		st = try_all(&t, &a, e);
	adopting_close(&a);
	return st;
}

/* ---- in the own name ---- */

static enum status adopt_commit(struct qip_adopted *out, struct qip *q, const struct oid *id, const struct oid *origin, struct error *e)
{
	struct redo redo = {.adopt = true};
	struct commit c = COMMIT_INIT;
	char subject[256];
	struct oid work, tree;
	enum status st = repo_commit_read(&c, q->repo, id, e);

	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, &work, e);
	if (st == STATUS_OK)
		st = qip_edit_begin(&redo.edit, q, NULL, e);
	if (st != STATUS_OK)
		goto done;
	replay_subject(subject, sizeof(subject), &c);
	st = redo_commit(&redo, q, id, &tree, e);
	if (st != STATUS_OK || redo.changes == 0) {
		qip_edit_abort(redo.edit);
	} else {
		commit_adopts(redo.edit, origin);
		st = qip_edit_commit(redo.edit, subject[0] ? subject : "Take over an edit", e);
		out->commits += st == STATUS_OK;
		out->changes += redo.changes;
	}
	out->overtaken += redo.overtaken;
	out->left += redo.left;
	if (redo.left > 0)
		(void)snprintf(out->why, sizeof(out->why), "%s", redo.why);
done:
	commit_clear(&c);
	return st;
}

static void count_taken(struct qip_adopted *out, const struct adopted *taken)
{
	if (out->before_by[0] && strcmp(out->before_by, taken->by) != 0)
		out->before_by_others = true;
	memcpy(out->before_by, taken->by, sizeof(out->before_by));
	out->before++;
}

/* Two managers who make the same would both be in the log: the server lets one begin, if there is anything to make. */
static enum status reserve(struct qip *q, const struct qip_kept *k, const struct adopting *a, struct error *e)
{
	struct trial t = {.q = q};
	enum status st = try_all(&t, a, e);

	return st == STATUS_OK && t.changes > 0 ? kept_reserve(q, k, &a->taken[t.last].origin, e) : st;
}

enum status qip_kept_adopt(struct qip_adopted *out, struct qip *q, int64_t number, struct error *e)
{
	struct qip_adopted done = {0};
	struct adopting a = {.taken = NULL};
	struct qip_kept k;
	enum status st = kept_find(&k, q, number, e);

	if (st == STATUS_OK)
		st = kept_shown_check(q, &k, e);
	if (st == STATUS_OK)
		st = adopting_open(&a, q, &k, e);
	if (st == STATUS_OK)
		st = reserve(q, &k, &a, e);
	for (size_t i = 0; st == STATUS_OK && i < a.chain.len; i++) {
		if (a.taken[i].by[0])
			count_taken(&done, &a.taken[i]);
		else
			st = adopt_commit(&done, q, &a.chain.ids[i], &a.taken[i].origin, e);
	}
	if (st == STATUS_OK)
		st = kept_shown_forget(q, number, e);
	if (st == STATUS_OK)
		*out = done;
	adopting_close(&a);
	return st;
}
