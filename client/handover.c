/* client/handover.c - see handover.h. */
#include "client/handover.h"

#include "client/answers.h"
#include "client/chain.h"
#include "client/handed.h"
#include "core/log.h"
#include "core/pkt.h"

#define KEPT_TYPE "application/x-qip-kept"
#define REF_HANDED "refs/qip/handed" /* what was given to the server last */

struct giving {
	struct qip *q;
	struct remote *r;
	struct chain chain;  /* what waits */
	struct oid accepted; /* zero: nothing of this device's */
	struct oid noted;    /* REF_HANDED */
	size_t given;        /* of the chain, from its oldest: what was given before */
	size_t kept;         /* and what the server says that it keeps */
	bool there;          /* and the server still keeps it */
	bool revoked;        /* the server says that this device is */
	struct buf body;
};

static enum status giving_open(struct giving *g, struct error *e)
{
	enum status st = chain_load(&g->chain, g->q, e);

	if (st == STATUS_OK)
		st = home_ref(&g->accepted, g->q, g->q->own_ref, e);
	if (st == STATUS_OK)
		st = home_ref(&g->noted, g->q, REF_HANDED, e);
	for (size_t i = 0; st == STATUS_OK && i < g->chain.len; i++)
		if (oid_equal(&g->chain.ids[i], &g->noted))
			g->given = i + 1;
	return st;
}

static void giving_close(struct giving *g)
{
	buf_clear(&g->body);
	chain_clear(&g->chain);
}

/* ---- what is sent ---- */

static void begin_body(struct giving *g, const struct oid *head)
{
	char hex[OID_HEX_LEN + 1];

	buf_clear(&g->body);
	oid_hex(hex, head);
	pkt_addf(&g->body, "head %s\n", hex);
	pkt_flush(&g->body);
}

static enum status add_within(void *ctx, const void *bytes, size_t len)
{
	const struct buf *body = ctx;

	return body->len > LIMIT_HANDED_BYTES || len > LIMIT_HANDED_BYTES - body->len ? STATUS_TOO_BIG : remote_add_to_body(ctx, bytes, len);
}

/* The oldest of what waits, so many. STATUS_TOO_BIG: more than a server takes. */
static enum status put_body(struct giving *g, size_t len, struct error *e)
{
	const struct oid *head = &g->chain.ids[len - 1], haves[2] = {g->accepted, g->chain.base};
	enum status st;

	begin_body(g, head);
	st = repo_pack_send(g->q->repo, head, 1, haves, oid_is_zero(&g->accepted) ? 0 : 2, add_within, &g->body, NULL, e);
	if (st == STATUS_OK && !buf_ok(&g->body))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	return st;
}

/* As much of what waits as a server takes, from the oldest on; *len: how many. */
static enum status fill(size_t *len, struct giving *g, struct error *e)
{
	size_t low = g->there ? g->given : 0, high = g->chain.len < LIMIT_KEPT_COMMITS ? g->chain.len : LIMIT_KEPT_COMMITS, made = 0;
	enum status st = STATUS_OK;

	for (size_t next = high; st == STATUS_OK && low < high; next = low + (high - low + 1) / 2) {
		st = put_body(g, next, e);
		made = next;
		if (st == STATUS_OK)
			low = next;
		else if (st == STATUS_TOO_BIG)
			high = next - 1;
		st = st == STATUS_TOO_BIG ? STATUS_OK : st;
	}
	if (st == STATUS_OK && low == 0)
		st = error_set(e, STATUS_TOO_BIG, "the oldest of it alone is more than a server takes");
	if (st == STATUS_OK && made != low && !(g->there && low == g->given))
		st = put_body(g, low, e);
	if (st == STATUS_OK)
		*len = low;
	return st;
}

