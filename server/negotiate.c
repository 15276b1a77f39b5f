/* server/negotiate.c - one round of upload-pack. */
#include "server/negotiate.h"

#include <stdlib.h>

#include "core/pkt.h"

/* The commits that the readable refs stand for: what is reached from them may be wanted. */
static enum status tips_of(struct oid **out, size_t *len, struct repo *r, const struct refs *readable, struct error *e)
{
	struct oid *tips = calloc(readable->len + 1, sizeof(*tips));
	enum status st = tips ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	size_t n = 0;

	for (size_t i = 0; i <= readable->len && st == STATUS_OK; i++) {
		const struct oid *id = i < readable->len ? &readable->list[i].id : &readable->head;

		if (oid_is_zero(id))
			continue;
		st = repo_commit_of(&tips[n], r, id, e);
		if (st == STATUS_OK && !oid_is_zero(&tips[n]))
			n++;
	}
	if (st != STATUS_OK) {
		free(tips);
		return st;
	}
	*out = tips;
	*len = n;
	return STATUS_OK;
}

static enum status is_reached(bool *out, struct repo *r, const struct refs *readable, const struct oid *id,
			      struct error *e)
{
	enum repo_kind kind = REPO_TAG;
	struct oid *tips = NULL;
	size_t size = 0, len = 0;
	enum status st = repo_stat(&kind, &size, r, id, e);

	*out = false;
	if (st == STATUS_NOT_FOUND || (st == STATUS_OK && kind != REPO_COMMIT))
		return STATUS_OK;
	if (st == STATUS_OK)
		st = tips_of(&tips, &len, r, readable, e);
	if (st == STATUS_OK)
		st = repo_is_reached(out, r, id, tips, len, e);
	free(tips);
	return st;
}

static enum status check_want(int *walks, struct repo *r, struct refs *readable,
			      const struct negotiate_shortcut *shortcut, const struct oid *want, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	bool reached = false;
	enum status st = refs_find(&reached, readable, want, e);

	if (st == STATUS_OK && readable->any_object)
		reached = repo_has(r, want);
	if (st == STATUS_OK && !reached && (*walks)++ < LIMIT_OLD_WANTS) {
		if (shortcut)
			st = shortcut->knows(&reached, shortcut->ctx, want, e);
		if (st == STATUS_OK && !reached)
			st = is_reached(&reached, r, readable, want, e);
	}
	if (st != STATUS_OK || reached)
		return st;
	oid_hex(hex, want);
	return error_set(e, STATUS_DENIED, "not our ref %s", hex);
}

enum status negotiate_wants(struct fetch_request *f, struct repo *r, struct refs *readable,
			    const struct negotiate_shortcut *shortcut, struct error *e)
{
	struct oid *commits = calloc(f->wants_len + 1, sizeof(*commits));
	enum status st = commits ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	size_t len = 0;
	int walks = 0;

	for (size_t i = 0; st == STATUS_OK && i < f->wants_len; i++) {
		st = check_want(&walks, r, readable, shortcut, &f->wants[i], e);
		if (st == STATUS_OK)
			st = repo_commit_of(&commits[len], r, &f->wants[i], e);
		if (st == STATUS_OK && !oid_is_zero(&commits[len]))
			len++;
	}
	if (st != STATUS_OK) {
		free(commits);
		return st;
	}
	free(f->commits);
	f->commits = commits;
	f->commits_len = len;
	return STATUS_OK;
}

/* Which wants are covered: they reach something that is common. */
struct coverage {
	const struct fetch_request *request;
	struct repo *repo;
	size_t commons; /* so many of the request's haves, its first, are common */
	size_t covered; /* the first so many wants are */
	size_t tried;	/* commons when it was last looked */
	int walks;
};

/* True once every want is covered: the client need name no more. A walk limit keeps hostile lists cheap; without the
 * hint the client goes on. */
static enum status ready(bool *out, struct coverage *c, struct error *e)
{
	const struct fetch_request *f = c->request;
	enum status st = STATUS_OK;
	bool reaches = c->commons > c->tried;

