/* server/kept_free.c - see kept.h: may a manager's device take over, or drop, what is kept?
 *
 * Nothing in the log would tell what two managers made of the same apart. So one begins alone; the next may when the log holds all that the first
 * made, and they know it. What is kept under two numbers may be the same: of one device, or a copy that a manager had made who was revoked since.
 */
#include <inttypes.h>
#include <string.h>

#include "server/kept.h"
#include "server/limits.h"
#include "server/link.h"
#include "server/verify.h"

struct freeing {
	const struct kept_asker *asker;
	const struct kept *kept; /* what is asked for */
	struct repo *repo;       /* reads the log */
	char taken_by[NAME_MAX_LEN + 1]; /* who took it over, all of which is in the log; "": nobody */
};

enum status kept_last_head(struct oid *out, struct practice *p, const char *device, struct error *e)
{
	struct push own = {.practice = p, .device = device};

	return verify_last(out, &own, e);
}

/* ---- has it arrived? ---- */

/* Did this head bring it? Back to the merge or the head that it was made on. */
static enum status look_at_head(bool *found, const struct freeing *f, struct oid at, const struct kept_taken *t, struct error *e)
{
	bool more = true;
	enum status st = STATUS_OK;

	for (int64_t n = 0; st == STATUS_OK && more && !*found && n < f->asker->push_commits && !oid_equal(&at, &t->last); n++) {
		struct commit c = COMMIT_INIT;
		struct oid adopted;

		st = repo_commit_read(&c, f->repo, &at, e);
		more = st == STATUS_OK && c.parents_len == 1 && strcmp(c.author_name, t->by) == 0;
		if (more) {
			*found = head_message_adopts(&adopted, c.message) && oid_equal(&adopted, &t->through);
			at = c.parents[0];
		}
		commit_clear(&c);
	}
	return st;
}

static enum status look_at_log(bool *found, const struct freeing *f, const struct kept_taken *t, struct error *e)
{
	const struct log_end *end = &f->asker->view->end;
	struct oid at = end->commit;
	int64_t first = end->index - LIMIT_KEPT_SINCE_MERGES < t->since ? t->since : end->index - LIMIT_KEPT_SINCE_MERGES;
	enum status st = STATUS_OK;

	for (int64_t index = end->index; st == STATUS_OK && !*found && index > first; index--) {
		struct link l;

		st = link_read(&l, f->repo, &at, e);
		if (st == STATUS_OK && strcmp(l.device, t->by) == 0)
			st = look_at_head(found, f, l.head, t, e);
		if (st == STATUS_OK)
			at = l.parent;
	}
	return st;
}

/* STATUS_OK: all that it made of No `number` is in the log. */
static enum status check_arrived(const struct freeing *f, const struct kept_taken *t, int64_t number, struct error *e)
{
	const char *same = number == f->kept->number ? "" : ", which may hold the same,";
	struct oid last;
	bool synced = false, all = false;
	enum status st = kept_last_head(&last, f->asker->practice, t->by, e);

	synced = st == STATUS_OK && !oid_equal(&last, &t->last);
	all = synced && oid_is_zero(&t->through);
	if (synced && !all)
		st = look_at_log(&all, f, t, e);
	if (st != STATUS_OK || all)
		return st;
	return error_set(e, STATUS_STALE, "the device %s is taking No %" PRId64 " over since %s%s and has not synced %s; if it cannot any more, revoke it",
			 t->by, number, t->at, same, synced ? "all of it yet" : "yet");
}

/* ---- others ---- */

static bool is_managers(const struct freeing *f, const char *device)
{
	const struct device *d = registry_find(view_registry(f->asker->view), device);

	return !d || d->role == ROLE_MANAGER;
}

static bool may_be_same(const struct freeing *f, const struct kept *other)
{
	return other->number == f->kept->number || strcmp(other->device, f->kept->device) == 0 || is_managers(f, other->device) ||
	       is_managers(f, f->kept->device);
}

/* What a revoked one still holds comes back as something kept. */
static bool counts(const struct freeing *f, const struct kept_taken *t)
{
	const struct device *d = registry_find(view_registry(f->asker->view), t->by);

	return d && !d->revoked;
}

static enum status check_other(void *ctx, const struct kept *other, struct error *e)
{
	struct freeing *f = ctx;
	struct kept_taken t;
	enum status st = may_be_same(f, other) ? kept_taken_read(&t, f->asker->practice, other->number, e) : STATUS_NOT_FOUND;

	if (st != STATUS_OK)
		return st == STATUS_NOT_FOUND ? STATUS_OK : st;
	if (!counts(f, &t) || strcmp(t.by, f->asker->device) == 0)
		return STATUS_OK;
	st = check_arrived(f, &t, other->number, e);
	if (st == STATUS_OK && other->number == f->kept->number)
		memcpy(f->taken_by, t.by, sizeof(f->taken_by));
	return st;
}

/* The asker, who knows the log up to `main`, knows all that managers have sent: also what was taken over under another number. */
static enum status knows_all(bool *out, const struct freeing *f, struct error *e)
{
	const struct view *v = f->asker->view;
	struct link l = {.id = v->end.commit, .index = v->end.index};
	bool may = false;
	enum status st = STATUS_OK;

	for (int n = 0; st == STATUS_OK && !may && !oid_equal(&l.id, &f->asker->main); n++) {
		struct oid at = l.id;

		may = l.index == 0 || n == LIMIT_KEPT_UNKNOWN_MERGES;
		if (!may)
			st = link_read(&l, f->repo, &at, e);
		if (st == STATUS_OK && !may) {
			may = is_managers(f, l.device);
			l.id = l.parent;
			l.index--;
		}
	}
	if (st == STATUS_OK)
		*out = !may;
	return st;
}

/* ---- answers ---- */

enum status kept_check_free(const struct kept_asker *a, const struct kept *k, struct error *e)
{
	struct freeing f = {.asker = a, .kept = k};
	bool known = false;
	enum status st = store_reader_open(&f.repo, a->practice->history, e);

	if (st == STATUS_OK)
		st = kept_each(a->practice, check_other, NULL, &f, e);
	if (st == STATUS_OK)
		st = knows_all(&known, &f, e);
	if (f.repo)
		store_reader_close(f.repo);
	if (st != STATUS_OK || known)
		return st;
	if (f.taken_by[0])
		return error_set(e, STATUS_STALE, "the device %s has taken No %" PRId64 " over meanwhile: run qip sync, then look again: qip adopt show %" PRId64,
				 f.taken_by, k->number, k->number);
	return error_set(e, STATUS_STALE, "managers have sent something since this device synced: run qip sync, then look again: qip adopt show %" PRId64,
			 k->number);
}

enum status kept_check_idle(const struct kept_asker *a, const struct kept *k, struct error *e)
{
	const struct freeing f = {.asker = a, .kept = k};
	struct kept_taken t;
	struct oid last;
	enum status st = kept_taken_read(&t, a->practice, k->number, NULL);

	if (st != STATUS_OK || !counts(&f, &t)) /* nobody takes it over, or it cannot be said who does */
		return STATUS_OK;
	st = kept_last_head(&last, a->practice, t.by, e);
	if (st != STATUS_OK || !oid_equal(&last, &t.last))
		return st;
	return error_set(e, STATUS_STALE, "the device %s is taking No %" PRId64 " over since %s and has not synced yet: it can be dropped after that", t.by,
			 k->number, t.at);
}
