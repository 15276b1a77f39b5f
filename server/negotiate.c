/* server/negotiate.c - one round of upload-pack. */
#include "server/negotiate.h"

#include "core/pkt.h"

static bool is_tip(const struct store_refs *readable, const struct oid *id)
{
	for (size_t i = 0; i < readable->len; i++) {
		if (oid_equal(&readable->refs[i].id, id))
			return true;
	}
	return false;
}

static enum status reached_by_any(bool *out, struct repo *r, const struct store_refs *readable, const struct oid *id,
				  struct error *e)
{
	enum repo_kind kind = REPO_TAG;
	size_t size = 0;
	enum status st = repo_stat(&kind, &size, r, id, e);

	*out = false;
	if (st == STATUS_NOT_FOUND || (st == STATUS_OK && kind != REPO_COMMIT))
		return STATUS_OK;
	for (size_t i = 0; st == STATUS_OK && !*out && i < readable->len; i++)
		st = repo_is_ancestor(out, r, id, &readable->refs[i].id, e);
	return st;
}

enum status negotiate_wants(const struct fetch_request *f, struct repo *r, const struct store_refs *readable,
			    struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	enum status st = STATUS_OK;
	int walks = 0;

	for (size_t i = 0; st == STATUS_OK && i < f->wants_len; i++) {
		bool reached = is_tip(readable, &f->wants[i]);

		if (!reached && walks++ < LIMIT_OLD_WANTS)
			st = reached_by_any(&reached, r, readable, &f->wants[i], e);
		if (st == STATUS_OK && !reached) {
			oid_hex(hex, &f->wants[i]);
			st = error_set(e, STATUS_DENIED, "not our ref %s", hex);
		}
	}
	return st;
}

/* Which wants are covered: an ancestor of theirs is common. */
struct coverage {
	const struct fetch_request *request;
	struct repo *repo;
	size_t covered; /* the first so many wants are */
	int walks;
};

/* True once every want is covered: the client need name no more. A walk limit keeps hostile lists cheap; without the
 * hint the client goes on. */
static enum status ready(bool *out, struct coverage *c, const struct oid *have, struct error *e)
{
	enum status st = STATUS_OK;
	bool below = have != NULL;

	while (have && below && st == STATUS_OK && c->covered < c->request->wants_len && c->walks < LIMIT_READY_WALKS) {
		c->walks++;
		st = repo_is_ancestor(&below, c->repo, have, &c->request->wants[c->covered], e);
		if (st == STATUS_OK && below)
			c->covered++;
	}
	*out = c->covered == c->request->wants_len;
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

/* The lines for all haves, as git's own upload-pack writes them. */
static enum status answer_haves(struct buf *out, struct outcome *o, struct fetch_request *f, struct coverage *c,
				struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	enum status st = STATUS_OK;
	size_t kept = 0;

	for (size_t i = 0; st == STATUS_OK && i < f->haves_len; i++) {
		bool common = false, enough = false;

		oid_hex(hex, &f->haves[i]);
		st = is_common(&common, c->repo, &f->haves[i], e);
		if (st == STATUS_OK)
			st = ready(&enough, c, common ? &f->haves[i] : NULL, e);
		if (st != STATUS_OK)
			break;
		if (common) {
			o->common = true;
			oid_hex(o->last, &f->haves[i]);
			f->haves[kept++] = f->haves[i];
			if (f->multi_ack)
				pkt_addf(out, "ACK %s common\n", hex);
			else if (kept == 1)
				pkt_addf(out, "ACK %s\n", hex);
		} else {
			o->other = true;
			if (f->multi_ack && enough) {
				o->sent_ready = true;
				pkt_addf(out, "ACK %s ready\n", hex);
			}
		}
	}
	f->haves_len = kept;
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
		st = ready(&enough, &c, NULL, e);
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
	size_t kept = 0;

	pkt_addf(out, "acknowledgments\n");
	for (size_t i = 0; st == STATUS_OK && i < f->haves_len; i++) {
		bool common = false;

		st = is_common(&common, r, &f->haves[i], e);
		if (st != STATUS_OK || !common)
			continue;
		f->haves[kept++] = f->haves[i];
		oid_hex(hex, &f->haves[kept - 1]);
		pkt_addf(out, "ACK %s\n", hex);
		st = ready(&enough, &c, &f->haves[kept - 1], e);
	}
	if (st != STATUS_OK)
		return st;
	f->haves_len = kept;
	if (kept == 0)
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
