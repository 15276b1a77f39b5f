/* client/offer.c - what this home holds, for a server that was restored from a backup.
 *
 * Enters: the end of the log, or of the kiosk configuration, as last verified here. Leaves: the server's word that it holds it too.
 * A question comes first: who offers what another device offered before sends nothing more.
 */
#include "client/offer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/pkt.h"

#define OFFER_TYPE "application/x-qip-offer"

struct offer {
	struct qip *q;
	struct remote *remote;
	const char *kind; /* "main" or "config" */
	struct oid tip;
	struct oid *way; /* owned; from the tip back to what the server has, newest first */
	size_t way_len, step;
	struct oid base; /* what the server has; zero: nothing */
	bool taken;
};

/* ---- one exchange ---- */

/* Name a commit; with `pack`, send what leads there from the base. */
static enum status send_offer(cJSON **answer, struct offer *o, const char *kind, const struct oid *id, bool pack, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	struct buf body = BUF_INIT;
	const struct remote_question question = {
		.ods = o->q->identity.ods, .what = "offer", .type = OFFER_TYPE, .body = &body, .call_ms = LIMIT_PACK_MS};
	enum status st = STATUS_OK;

	oid_hex(hex, id);
	pkt_addf(&body, "%s %s\n", kind, hex);
	pkt_flush(&body);
	if (pack)
		st = repo_pack_send(o->q->repo, id, 1, &o->base, oid_is_zero(&o->base) ? 0 : 1, remote_add_to_body, &body, NULL, e);
	if (st == STATUS_OK && !buf_ok(&body))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = remote_ask(answer, o->remote, &question, e);
	buf_clear(&body);
	return st;
}

/* ---- the way from there to here ---- */

static bool is_had(const cJSON *haves, const struct oid *id)
{
	const cJSON *have = NULL;
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	cJSON_ArrayForEach(have, haves)
	{
		if (cJSON_IsString(have) && strcmp(have->valuestring, hex) == 0)
			return true;
	}
	return false;
}

static enum status add_to_way(struct offer *o, size_t *cap, const struct oid *id, struct error *e)
{
	if (!array_room(&o->way, cap, o->way_len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	o->way[o->way_len++] = *id;
	return STATUS_OK;
}

/* Both chains go on by the first parent. */
static enum status find_way(struct offer *o, const cJSON *haves, struct error *e)
{
	struct oid at = o->tip;
	size_t cap = 0;
	enum status st = STATUS_OK;

	free(o->way);
	o->way = NULL;
	o->way_len = 0;
	while (st == STATUS_OK && !oid_is_zero(&at) && !is_had(haves, &at)) {
		struct commit c = COMMIT_INIT;

		st = add_to_way(o, &cap, &at, e);
		if (st == STATUS_OK)
			st = repo_commit_read(&c, o->q->repo, &at, e);
		if (st == STATUS_OK)
			at = c.parents_len ? c.parents[0] : (struct oid){0};
		commit_clear(&c);
	}
	o->base = at;
	if (st == STATUS_OK && oid_is_zero(&at) && cJSON_GetArraySize(haves) > 0)
		st = error_set(e, STATUS_REFUSED, "the server's backup and the history that this device holds part ways: tell whoever runs the server");
	return st;
}

/* ---- the whole ---- */

static enum status ask(struct offer *o, struct error *e)
{
	cJSON *answer = NULL;
	enum status st = send_offer(&answer, o, o->kind, &o->tip, false, e);

	if (st == STATUS_OK)
		o->taken = cJSON_IsTrue(json_get(answer, "taken"));
	if (st == STATUS_OK && !o->taken)
		st = find_way(o, json_get(answer, "haves"), e);
	cJSON_Delete(answer);
	return st;
}

/* Some of the way, and all of it the last time. */
static enum status send_part(struct offer *o, struct error *e)
{
	bool whole = o->way_len <= o->step;
	size_t count = whole ? o->way_len : o->step;
	const struct oid *end = &o->way[o->way_len - count];
	cJSON *answer = NULL;
	enum status st = send_offer(&answer, o, whole ? o->kind : "part", end, true, e);

	cJSON_Delete(answer);
	if (st == STATUS_TOO_BIG && count > 1) {
		o->step = count / 2;
		return STATUS_OK;
	}
	if (st != STATUS_OK)
		return st;
	o->base = *end;
	o->way_len -= count;
	o->taken = whole;
	return STATUS_OK;
}

enum status offer_history(struct qip *q, struct remote *r, struct error *e)
{
	bool kiosk = home_is_kiosk(q);
	struct offer o = {.q = q, .remote = r, .kind = kiosk ? "config" : "main", .step = LIMIT_OFFER_COMMITS};
	enum status st = home_ref(&o.tip, q, kiosk ? REF_CONFIG : REF_MAIN, e);

	if (st != STATUS_OK || oid_is_zero(&o.tip))
		return st; /* nothing is known here yet */
	st = ask(&o, e);
	while (st == STATUS_OK && !o.taken)
		st = send_part(&o, e);
	free(o.way);
	return st;
}
