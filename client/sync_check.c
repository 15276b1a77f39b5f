/* client/sync_check.c - one visit's doubts: does the server still show what it showed, and hold what it acknowledged? */
#include <string.h>

#include "client/lost.h"
#include "client/push.h"
#include "client/seen.h"
#include "client/sync_internal.h"

/* To a log that is not this one nothing is sent: its refusals would put own edits aside that are sound. */
enum status sync_look_first(struct sync *s, struct error *e)
{
	struct qip *q = s->q;
	struct oid main, work, own;
	struct error why = {0};
	enum status st = home_ref(&main, q, REF_MAIN, e);

	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = home_ref(&own, q, q->own_ref, e);
	if (st != STATUS_OK || home_is_kiosk(q) || oid_equal(&main, &s->refs.main) ||
	    (oid_equal(&work, &main) && oid_equal(&own, &s->refs.own)))
		return st;
	if (sync_follow(s, &why) == STATUS_CONTRADICTED)
		return error_set(e, why.status, "%s", why.text);
	return STATUS_OK;
}

static enum status is_explained(bool *out, struct qip *q, const struct oid *head, const struct oid *main, struct error *e)
{
	bool told = false, announced = false;
	enum status st = seen_is_restored(&told, q, e);

	if (st == STATUS_OK && !told)
		st = lost_announced(&announced, q, main, head, NULL, e);
	if (st == STATUS_OK)
		*out = told || announced;
	return st;
}

/* The visit goes on: what was dropped is sent again. */
static enum status tell_at_end(struct sync *s, const struct seen *seen, struct error *e)
{
	struct error why = {0};
	enum status st = seen_contradiction(s->q, seen, &why);

	if (st != STATUS_CONTRADICTED)
		return error_set(e, st, "%s", why.text);
	sync_tell_at_end(s, &why);
	return STATUS_OK;
}

/* Said of a log that was followed to where the server shows its end, and of no other. */
static enum status is_held(bool *out, struct oid *main, struct sync *s, const struct oid *head, struct error *e)
{
	struct qip *q = s->q;
	enum status st = home_ref(main, q, REF_MAIN, e);

	*out = true;
	if (st != STATUS_OK || home_is_kiosk(q) || oid_is_zero(head) || oid_is_zero(main) || !oid_equal(main, &s->refs.main))
		return st;
	st = repo_is_ancestor(out, q->repo, head, main, e);
	return st == STATUS_OK && !*out ? is_explained(out, q, head, main, e) : st;
}

enum status sync_check_receipt(struct sync *s, const struct oid *head, struct error *e)
{
	struct seen seen;
	struct oid main;
	bool held = true;
	enum status st = is_held(&held, &main, s, head, e);

	if (st != STATUS_OK || held)
		return st;
	st = seen_dropped(&seen, s->q, head, &main, e);
	return st == STATUS_OK ? tell_at_end(s, &seen, e) : st;
}

/* Where reading starts from the log, all own heads are in it. A list that was made while a push was still being taken is made again. */
enum status sync_check_receipts(struct sync *s, struct error *e)
{
	struct oid main, work, own;
	bool held = true;
	enum status st = home_ref(&main, s->q, REF_MAIN, e);

	if (st == STATUS_OK)
		st = home_ref(&work, s->q, REF_WORK, e);
	if (st == STATUS_OK)
		st = home_ref(&own, s->q, s->q->own_ref, e);
	if (st != STATUS_OK || oid_equal(&main, &work))
		return st;
	st = is_held(&held, &main, s, &own, e);
	if (st != STATUS_OK || held)
		return st;
	st = sync_list(s, e);
	if (st == STATUS_OK)
		st = sync_follow(s, e);
	return st == STATUS_OK ? sync_check_receipt(s, &own, e) : st;
}

enum status sync_check_refusal(struct sync *s, const struct push_refusal *refusal, struct error *e)
{
	struct seen seen;

	if (strncmp(refusal->path, "checkpoints/", strlen("checkpoints/")) != 0)
		return STATUS_OK;
	seen_not_taken(&seen, &refusal->commit, refusal->reason);
	return tell_at_end(s, &seen, e);
}
