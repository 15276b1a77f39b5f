/* server/upload_pack.c - what devices and auditors fetch: protocols v0 and v2, stateless.
 *
 * Enters: wants and haves. Leaves: the lines of this round and, when enough is common, one pack of what is missing. A
 * want reaches only what the device's role may read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/pkt.h"
#include "server/heap.h"
#include "server/milestones.h"
#include "server/negotiate.h"
#include "server/shallow.h"
#include "server/source.h"
#include "server/v2.h"

#define RESULT_TYPE "application/x-git-upload-pack-result"
#define MANY_OBJECTS 4096 /* of an answer, after which memory is given back */

static void begin(struct request *r)
{
	if (r->who.standing != STANDING_MEMBER)
		answer_text(&r->answer, 403, "%s has not finished joining; run qip join again with the same code",
			    r->who.device);
}

/* Takes the pack and puts it into the answer, in side-band packets if asked. */
struct pack_sink {
	struct spool *spool;
	bool side_band;
	struct buf packets;
	struct error error;
};

static enum status take_pack(void *ctx, const void *bytes, size_t len)
{
	struct pack_sink *sink = ctx;

	if (!sink->side_band)
		return spool_add(sink->spool, bytes, len, &sink->error);
	buf_reset(&sink->packets);
	pkt_band(&sink->packets, 1, bytes, len);
	if (!buf_ok(&sink->packets))
		return error_set(&sink->error, STATUS_NOMEM, "out of memory");
	return spool_add(sink->spool, sink->packets.data, sink->packets.len, &sink->error);
}

/* The caller frees *out. */
static enum status list_tags(struct repo_tag **out, size_t *len, const struct refs *refs, struct error *e)
{
	struct repo_tag *tags = calloc(refs->len + 1, sizeof(*tags));
	size_t n = 0;

	if (!tags)
		return error_set(e, STATUS_NOMEM, "out of memory");
	for (size_t i = 0; i < refs->len; i++) {
		if (!oid_is_zero(&refs->list[i].peeled))
			tags[n++] = (struct repo_tag){.id = refs->list[i].id, .names = refs->list[i].peeled};
	}
	*out = tags;
	*len = n;
	return STATUS_OK;
}

/* All that can be asked of the client was asked: what is made now may be on its way before it is whole. */
static void begin_answer(struct request *r)
{
	r->answer.code = 200;
	r->answer.type = RESULT_TYPE;
	r->answer.body.stream = r->stream;
}

static enum status send_lines(struct request *r, const struct buf *lines, struct error *e)
{
	return buf_ok(lines) ? spool_add(&r->answer.body, lines->data, lines->len, e) : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status send_pack(struct request *r, const struct fetch_request *f, struct shallow *s, struct repo *repo,
			     const struct refs *refs, struct error *e)
{
	struct pack_sink sink = {.spool = &r->answer.body, .side_band = f->side_band};
	struct repo_span span = {.ofs_delta = f->ofs_delta, .given_up = request_is_abandoned, .given_up_ctx = r};
	struct repo_tag *tags = NULL;
	uint32_t objects = 0;
	enum status st = shallow_span(&span, s, f, e);

	if (st == STATUS_OK && f->include_tag)
		st = list_tags(&tags, &span.tags_len, refs, e);
	span.tags = tags;
	begin_answer(r);
	if (st == STATUS_OK)
		st = repo_pack_send_span(repo, &span, take_pack, &sink, &objects, e);
	if (st != STATUS_OK && sink.error.status != STATUS_OK)
		*e = sink.error;
	if (st == STATUS_OK && f->side_band)
		st = spool_add(&r->answer.body, "0000", 4, e);
	buf_clear(&sink.packets);
	free(tags);
	if (objects >= MANY_OBJECTS)
		heap_trim(); /* finding them takes some 200 bytes each */
	return st;
}

struct on_log {
	const struct request *request;
	struct repo *repo;
};

/* A commit of the log, as a copy in slices asks for. */
static enum status is_on_log(bool *out, void *ctx, const struct oid *id, struct error *e)
{
	const struct on_log *in = ctx;
	const struct request *r = in->request;
	int64_t number = 0;
	enum status st = milestones_number(&number, r->practice->milestones, r->view, in->repo, id, e);

	*out = st == STATUS_OK;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status check_wants(struct fetch_request *f, const struct request *r, struct repo *repo, struct refs *refs,
			       struct error *e)
{
	struct on_log log = {r, repo};
	struct negotiate_shortcut shortcut = {is_on_log, &log};

	return negotiate_wants(f, repo, refs, refs->log_merges > 0 ? &shortcut : NULL, e);
}

static enum status serve(struct request *r, struct fetch_request *f, struct repo *repo, struct refs *refs,
			 struct error *e)
{
	struct shallow shallow = SHALLOW_INIT;
	struct buf lines = BUF_INIT;
	bool pack = false;
	enum status st = check_wants(f, r, repo, refs, e);

