/* client/sync.c - qip_sync: one visit to the server.
 *
 * List the refs (which also tells the server's time); push what waits, in parts, handling refusals; list again if anything was pushed; take
 * over what moved. A kiosk commits its journal in parts, too: the next one while the server judges the one before. With nothing to do it is the
 * one request. An interruption anywhere leaves a state from which the next sync goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "client/answers.h"
#include "client/chain.h"
#include "client/handover.h"
#include "client/offer.h"
#include "client/push.h"
#include "client/refused.h"
#include "client/refused_prune.h"
#include "client/renew.h"
#include "client/retry.h"
#include "client/slices.h"
#include "core/log.h"

struct sync {
	struct qip *q;
	struct remote remote;
	struct remote_refs refs;
	struct qip_sync_report report;
	bool singly; /* a refusal named no commit: send one by one until it is found */
	struct answers *answers; /* of a kiosk: its journal */
	bool ahead;              /* the part after the one that is pushed was looked for */
	struct error failed;     /* why it could not be committed */
};

static enum status list(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	enum status st = remote_list(&s->refs, &s->remote, q, e);

	if (st != STATUS_OK)
		return st;
	if (s->remote.server_ms > 0)
		state_anchor(&q->state, q->env, s->remote.server_ms, s->remote.elapsed_ms);
	s->report.server_time_ms = s->remote.server_ms > 0 ? s->remote.server_ms : q->env->now_ms(q->env->ctx);
	return STATUS_OK;
}

/* A server that lost something gets back what this home holds of it; the host then opens it. */
static void offer(struct sync *s)
{
	struct error why = {0};

	if (offer_history(s->q, &s->remote, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "the history could not be offered to the restored server", "reason", why.text, NULL);
}

/* The server's word on where the own head stands. It may be further than known here (a lost receipt) or less far (a server restored from a
 * backup: what it lacks is sent again), but it must be a commit of this device's own branch. Zero: it does not know that the device joined. */
static enum status adopt_own(struct sync *s, const struct oid *tip, struct error *e)
{
	struct qip *q = s->q;
	struct oid accepted, work;
	bool own = false;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st != STATUS_OK || oid_equal(&accepted, tip))
		return st;
	if (oid_is_zero(tip) && !home_is_kiosk(q))
		return error_set(e, STATUS_REFUSED,
				 "the server was restored and has lost that this device joined: nothing here is lost; let the manager who invited it "
				 "sync, and if that does not help, ask them for a new code");
	if (oid_is_zero(tip)) /* a kiosk's branch starts with its enrolment: all of it is sent again */
		return repo_ref_update(q->repo, q->own_ref, NULL, &accepted, e);
	st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK && repo_has(q->repo, tip))
		st = repo_is_ancestor(&own, q->repo, tip, &work, e);
	if (st != STATUS_OK)
		return st;
	if (!own)
		return error_set(e, STATUS_UNTRUSTED,
				 "the server holds a head of %s that was not made here: is there a copy of this installation? Join one of them anew",
				 q->identity.device);
	return home_move_ref(q, q->own_ref, tip, &accepted, e);
}

static enum status receipted(struct sync *s, const struct chain *chain, size_t sent, struct error *e)
{
	struct qip *q = s->q;
	struct oid accepted;
	uint64_t records = 0;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = home_move_ref(q, q->own_ref, &chain->ids[sent - 1], &accepted, e);
	if (st == STATUS_OK)
		st = chain_count_records(&records, q, &chain->base, &chain->ids[sent - 1], e);
	if (st != STATUS_OK)
		return st;
	s->report.commits_sent += sent;
	s->report.records_sent += records;
	return STATUS_OK;
}

static enum status refused(struct sync *s, const struct chain *chain, size_t sent, struct push_refusal *refusal, struct error *e)
{
	enum status st = STATUS_OK;

	if (oid_is_zero(&refusal->commit) && home_is_kiosk(s->q))
		return error_set(e, STATUS_REFUSED, "the server refused what this kiosk sends: %s", refusal->reason);
	if (oid_is_zero(&refusal->commit) && sent > 1) {
		s->singly = true;
		return STATUS_OK;
	}
	if (oid_is_zero(&refusal->commit))
		refusal->commit = chain->ids[0];
	st = refused_handle(s->q, chain, refusal, e);
	if (st == STATUS_OK)
		s->report.refused++;
	return st;
}

static enum status commit_answers(uint64_t *committed, struct sync *s, struct error *e)
{
	enum status st = answers_next(committed, s->answers, e);

	if (st == STATUS_OK)
		s->report.answers_committed += *committed;
	return st;
}

