/* client/kept_chain.c - see kept.h: the commits of what a revoked device sent, from the head down to the log, judged.
 *
 * Enters: a head that was fetched, and its objects. Leaves: its commits, oldest first, and the place of the log that they were made on.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "client/kept.h"
#include "core/head.h"

/* About what was sent, not about this home or its disk. */
static bool is_verdict(enum status st)
{
	return st == STATUS_MALFORMED || st == STATUS_FORBIDDEN_FORM || st == STATUS_INVALID || st == STATUS_DENIED || st == STATUS_UNTRUSTED ||
	       st == STATUS_STALE || st == STATUS_TOO_BIG || st == STATUS_NOT_FOUND || st == STATUS_EXISTS;
}

/* By the rules that held while the device belonged to the practice, as the server should have: what is taken over bears this device's name. */
static enum status judge(struct qip *q, const struct qip_kept *k, const struct oid *main, const struct oid *base, const struct oid *head_id,
			 struct error *e)
{
	struct head_context ctx = {.repo = q->repo, .ods = q->identity.ods, .main = *main, .device = k->device, .last = *base, .though_revoked = true};
	struct head_fault fault;
	struct head head;
	enum status st = view_registry(&ctx.registry, q, e);

	if (st == STATUS_OK)
		st = home_tree_of(&ctx.main_tree, q, main, e);
	if (st != STATUS_OK)
		return st;
	st = head_check(&head, &fault, &ctx, head_id, e);
	return is_verdict(st) ? error_prefix(e, STATUS_UNTRUSTED, "No %" PRId64 " is not what %s could have sent: do not take it over", k->number, k->device)
			      : st;
}

/* What is read back from the head: one more than may be new, for the log's own where it starts. */
struct way {
	struct oid ids[LIMIT_KEPT_COMMITS + 1]; /* newest first */
	size_t len;
	enum status ended; /* why it goes on no further, should none of it be the log's */
};

static enum status walk(struct way *w, struct repo *r, struct oid at, struct error *e)
{
	enum status st = STATUS_OK;

	w->ended = STATUS_TOO_BIG;
	while (st == STATUS_OK && w->len < ARRAY_LEN(w->ids)) {
		struct commit c = COMMIT_INIT;
		bool one = false;

		if (!repo_has(r, &at)) {
			w->ended = STATUS_STALE;
			break;
		}
		w->ids[w->len++] = at;
		st = repo_commit_read(&c, r, &at, e);
		one = st == STATUS_OK && c.parents_len == 1;
		if (one)
			at = c.parents[0];
		commit_clear(&c);
		if (!one) {
			w->ended = STATUS_INVALID;
			break;
		}
	}
	return st;
}

static enum status tell_end(const struct way *w, const struct qip_kept *k, struct error *e)
{
	if (w->ended == STATUS_STALE)
		return error_set(e, STATUS_STALE, "No %" PRId64 " builds on what this device does not have yet; please run: qip sync", k->number);
	if (w->ended == STATUS_TOO_BIG)
		return error_set(e, STATUS_TOO_BIG, "more than %d edits are kept aside as No %" PRId64, LIMIT_KEPT_COMMITS, k->number);
	return error_set(e, STATUS_INVALID, "No %" PRId64 " builds on nothing of this practice", k->number);
}

/* The first that is the log's. Before that one all are, and each question may read the whole log: so few are asked. */
static enum status find_base(size_t *out, const struct way *w, struct qip *q, const struct qip_kept *k, const struct oid *main, struct error *e)
{
	size_t low = 0, high = w->len; /* below low: new; from high on: the log's */
	bool known = false;
	enum status st = w->len > 0 ? repo_is_ancestor(&known, q->repo, &w->ids[w->len - 1], main, e) : STATUS_OK;

	if (st == STATUS_OK && !known)
		return tell_end(w, k, e);
	for (high--; st == STATUS_OK && low < high;) {
		size_t middle = low + (high - low) / 2;

		st = repo_is_ancestor(&known, q->repo, &w->ids[middle], main, e);
		if (known)
			high = middle;
		else
			low = middle + 1;
	}
	if (st == STATUS_OK && low == 0)
		st = error_set(e, STATUS_EXISTS, "the log has all of No %" PRId64 " already", k->number);
	if (st == STATUS_OK)
		*out = low;
	return st;
}

enum status kept_chain_load(struct kept_chain *out, struct qip *q, const struct qip_kept *k, struct error *e)
{
	struct way *w = calloc(1, sizeof(*w));
	struct kept_chain chain = {0};
	struct oid head, main;
	enum status st = w ? oid_parse(&head, k->head, OID_HEX_LEN) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		st = home_ref(&main, q, REF_MAIN, e);
	if (st == STATUS_OK)
		st = walk(w, q->repo, head, e);
	if (st == STATUS_OK)
		st = find_base(&chain.len, w, q, k, &main, e);
	if (st == STATUS_OK) {
		chain.base = w->ids[chain.len];
		st = judge(q, k, &main, &chain.base, &head, e);
	}
	if (st == STATUS_OK && !(chain.ids = calloc(chain.len, sizeof(*chain.ids))))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	for (size_t i = 0; st == STATUS_OK && i < chain.len; i++)
		chain.ids[i] = w->ids[chain.len - 1 - i];
	free(w);
	if (st == STATUS_OK)
		*out = chain;
	return st;
}

void kept_chain_clear(struct kept_chain *c)
{
	free(c->ids);
	*c = (struct kept_chain){0};
}
