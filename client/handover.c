/* client/handover.c - see handover.h. */
#include "client/handover.h"

#include "client/answers.h"
#include "client/chain.h"
#include "core/log.h"
#include "core/pkt.h"

#define KEPT_TYPE "application/x-qip-kept"
#define REF_HANDED "refs/qip/handed" /* what the server keeps aside */

/* STATUS_NOT_FOUND: nothing waits; STATUS_REFUSED: the device is not revoked. */
static enum status send_waiting(struct qip *q, struct remote *r, struct error *e)
{
	int64_t number = 0;

	struct chain chain = {0};
	struct buf body = BUF_INIT;
	struct oid haves[2];
	char hex[OID_HEX_LEN + 1];
	cJSON *answer = NULL;
	const struct remote_question question = {
		.ods = q->identity.ods, .what = "quarantine/keep", .type = KEPT_TYPE, .body = &body, .call_ms = LIMIT_PACK_MS};
	enum status st = chain_load(&chain, q, e);

	if (st == STATUS_OK && chain.len == 0)
		st = STATUS_NOT_FOUND;
	if (st == STATUS_OK)
		st = home_ref(&haves[0], q, q->own_ref, e);
	if (st != STATUS_OK)
		goto done;
	haves[1] = chain.base;
	oid_hex(hex, &chain.ids[chain.len - 1]);
	pkt_addf(&body, "head %s\n", hex);
	pkt_flush(&body);
	st = repo_pack_send(q->repo, &chain.ids[chain.len - 1], 1, haves, oid_is_zero(&haves[0]) ? 0 : 2, remote_add_to_body, &body, NULL, e);
	if (st == STATUS_OK && !buf_ok(&body))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && (body.len > LIMIT_KEPT_BYTES || chain.len > LIMIT_KEPT_COMMITS))
		st = error_set(e, STATUS_TOO_BIG, "what waits is more than the server keeps aside");
	if (st == STATUS_OK)
		st = remote_ask(&answer, r, &question, e);
	if (st == STATUS_OK && !json_integer(answer, "kept", &number))
		st = error_set(e, STATUS_MALFORMED, "the server does not say what it keeps aside");
done:
	cJSON_Delete(answer);
	buf_clear(&body);
	chain_clear(&chain);
	return st;
}

/* A kiosk's answers are commits only once they go out. */
static enum status commit_journal(struct qip *q, int64_t now_ms, struct error *e)
{
	struct answers *answers = NULL;
	uint64_t committed = 1;
	enum status st = answers_open(&answers, q, now_ms, e);

	for (int round = 0; st == STATUS_OK && committed > 0 && round < LIMIT_PUSH_ROUNDS; round++)
		st = answers_next(&committed, answers, e);
	answers_close(answers);
	return st;
}

enum status handover(struct qip *q, struct remote *r, struct error *e)
{
	struct error why = {0}, said = {0};
	struct oid work, handed;
	enum status st = STATUS_OK;

	if (home_is_kiosk(q))
		st = commit_journal(q, r->server_ms > 0 ? r->server_ms : q->env->now_ms(q->env->ctx), &why);
	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, &why);
	if (st == STATUS_OK)
		st = home_ref(&handed, q, REF_HANDED, &why);
	if (st == STATUS_OK && !oid_equal(&work, &handed)) {
		st = send_waiting(q, r, &why);
		if (st == STATUS_OK)
			st = home_move_ref(q, REF_HANDED, &work, &handed, &why);
	}
	if (st == STATUS_OK && e) {
		said = *e;
		return error_set(e, STATUS_REFUSED, "%.600s; what waits here is kept aside at the server, for a manager to look at", said.text);
	}
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		log_line(LOG_LEVEL_INFO, "what waits was not kept aside at the server", "reason", why.text, NULL);
	return STATUS_REFUSED;
}
