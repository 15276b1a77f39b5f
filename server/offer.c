/* server/offer.c - POST /<ODS>/offer: a device offers a closed practice what it holds of its history.
 *
 * The body is a packet "main <commit>" or "config <commit>", a flush, and a pack or nothing. Nothing asks: the answer
 * {"taken":false,"haves":[commit…]} says from where on the server needs it, {"taken":true} that there is nothing to send. A long way to main
 * is sent in parts before, each a commit on it: "part <commit>".
 */
#include <stdlib.h>
#include <string.h>

#include "core/pkt.h"
#include "server/closed.h"
#include "server/offers.h"
#include "server/request.h"

#define HEAD_BYTES 256 /* of what stands before the pack */

struct offering {
	struct buf head;
	bool read; /* kind and id are known; what follows is the pack */
	enum offer_kind kind;
	struct oid id;
	struct store_txn *txn;
	struct error failed; /* of the pack; told at the end */
};

/* A certificate of this server is enough, for the registry may have lost the device: what is offered is signed by the server itself. */
static enum status check_peer(struct request *r, struct error *e)
{
	const struct tls_peer *peer = &r->peer;
	const struct device *d = NULL;
	enum status st = STATUS_OK;

	if (!peer->present || strcmp(peer->ods, r->practice->ods) != 0 || !name_valid(peer->device))
		return error_set(e, STATUS_DENIED, "a certificate of a device of %s is needed here", r->practice->ods);
	st = view_get(&r->view, r->practice, e);
	if (st == STATUS_OK && view_registry(r->view))
		d = registry_find(view_registry(r->view), peer->device);
	if (d && d->revoked)
		return error_set(e, STATUS_DENIED, "the device %s was revoked", d->id);
	return st;
}

static enum status check_state(struct request *r, struct error *e)
{
	enum status st = closed_check(r->practice, NULL);

	if (st == STATUS_OK)
		return error_set(e, STATUS_STALE, "the practice is open: there is nothing to offer, sync as ever");
	return st == STATUS_CLOSED ? check_peer(r, e) : error_set(e, st, "closed.json cannot be read");
}

static void begin(struct request *r)
{
	struct error e = {STATUS_OK, ""};
	struct offering *work = NULL;

	e.status = check_state(r, &e);
	if (e.status == STATUS_OK) {
		work = calloc(1, sizeof(*work));
		e.status = work ? STATUS_OK : error_set(&e, STATUS_NOMEM, "out of memory");
	}
	if (e.status != STATUS_OK)
		answer_json_error(&r->answer, &e);
	r->work = work;
}

static enum status read_end(struct offering *work, const struct pkt *p)
{
	size_t len = p->len;

	if (len > 0 && p->bytes[len - 1] == '\n')
		len--;
	for (enum offer_kind kind = OFFER_MAIN; kind < OFFER_KINDS; kind++) {
		const char *text = offer_kind_text(kind);
		size_t word = strlen(text);

		if (len != word + 1 + OID_HEX_LEN || memcmp(p->bytes, text, word) != 0 || p->bytes[word] != ' ')
			continue;
		work->kind = kind;
		return oid_parse(&work->id, p->bytes + word + 1, OID_HEX_LEN);
	}
	return STATUS_MALFORMED;
}

/* *used: how many of these bytes belong to the head. */
static enum status read_head(struct offering *work, const char *bytes, size_t len, size_t *used, struct error *e)
{
	size_t before = work->head.len, take = len < HEAD_BYTES - before ? len : HEAD_BYTES - before, at = 0;
	struct pkt p = {0};
	enum status st = STATUS_OK;

	buf_add(&work->head, bytes, take);
	if (!buf_ok(&work->head))
		return error_set(e, STATUS_NOMEM, "out of memory");
	*used = take;
	st = pkt_next(&p, buf_text(&work->head), work->head.len, &at);
	if (st == STATUS_OK)
		st = p.kind == PKT_DATA ? read_end(work, &p) : STATUS_MALFORMED;
	if (st == STATUS_OK)
		st = pkt_next(&p, buf_text(&work->head), work->head.len, &at);
	if (st == STATUS_OK && p.kind == PKT_FLUSH) {
		work->read = true;
		*used = at - before;
		return STATUS_OK;
	}
	if (st == STATUS_NOT_FOUND && work->head.len < HEAD_BYTES)
		return STATUS_OK;
	return error_set(e, STATUS_MALFORMED, "an offer begins with a packet that names it, and a flush");
}

