/* server/receive.c - Stage 5 of 9: receive.
 *
 * Enters: the body of a git push, in whatever pieces the network makes of it. Leaves: one command and its objects in
 * quarantine, seen by this push alone, judged by stage 6 beside others and then waiting for stages 7 and 8, whose outcome
 * goes back as git's report. A push that fails leaves no object.
 */
#include <stdlib.h>
#include <string.h>

#include "server/commands.h"
#include "server/large.h"
#include "server/merge_queue.h"
#include "server/metrics.h"
#include "server/publish.h"
#include "server/request.h"
#include "server/verify.h"

#define RESULT_TYPE "application/x-git-receive-pack-result"
#define PROBE_BYTES 4 /* "0000": git asks whether it would be let in, before it sends a large body */

struct receive {
	struct commands commands;
	struct push push;
	char ref[LIMIT_REF_BYTES]; /* the one that this device may move */
	struct error failed;	   /* what speaks against it so far; the rest of the body is passed over */
	struct large large;	   /* once its pack may take long */
	struct job heavy;	   /* for such a pack, in its turn among them */
	int64_t ended_ms;	   /* when its last byte had come, monotonic */
};

static void grant(struct push *p, const struct limits *l)
{
	p->granted = (struct head_limits){.commits = (size_t)l->push_commits,
					  .paths = (size_t)l->push_paths,
					  .depth = (size_t)l->tree_depth};
	p->context.limits = &p->granted;
}

static void begin(struct request *r)
{
	struct receive *work = calloc(1, sizeof(*work));

	if (!work) {
		answer_error(&r->answer, &(struct error){.status = STATUS_NOMEM, .text = "out of memory"});
		return;
	}
	work->push.practice = r->practice;
	work->push.device = r->who.device;
	push_ref_name(work->ref, r->who.device);
	grant(&work->push, r->service->limits);
	r->work = work;
}

/* What can be said of a push before its pack is there. */
static enum status judge_commands(struct receive *work, struct error *e)
{
	const struct command *c = &work->commands.list[0];

	if (work->commands.len != 1)
		return error_set(e, STATUS_DENIED, "a push may update one ref, its device's own");
	if (strcmp(c->ref, work->ref) != 0)
		return error_set(e, STATUS_DENIED, "this device may push to %s alone", work->ref);
	if (oid_is_zero(&c->new_id))
		return error_set(e, STATUS_DENIED, "a device's head cannot be deleted");
	work->push.id = c->new_id;
	work->push.old_id = c->old_id;
	return STATUS_OK;
}

/* Nothing of the push is left here. */
static void let_go(struct receive *work)
{
	push_clear(&work->push);
	large_end(&work->large);
}

static enum status begin_if_large(struct receive *work, struct error *e)
{
	struct push *p = &work->push;

	return store_txn_is_large(p->txn) ? large_begin(&work->large, p->practice, p->device, e) : STATUS_OK;
}

static enum status feed_pack(struct receive *work, const char *bytes, size_t len, struct error *e)
{
	struct push *p = &work->push;
	enum status st = STATUS_OK;

	if (len == 0)
		return STATUS_OK;
	if (!p->txn)
		st = store_txn_begin(&p->txn, p->practice->history, e);
	if (st == STATUS_OK)
		st = store_txn_feed(p->txn, bytes, len, e);
	if (st == STATUS_OK)
		st = begin_if_large(work, e);
	if (st != STATUS_OK)
		let_go(work); /* what is still to come may take its time */
	return st;
}

static enum status feed(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct request *r = ctx;
	struct receive *work = r->work;
	const char *at = bytes;
	size_t used = 0;
	bool had_commands = work->commands.done;
	enum status st = commands_feed(&work->commands, at, len, &used, e);

	if (st != STATUS_OK)
		return st;
	if (!had_commands && work->commands.done && work->commands.len > 0)
		work->failed.status = judge_commands(work, &work->failed);
	/* a failure is told in the report at the end, as git expects it */
	if (work->commands.done && work->failed.status == STATUS_OK)
		work->failed.status = feed_pack(work, at + used, len - used, &work->failed);
	return STATUS_OK;
}

static enum status unpack(struct receive *work, struct error *e)
{
	struct push *p = &work->push;
	enum status st = STATUS_OK;

