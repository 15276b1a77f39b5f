/* server/batch.c - several merges, one pack, one move of main. */
#include "server/batch.h"

#include "server/derive.h"
#include "server/merge.h"
#include "server/publish.h"
#include "server/verify.h"

/* What could not be said of an earlier commit has to be known before anything rests on it. */
static enum status settle(struct practice *p, struct error *e)
{
	struct oid main;
	enum status st = STATUS_OK;

	if (!p->in_doubt)
		return STATUS_OK;
	st = store_ref_get(&main, p->history, PUBLISH_MAIN, e);
	if (st == STATUS_OK)
		st = store_settle(p->history, PUBLISH_MAIN, &main, e);
	if (st == STATUS_OK)
		p->in_doubt = false;
	return st;
}

/* Of a head that is verified nothing is missing, and of the log never: that is no fault of a push. */
static enum status own_fault(enum status st, struct error *e)
{
	return st == STATUS_NOT_FOUND ? error_prefix(e, STATUS_CORRUPT, "the log cannot be read") : st;
}

static enum status open_batch(struct batch *b, struct error *e)
{
	enum status st = settle(b->practice, e);

	if (st == STATUS_OK)
		st = view_get(&b->view, b->practice, e);
	if (st == STATUS_OK)
		st = signing_settle(b->practice, view_registry(b->view), e);
	if (st == STATUS_OK)
		st = derive_repair(b->practice, b->view, b->env, e);
	if (st == STATUS_OK)
		st = store_txn_refresh(b->txn, e);
	if (st == STATUS_OK)
		b->end = b->view->end;
	return own_fault(st, e);
}

/* Copies of a kiosk may send the same answers in one moment: each is judged by all that came before it, while it has some to come that others may have. */
static bool may_double(const struct batch *b, const struct push *p)
{
	const struct registry *reg = view_registry(b->view);
	const struct device *d = reg ? registry_find(reg, p->device) : NULL;
	uint64_t last = 0;

	if (!d || !registry_may_double(reg, d))
		return false;
	return head_feedback_last(&last, store_txn_repo(b->txn), &b->end.tree, d->id, NULL) != STATUS_OK || last < d->carries;
}

/* Does what was found in stage 6 beside other pushes still hold? It does while the log grew by nothing that heads are
 * judged by. */
static enum status judge(struct batch *b, struct push *p, bool doubles, struct error *e)
{
	struct oid last = {{0}};
	enum status st = verify_last(&last, p, e);

	if (st == STATUS_OK && p->view && view_same_rules(p->view, b->view) && oid_equal(&last, &p->context.last) &&
	    (!doubles || oid_equal(&p->view->end.commit, &b->view->end.commit)))
		return STATUS_OK;
	if (st == STATUS_OK && p->txn != b->txn)
		st = store_txn_refresh(p->txn, e);
	view_put(p->view);
	p->view = view_share(b->view);
	return st == STATUS_OK ? verify_push(p, e) : st;
}

/* Judge and merge one push; what it brought is in the batch's transaction only if that went well. */
static enum status take(struct batch *b, struct push *p, struct error *e)
{
	size_t mark = p->txn == b->txn ? 0 : store_txn_mark(b->txn);
	struct log_end after = b->end;
	bool doubles = may_double(b, p);
	enum status st = judge(b, p, doubles, e);

	if (st == STATUS_OK && p->txn != b->txn)
		st = store_txn_join(b->txn, p->txn, e);
	if (st == STATUS_OK)
		st = own_fault(merge_push(p, &after, b->txn, b->env, e), e);
	if (st == STATUS_OK)
		st = own_fault(view_rules_changed(&b->closed, store_txn_repo(b->txn), b->view, &after.tree, e), e);
	if (st != STATUS_OK) {
		store_txn_rollback(b->txn, mark);
		return st;
	}
	b->closed = b->closed || doubles;
	b->end = after;
	b->merged[b->merged_len++] = p;
	return STATUS_OK;
}

static void fail_from(struct push **pushes, size_t len, const struct error *e)
{
	for (size_t i = 0; i < len; i++)
		pushes[i]->outcome = *e;
}

size_t batch_run(struct push **pushes, size_t len, struct practice *practice, const struct env *env)
{
	struct batch b = {.practice = practice, .env = env, .txn = pushes[0]->txn};
	struct error e = {STATUS_OK, ""};
	size_t turn = 0;

	e.status = open_batch(&b, &e);
	if (e.status != STATUS_OK) {
		fail_from(pushes, len, &e);
		turn = len;
	}
	for (; turn < len && !b.closed && (turn == 0 || store_txn_bytes(b.txn) < LIMIT_BATCH_BYTES); turn++) {
		struct error *own = &pushes[turn]->outcome;

		*own = (struct error){STATUS_OK, ""};
		own->status = take(&b, pushes[turn], own);
	}
	if (b.merged_len > 0) {
		e.status = own_fault(publish_batch(&b, &e), &e);
		if (e.status != STATUS_OK)
			fail_from(b.merged, b.merged_len, &e);
		else /* on the pushers' time: a changed registry costs signature checks, and who asks next is on an HTTP thread */
			view_moved(practice, store_txn_repo(b.txn));
	}
	view_put(b.view);
	return turn;
}

enum status batch_run_one(struct push *p, const struct env *env, struct error *e)
{
	(void)batch_run(&p, 1, p->practice, env);
	derive_write(p->practice);
	if (e && p->outcome.status != STATUS_OK)
		*e = p->outcome;
	return p->outcome.status;
}