/* *number: of what is kept; 0: it is not. */
static enum status ask(int64_t *number, struct giving *g, struct error *e)
{
	const struct remote_question question = {
		.ods = g->q->identity.ods, .what = "quarantine/keep", .type = KEPT_TYPE, .body = &g->body, .call_ms = LIMIT_PACK_MS};
	cJSON *answer = NULL;
	enum status st = buf_ok(&g->body) ? remote_ask(&answer, g->r, &question, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK && !json_integer(answer, "kept", number))
		st = error_set(e, STATUS_MALFORMED, "the server does not say what it keeps aside");
	cJSON_Delete(answer);
	return st;
}

/* ---- giving ---- */

/* A server that was restored from a backup may have lost it, a manager may have dropped it, and it grows too old. */
static enum status look(struct giving *g, struct error *e)
{
	int64_t number = 0;
	size_t len = g->given > 0 ? g->given : g->chain.len;
	enum status st;

	begin_body(g, &g->chain.ids[len - 1]);
	st = ask(&number, g, e);
	g->revoked = st == STATUS_OK || st == STATUS_TOO_BIG;
	g->there = st == STATUS_OK && number > 0;
	if (g->there)
		g->given = g->kept = len;
	return st;
}

static enum status give(struct giving *g, struct error *e)
{
	int64_t number = 0;
	size_t len = 0;
	enum status st = fill(&len, g, e);

	if (st != STATUS_OK || (g->there && len == g->given))
		return st;
	st = ask(&number, g, e);
	if (st == STATUS_OK) {
		g->revoked = true;
		g->kept = len;
	}
	if (st == STATUS_OK)
		st = home_move_ref(g->q, REF_HANDED, &g->chain.ids[len - 1], &g->noted, e);
	if (st == STATUS_OK)
		g->given = len;
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

static void tell(const struct giving *g, enum status st, const struct error *why, struct error *e)
{
	struct error said = e ? *e : (struct error){0};

	if (st != STATUS_OK)
		log_line(LOG_LEVEL_INFO, "what waits was not kept aside at the server", "reason", why->text, NULL);
	if (st != STATUS_OK && g->revoked)
		(void)error_set(e, STATUS_REFUSED, "%.500s; what waits here is on this device alone, for the server does not keep it aside: %.400s", said.text,
				why->text);
	else if (st == STATUS_OK && g->given < g->chain.len)
		(void)error_set(e, STATUS_REFUSED,
				"%.500s; of the %zu edits that wait here the oldest %zu are kept aside at the server, for a manager to look at; the others "
				"are more than it keeps, and on this device alone",
				said.text, g->chain.len, g->given);
	else if (st == STATUS_OK)
		(void)error_set(e, STATUS_REFUSED, "%.600s; what waits here is kept aside at the server, for a manager to look at", said.text);
}

/* For who asks this device without a server. */
static void note(const struct giving *g, enum status st, const struct error *why)
{
	const struct oid *head = g->kept > 0 ? &g->chain.ids[g->kept - 1] : &(const struct oid){{0}};
	struct error e = {0};

	if (g->revoked && handed_note(g->q, head, st == STATUS_OK ? "" : why->text, &e) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "what the server keeps aside could not be noted", "reason", e.text, NULL);
}

enum status handover(struct qip *q, struct remote *r, struct error *e)
{
	struct giving g = {.q = q, .r = r, .body = BUF_INIT};
	struct error why = {0};
	enum status st = STATUS_OK;

	if (home_is_kiosk(q))
		st = commit_journal(q, r->server_ms > 0 ? r->server_ms : q->env->now_ms(q->env->ctx), &why);
	if (st == STATUS_OK)
		st = giving_open(&g, &why);
	if (st != STATUS_OK || g.chain.len > 0) {
		if (st == STATUS_OK)
			st = look(&g, &why);
		if (st == STATUS_OK || (st == STATUS_REFUSED && g.given < g.chain.len)) /* an older server does not say what it keeps */
			st = give(&g, &why);
		tell(&g, st, &why, e);
		note(&g, st, &why);
	}
	giving_close(&g);
	return STATUS_REFUSED;
}
