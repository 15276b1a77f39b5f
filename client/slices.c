/* client/slices.c - take the log over in slices where it is long.
 *
 * Enters: where the log is known to, and where the server lists its end. Leaves: refs/heads/main moved on slice by slice. Only the server
 * knows which commit is so many merges on; it is asked, and not believed: a slice that does not go on from the one before is refused.
 */
#include "client/slices.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/build.h"

struct slices {
	struct qip *q;
	struct remote *remote;
	const struct remote_refs *refs;
	struct oid known;    /* where the own copy ends; zero before the first slice */
	int64_t at;          /* its number */
	int64_t merges;      /* how many to ask for next */
	int64_t most;        /* more broke off, or were too large */
	bool again;          /* there was a slice since the link was last lost */
};

int64_t slices_next(int64_t merges, uint64_t bytes)
{
	int64_t most = merges < LIMIT_SLICE_MERGES / LIMIT_SLICE_GROWTH ? merges * LIMIT_SLICE_GROWTH : LIMIT_SLICE_MERGES;
	double fit = (double)merges * (double)LIMIT_SLICE_AIM_BYTES / (double)(bytes ? bytes : 1);

	return fit >= (double)most ? most : fit < 1 ? 1 : (int64_t)fit;
}

static enum status make_question(struct buf *out, const struct slices *s, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	enum status st = STATUS_OK;
	cJSON *question = build_object(&st);

	oid_hex(hex, &s->known);
	if (!oid_is_zero(&s->known))
		build_string(&st, question, "from", hex);
	build_item(&st, question, "merges", cJSON_CreateNumber((double)s->merges));
	if (st == STATUS_OK)
		st = json_canonical(out, question);
	cJSON_Delete(question);
	return st == STATUS_OK ? st : error_set(e, STATUS_NOMEM, "out of memory");
}

/* The answer must lead further, and not further than asked. */
static enum status read_answer(struct oid *to, int64_t *number, const struct slices *s, const cJSON *answer, struct error *e)
{
	const char *hex = json_string(answer, "to");

	if (hex && oid_parse(to, hex, strlen(hex)) == STATUS_OK && !oid_is_zero(to) && json_integer(answer, "number", number) &&
	    *number > s->at && *number <= s->at + s->merges && !oid_equal(to, &s->known))
		return STATUS_OK;
	return error_set(e, STATUS_MALFORMED,
			 "asked how its log goes on from number %" PRId64 ", the server names no later part of it: tell the host", s->at);
}

static enum status ask(struct oid *to, int64_t *number, struct slices *s, struct error *e)
{
	struct buf body = BUF_INIT;
	const struct remote_question question = {.ods = s->q->identity.ods, .what = "slice", .body = &body, .call_ms = LIMIT_CALL_MS};
	cJSON *answer = NULL;
	enum status st = make_question(&body, s, e);

	if (st == STATUS_OK)
		st = remote_ask(&answer, s->remote, &question, e);
	if (st == STATUS_OK)
		st = read_answer(to, number, s, answer, e);
	cJSON_Delete(answer);
	buf_clear(&body);
	return st;
}

/* The rest, if it is one slice or if the server cannot say more; else the slice that is next, and the number that it has to end with. */
static enum status choose(struct follow_part *part, struct slices *s, struct error *e)
{
	const struct follow_part rest = {.to = s->refs->main, .number = -1, .last = true, .limits = &fetch_whole};
	int64_t left = s->refs->log_merges - s->at;
	enum status st = STATUS_OK;

	*part = rest;
	if (s->merges > 1 && left > 1)
		part->limits = &fetch_slice; /* one merge is as large as it is */
	if (left <= s->merges)
		return STATUS_OK;
	part->last = false;
	st = ask(&part->to, &part->number, s, e);
	if (st != STATUS_REFUSED)
		return st;
	*part = rest; /* the server does not know this copy's end; what it has shows why */
	return STATUS_OK;
}

/* Whether a smaller slice may go through where this one did not. */
static bool retry(struct slices *s, enum status st)
{
	bool lost = st == STATUS_NETWORK || st == STATUS_TIMEOUT;

	if (s->refs->log_merges < 0 || (st != STATUS_TOO_BIG && !(lost && s->again)) || (st == STATUS_TOO_BIG && s->merges == 1))
		return false;
	if (lost)
		s->again = false;
	s->merges = s->merges / LIMIT_SLICE_GROWTH > 0 ? s->merges / LIMIT_SLICE_GROWTH : 1;
	s->most = s->merges;
	return true;
}

static void advance(struct slices *s, const struct follow_part *part)
{
	s->known = part->to;
	s->at = part->index;
	s->again = true;
	s->merges = slices_next(part->merges > 0 ? (int64_t)part->merges : 1, part->bytes);
	if (s->merges > s->most)
		s->merges = s->most;
	if (s->q->progress && !part->last)
		s->q->progress(s->q->progress_ctx, (uint64_t)s->at, (uint64_t)s->refs->log_merges);
}

static enum status start(struct slices *s, struct error *e)
{
	enum status st = home_ref(&s->known, s->q, REF_MAIN, e);

	return st == STATUS_OK ? home_log_number(&s->at, s->q, &s->known, e) : st;
}

enum status slices_follow(uint64_t *merges, int64_t *index, struct qip *q, struct remote *r, const struct remote_refs *refs, struct error *e)
{
	struct slices s = {.q = q, .remote = r, .refs = refs, .merges = LIMIT_SLICE_FIRST, .most = LIMIT_SLICE_MERGES};
	struct follow_part part = {.last = false};
	enum status st = start(&s, e);

	*merges = 0;
	for (int i = 0; st == STATUS_OK && i < LIMIT_SLICES; i++) {
		st = choose(&part, &s, e);
		if (st == STATUS_OK)
			st = follow_log(&part, q, r, e);
		if (st != STATUS_OK && retry(&s, st)) {
			st = STATUS_OK;
			continue;
		}
		if (st != STATUS_OK)
			return st;
		advance(&s, &part);
		*merges += part.merges;
		*index = part.index;
		if (part.last)
			return STATUS_OK;
	}
	return st == STATUS_OK ? error_set(e, STATUS_NETWORK, "the log is longer than one visit can copy: sync again") : st;
}
