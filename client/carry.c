/* client/carry.c - see carry.h.
 *
 * Enters: the journal, the own branch, and the heads of all copies. Leaves: which records of the journal the new name's numbers stand for.
 */
#include "client/carry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/answers.h"
#include "client/follow.h"
#include "client/held.h"
#include "client/own_head.h"

struct carrying {
	struct qip *q;
	struct held held;    /* what copies have sent */
	uint64_t base;       /* answers of q's name up to this number are at the server as they are here */
	uint64_t beyond;     /* answers that its head has beyond those */
	uint64_t matched;    /* of them, how many the journal has, too */
	uint64_t receipted;  /* record of the last answer with a receipt */
	bool unknown;        /* or the own branch is damaged, which would tell it */
	bool first;          /* no record was visited yet */
	struct carry carry;
};

/* ---- what copies have sent ---- */

/* The head under q's own name: all, or what goes beyond the own branch, is what a copy sent. */
static enum status look_at_own(struct carrying *c, struct remote *r, const struct oid *head, struct error *e)
{
	struct qip *q = c->q;
	struct oid accepted, work, from = {0};
	bool inside = false;
	uint64_t last = 0;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = own_head_fetch(q, r, head, e);
	if (st == STATUS_OK && !oid_is_zero(&work)) /* zero: it was damaged, and is not here again yet */
		st = repo_is_ancestor(&inside, q->repo, head, &work, e);
	if (st == STATUS_OK && inside)
		from = *head;
	else if (st == STATUS_OK && !oid_is_zero(&accepted)) {
		st = repo_is_ancestor(&inside, q->repo, &accepted, head, e);
		if (inside)
			from = accepted;
	}
	if (st == STATUS_OK)
		st = answers_last(&c->base, q, &from, e);
	if (st == STATUS_OK)
		st = answers_last(&last, q, head, e);
	if (st != STATUS_OK)
		return st;
	c->beyond = last > c->base ? last - c->base : 0;
	return held_add(&c->held, &from, head, e);
}

static enum status look_at_heads(struct carrying *c, const struct carry_place *at, struct error *e)
{
	const struct remote_refs *refs = at->refs;
	enum status st = oid_is_zero(at->head) ? STATUS_OK : look_at_own(c, at->remote, at->head, e);

	if (st == STATUS_OK && refs->more_kin)
		st = error_set(e, STATUS_TOO_BIG,
			       "more than %d kiosks have gone on with the answers of this one, too many to look at: join it in a new home, and keep "
			       "this one's folder: all that waits is in its journal",
			       LIMIT_KIN);
	if (st == STATUS_OK && refs->kin_len > 0 && !oid_is_zero(&refs->config)) /* a manager may have come who let one of them in */
		st = follow_config(at->judge, at->remote, &refs->config, e);
	if (st == STATUS_OK)
		st = held_add_kin(&c->held, at->remote, refs, e);
	held_sort(&c->held);
	return st;
}

/* ---- what waits here ---- */

/* More numbers than can have been lost: a journal that was moved on by mistake. The new name's numbers do not count them. */
static enum status leap(struct carrying *c, uint64_t to, struct error *e)
{
	struct numbers *n = &c->carry.numbers;
	uint64_t from = n->carried + 1;
	enum status st = STATUS_OK;

	if (to - from <= LIMIT_LOST)
		return STATUS_OK;
	if (c->first)
		n->after = to - 1;
	else
		st = numbers_leave_out_range(n, from, to - 1);
	return st == STATUS_OK ? st : error_set(e, st, "the journal jumps from answer %" PRIu64 " to %" PRIu64 " in a place that cannot be noted any "
						       "more: join this kiosk in a new home, and keep this one's folder", from - 1, to);
}

static enum status visit(void *ctx, const struct journal_record *r, struct error *e)
{
	struct carrying *c = ctx;
	const struct numbers *old = &c->q->numbers;
	struct numbers *n = &c->carry.numbers;
	bool sent = false;
	enum status st = STATUS_OK;