	if (st == STATUS_OK)
		st = shallow_find(&shallow, f, repo, refs, e);
	/* told anew in every round: the first ends with it */
	if (st == STATUS_OK && shallow.changes) {
		shallow_lines(&lines, &shallow, f);
		pkt_flush(&lines);
	}
	if (st == STATUS_OK && f->wants_len > 0 && (f->done || f->flushed))
		st = negotiate_round(&lines, &pack, f, repo, e);
	if (st == STATUS_OK)
		st = send_lines(r, &lines, e);
	if (st == STATUS_OK && pack)
		st = send_pack(r, f, &shallow, repo, refs, e);
	shallow_clear(&shallow);
	buf_clear(&lines);
	return st;
}

static enum status serve_fetch(struct request *r, struct fetch_request *f, struct repo *repo,
			       struct refs *refs, struct error *e)
{
	struct shallow shallow = SHALLOW_INIT;
	struct buf lines = BUF_INIT;
	bool pack = f->wants_len > 0;
	enum status st = check_wants(f, r, repo, refs, e);

	if (st == STATUS_OK && (pack || f->wait_for_done) && f->haves_len > 0 && !f->done)
		st = negotiate_acks(&lines, &pack, f, repo, e);
	if (st == STATUS_OK && pack)
		st = shallow_find(&shallow, f, repo, refs, e);
	if (st == STATUS_OK && shallow.changes) {
		pkt_addf(&lines, "shallow-info\n");
		shallow_lines(&lines, &shallow, f);
		pkt_delim(&lines);
	}
	if (st == STATUS_OK && pack)
		pkt_addf(&lines, "packfile\n");
	if (st == STATUS_OK)
		st = send_lines(r, &lines, e);
	if (st == STATUS_OK && pack)
		st = send_pack(r, f, &shallow, repo, refs, e);
	shallow_clear(&shallow);
	buf_clear(&lines);
	return st;
}

static enum status serve_ls_refs(struct request *r, const struct v2_command *c, struct refs *refs,
				 struct error *e)
{
	struct buf lines = BUF_INIT;
	enum status st = v2_ls_refs(&lines, c, refs, e);

	if (st == STATUS_OK)
		st = send_lines(r, &lines, e);
	buf_clear(&lines);
	return st;
}

static enum status run_v2(struct request *r, struct fetch_request *f, struct repo *repo, struct refs *refs,
			  struct error *e)
{
	struct v2_command c = {.kind = V2_NOTHING};
	enum status st = v2_command_parse(&c, buf_text(&r->collected), r->collected.len, e);

	if (st != STATUS_OK || c.kind == V2_NOTHING)
		return st;
	if (c.kind == V2_LS_REFS)
		return serve_ls_refs(r, &c, refs, e);
	st = fetch_request_parse_v2(f, c.arguments, c.arguments_len, e);
	return st == STATUS_OK ? serve_fetch(r, f, repo, refs, e) : st;
}

static enum status run_v0(struct request *r, struct fetch_request *f, struct repo *repo, struct refs *refs,
			  struct error *e)
{
	enum status st = fetch_request_parse(f, buf_text(&r->collected), r->collected.len, e);

	return st == STATUS_OK ? serve(r, f, repo, refs, e) : st;
}

/* Words that stock git shows to its user. */
static void answer_err(struct request *r, const struct error *e)
{
	struct buf out = BUF_INIT;

	pkt_addf(&out, "ERR upload-pack: %s\n", e->text);
	answer_bytes(&r->answer, 200, RESULT_TYPE, &out);
	answer_note(&r->answer, "refused: %s", e->text);
	buf_clear(&out);
}

/* Part of a pack is on its way. A client reads the reason, or sees a connection that ends in the middle of an answer; never
 * what could be taken for the whole. */
static void break_off(struct request *r, const struct fetch_request *f, const struct error *e)
{
	struct buf out = BUF_INIT;
	const char *words = answer_words(e);

	answer_note(&r->answer, "broken off: %s", e->text);
	if (f->side_band)
		pkt_band(&out, 3, words, strlen(words));
	/* it is broken off with those words or without them */
	if (out.len > 0 && buf_ok(&out))
		(void)!spool_add(&r->answer.body, out.data, out.len, NULL);
	stream_break(r->stream);
	buf_clear(&out);
	if (e->status != STATUS_NETWORK)
		log_line(LOG_LEVEL_ERROR, "an answer was broken off", "path", r->route.repository[0] ? r->route.repository : r->route.ods,
			 "reason", e->text, NULL);
}

static void end(struct request *r)
{
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct source source = SOURCE_INIT;
	struct error e = {STATUS_OK, ""};
	enum status st = source_open(&source, r, false, &e);

	bool open = st == STATUS_OK;

	if (st == STATUS_OK)
		st = r->git_v2 ? run_v2(r, &f, source.repo, &source.refs, &e)
			       : run_v0(r, &f, source.repo, &source.refs, &e);
	/* whatever a readable ref stands for is here: what cannot be found cannot be read just now */
	if (open && st == STATUS_NOT_FOUND)
		st = STATUS_CORRUPT;
	e.status = st;
	if (st != STATUS_OK && r->stream && stream_is_on(r->stream)) {
		break_off(r, &f, &e);
	} else if (open && st == STATUS_DENIED) {
		answer_err(r, &e);
	} else if (st != STATUS_OK) {
		answer_error(&r->answer, &e);
	} else {
		r->answer.code = 200;
		r->answer.type = RESULT_TYPE;
	}
	source_close(&source);
	fetch_request_clear(&f);
}

const struct handler handler_upload_pack = {
	.needs_peer = true, .max_bytes = LIMIT_FETCH_BYTES, .begin = begin, .feed = request_collect, .end = end};
const struct handler handler_plain_upload_pack = {.max_bytes = LIMIT_FETCH_BYTES, .feed = request_collect, .end = end};