static enum status feed(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct request *r = ctx;
	struct offering *work = r->work;
	const char *at = bytes;
	size_t used = 0;

	if (!work->read) {
		enum status st = read_head(work, at, len, &used, e);

		if (st != STATUS_OK)
			return st;
	}
	if (used == len || work->failed.status != STATUS_OK)
		return STATUS_OK;
	if (!work->txn)
		work->failed.status = store_txn_begin(&work->txn, r->practice->history, &work->failed);
	if (work->failed.status == STATUS_OK)
		work->failed.status = store_txn_feed(work->txn, at + used, len - used, &work->failed);
	return STATUS_OK;
}

/* ---- at work ---- */

static enum status add_have(cJSON *haves, const struct offered *end)
{
	char hex[OID_HEX_LEN + 1];
	cJSON *item = NULL;

	oid_hex(hex, &end->id);
	item = cJSON_CreateString(hex);
	if (item && cJSON_AddItemToArray(haves, item))
		return STATUS_OK;
	cJSON_Delete(item);
	return STATUS_NOMEM;
}

/* Whatever of this is on the device's own way is where it goes on from: its earlier part, the best of all, the backup's. */
static enum status say_wanted(cJSON *answer, struct request *r, const struct offering *work, struct error *e)
{
	struct offers known = {NULL, 0, 0};
	const struct offered *own = NULL;
	cJSON *haves = cJSON_CreateArray();
	enum status st = offers_read(&known, work->kind, r->practice, store_txn_repo(work->txn), e);

	if (st == STATUS_OK)
		own = offers_find(&known, r->peer.device);
	if (st == STATUS_OK && own)
		st = add_have(haves, own);
	if (st == STATUS_OK && known.len)
		st = add_have(haves, &known.list[known.best]);
	if (st == STATUS_OK && known.len)
		st = add_have(haves, &known.list[0]);
	if (st == STATUS_OK) {
		st = json_set(answer, "haves", haves);
		haves = NULL;
	}
	if (st == STATUS_OK)
		st = json_set(answer, "taken", cJSON_CreateFalse());
	cJSON_Delete(haves);
	offers_clear(&known);
	return st;
}

static enum status take(cJSON *answer, struct request *r, struct offering *work, struct error *e)
{
	struct store_lock *lock = NULL;
	enum status st = store_lock(&lock, r->practice->history, LIMIT_LOCK_MS, e);

	if (st == STATUS_OK && closed_check(r->practice, NULL) != STATUS_CLOSED)
		st = error_set(e, STATUS_STALE, "the practice was opened meanwhile; sync as ever");
	if (st == STATUS_OK)
		st = store_txn_refresh(work->txn, e);
	if (st == STATUS_OK)
		st = offers_take(work->kind, r->peer.device, &work->id, r->practice, work->txn, e);
	store_unlock(lock);
	return st == STATUS_OK ? json_set(answer, "taken", cJSON_CreateTrue()) : st;
}

static enum status run(cJSON *answer, struct request *r, struct offering *work, struct error *e)
{
	bool packed = work->txn != NULL;
	enum status st = STATUS_OK;

	if (work->failed.status != STATUS_OK) {
		*e = work->failed;
		return e->status;
	}
	if (!work->read)
		return error_set(e, STATUS_MALFORMED, "the offer names nothing");
	if (!packed)
		st = store_txn_begin(&work->txn, r->practice->history, e);
	if (st == STATUS_OK)
		st = store_txn_received(work->txn, e);
	if (st != STATUS_OK)
		return st;
	if (!packed && !repo_has(store_txn_repo(work->txn), &work->id))
		return say_wanted(answer, r, work, e);
	return take(answer, r, work, e);
}

static void end(struct request *r)
{
	struct offering *work = r->work;
	struct error e = {STATUS_OK, ""};
	char hex[OID_HEX_LEN + 1];
	cJSON *answer = cJSON_CreateObject();

	e.status = answer ? run(answer, r, work, &e) : error_set(&e, STATUS_NOMEM, "out of memory");
	oid_hex(hex, &work->id);
	if (e.status == STATUS_OK) {
		answer_json(&r->answer, 200, answer);
		answer_note(&r->answer, "offers %s %s", offer_kind_text(work->kind), hex);
	} else {
		answer_json_error(&r->answer, &e);
	}
	cJSON_Delete(answer);
	store_txn_end(work->txn); /* before the answer goes: nothing of a refused offer is left by then */
	work->txn = NULL;
}

static void release(struct request *r)
{
	struct offering *work = r->work;

	if (!work)
		return;
	store_txn_end(work->txn);
	buf_clear(&work->head);
	free(work);
	r->work = NULL;
}

const struct handler handler_offer = {
	.serves_closed = true,
	.exclusive = true,
	.max_bytes = HEAD_BYTES,
	.takes_pack = true,
	.begin = begin,
	.feed = feed,
	.end = end,
	.release = release,
};
