/* client/retry.c - see retry.h. */
#include "client/retry.h"

#include <stdio.h>
#include <string.h>

#include "client/redo.h"
#include "client/refused_note.h"
#include "core/log.h"

static enum status read_commit_id(struct oid *out, const struct qip_refusal *r, struct error *e)
{
	if (oid_parse(out, r->commit, strlen(r->commit)) != STATUS_OK)
		return error_set(e, STATUS_CORRUPT,
				 "what is known of No %d is damaged (" HOME_REFUSED "/%d.json); its chain is kept as " REF_REFUSED "%d: ask for help",
				 r->number, r->number, r->number);
	return STATUS_OK;
}

static enum status trees_around(struct oid *before, struct oid *after, struct qip *q, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct oid parent = {0};
	enum status st = repo_commit_read(&c, q->repo, id, e);

	if (st == STATUS_OK && c.parents_len > 0)
		parent = c.parents[0];
	*after = c.tree;
	commit_clear(&c);
	return st == STATUS_OK ? home_tree_of(before, q, &parent, e) : st;
}

static enum status work_tree(struct oid *out, struct qip *q, struct error *e)
{
	struct oid work;
	enum status st = home_ref(&work, q, REF_WORK, e);

	return st == STATUS_OK ? home_tree_of(out, q, &work, e) : st;
}

/* Whether anything that the kept commit changed is not in the tree. */
static enum status is_left(bool *out, struct qip *q, const struct qip_refusal *r, const struct oid *tree, struct error *e)
{
	struct redo redo = {.edit = NULL};
	struct oid id;
	enum status st = read_commit_id(&id, r, e);

	if (st == STATUS_OK)
		st = redo_commit(&redo, q, &id, tree, e);
	if (st == STATUS_OK)
		*out = redo.changes > 0;
	return st;
}

static enum status recover_one(struct qip *q, struct qip_refusal *r, struct error *e)
{
	struct oid tree;
	bool left = true;
	enum status st = work_tree(&tree, q, e);

	if (st == STATUS_OK)
		st = is_left(&left, q, r, &tree, e);
	if (st == STATUS_OK) {
		r->state = left ? QIP_REFUSAL_OPEN : QIP_REFUSAL_MADE;
		st = refused_note_set(q, r->number, r->state, NULL, NULL, e);
	}
	return st;
}

/* ---- in a sync ---- */

static enum status recover_visit(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct qip_refusal copy = *r;

	return r->state == QIP_REFUSAL_MAKING ? recover_one(ctx, &copy, e) : STATUS_OK;
}

