/* client/sync_blobs.c - one visit's free text and evidence, once the records are through: what waits goes, what the log names comes. */
#include <stdio.h>

#include "client/blobs.h"
#include "client/blobs_send.h"
#include "client/erase.h"
#include "client/keys.h"
#include "client/retention.h"
#include "client/rotate.h"
#include "client/sync_internal.h"
#include "core/log.h"

/* The records count all the same, and what did not go or come this time is tried again with each visit. */
static void tell(struct sync *s, enum status st, const char *what, const struct error *why)
{
	if (st == STATUS_OK)
		return;
	log_line(LOG_LEVEL_WARN, what, "reason", why->text, NULL);
	if (!s->report.blobs_why[0])
		(void)snprintf(s->report.blobs_why, sizeof(s->report.blobs_why), "%s", why->text);
}

bool sync_erase(struct sync *s)
{
	struct error why = {.text = ""};
	uint64_t said = 0;
	enum status st = STATUS_OK;

	s->q->swept = false;
	st = erase_carry_out(NULL, s->q, &why);

	if (st == STATUS_OK)
		st = erase_acknowledge(&said, s->q, s->report.server_time_ms, &why);
	tell(s, st, "what is to be erased is not all gone from this device", &why);
	return said > 0;
}

bool sync_keys(struct sync *s)
{
	struct error why = {.text = ""};
	uint64_t settled = 0, again = 0, granted = 0;
	bool made = false;

	tell(s, keys_retry(&settled, &again, s->q, &why), "a new comment key that was refused could not be made again", &why);
	s->report.refused -= settled < s->report.refused ? settled : s->report.refused;
	tell(s, rotate_if_due(&made, s->q, &why), "a comment key that a revoked device cannot read could not be made", &why);
	tell(s, keys_grant(&granted, s->q, &why), "the comment key could not be handed on", &why);
	return again > 0 || made || granted > 0;
}

bool sync_retain(struct sync *s)
{
	struct error why = {.text = ""};
	uint64_t erased = 0;

	tell(s, retention_run(&erased, s->q, s->report.server_time_ms, &why), "comments that were kept long enough could not be erased", &why);
	s->report.retention_erased += erased;
	return erased > 0;
}

void sync_blobs(struct sync *s)
{
	static const struct blobs_bounds bounds = {.count = LIMIT_BLOBS_SENT, .bytes = LIMIT_BLOBS_SENT_BYTES};
	static const struct blobs_bounds most = {.count = LIMIT_BLOBS_FETCHED, .bytes = LIMIT_BLOBS_FETCHED_BYTES};
	struct error why = {.text = ""};
	struct blobs_sent sent;
	struct blobs_fetched fetched = {.received = 0};
	enum status st = blobs_send(&sent, s->q, &s->remote, &bounds, &why);

	tell(s, st, "free text waits here", &why);
	if (!home_is_kiosk(s->q) && st != STATUS_NETWORK && st != STATUS_TIMEOUT) {
		st = blobs_fetch(&fetched, s->q, &s->remote, &most, &why);
		tell(s, st, "free text could not be fetched", &why);
	}
	s->report.blobs_sent = sent.sent;
	s->report.blobs_waiting = sent.waiting;
	s->report.blobs_received = fetched.received;
	s->report.blobs_missing = fetched.missing;
	s->report.blobs_more = fetched.more;
}

/* A receipt that was lost makes it be further, which is nothing lost. */
static bool is_further(struct qip *q, const struct oid *accepted, const struct oid *tip)
{
	bool inside = false;

	return oid_is_zero(accepted) || (!oid_is_zero(tip) && repo_has(q->repo, tip) && repo_is_ancestor(&inside, q->repo, accepted, tip, NULL) == STATUS_OK && inside);
}

void sync_blobs_again(struct sync *s, const struct oid *accepted, const struct oid *tip)
{
	struct qip *q = s->q;
	struct error why = {.text = ""};
	int64_t now_ms = s->remote.server_ms > 0 ? s->remote.server_ms : q->env->now_ms(q->env->ctx);

	if (!tip || !is_further(q, accepted, tip))
		tell(s, blobs_send_again(q, now_ms, &why), "free text that a restored server may have lost cannot be sent again", &why);
}
