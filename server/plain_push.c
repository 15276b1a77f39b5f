/* server/plain_push.c - a push to an ordinary repository.
 *
 * Enters: the body of a git push. Leaves: its objects, whole and durable, then its refs moved by compare-and-swap, and git's report. Nobody
 * merges and no order is kept between pushes: two that move the same ref meet at the compare-and-swap. A push that is refused as a
 * whole leaves no object.
 */
#include "server/plain_push.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "server/plain.h"
#include "server/report.h"
#include "server/request.h"

#define RESULT_TYPE "application/x-git-receive-pack-result"
#define PROBE_BYTES 4 /* "0000": git asks whether it would be let in, before it sends a large body */

struct plain_push {
	struct commands commands;
	struct repo *repo;
	struct repo_intake *intake; /* NULL while no pack came */
	struct refs refs;	    /* before the push */
	char **refusals;	    /* parallel to the commands; NULL: not refused */
	struct error failed;	    /* what speaks against all of it */
};

static void begin(struct request *r)
{
	struct plain_push *p = calloc(1, sizeof(*p));
	struct error e = {STATUS_OK, ""};

	if (!p) {
		answer_error(&r->answer, &(struct error){.status = STATUS_NOMEM, .text = "out of memory"});
		return;
	}
	p->commands.many = true;
	r->work = p;
	e.status = plain_open(&p->repo, r->repository, true, r->service->open_to_all, &e);
	if (e.status != STATUS_OK)
		answer_error(&r->answer, &e);
}

static enum status feed_pack(struct plain_push *p, const char *bytes, size_t len)
{
	static const struct repo_limits limits = {
		.pack_bytes = LIMIT_PLAIN_PACK_BYTES,
		.objects = LIMIT_PLAIN_PACK_OBJECTS,
		.object_bytes = LIMIT_PLAIN_OBJECT_BYTES,
		.cpu_ms = LIMIT_PLAIN_PACK_CPU_MS,
	};
	enum status st = STATUS_OK;

	if (len == 0)
		return STATUS_OK;
	if (!p->intake)
		st = repo_intake_begin(&p->intake, p->repo, &limits, &p->failed);
	return st == STATUS_OK ? repo_intake_feed(p->intake, bytes, len, &p->failed) : st;
}

static enum status feed(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct request *r = ctx;
	struct plain_push *p = r->work;
	size_t used = 0;
	enum status st = commands_feed(&p->commands, bytes, len, &used, e);

	if (st != STATUS_OK)
		return st;
	/* a failure is told at the end, when the client listens */
	if (p->commands.done && p->failed.status == STATUS_OK)
		p->failed.status = feed_pack(p, (const char *)bytes + used, len - used);
	return STATUS_OK;
}

/* ---- judging ---- */

static enum status refuse(struct plain_push *p, size_t i, const char *words)
{
	struct buf line = BUF_INIT;

	report_sentence(&line, words);
	if (!p->refusals[i] && buf_ok(&line))
		p->refusals[i] = strdup(buf_text(&line));
	buf_clear(&line);
	return p->refusals[i] ? STATUS_OK : STATUS_NOMEM;
}

/* A refusal is noted; only failures of this server are returned. */
static enum status settle(struct plain_push *p, size_t i, enum status st, struct error *e)
{
	if (st == STATUS_OK || push_failed_here(st))
		return st;
	st = refuse(p, i, e->text);
	return st == STATUS_OK ? st : error_set(e, st, "out of memory");
}

