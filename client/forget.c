/* client/forget.c - the beginning of a kiosk's own branch, and of the configuration, go once they are old and take much room. */
#include "client/forget.h"

/* The newest commit that is old enough to be the first one here. *found is false where the branch is too short or too young. */
static enum status find_end(bool *found, struct oid *end, struct qip *q, const char *ref, const struct forget_bounds *b, int64_t now_ms,
			    struct error *e)
{
	struct oid at;
	size_t kept = 0;
	enum status st = home_ref(&at, q, ref, e);

	*found = false;
	while (st == STATUS_OK && !oid_is_zero(&at)) {
		struct commit c = COMMIT_INIT;
		bool old = false;

		st = repo_commit_read(&c, q->repo, &at, e);
		if (st != STATUS_OK)
			break;
		old = kept++ >= b->keep && c.committer_s * 1000 < now_ms - b->keep_ms;
		*end = at;
		commit_clear(&c);
		if (!old)
			st = repo_commit_first_parent(&at, q->repo, &at, e);
		if (old) {
			*found = true;
			break;
		}
	}
	return st;
}

enum status forget_sent(bool *forgot, struct qip *q, const struct forget_bounds *b, int64_t now_ms, struct error *e)
{
	static const char *const bare[] = {"feedback", "clock"};
	struct oid ends[2];
	uint64_t bytes = 0;
	bool found = false, more = false;
	enum status st = repo_pack_bytes(&bytes, q->repo, e);

	*forgot = false;
	if (st != STATUS_OK || bytes <= b->bytes)
		return st;
	st = find_end(&found, &ends[0], q, q->own_ref, b, now_ms, e);
	if (st != STATUS_OK || !found)
		return st;
	st = find_end(&more, &ends[1], q, REF_CONFIG, b, now_ms, e);
	if (st == STATUS_OK)
		st = repo_cut(q->repo, ends, more ? 2 : 1, bare, ARRAY_LEN(bare), e);
	*forgot = st == STATUS_OK;
	return st;
}
