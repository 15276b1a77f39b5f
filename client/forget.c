/* client/forget.c - the beginning of a kiosk's own branch, and of the configuration, go once they are old and take much room. */
#include "client/forget.h"

/* How many commits are here behind one, or `enough`. */
static enum status count_behind(size_t *out, struct qip *q, const struct oid *end, size_t enough, struct error *e)
{
	struct oid at = *end;
	enum status st = STATUS_OK;

	*out = 0;
	for (;;) {
		st = repo_commit_first_parent(&at, q->repo, &at, e);
		if (st != STATUS_OK || oid_is_zero(&at) || ++*out >= enough)
			return st;
	}
}

static enum status is_old(bool *out, struct qip *q, const struct oid *id, int64_t before_ms, struct error *e)
{
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, q->repo, id, e);

	if (st == STATUS_OK)
		*out = c.committer_s * 1000 < before_ms;
	commit_clear(&c);
	return st;
}

/* The newest commit that is old enough to be the first one here, if at least as much goes as stays: what stays is copied, and a card wears out.
 * *found is false where the branch is too short or too young. */
static enum status find_end(bool *found, struct oid *end, struct qip *q, const char *ref, const struct forget_bounds *b, int64_t now_ms,
			    struct error *e)
{
	size_t kept = 0, behind = 0;
	bool old = false;
	enum status st = home_ref(end, q, ref, e);

	*found = false;
	while (st == STATUS_OK && !oid_is_zero(end)) {
		if (kept++ >= b->keep)
			st = is_old(&old, q, end, now_ms - b->keep_ms, e);
		if (st != STATUS_OK || old)
			break;
		st = repo_commit_first_parent(end, q->repo, end, e);
	}
	if (st == STATUS_OK && old)
		st = count_behind(&behind, q, end, kept, e);
	if (st == STATUS_OK)
		*found = old && behind >= kept;
	return st;
}

/* A branch that is young for its length is not walked with each sync. */
static bool looked_lately(const struct qip *q, const struct forget_bounds *b, int64_t now_ms)
{
	int64_t at_ms = q->state.kept_all_ms;

	return at_ms > 0 && now_ms >= at_ms && now_ms - at_ms < b->again_ms;
}

static void note_in_vain(struct qip *q, int64_t now_ms)
{
	q->state.kept_all_ms = now_ms;
	(void)(state_save(&q->state, q->dir, NULL) == STATUS_OK); /* else the next sync looks again */
}

enum status forget_sent(bool *forgot, struct qip *q, const struct forget_bounds *b, int64_t now_ms, struct error *e)
{
	static const char *const bare[] = {"feedback", "clock"};
	struct oid ends[2];
	uint64_t bytes = 0;
	bool found = false, more = false;
	enum status st = repo_pack_bytes(&bytes, q->repo, e);

	*forgot = false;
	if (st != STATUS_OK || bytes <= b->bytes || looked_lately(q, b, now_ms))
		return st;
	st = find_end(&found, &ends[0], q, q->own_ref, b, now_ms, e);
	if (st == STATUS_OK && !found)
		note_in_vain(q, now_ms);
	if (st != STATUS_OK || !found)
		return st;
	st = find_end(&more, &ends[1], q, REF_CONFIG, b, now_ms, e);
	if (st == STATUS_OK) /* what goes must not come back as where the own branch stands */
		st = repo_ref_sync(q->repo, q->own_ref, e);
	if (st == STATUS_OK)
		st = repo_cut(q->repo, ends, more ? 2 : 1, bare, ARRAY_LEN(bare), e);
	*forgot = st == STATUS_OK;
	return st;
}
