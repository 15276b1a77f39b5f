/* client/adopt.c - a manager takes over what a revoked device still said.
 *
 * Enters: what the server keeps aside: commits signed by the revoked device. Leaves: commits of this device that say the same where a manager may
 * say it, each naming the one it was made of. What only the device itself can say, a patient's answer first of all, is left where it is.
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

/* ---- what they changed ---- */

struct telling {
	struct qip *q;
	qip_kept_change_visit visit;
	void *ctx;
	struct qip_kept_change change;
	struct oid before, after; /* trees */
};

static enum status read_side(cJSON **out, struct telling *t, const struct oid *tree, const struct oid *id, const char *path, struct error *e)
{
	return id ? record_read_path(out, t->q->repo, tree, path, e) : STATUS_OK;
}

static enum status tell_file(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct telling *t = ctx;
	cJSON *before = NULL, *after = NULL;
	enum status st = read_side(&before, t, &t->before, old_id, path, e);

	if (st == STATUS_OK)
		st = read_side(&after, t, &t->after, new_id, path, e);
	t->change.path = path;
	t->change.before = before;
	t->change.after = after;
	if (st == STATUS_OK)
		st = t->visit(t->ctx, &t->change, e);
	cJSON_Delete(before);
	cJSON_Delete(after);
	return st;
}

static enum status tell_commit(struct telling *t, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	char hex[OID_HEX_LEN + 1], subject[256];
	enum status st = repo_commit_read(&c, t->q->repo, id, e);

	if (st == STATUS_OK)
		st = home_tree_of(&t->before, t->q, &c.parents[0], e);
	if (st == STATUS_OK) {
		oid_hex(hex, id);
		replay_subject(subject, sizeof(subject), &c);
		t->after = c.tree;
		t->change = (struct qip_kept_change){.commit = hex, .subject = subject, .at_ms = c.author_s * 1000};
		st = tree_diff(t->q->repo, &t->before, &t->after, tell_file, t, e);
	}
	commit_clear(&c);
	return st;
}

enum status qip_kept_changes(struct qip *q, const struct qip_kept *k, qip_kept_change_visit visit, void *ctx, struct error *e)
{
	struct telling t = {.q = q, .visit = visit, .ctx = ctx};
	struct kept_chain chain = {0};
	enum status st = kept_chain_load(&chain, q, k, e);

	for (size_t i = 0; st == STATUS_OK && i < chain.len; i++)
		st = tell_commit(&t, &chain.ids[i], e);
	kept_chain_clear(&chain);
	return st;
}

/* ---- in the own name ---- */

static enum status adopt_commit(struct qip_adopted *out, struct qip *q, const struct oid *id, struct error *e)
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
		commit_adopts(redo.edit, id);
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

enum status qip_kept_adopt(struct qip_adopted *out, struct qip *q, int64_t number, struct error *e)
{
	struct qip_adopted done = {0};
	struct kept_chain chain = {0};
	struct qip_kept k;
	bool *taken = NULL;
	enum status st = qip_kept_fetch(&k, q, number, e);

	if (st == STATUS_OK)
		st = kept_chain_load(&chain, q, &k, e);
	if (st == STATUS_OK)
		st = (taken = calloc(chain.len, sizeof(*taken))) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = adopted_find(taken, &chain, q, k.received, e);
	for (size_t i = 0; st == STATUS_OK && i < chain.len; i++) {
		if (taken[i])
			done.before++;
		else
			st = adopt_commit(&done, q, &chain.ids[i], e);
	}
	if (st == STATUS_OK)
		*out = done;
	free(taken);
	kept_chain_clear(&chain);
	return st;
}