void retry_recover(struct qip *q)
{
	struct error why = {0};

	if (refused_note_each(q, recover_visit, q, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "what became of an edit that was made again could not be found out", "reason", why.text, NULL);
}

static enum status settle_visit(void *ctx, const struct qip_refusal *r, struct error *e)
{
	return r->state == QIP_REFUSAL_MADE ? refused_note_set(ctx, r->number, QIP_REFUSAL_DONE, NULL, NULL, e) : STATUS_OK;
}

void retry_settle(struct qip *q)
{
	struct error why = {0};

	if (refused_note_each(q, settle_visit, q, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "that an edit made again was accepted could not be noted", "reason", why.text, NULL);
}

struct again {
	struct qip *q;
	int number;
	struct oid before, after; /* trees around the commit that was refused */
};

static enum status again_visit(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct again *a = ctx;
	bool before = false, after = true;

	if (r->state != QIP_REFUSAL_MADE || r->number == a->number)
		return STATUS_OK;
	if (is_left(&before, a->q, r, &a->before, NULL) != STATUS_OK || is_left(&after, a->q, r, &a->after, NULL) != STATUS_OK)
		return STATUS_OK; /* what cannot be read was not made again */
	if (!before || after)
		return STATUS_OK;
	return refused_note_set(a->q, r->number, QIP_REFUSAL_AGAIN, "again", cJSON_CreateNumber(a->number), e);
}

void retry_refused_again(struct qip *q, int number, const struct oid *commit)
{
	struct again a = {.q = q, .number = number};
	struct error why = {0};
	enum status st = trees_around(&a.before, &a.after, q, commit, &why);

	if (st == STATUS_OK)
		st = refused_note_each(q, again_visit, &a, &why);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "whether it was refused before could not be found out", "reason", why.text, NULL);
}

/* ---- by a person ---- */

static enum status count(void *ctx, const char *name, const struct oid *id)
{
	(void)id;
	*(int *)ctx += refused_number(name) > 0;
	return STATUS_OK;
}

static enum status find(struct qip_refusal *out, struct qip *q, int number, struct error *e)
{
	char ref[HOME_REF_MAX];
	struct oid kept;
	int all = 0;
	enum status st = STATUS_OK;

	(void)snprintf(ref, sizeof(ref), REF_REFUSED "%d", number);
	st = repo_ref_get(&kept, q->repo, ref, e);
	if (st == STATUS_OK)
		return refused_note_read(out, q, number, e);
	if (st != STATUS_NOT_FOUND)
		return st;
	st = repo_ref_each(q->repo, REF_REFUSED, count, &all, e);
	if (st != STATUS_OK)
		return st;
	if (all == 0)
		return error_set(e, STATUS_NOT_FOUND, "nothing was ever refused here, so there is nothing to settle");
	return error_set(e, STATUS_NOT_FOUND, "there is no No %d among what was refused; \"qip refused list\" shows all", number);
}

/* What can no longer be retried or dropped, in words. */
static enum status still_open(const struct qip_refusal *r, struct error *e)
{
	if (r->state == QIP_REFUSAL_AGAIN)
		return error_set(e, STATUS_USAGE, "No %d was made again and refused again; that is kept as No %d: settle that one", r->number,
				 r->again);
	if (r->state == QIP_REFUSAL_DROPPED)
		return error_set(e, STATUS_EXISTS, "No %d was dropped before: %s", r->number, r->why);
	return STATUS_OK;
}

/* A failure to commit leaves the note at "making": it may have gone through all the same. */
static enum status make_again(struct qip_retried *out, struct qip *q, const struct qip_refusal *r, struct error *e)
{
	struct redo redo = {.edit = NULL};
	struct oid id, tree;
	enum status st = read_commit_id(&id, r, e);

	if (st == STATUS_OK)
		st = work_tree(&tree, q, e);
	if (st == STATUS_OK)
		st = qip_edit_begin(&redo.edit, q, NULL, e);
	if (st != STATUS_OK)
		return st;
	st = redo_commit(&redo, q, &id, &tree, e);
	if (st == STATUS_DENIED || st == STATUS_INVALID)
		st = e ? error_prefix(e, st, "No %d would be refused again, and nothing was made", r->number) : st;
	if (st == STATUS_OK && redo.left > 0 && redo.changes == 0)
		st = error_set(e, STATUS_NOT_FOUND, "nothing was made: %s", redo.why);
	if (st == STATUS_OK)
		st = refused_note_set(q, r->number, QIP_REFUSAL_MAKING, NULL, NULL, e);
	if (st != STATUS_OK || redo.changes == 0)
		qip_edit_abort(redo.edit);
	else
		st = qip_edit_commit(redo.edit, r->subject[0] ? r->subject : "Make an edit again", e);
	if (st != STATUS_OK)
		return st;
	out->changes = redo.changes;
	out->overtaken = redo.overtaken;
	out->left = redo.left;
	memcpy(out->why, redo.why, sizeof(out->why));
	if (redo.left > 0)
		out->state = QIP_REFUSAL_OPEN; /* what is left waits for another time; what is made is not made twice */
	else
		out->state = redo.changes > 0 ? QIP_REFUSAL_MADE : QIP_REFUSAL_DONE;
	return refused_note_set(q, r->number, out->state, NULL, NULL, e);
}

enum status qip_refused_retry(struct qip_retried *out, struct qip *q, int number, struct error *e)
{
	struct qip_refusal r;
	struct qip_retried retried = {.state = QIP_REFUSAL_OPEN};
	enum status st = find(&r, q, number, e);

	if (st == STATUS_OK)
		st = still_open(&r, e);
	if (st == STATUS_OK && home_is_kiosk(q))
		st = error_set(e, STATUS_USAGE, "a refused answer is not given again: a void record has taken its number, and tells why");
	if (st == STATUS_OK && r.state == QIP_REFUSAL_MAKING)
		st = recover_one(q, &r, e);
	if (st != STATUS_OK)
		return st;
	retried.state = r.state;
	retried.already = r.state != QIP_REFUSAL_OPEN;
	if (!retried.already)
		st = make_again(&retried, q, &r, e);
	if (st == STATUS_OK)
		*out = retried;
	return st;
}

enum status qip_refused_drop(struct qip *q, int number, const char *why, struct error *e)
{
	struct redo redo = {.words = cJSON_CreateArray()};
	struct qip_refusal r;
	struct oid id, before, after;
	enum status st = redo.words ? find(&r, q, number, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		st = still_open(&r, e);
	if (st == STATUS_OK && r.state == QIP_REFUSAL_MAKING)
		st = recover_one(q, &r, e);
	if (st == STATUS_OK && r.state != QIP_REFUSAL_OPEN)
		st = error_set(e, STATUS_USAGE, "No %d was made again already%s; change what it set by an edit of its own", number,
			       r.state == QIP_REFUSAL_DONE ? " and the server has it" : " and goes with the next sync");
	if (st == STATUS_OK)
		st = read_commit_id(&id, &r, e);
	if (st == STATUS_OK)
		st = trees_around(&before, &after, q, &id, e);
	if (st == STATUS_OK && redo_commit(&redo, q, &id, &before, NULL) != STATUS_OK)
		(void)cJSON_AddItemToArray(redo.words, cJSON_CreateString("the rest cannot be read as records"));
	if (st == STATUS_OK)
		st = refused_note_set(q, number, QIP_REFUSAL_OPEN, "would_have", redo.words, e);
	else
		cJSON_Delete(redo.words);
	return st == STATUS_OK ? refused_note_set(q, number, QIP_REFUSAL_DROPPED, "why", cJSON_CreateString(why), e) : st;
}
