/* client/fetch.c - take in what the server has and this home has not.
 *
 * Enters: the wanted commit, and what is known. Leaves: an indexed pack in quarantine.
 * One request: the server works the difference out from the known tips, however many commits wait here unsent.
 */
#include "client/fetch.h"

#include <stdio.h>
#include <string.h>

#include "core/pkt.h"

#define CAPABILITIES "side-band-64k ofs-delta agent=qip/" QIP_VERSION
#define REQUEST_TYPE "application/x-git-upload-pack-request"
#define RESULT_TYPE "application/x-git-upload-pack-result"

/* The answer on its way in: "NAK" or "ACK …", then side-band packets to a flush. */
struct demux {
	struct repo_intake *intake;
	uint64_t pack_bytes;
	struct buf pending; /* less than one packet */
	bool in_pack, ended;
};

static enum status take_band(struct demux *d, const struct pkt *p, struct error *e)
{
	char sentence[200];

	if (p->len == 0)
		return STATUS_OK;
	switch (p->bytes[0]) {
	case 1:
		d->pack_bytes += p->len - 1;
		return repo_intake_feed(d->intake, p->bytes + 1, p->len - 1, e);
	case 2:
		return STATUS_OK; /* progress, for people */
	case 3:
		http_clean_text(sentence, sizeof(sentence), p->bytes + 1, p->len - 1);
		return error_set(e, STATUS_NETWORK, "the server broke off: %s", sentence);
	default:
		return error_set(e, STATUS_MALFORMED, "the server's answer has an unknown side band");
	}
}

static enum status take_packet(struct demux *d, const struct pkt *p, struct error *e)
{
	char sentence[200];

	if (d->ended)
		return error_set(e, STATUS_MALFORMED, "the server's answer goes on after its end");
	if (d->in_pack && p->kind == PKT_DATA)
		return take_band(d, p, e);
	if (d->in_pack && p->kind == PKT_FLUSH) {
		d->ended = true;
		return STATUS_OK;
	}
	if (p->kind == PKT_DATA && (pkt_is(p, "NAK") || (p->len >= 4 && memcmp(p->bytes, "ACK ", 4) == 0))) {
		d->in_pack = true;
		return STATUS_OK;
	}
	if (p->kind == PKT_DATA && p->len > 4 && memcmp(p->bytes, "ERR ", 4) == 0) {
		http_clean_text(sentence, sizeof(sentence), p->bytes + 4, p->len - 4);
		return error_set(e, STATUS_REFUSED, "%s", sentence);
	}
	return error_set(e, STATUS_MALFORMED, "the server's answer to a fetch is not well-formed");
}

static enum status take_bytes(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct demux *d = ctx;
	enum status st = STATUS_OK;
	struct pkt p;
	size_t at = 0;

	buf_add(&d->pending, bytes, len);
	if (!buf_ok(&d->pending))
		return error_set(e, STATUS_NOMEM, "out of memory");
	while (st == STATUS_OK) {
		st = pkt_next(&p, buf_text(&d->pending), d->pending.len, &at);
		if (st == STATUS_OK)
			st = take_packet(d, &p, e);
		else if (st != STATUS_NOT_FOUND)
			return error_set(e, st, "the server's answer to a fetch is not well-formed");
		else
			break;
	}
	buf_consume(&d->pending, at);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static void write_request(struct buf *out, const struct oid *want, const struct oid *haves, size_t haves_len)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, want);
	pkt_addf(out, "want %s " CAPABILITIES "\n", hex);
	pkt_flush(out);
	for (size_t i = 0; i < haves_len; i++) {
		if (oid_is_zero(&haves[i]))
			continue;
		oid_hex(hex, &haves[i]);
		pkt_addf(out, "have %s\n", hex);
	}
	pkt_addf(out, "done\n");
}

static enum status exchange(struct demux *d, struct remote *r, const struct buf *body, const struct repo_limits *limits, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	char path[64];
	struct http_request req = {
		.method = "POST",
		.path = path,
		.accept = RESULT_TYPE,
		.content_type = REQUEST_TYPE,
		.body = body->data,
		.body_len = body->len,
		.max_bytes = limits->pack_bytes + limits->pack_bytes / 1024 + LIMIT_REFUSAL_BYTES, /* with the framing */
		.sink = take_bytes,
		.sink_ctx = d,
		.call_ms = LIMIT_PACK_MS,
	};
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "%s/git-upload-pack", r->base);
	st = remote_call(r, &req, RESULT_TYPE, &res, e);
	http_response_clear(&res);
	if (st == STATUS_OK && !d->ended)
		st = error_set(e, STATUS_NETWORK, "the server's answer to a fetch ends early: try again");
	return st;
}

const struct repo_limits fetch_whole = {
	.pack_bytes = LIMIT_PACK_BYTES,
	.objects = LIMIT_PACK_OBJECTS,
	.object_bytes = LIMIT_OBJECT_BYTES,
};
const struct repo_limits fetch_slice = {
	.pack_bytes = LIMIT_SLICE_BYTES,
	.objects = LIMIT_SLICE_OBJECTS,
	.object_bytes = LIMIT_OBJECT_BYTES,
};

enum status fetch_pack(struct repo_intake **out, uint64_t *pack_bytes, struct remote *r, struct repo *repo, const struct fetch *f,
		       struct error *e)
{
	struct demux d = {0};
	struct buf body = BUF_INIT;
	enum status st = STATUS_OK;

	write_request(&body, f->want, f->haves, f->haves_len);
	if (!buf_ok(&body)) {
		st = error_set(e, STATUS_NOMEM, "out of memory");
		goto done;
	}
	st = repo_intake_begin(&d.intake, repo, f->limits, e);
	if (st == STATUS_OK)
		st = exchange(&d, r, &body, f->limits, e);
	if (st == STATUS_OK)
		st = repo_intake_finish(d.intake, e);
	if (st == STATUS_OK) {
		*out = d.intake;
		*pack_bytes = d.pack_bytes;
		d.intake = NULL;
	}
done:
	if (d.intake)
		repo_intake_close(d.intake);
	buf_clear(&d.pending);
	buf_clear(&body);
	return st;
}