	if (work->failed.status != STATUS_OK) {
		*e = work->failed;
		return e->status;
	}
	if (!p->txn)
		st = store_txn_begin(&p->txn, p->practice->history, e);
	if (st == STATUS_OK)
		st = store_txn_unpack(p->txn, e);
	return st == STATUS_OK ? begin_if_large(work, e) : st;
}

/* Beside other pushes: what was received, and stage 6 against the log as it stands. */
static enum status verify(struct receive *work, struct error *e)
{
	struct push *p = &work->push;
	enum status st = store_txn_received(p->txn, e);

	if (st == STATUS_OK)
		st = view_get(&p->view, p->practice, e);
	return st == STATUS_OK ? verify_push(p, e) : st;
}

static void report(struct request *r, struct receive *work, const struct error *e)
{
	struct buf out = BUF_INIT;

	if (work->commands.report_status)
		publish_report(&out, &work->commands, e->status, &work->push.fault, e->text);
	answer_bytes(&r->answer, 200, RESULT_TYPE, &out);
	if (e->status == STATUS_EXISTS)
		answer_note(&r->answer, "accepted before");
	else if (e->status != STATUS_OK)
		answer_note(&r->answer, "refused: %s", e->text);
	buf_clear(&out);
}

static int64_t monotonic_ms(const struct request *r)
{
	return r->service->env->monotonic_ms(r->service->env->ctx);
}

static void answer_outcome(struct request *r, struct receive *work, const struct error *e)
{
	metrics_push(e->status, monotonic_ms(r) - work->ended_ms);
	if (e->status != STATUS_OK && push_failed_here(e->status))
		answer_error(&r->answer, e);
	else
		report(r, work, e);
	let_go(work); /* before the answer goes: nothing of a refused push is left by then */
}

/* The push had its turn in the queue. */
static void merged(struct push *p)
{
	struct request *r = p->ctx;

	if (p->outcome.status == STATUS_OK)
		upkeep_pushed(r->service->upkeep, r->practice);
	answer_outcome(r, r->work, &p->outcome);
	request_answered(r);
}

/* False: it waits for its turn to be merged. */
static bool judge(struct request *r)
{
	struct receive *work = r->work;
	struct error e = {STATUS_OK, ""};

	e.status = verify(work, &e);
	if (e.status != STATUS_OK) {
		answer_outcome(r, work, &e);
		return true;
	}
	work->push.done = merged;
	work->push.ctx = r;
	merge_queue_add(&work->push, r->service->jobs, r->service->env);
	return false;
}

/* Who has gone meanwhile sends it again; nothing went wrong here. */
static void judge_heavy(void *arg)
{
	struct request *r = arg;
	struct error left = {STATUS_TIMEOUT, "the device did not wait for the outcome"};

	if (request_is_abandoned(r)) {
		answer_error(&r->answer, &left);
		let_go(r->work);
	} else if (!judge(r)) {
		return;
	}
	request_answered(r);
}

static bool end_later(struct request *r)
{
	struct receive *work = r->work;
	struct error e = {STATUS_OK, ""};
	struct buf nothing = BUF_INIT;

	if (work->commands.done && work->commands.len == 0 && r->body.bytes == PROBE_BYTES) {
		answer_bytes(&r->answer, 200, RESULT_TYPE, &nothing);
		return true;
	}
	if (!work->commands.done || work->commands.len == 0) {
		answer_text(&r->answer, 400, "the push holds no command");
		return true;
	}
	work->ended_ms = monotonic_ms(r);
	e.status = unpack(work, &e);
	if (e.status != STATUS_OK) {
		answer_outcome(r, work, &e);
		return true;
	}
	if (!store_txn_is_large(work->push.txn))
		return judge(r);
	work->heavy = (struct job){.run = judge_heavy, .arg = r, .who = r->peer.key, .heavy = true};
	jobs_submit(r->service->jobs, &work->heavy);
	return false;
}

static void release(struct request *r)
{
	struct receive *work = r->work;

	if (!work)
		return;
	let_go(work);
	commands_clear(&work->commands);
	free(work);
	r->work = NULL;
}

const struct handler handler_receive_pack = {
	.rate = RATES_PUSH,
	.needs_peer = true,
	.max_bytes = LIMIT_COMMAND_BYTES,
	.takes_pack = true,
	.begin = begin,
	.feed = feed,
	.end_later = end_later,
	.release = release,
};