/* While the server works on the part before. */
static void commit_ahead(void *ctx)
{
	struct sync *s = ctx;
	uint64_t committed = 0;

	if (!s->ahead)
		s->failed.status = commit_answers(&committed, s, &s->failed);
	s->ahead = true;
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

/* Send the next part of the chain; *more is false when nothing waits. */
static enum status push_part(bool *more, struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	struct chain chain = {0};
	struct push_refusal refusal = {0};
	enum push_outcome outcome = PUSH_ACCEPTED;
	struct oid accepted, main, tip;
	size_t part = home_is_kiosk(q) ? LIMIT_PUSH_KIOSK_COMMITS : LIMIT_PUSH_COMMITS;
	enum status st = load_waiting(&chain, s, e);

	*more = st == STATUS_OK && chain.len > 0;
	if (!*more)
		goto done;
	s->ahead = false;
	s->failed = (struct error){0};
	if (s->singly)
		part = 1;
	if (part > chain.len)
		part = chain.len;
	st = home_ref(&accepted, q, q->own_ref, e);
	if (st == STATUS_OK && oid_is_zero(&accepted))
		part = 1; /* an enrolment goes alone */
	if (st == STATUS_OK)
		st = home_ref(&main, q, REF_MAIN, e);
	if (st == STATUS_OK)
		st = push_ref(&outcome, &tip, &refusal, &s->remote, q, &accepted, &chain.ids[part - 1], &main, e);
	if (st != STATUS_OK)
		goto done;
	switch (outcome) {
	case PUSH_ACCEPTED:
		st = receipted(s, &chain, part, e);
		break;
	case PUSH_MOVED:
		st = adopt_own(s, &tip, e);
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

static enum status push_all(bool *pushed, struct sync *s, struct error *e)
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

/* Once the log contains all own commits, reads and edits start from the log. */
static enum status catch_up(struct sync *s, const struct oid *old_main, const struct oid *new_main, struct error *e)
{
	struct qip *q = s->q;
	struct oid work;
	bool contained = false;
	enum status st = home_ref(&work, q, REF_WORK, e);

	if (st != STATUS_OK || oid_equal(&work, new_main))
		return st;
	contained = oid_equal(&work, old_main);
	if (!contained)
		st = repo_is_ancestor(&contained, q->repo, &work, new_main, e);
	return st == STATUS_OK && contained ? home_move_ref(q, REF_WORK, new_main, &work, e) : st;
}

static enum status follow(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	const struct oid *tip = home_is_kiosk(q) ? &s->refs.config : &s->refs.main;
	struct oid known;
	enum status st = home_ref(&known, q, home_is_kiosk(q) ? REF_CONFIG : REF_MAIN, e);

	if (st != STATUS_OK)
		return st;
	if (oid_is_zero(tip) && !oid_is_zero(&known))
		return error_set(e, STATUS_UNTRUSTED, "the server does not show the history that it showed before: ask the host");
	if (home_is_kiosk(q))
		return oid_equal(tip, &known) ? STATUS_OK : follow_config(q, &s->remote, tip, e);
	if (oid_equal(tip, &known))
		st = home_log_number(&s->report.main_index, q, tip, e);
	else
		st = slices_follow(&s->report.merges_received, &s->report.main_index, q, &s->remote, &s->refs, e);
	return st == STATUS_OK ? catch_up(s, &known, tip, e) : st;
}

/* Receipted answers are kept for weeks, in case the server has to be restored; less long only if the journal would fill. */
static void release_journal(struct qip *q)
{
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	struct oid accepted;
	uint64_t last = 0;
	bool sure = q->env->quality(q->env->ctx) == CLOCK_SYNCHRONISED;
	int64_t before_ms = sure ? q->env->now_ms(q->env->ctx) - LIMIT_KEEP_RECEIPTED_MS : 0;

	if (home_ref(&accepted, q, q->own_ref, NULL) != STATUS_OK || answers_last(&last, q, &accepted, NULL) != STATUS_OK)
		return;
	if (qip_home_path(path, sizeof(path), q, HOME_JOURNAL) != STATUS_OK ||
	    journal_open(&j, path, JOURNAL_READ, 1, q->env, NULL) != STATUS_OK)
		return;
	if (journal_size(j) > JOURNAL_MAX_BYTES / 2)
		before_ms = INT64_MAX;
	if (last > 0 && before_ms > 0) /* failing costs disk space only, and is tried again */
		(void)(journal_release(j, last, before_ms, NULL) == STATUS_OK);
	journal_close(j);
}

static enum status finish(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	struct oid work;
	enum status st = STATUS_OK;

	if (home_is_kiosk(q)) {
		st = home_ref(&work, q, REF_WORK, e);
		if (st == STATUS_OK)
			st = answers_last(&q->state.last_sync_seq, q, &work, e);
		release_journal(q);
	}
	q->state.last_sync_ms = s->report.server_time_ms;
	if (st == STATUS_OK)
		st = state_save(&q->state, q->dir, e);
	if (st == STATUS_OK)
		st = qip_waiting(&s->report.waiting, q, e);
	if (st == STATUS_OK && s->report.waiting == 0)
		retry_settle(q);
	if (st == STATUS_OK)
		refused_prune(q);
	return st;
}

/* There is time until the certificate ends, and even then it serves to deliver and renew: failing is told and tried again. */
static void renew(struct sync *s)
{
	struct error why = {0};

	if (renew_if_due(&s->remote, s->q, s->report.server_time_ms, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "the certificate could not be renewed", "reason", why.text, NULL);
}

/* Each visit leaves a pack or two. The home is locked, so nobody else reads the old ones. What was exchanged counts all the same if this fails. */
static void join_packs(struct qip *q)
{
	static const struct repo_bounds bounds = {
		.packs = LIMIT_PACKS,
		.objects = LIMIT_JOINED_OBJECTS,
		.pack_bytes = LIMIT_JOINED_BYTES,
	};
	struct error why = {0};

	if (repo_consolidate(NULL, q->repo, &bounds, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "packs could not be joined", "reason", why.text, NULL);
}

static enum status send_and_follow(struct sync *s, struct error *e)
{
	bool pushed = false;
	enum status st = push_all(&pushed, s, e);

	if (st == STATUS_OK && pushed)
		st = list(s, e);
	return st == STATUS_OK ? follow(s, e) : st;
}

/* A restored server cannot take what builds on merges that it lost. Its log says from where it went on, and then own edits are there again. */
static enum status exchange(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	enum status st = STATUS_OK;

	q->went_back = false;
	st = send_and_follow(s, e);
	if (st == STATUS_REFUSED && !q->went_back && !home_is_kiosk(q) && follow(s, NULL) == STATUS_OK && q->went_back)
		st = STATUS_OK;
	return st == STATUS_OK && q->went_back ? send_and_follow(s, e) : st;
}

static enum status run(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	enum status st = list(s, e);

	if (st != STATUS_OK && s->remote.closed)
		offer(s);
	else if (st == STATUS_REFUSED)
		st = handover(q, &s->remote, e);
	if (st == STATUS_OK)
		st = adopt_own(s, &s->refs.own, e);
	if (st == STATUS_OK && home_is_kiosk(q)) {
		st = answers_open(&s->answers, q, s->report.server_time_ms, e);
		s->remote.meanwhile = commit_ahead;
		s->remote.meanwhile_ctx = s;
	}
	if (st == STATUS_OK)
		retry_recover(q);
	if (st == STATUS_OK)
		st = exchange(s, e);
	if (st == STATUS_OK)
		renew(s);
	return st == STATUS_OK ? finish(s, e) : st;
}

enum status qip_sync(struct qip *q, struct qip_sync_report *out, struct error *e)
{
	struct sync s = {.q = q};
	enum status st = remote_open(&s.remote, q, true, e);

	if (st == STATUS_OK) {
		st = run(&s, e);
		remote_end(&s.remote, q);
	}
	answers_close(s.answers);
	repo_discard(q->repo);
	if (st == STATUS_OK) {
		join_packs(q);
		*out = s.report;
	}
	return st;
}

enum status qip_waiting(uint64_t *out, struct qip *q, struct error *e)
{
	struct chain chain = {0};
	struct journal *j = NULL;
	struct oid accepted;
	char path[HOME_PATH_MAX];
	uint64_t sent = 0, last = 0;
	enum status st = STATUS_OK;

	if (!home_is_kiosk(q)) {
		st = chain_load(&chain, q, e);
		if (st == STATUS_OK)
			*out = chain.len;
		chain_clear(&chain);
		return st;
	}
	st = home_ref(&accepted, q, q->own_ref, e);
	if (st == STATUS_OK)
		st = answers_last(&sent, q, &accepted, e);
	if (st == STATUS_OK)
		st = qip_home_path(path, sizeof(path), q, HOME_JOURNAL);
	if (st == STATUS_OK)
		st = journal_open(&j, path, JOURNAL_READ, 1, q->env, e);
	if (st == STATUS_OK) {
		last = journal_last(j);
		*out = last > sent ? last - sent : 0;
	}
	journal_close(j);
	return st;
}
