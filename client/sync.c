/* client/sync.c - qip_sync: one visit to the server.
 *
 * List the refs (which also tells the server's time); push what waits, in parts, handling refusals; list again if anything was pushed; take
 * over what moved; leave this device's word on the log in it when that is due, and ask whether it is the log that was shown before and to
 * others. A kiosk commits its journal in parts, too: the next one while the server judges the one before. With nothing to do it is the one
 * request. An interruption anywhere leaves a state from which the next sync goes on.
 */
#include "client/anew.h"
#include "client/answers.h"
#include "client/doubts.h"
#include "client/handed.h"
#include "client/handover.h"
#include "client/incarnation.h"
#include "client/offer.h"
#include "client/own_head.h"
#include "client/refused_prune.h"
#include "client/release.h"
#include "client/rejoin.h"
#include "client/renew.h"
#include "client/retry.h"
#include "client/seen.h"
#include "client/slices.h"
#include "client/sync_internal.h"
#include "client/waiting.h"
#include "core/log.h"

enum status sync_list(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	enum status st = remote_list(&s->refs, &s->remote, q, e);

	if (st != STATUS_OK)
		return st;
	if (s->remote.server_ms > 0)
		state_anchor(&q->state, q->env, s->remote.server_ms, s->remote.elapsed_ms);
	q->state.blob_bytes = s->refs.blob_bytes;
	s->report.server_time_ms = s->remote.server_ms > 0 ? s->remote.server_ms : q->env->now_ms(q->env->ctx);
	return STATUS_OK;
}

/* A server that lost something gets back what this home holds of it; the host then opens it. */
static void offer(struct sync *s)
{
	struct error why = {0};

	sync_blobs_again(s, NULL, NULL);
	if (offer_history(s->q, &s->remote, &why) != STATUS_OK || (!home_is_kiosk(s->q) && seen_set_restored(s->q, true, &why) != STATUS_OK))
		log_line(LOG_LEVEL_WARN, "the history could not be offered to the restored server", "reason", why.text, NULL);
}

static bool is_cut(const struct qip *q)
{
	size_t ends = 0;

	(void)repo_shallow_ends(&ends, q->repo);
	return ends > 0;
}

enum status sync_adopt_own(struct sync *s, const struct oid *tip, struct error *e)
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
	if (oid_is_zero(tip) && is_cut(q))
		return error_set(e, STATUS_REFUSED,
				 "the server was restored to a time before this kiosk joined, and the kiosk has forgotten what it sent years ago: nothing "
				 "that waits is lost; ask a manager for a new code");
	sync_blobs_again(s, &accepted, tip);
	if (oid_is_zero(tip)) /* a kiosk's branch starts with its enrolment: all of it is sent again */
		return repo_ref_update(q->repo, q->own_ref, NULL, &accepted, e);
	st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK && repo_has(q->repo, tip))
		st = repo_is_ancestor(&own, q->repo, tip, &work, e);
	if (st != STATUS_OK)
		return st;
	if (!own && home_is_kiosk(q))
		return own_head_adopt(q, &s->remote, tip, e);
	if (!own)
		return error_set(e, STATUS_UNTRUSTED,
				 "the server holds a head of %s that was not made here: is there a copy of this installation? Join one of them anew",
				 q->identity.device);
	st = sync_check_receipt(s, &accepted, e);
	if (st != STATUS_OK)
		return st;
	return home_move_ref(q, q->own_ref, tip, &accepted, e);
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

static enum status gone(struct qip *q, const struct oid *known, struct error *e)
{
	struct seen seen;
	enum status st = STATUS_OK;

	if (home_is_kiosk(q))
		return error_set(e, STATUS_UNTRUSTED, "the server does not show the history that it showed before: ask the host");
	st = seen_gone(&seen, q, known, e);
	return st == STATUS_OK ? seen_contradiction(q, &seen, e) : st;
}

enum status sync_follow(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	const struct oid *tip = home_is_kiosk(q) ? &s->refs.config : &s->refs.main;
	struct oid known;
	uint64_t merges = 0;
	enum status st = home_ref(&known, q, home_is_kiosk(q) ? REF_CONFIG : REF_MAIN, e);

	if (st != STATUS_OK)
		return st;
	if (oid_is_zero(tip) && !oid_is_zero(&known))
		return gone(q, &known, e);
	if (home_is_kiosk(q))
		return oid_equal(tip, &known) ? STATUS_OK : follow_config(q, &s->remote, tip, e);
	if (oid_equal(tip, &known))
		st = home_log_number(&s->report.main_index, q, tip, e);
	else
		st = slices_follow(&merges, &s->report.main_index, q, &s->remote, &s->refs, e);
	s->report.merges_received += merges;
	return st == STATUS_OK ? catch_up(s, &known, tip, e) : st;
}

