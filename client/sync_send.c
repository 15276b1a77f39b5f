/* client/sync_send.c - one visit's way out: what waits goes in parts, and refusals are handled. */
#include "client/answers.h"
#include "client/chain.h"
#include "client/clock.h"
#include "client/health.h"
#include "client/push.h"
#include "client/refused.h"
#include "client/sync_internal.h"
#include "core/log.h"

/* Of a kiosk not made durable, for each fsync wears its card: where the server's head stands is the first thing that the next visit asks for, and until
 * then an older or a missing ref (home.c) says no more than that a receipt got lost. */
static enum status note_accepted(struct qip *q, const struct oid *tip, struct error *e)
{
	struct oid accepted;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK && home_is_kiosk(q) && !oid_is_zero(&accepted))
		return repo_ref_put(q->repo, q->own_ref, tip, false, e);
	return st == STATUS_OK ? home_move_ref(q, q->own_ref, tip, &accepted, e) : st;
}

static enum status receipted(struct sync *s, const struct chain *chain, size_t sent, struct error *e)
{
	struct qip *q = s->q;
	uint64_t records = 0;
	enum status st = note_accepted(q, &chain->ids[sent - 1], e);

	if (st == STATUS_OK)
		st = chain_count_records(&records, q, &chain->base, &chain->ids[sent - 1], e);
	if (st != STATUS_OK)
		return st;
	s->report.commits_sent += sent;
	s->report.records_sent += records;
	return STATUS_OK;
}

/* A host may take less at once than is usual. Devices of people look for the one commit that is to blame, in as few steps. */
static void send_less(struct sync *s, size_t sent)
{
	s->most = home_is_kiosk(s->q) ? sent / 2 : 1;
}

/* Who the copies are, a registry as new as the server's list says. A head that does not hold keeps no answer back: the server, which sees the same, refuses
 * what has been sent. What another visit may mend is waited for. */
static enum status look_at_copies(struct sync *s, struct error *e)
{
	struct error why = {.text = ""};
	enum status st = sync_follow(s, &why);

	held_clear(&s->held);
	s->held.q = s->q;
	if (st == STATUS_OK)
		st = held_add_kin(&s->held, &s->remote, &s->refs, &why);
	held_sort(&s->held);
	if (st == STATUS_NETWORK || st == STATUS_TIMEOUT || st == STATUS_NOMEM || st == STATUS_NO_SPACE || st == STATUS_IO)
		return error_set(e, st, "%s", why.text);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "what copies of this kiosk have sent cannot all be looked at", "reason", why.text, NULL);
	return STATUS_OK;
}

/* Copies that were joined again before this one's answers arrived may have sent what waits here. Whatever comes between this look and the push, the
 * server sees, and refuses. */
static enum status look_before(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	struct oid work;
	uint64_t last = 0;
	enum status st = STATUS_OK;

	if (q->numbers.former_len == 0)
		return STATUS_OK;
	st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = answers_last(&last, q, &work, e);
	if (st == STATUS_OK && numbers_record(&q->numbers, last + 1) <= q->numbers.carried)
		st = look_at_copies(s, e);
	answers_held_elsewhere(s->answers, &s->held);
	return st;
}

/* One of them may have been quicker: what it sent of the refused commit is refused at once, not one by one. */
static enum status look_after(struct sync *s, struct error *e)
{
	enum status st = STATUS_OK;

	if (s->q->numbers.former_len == 0)
		return STATUS_OK;
	s->held.formers = true;
	st = sync_list(s, e);
	return st == STATUS_OK ? look_at_copies(s, e) : st;
}

static enum status refused(struct sync *s, const struct chain *chain, size_t sent, struct push_refusal *refusal, struct error *e)
{
	enum status st = STATUS_OK;

	if (oid_is_zero(&refusal->commit) && sent > 1) {
		send_less(s, sent);
		return STATUS_OK;
	}
	if (oid_is_zero(&refusal->commit) && home_is_kiosk(s->q)) /* no answer is to blame: all wait */
		return error_set(e, STATUS_REFUSED, "the server refused what this kiosk sends: %s", refusal->reason);
	if (oid_is_zero(&refusal->commit))
		refusal->commit = chain->ids[0];
	st = look_after(s, e);
	if (st == STATUS_OK)
		st = refused_handle(s->q, chain, refusal, &s->held, e);
	if (st == STATUS_OK)
		s->report.refused++;
	return st == STATUS_OK ? sync_check_refusal(s, refusal, e) : st;
}

static enum status commit_answers(uint64_t *committed, struct sync *s, struct error *e)
{
	enum status st = answers_next(committed, s->answers, e);

	if (st == STATUS_OK)
		s->report.answers_committed += *committed;
	return st;
}

