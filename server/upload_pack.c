/* server/upload_pack.c - what devices and auditors fetch: protocol v0, stateless.
 *
 * Enters: wants and haves. Leaves: the lines of this round and, when enough is common, one pack of what is missing. A
 * want reaches only what the device's role may read.
 */
#include <stdio.h>

#include "core/pkt.h"
#include "server/negotiate.h"
#include "server/refs.h"
#include "server/request.h"

#define RESULT_TYPE "application/x-git-upload-pack-result"

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

static enum status send_pack(struct spool *spool, const struct fetch_request *f, struct repo *repo, struct error *e)
{
	struct pack_sink sink = {.spool = spool, .side_band = f->side_band};
	enum status st =
		repo_pack_send(repo, f->wants, f->wants_len, f->haves, f->haves_len, take_pack, &sink, NULL, e);

	if (st != STATUS_OK && sink.error.status != STATUS_OK)
		*e = sink.error;
	if (st == STATUS_OK && f->side_band)
		st = spool_add(spool, "0000", 4, e);
	buf_clear(&sink.packets);
	return st;
}

static enum status serve(struct request *r, struct fetch_request *f, struct repo *repo, const struct store_refs *refs,
			 struct error *e)
{
	struct buf lines = BUF_INIT;
	bool pack = false;
	enum status st = negotiate_wants(f, repo, refs, e);

	if (st == STATUS_OK && f->wants_len > 0 && (f->done || f->flushed))
		st = negotiate_round(&lines, &pack, f, repo, e);
	if (st == STATUS_OK)
		st = spool_add(&r->answer.body, lines.data, lines.len, e);
	if (st == STATUS_OK && pack)
		st = send_pack(&r->answer.body, f, repo, e);
	buf_clear(&lines);
	return st;
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

static void end(struct request *r)
{
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct store_refs refs = STORE_REFS_INIT;
	struct error e = {STATUS_OK, ""};
	struct repo *repo = NULL;
	enum status st = fetch_request_parse(&f, buf_text(&r->collected), r->collected.len, &e);

	if (st == STATUS_OK)
		st = store_refs(&refs, r->practice->history, &e);
	if (st == STATUS_OK)
		st = store_reader_open(&repo, r->practice->history, &e);
	if (st == STATUS_OK) {
		refs_filter(&refs, &r->who);
		st = serve(r, &f, repo, &refs, &e);
	}
	e.status = st;
	if (st == STATUS_DENIED) {
		answer_err(r, &e);
	} else if (st != STATUS_OK) {
		answer_error(&r->answer, &e);
	} else {
		r->answer.code = 200;
		r->answer.type = RESULT_TYPE;
	}
	store_reader_close(repo);
	store_refs_clear(&refs);
	fetch_request_clear(&f);
}

const struct handler handler_upload_pack = {
	.needs_peer = true, .max_bytes = LIMIT_FETCH_BYTES, .begin = begin, .feed = request_collect, .end = end};