	/* records with a receipt are released with time, and no others: those are not lost */
	if (c->first && r->seq > n->after + 1 && (r->seq - 1 <= c->receipted || c->unknown))
		n->after = n->carried = r->seq - 1;
	st = leap(c, r->seq, e);
	if (st != STATUS_OK)
		return st;
	c->first = false;
	n->carried = r->seq;
	sent = held_has_record(&c->held, r);
	c->matched += sent;
	if (!sent && !numbers_left_out(old, r->seq)) {
		c->carry.shared = c->carry.shared || r->seq <= c->q->doubt_noticed;
		return STATUS_OK;
	}
	(void)(numbers_leave_out(n, r->seq) == STATUS_OK); /* where there is no more room, each sync sees that it was sent (held.h) */
	return STATUS_OK;
}

/* And the record of the last answer with a receipt. */
static enum status open_journal(struct journal **out, uint64_t *receipted, bool *unknown, struct qip *q, struct error *e)
{
	char path[HOME_PATH_MAX];
	struct oid accepted;
	uint64_t last = 0;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = answers_last(&last, q, &accepted, e);
	if (st == STATUS_OK && qip_home_path(path, sizeof(path), q, HOME_JOURNAL) != STATUS_OK)
		st = error_set(e, STATUS_TOO_BIG, "the name of the home folder is too long");
	if (st != STATUS_OK)
		return st;
	*receipted = numbers_record(&q->numbers, last);
	*unknown = oid_is_zero(&accepted);
	return journal_open(out, path, JOURNAL_READ, 1, q->env, e);
}

static enum status look_at_journal(struct carrying *c, struct error *e)
{
	struct numbers *n = &c->carry.numbers;
	struct qip *q = c->q;
	struct journal *j = NULL;
	enum status st = open_journal(&j, &c->receipted, &c->unknown, q, e);

	if (st != STATUS_OK)
		return st;
	n->after = n->carried = numbers_record(&q->numbers, c->base);
	c->first = true;
	st = journal_each(j, n->after + 1, visit, c, e);
	journal_close(j);
	return st;
}

static enum status note_first(void *ctx, const struct journal_record *r, struct error *e)
{
	(void)e;
	*(uint64_t *)ctx = r->seq;
	return STATUS_EXISTS; /* the others are not asked for */
}

enum status carry_most(uint64_t *out, struct qip *q, struct error *e)
{
	struct journal *j = NULL;
	uint64_t receipted = 0, first = 0, before = q->numbers.after, most = 0;
	bool unknown = false;
	enum status st = open_journal(&j, &receipted, &unknown, q, e);

	if (st != STATUS_OK)
		return st;
	st = journal_each(j, before + 1, note_first, &first, e);
	if (st == STATUS_EXISTS)
		st = STATUS_OK;
	if (first > 0 && (unknown || first - 1 <= receipted)) /* those before it were released, and get no number */
		before = first - 1;
	most = journal_last(j) > before ? journal_last(j) - before : 0;
	journal_close(j);
	if (st == STATUS_OK)
		*out = most < HEAD_MAX_CARRIED ? most : HEAD_MAX_CARRIED;
	return st;
}

static void add_former(struct numbers *n, const struct qip *q)
{
	size_t kept = q->numbers.former_len < LIMIT_FORMER ? q->numbers.former_len : LIMIT_FORMER - 1;

	memcpy(n->former, q->numbers.former + (q->numbers.former_len - kept), kept * sizeof(n->former[0]));
	(void)snprintf(n->former[kept], sizeof(n->former[0]), "%s", q->identity.device);
	n->former_len = kept + 1;
	(void)snprintf(n->carried_site, sizeof(n->carried_site), "%s", q->identity.site);
}

enum status carry_look(struct carry *out, struct qip *q, const struct carry_place *at, struct error *e)
{
	struct carrying *c = calloc(1, sizeof(*c));
	enum status st = STATUS_OK;

	if (!c)
		return error_set(e, STATUS_NOMEM, "out of memory");
	c->q = q;
	c->held = (struct held){.q = q, .judge = at->judge, .formers = true}; /* a copy that kept a former name may have sent since */
	st = look_at_heads(c, at, e);
	if (st == STATUS_OK)
		st = look_at_journal(c, e);
	if (st == STATUS_OK) {
		add_former(&c->carry.numbers, q);
		c->carry.shared = c->carry.shared && c->matched >= c->beyond;
		*out = c->carry;
	}
	held_clear(&c->held);
	free(c);
	return st;
}