/* Are the objects there that the new tips need? olds: all that the repository had. */
static enum status check_whole(struct plain_push *p, struct error *e)
{
	struct oid *olds = calloc(p->refs.len + 1, sizeof(*olds)), *news = calloc(p->commands.len + 1, sizeof(*news));
	size_t olds_len = 0, news_len = 0;
	enum status st = olds && news ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	for (size_t i = 0; i < p->refs.len && st == STATUS_OK; i++) {
		st = repo_commit_of(&olds[olds_len], p->repo, &p->refs.list[i].id, NULL);
		olds_len += st == STATUS_OK && !oid_is_zero(&olds[olds_len]);
		st = STATUS_OK; /* what cannot be read helps nobody */
	}
	for (size_t i = 0; i < p->commands.len && st == STATUS_OK; i++) {
		if (!oid_is_zero(&p->commands.list[i].new_id))
			news[news_len++] = p->commands.list[i].new_id;
	}
	if (st == STATUS_OK && news_len > 0)
		st = repo_check_whole(p->repo, news, news_len, olds, olds_len, e);
	for (size_t i = 0; st == STATUS_INVALID && news_len > 1 && i < p->commands.len; i++) {
		const struct oid *id = &p->commands.list[i].new_id;

		/* one of several: which? */
		if (!oid_is_zero(id) && repo_check_whole(p->repo, id, 1, olds, olds_len, NULL) == STATUS_INVALID)
			(void)refuse(p, i, p->commands.shallow ? "shallow update not allowed" : "missing necessary objects");
	}
	free(olds);
	free(news);
	return st;
}

static enum status judge(struct plain_push *p, struct error *e)
{
	bool some = false;
	enum status st = check_whole(p, e);

	for (size_t i = 0; i < p->commands.len; i++)
		some = some || p->refusals[i];
	if (st == STATUS_INVALID && !some)
		return p->commands.shallow ? error_set(e, st, "shallow update not allowed") : st;
	if (st == STATUS_INVALID)
		st = STATUS_OK;
	for (size_t i = 0; i < p->commands.len && st == STATUS_OK; i++) {
		if (!p->refusals[i])
			st = settle(p, i, plain_judge(p->repo, &p->refs, &p->commands.list[i], e), e);
	}
	return st;
}

/* ---- moving ---- */

static enum status move(struct plain_push *p, const struct command *c, struct error *e)
{
	const struct timespec pause = {.tv_nsec = LIMIT_PLAIN_LOCK_MS * 1000000L};
	const struct oid *old_id = oid_is_zero(&c->old_id) ? NULL : &c->old_id;
	const struct oid *new_id = oid_is_zero(&c->new_id) ? NULL : &c->new_id;
	enum status st = STATUS_OK;

	if (!old_id && !new_id)
		return STATUS_OK; /* what is not there is gone */
	for (int i = 0; i < LIMIT_PLAIN_LOCK_TRIES; i++) {
		st = repo_ref_update(p->repo, c->ref, new_id, old_id, e);
		if (st != STATUS_BUSY)
			return st;
		(void)nanosleep(&pause, NULL);
	}
	return error_set(e, STATUS_STALE, "another program holds the ref's lock");
}

static enum status move_each(struct plain_push *p, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < p->commands.len && st == STATUS_OK; i++) {
		struct error why = {STATUS_OK, ""};
		enum status moved = p->refusals[i] ? STATUS_OK : move(p, &p->commands.list[i], &why);

		if (moved == STATUS_OK)
			continue;
		/* others may have moved already: that is to be reported, also when it is the disk that fails */
		log_line(LOG_LEVEL_WARN, "ref not moved", "ref", p->commands.list[i].ref, "reason", why.text, NULL);
		st = refuse(p, i, moved == STATUS_STALE ? why.text : "failed to update ref");
	}
	return st == STATUS_OK ? st : error_set(e, st, "out of memory");
}

static enum status refuse_all(struct plain_push *p, const char *words, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < p->commands.len && st == STATUS_OK; i++)
		st = refuse(p, i, words);
	return st == STATUS_OK ? st : error_set(e, st, "out of memory");
}

static enum status move_together(struct plain_push *p, struct error *e)
{
	struct repo_move *moves = calloc(p->commands.len, sizeof(*moves));
	size_t failed = 0;
	enum status st = STATUS_OK;