/* Failing costs disk space only, and is tried again. */
static void release_journal(struct sync *s)
{
	static const struct release_bounds bounds = {.keep_ms = LIMIT_KEEP_RECEIPTED_MS, .bytes = JOURNAL_MAX_BYTES / 2};
	struct error why = {.text = ""};

	if (release_receipted(s->q, answers_journal(s->answers), &bounds, s->report.server_time_ms, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "what arrived long ago could not leave the journal", "reason", why.text, NULL);
}

static enum status count_waiting(struct sync *s, struct error *e)
{
	if (home_is_kiosk(s->q))
		return waiting_of(&s->report.waiting, s->q, journal_last(answers_journal(s->answers)), e);
	return qip_waiting(&s->report.waiting, s->q, e);
}

/* Of a visit that went through. */
static enum status finish(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	struct oid work;
	uint64_t last = 0;
	enum status st = STATUS_OK;

	if (home_is_kiosk(q)) {
		st = home_ref(&work, q, REF_WORK, e);
		if (st == STATUS_OK)
			st = answers_last(&last, q, &work, e);
		if (st == STATUS_OK)
			q->state.last_sync_seq = numbers_record(&q->numbers, last);
		release_journal(s);
	}
	if (!home_is_kiosk(q))
		doubts_keep(&s->refs.doubts, q);
	q->state.last_sync_ms = s->report.server_time_ms;
	if (st == STATUS_OK && !home_is_kiosk(q))
		st = seen_set_restored(q, false, e);
	if (st == STATUS_OK)
		st = state_save(&q->state, q->dir, e);
	if (st == STATUS_OK)
		st = count_waiting(s, e);
	if (st == STATUS_OK && s->report.waiting == 0)
		retry_settle(q);
	if (st == STATUS_OK)
		refused_prune(q);
	if (st == STATUS_OK && home_is_kiosk(q) && s->report.waiting == 0) {
		rejoin_tidy(q, s->report.server_time_ms);
		anew_tidy(q);
	}
	return st;
}

/* There is time until the certificate ends, and even then it serves to deliver and renew: failing is told and tried again. */
static void renew(struct sync *s)
{
	struct error why = {0};

	if (renew_if_due(&s->remote, s->q, &s->refs, s->report.server_time_ms, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "the certificate could not be renewed", "reason", why.text, NULL);
}

static enum status send_and_follow(struct sync *s, struct error *e)
{
	bool pushed = false;
	enum status st = sync_push_all(&pushed, s, e);

	if (st == STATUS_OK && pushed)
		st = sync_list(s, e);
	return st == STATUS_OK ? sync_follow(s, e) : st;
}

/* A restored server cannot take what builds on merges that it lost. Its log says from where it went on, and then own edits are there again. */
static enum status exchange(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	enum status st = STATUS_OK;

	q->went_back = false;
	st = send_and_follow(s, e);
	if (st == STATUS_REFUSED && !q->went_back && !home_is_kiosk(q) && sync_follow(s, NULL) == STATUS_OK && q->went_back)
		st = STATUS_OK;
	return st == STATUS_OK && q->went_back ? send_and_follow(s, e) : st;
}

/* Last, and only where all is sent and followed: this device's own word on the log, when it is due. People are not told of it as of an edit. */
static enum status deposit(struct sync *s, struct error *e)
{
	struct qip_sync_report told = s->report;
	enum status st = home_is_kiosk(s->q) ? STATUS_OK : checkpoint_make(&told.checkpoint, s->q, e);

	if (st == STATUS_OK && told.checkpoint) {
		st = send_and_follow(s, e);
		told.main_index = s->report.main_index;
		told.refused = s->report.refused;
		s->report = told;
	}
	return st;
}

void sync_tell_at_end(struct sync *s, const struct error *why)
{
	if (s->found.status == STATUS_OK)
		s->found = *why;
}

/* Is this log the one that others were shown? */
static enum status compare(struct sync *s, struct error *e)
{
	struct oid main;
	struct error why = {0};
	enum status st = STATUS_OK;

	if (home_is_kiosk(s->q))
		return STATUS_OK;
	st = sync_check_receipts(s, e);
	if (st == STATUS_OK)
		st = home_ref(&main, s->q, REF_MAIN, e);
	if (st != STATUS_OK)
		return st;
	st = seen_compare_stated(s->q, &main, &why);
	if (st == STATUS_OK)
		return st;
	if (st != STATUS_CONTRADICTED)
		return error_set(e, st, "%s", why.text);
	sync_tell_at_end(s, &why);
	return STATUS_OK;
}

/* Where the own copy was damaged and put aside. */
static enum status take_anew(struct sync *s, struct error *e)
{
	bool begun = false;
	enum status st = anew_begun(&begun, s->q, e);

	return st == STATUS_OK && begun ? anew_fetch(s->q, &s->remote, &s->refs, e) : st;
}

/* What this device owes the practice by what it has just followed; true when there is something to send. */
static bool own_duties(struct sync *s)
{
	bool keys = sync_keys(s), retained = sync_retain(s), erased = sync_erase(s); /* the last says what the one before it made */

	return keys || retained || erased;
}

static enum status exchange_all(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	enum status st = sync_list(s, e);

	if (st != STATUS_OK && s->remote.closed)
		offer(s);
	else if (st == STATUS_REFUSED)
		st = handover(q, &s->remote, e);
	if (st == STATUS_OK)
		st = handed_forget(q, e);
	if (st == STATUS_OK)
		st = take_anew(s, e);
	if (st == STATUS_OK)
		st = sync_look_first(s, e);
	if (st == STATUS_OK)
		st = sync_adopt_own(s, &s->refs.own, e);
	if (st == STATUS_OK && home_is_kiosk(q))
		st = sync_open_answers(s, e);
	if (st == STATUS_OK)
		retry_recover(q);
	if (st == STATUS_OK)
		st = exchange(s, e);
	if (st == STATUS_OK && own_duties(s))
		st = send_and_follow(s, e);
	if (st == STATUS_OK)
		st = deposit(s, e);
	return st == STATUS_OK ? compare(s, e) : st;
}

/* A server that contradicts itself is asked and told no more of the log; the rest of the visit does not lean on that. */
static enum status run(struct sync *s, struct error *e)
{
	struct error why = {0};
	enum status st = exchange_all(s, &why);

	if (st != STATUS_OK && st != STATUS_CONTRADICTED)
		return error_set(e, st, "%s", why.text);
	if (st == STATUS_CONTRADICTED)
		sync_tell_at_end(s, &why);
	renew(s);
	st = st == STATUS_OK ? finish(s, e) : state_save(&s->q->state, s->q->dir, e);
	if (st == STATUS_OK && why.status != STATUS_CONTRADICTED)
		sync_blobs(s);
	if (st == STATUS_OK && s->found.status != STATUS_OK)
		st = error_set(e, s->found.status, "%s", s->found.text);
	return st;
}

static enum status visit(struct qip *q, struct qip_sync_report *out, struct error *e)
{
	struct sync s = {.q = q};
	enum status st = remote_open(&s.remote, q, true, e);

	if (st == STATUS_OK) {
		st = run(&s, e);
		remote_end(&s.remote, q);
	}
	answers_close(s.answers);
	held_clear(&s.held);
	repo_discard(q->repo);
	if (st == STATUS_OK || st == STATUS_CONTRADICTED)
		sync_join_packs(q);
	if (st == STATUS_OK)
		sync_forget_old(q, s.report.server_time_ms);
	if (st == STATUS_OK)
		*out = s.report;
	return st;
}

enum status qip_sync(struct qip *q, struct qip_sync_report *out, struct error *e)
{
	struct error why = {0};
	enum status st = STATUS_OK;

	if (q->doubt != HOME_DOUBT_NONE) {
		doubts_say(q);
		return incarnation_refuse(q, e);
	}
	st = visit(q, out, &why);
	if (st != STATUS_OK && st != STATUS_NETWORK && st != STATUS_TIMEOUT && qip_heal(q))
		st = visit(q, out, &why);
	if (q->doubt != HOME_DOUBT_NONE) /* this visit has found out */
		doubts_say(q);
	return st == STATUS_OK ? st : error_set(e, st, "%s", why.text);
}