void sync_commit_ahead(void *ctx)
{
	struct sync *s = ctx;
	uint64_t committed = 0;

	if (!s->ahead)
		s->failed.status = commit_answers(&committed, s, &s->failed);
	s->ahead = true;
}

enum status sync_open_answers(struct sync *s, struct error *e)
{
	uint64_t committed = 0;
	bool noted = false, told = false;
	enum status st = clock_note(&noted, s->q, s->report.server_time_ms, e);

	if (st == STATUS_OK)
		st = health_note(&told, s->q, s->report.server_time_ms, e);
	if (st == STATUS_OK)
		st = answers_open(&s->answers, s->q, s->report.server_time_ms, e);
	if (st == STATUS_OK)
		st = look_before(s, e);
	s->remote.meanwhile = sync_commit_ahead;
	s->remote.meanwhile_ctx = s;
	return st == STATUS_OK && (noted || told) ? commit_answers(&committed, s, e) : st; /* all go in one push */
}

/* What is committed and not sent; of a kiosk, if that is all sent, what the journal holds. */
static enum status load_waiting(struct chain *out, struct sync *s, struct error *e)
{
	struct chain chain = {0};
	uint64_t committed = 0;
	enum status st = chain_load(&chain, s->q, e);

	if (st == STATUS_OK && chain.len == 0 && s->answers) {
		st = commit_answers(&committed, s, e);
		if (st == STATUS_OK && committed > 0) {
			chain_clear(&chain);
			st = chain_load(&chain, s->q, e);
		}
	}
	if (st == STATUS_OK)
		*out = chain;
	else
		chain_clear(&chain);
	return st;
}

/* The chain has grown meanwhile, at its end. */
static enum status load_again(struct chain *chain, struct sync *s, struct error *e)
{
	chain_clear(chain);
	return chain_load(chain, s->q, e);
}

/* How many of the commits that wait go next, and between which two that the server knows. */
static enum status choose_part(size_t *part, struct oid *accepted, struct oid *main, struct sync *s, const struct chain *chain, struct error *e)
{
	size_t n = home_is_kiosk(s->q) ? LIMIT_PUSH_KIOSK_COMMITS : LIMIT_PUSH_COMMITS;
	enum status st = home_ref(accepted, s->q, s->q->own_ref, e);

	if (s->most > 0 && n > s->most)
		n = s->most;
	if (n > chain->len)
		n = chain->len;
	if (st == STATUS_OK && oid_is_zero(accepted))
		n = 1; /* an enrolment goes alone */
	*part = n;
	return st == STATUS_OK ? home_ref(main, s->q, REF_MAIN, e) : st;
}

/* Send the next part of the chain; *more is false when nothing waits. */
static enum status push_part(bool *more, struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	struct chain chain = {0};
	struct push_refusal refusal = {0};
	struct error why = {0};
	enum push_outcome outcome = PUSH_ACCEPTED;
	struct oid accepted, main, tip;
	size_t part = 0;
	enum status st = load_waiting(&chain, s, e);

	*more = st == STATUS_OK && chain.len > 0;
	if (!*more)
		goto done;
	s->ahead = false;
	s->failed = (struct error){0};
	st = choose_part(&part, &accepted, &main, s, &chain, &why);
	if (st == STATUS_OK)
		st = push_ref(&outcome, &tip, &refusal, &s->remote, q, &accepted, &chain.ids[part - 1], &main, &why);
	if (st == STATUS_TOO_BIG && part > 1) {
		send_less(s, part);
		st = STATUS_OK;
		goto done;
	}
	if (st != STATUS_OK) {
		(void)error_set(e, st, "%s", why.text);
		goto done;
	}
	switch (outcome) {
	case PUSH_ACCEPTED:
		st = receipted(s, &chain, part, e);
		break;
	case PUSH_MOVED:
		st = sync_adopt_own(s, &tip, e);
		break;
	case PUSH_REFUSED:
		st = s->ahead ? load_again(&chain, s, e) : STATUS_OK;
		if (st == STATUS_OK)
			st = refused(s, &chain, part, &refusal, e);
		break;
	}
	if (st == STATUS_OK && s->failed.status != STATUS_OK)
		st = error_set(e, s->failed.status, "%s", s->failed.text);
done:
	chain_clear(&chain);
	return st;
}

enum status sync_push_all(bool *pushed, struct sync *s, struct error *e)
{
	bool more = true;
	enum status st = STATUS_OK;

	*pushed = false;
	for (int round = 0; round < LIMIT_PUSH_ROUNDS; round++) {
		st = push_part(&more, s, e);
		if (st != STATUS_OK || !more)
			return st;
		*pushed = true;
	}
	return STATUS_OK; /* the rest goes with the next sync */
}