	c->tried = c->commons;
	while (reaches && st == STATUS_OK && c->covered < f->commits_len && c->walks < LIMIT_READY_WALKS) {
		c->walks++;
		st = repo_reaches_any(&reaches, c->repo, &f->commits[c->covered], f->haves, c->commons, e);
		if (st == STATUS_OK && reaches)
			c->covered++;
	}
	*out = c->commons > 0 && c->covered == f->commits_len;
	return st;
}

static enum status is_common(bool *out, struct repo *r, const struct oid *id, struct error *e)
{
	enum repo_kind kind = REPO_TAG;
	size_t size = 0;
	enum status st = repo_stat(&kind, &size, r, id, e);

	*out = st == STATUS_OK && kind == REPO_COMMIT;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

struct outcome {
	bool common, other, sent_ready;
	char last[OID_HEX_LEN + 1]; /* last common id */
};

static void answer_common(struct buf *out, struct outcome *o, struct fetch_request *f, struct coverage *c,
			  const struct oid *have)
{
	o->common = true;
	oid_hex(o->last, have);
	f->haves[c->commons++] = *have;
	if (f->multi_ack)
		pkt_addf(out, "ACK %s common\n", o->last);
	else if (c->commons == 1)
		pkt_addf(out, "ACK %s\n", o->last);
}

/* The lines for all haves, as git's own upload-pack writes them. */
static enum status answer_haves(struct buf *out, struct outcome *o, struct fetch_request *f, struct coverage *c,
				struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < f->haves_len; i++) {
		const struct oid have = f->haves[i];
		bool common = false, enough = false;

		st = is_common(&common, c->repo, &have, e);
		if (st != STATUS_OK)
			break;
		if (common) {
			answer_common(out, o, f, c, &have);
			continue;
		}
		o->other = true;
		if (f->multi_ack)
			st = ready(&enough, c, e);
		if (st == STATUS_OK && enough) {
			oid_hex(hex, &have);
			o->sent_ready = true;
			pkt_addf(out, "ACK %s ready\n", hex);
		}
	}
	f->haves_len = c->commons;
	return st;
}

enum status negotiate_round(struct buf *out, bool *send_pack, struct fetch_request *f, struct repo *r, struct error *e)
{
	struct coverage c = {.request = f, .repo = r};
	struct outcome o = {.common = false};
	bool enough = false;
	enum status st = answer_haves(out, &o, f, &c, e);

	*send_pack = false;
	if (st == STATUS_OK)
		st = ready(&enough, &c, e);
	if (st != STATUS_OK)
		return st;
	if (f->done) {
		if (!o.common)
			pkt_addf(out, "NAK\n");
		else if (f->multi_ack)
			pkt_addf(out, "ACK %s\n", o.last);
		*send_pack = true;
	} else {
		if (f->multi_ack && o.common && !o.other && enough) {
			o.sent_ready = true;
			pkt_addf(out, "ACK %s ready\n", o.last);
		}
		if (!o.common || f->multi_ack)
			pkt_addf(out, "NAK\n");
		if (f->no_done && o.sent_ready && o.common) {
			pkt_addf(out, "ACK %s\n", o.last);
			*send_pack = true;
		}
	}
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

enum status negotiate_acks(struct buf *out, bool *send_pack, struct fetch_request *f, struct repo *r, struct error *e)
{
	struct coverage c = {.request = f, .repo = r};
	char hex[OID_HEX_LEN + 1];
	enum status st = STATUS_OK;
	bool enough = false;

	pkt_addf(out, "acknowledgments\n");
	for (size_t i = 0; st == STATUS_OK && i < f->haves_len; i++) {
		const struct oid have = f->haves[i];
		bool common = false;

		st = is_common(&common, r, &have, e);
		if (st != STATUS_OK || !common)
			continue;
		f->haves[c.commons++] = have;
		oid_hex(hex, &have);
		pkt_addf(out, "ACK %s\n", hex);
	}
	if (st == STATUS_OK && !f->wait_for_done)
		st = ready(&enough, &c, e);
	if (st != STATUS_OK)
		return st;
	f->haves_len = c.commons;
	if (c.commons == 0)
		pkt_addf(out, "NAK\n");
	*send_pack = enough;
	if (enough) {
		pkt_addf(out, "ready\n");
		pkt_delim(out);
	} else {
		pkt_flush(out);
	}
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}