	if (!moves)
		return error_set(e, STATUS_NOMEM, "out of memory");
	for (size_t i = 0; i < p->commands.len; i++) {
		const struct command *c = &p->commands.list[i];

		moves[i] = (struct repo_move){.name = c->ref, .new_id = c->new_id, .old_id = c->old_id};
	}
	if (repo_refs_move(&failed, p->repo, moves, p->commands.len, e) != STATUS_OK)
		st = refuse_all(p, "atomic transaction failed", e);
	free(moves);
	return st;
}

static size_t count_refusals(const struct plain_push *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->commands.len; i++)
		n += p->refusals[i] != NULL;
	return n;
}

static enum status run(struct plain_push *p, struct error *e)
{
	enum status st = p->failed.status;

	if (st != STATUS_OK) {
		*e = p->failed;
		return st;
	}
	if (p->intake)
		st = repo_intake_finish(p->intake, e);
	if (st == STATUS_OK)
		st = plain_refs(&p->refs, p->repo, true, e);
	if (st == STATUS_OK)
		st = judge(p, e);
	if (st == STATUS_OK && p->commands.atomic && count_refusals(p) > 0)
		return refuse_all(p, "atomic push failure", e);
	if (st != STATUS_OK || count_refusals(p) == p->commands.len)
		return st;
	if (p->intake)
		st = repo_intake_keep(p->intake, e);
	if (st != STATUS_OK)
		return st;
	return p->commands.atomic ? move_together(p, e) : move_each(p, e);
}

/* ---- the answer ---- */

static void report(struct request *r, struct plain_push *p, enum status st, const struct error *e)
{
	struct buf lines = BUF_INIT, out = BUF_INIT;

	report_unpack(&lines, st == STATUS_OK ? NULL : e->text);
	for (size_t i = 0; i < p->commands.len; i++)
		report_ref(&lines, p->commands.list[i].ref, st != STATUS_OK ? "unpacker error" : p->refusals[i]);
	if (p->commands.report_status)
		report_send(&out, &lines, &p->commands);
	answer_bytes(&r->answer, 200, RESULT_TYPE, &out);
	if (st != STATUS_OK)
		answer_note(&r->answer, "refused: %s", e->text);
	else if (count_refusals(p) > 0)
		answer_note(&r->answer, "refused %zu of %zu refs", count_refusals(p), p->commands.len);
	buf_clear(&lines);
	buf_clear(&out);
}

static void release(struct request *r)
{
	struct plain_push *p = r->work;

	if (!p)
		return;
	for (size_t i = 0; p->refusals && i < p->commands.len; i++)
		free(p->refusals[i]);
	free(p->refusals);
	repo_intake_close(p->intake);
	repo_close(p->repo);
	refs_clear(&p->refs);
	commands_clear(&p->commands);
	free(p);
	r->work = NULL;
}

static void end(struct request *r)
{
	struct plain_push *p = r->work;
	struct error e = {STATUS_OK, ""};
	struct buf nothing = BUF_INIT;
	enum status st = STATUS_OK;

	if (p->commands.done && p->commands.len == 0 && r->body.bytes == PROBE_BYTES) {
		answer_bytes(&r->answer, 200, RESULT_TYPE, &nothing);
		return;
	}
	if (!p->commands.done || p->commands.len == 0) {
		answer_text(&r->answer, 400, "the push holds no command");
		return;
	}
	p->refusals = calloc(p->commands.len, sizeof(*p->refusals));
	st = p->refusals ? run(p, &e) : error_set(&e, STATUS_NOMEM, "out of memory");
	e.status = st;
	if (st != STATUS_OK && push_failed_here(st))
		answer_error(&r->answer, &e);
	else
		report(r, p, st, &e);
	release(r); /* before the answer goes: nothing of a refused push is left by then */
}

const struct handler handler_plain_receive_pack = {
	.max_bytes = LIMIT_PLAIN_PACK_BYTES + LIMIT_PLAIN_COMMAND_BYTES,
	.begin = begin,
	.feed = feed,
	.end = end,
	.release = release,
};
