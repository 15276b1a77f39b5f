/* client/timeline.c - see timeline.h. Memory: some 100 bytes a merge and a commit. */
#include "client/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "client/intern.h"
#include "core/array.h"

struct merge_point {
	struct oid id;
	char day[11]; /* received; "" for the start of the log */
};

struct oid_list {
	struct oid *ids; /* owned */
	size_t len, cap;
};

struct walk {
	struct repo *repo;
	timeline_visit visit;
	void *ctx;
	struct intern seen;	    /* commits already passed */
	struct merge_point *merges; /* owned; newest first */
	size_t merges_len, merges_cap;
	struct oid_list chain; /* a head's new commits, newest first; reused */
};

static void note_clear(struct merge_note *note)
{
	buf_clear(&note->kept);
}

static enum status read_note(struct merge_note *out, const struct commit *c, const struct oid *id, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	if (merge_note_parse(out, c->message, e) == STATUS_OK)
		return STATUS_OK;
	oid_hex(hex, id);
	return error_prefix(e, STATUS_MALFORMED, "merge %.10s of the log", hex);
}

static enum status add_merge(struct walk *w, const struct oid *id, const char *received, struct error *e)
{
	if (w->merges_len == TIMELINE_MAX_MERGES)
		return error_set(e, STATUS_TOO_BIG, "the log is longer than %d merges", TIMELINE_MAX_MERGES);
	if (!array_room(&w->merges, &w->merges_cap, w->merges_len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	w->merges[w->merges_len].id = *id;
	memcpy(w->merges[w->merges_len].day, received, sizeof(w->merges->day) - 1);
	w->merges[w->merges_len++].day[sizeof(w->merges->day) - 1] = '\0';
	return STATUS_OK;
}

/* Main's first parents, newest first. */
static enum status collect_merges(struct walk *w, struct oid id, struct error *e)
{
	enum status st = STATUS_OK;
	bool more = true;

	while (st == STATUS_OK && more) {
		struct commit c = COMMIT_INIT;
		struct merge_note note = {0};

		st = repo_commit_read(&c, w->repo, &id, e);
		if (st == STATUS_OK && c.parents_len == 2)
			st = read_note(&note, &c, &id, e);
		if (st == STATUS_OK)
			st = add_merge(w, &id, note.received, e);
		more = st == STATUS_OK && c.parents_len > 0;
		if (more)
			id = c.parents[0];
		note_clear(&note);
		commit_clear(&c);
	}
	return st;
}

static enum status push_chain(struct oid_list *list, const struct oid *id, struct error *e)
{
	if (!array_room(&list->ids, &list->cap, list->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	list->ids[list->len++] = *id;
	return STATUS_OK;
}

/* The commits from `id` back to what was passed already, or to a root. */
static enum status collect_chain(struct walk *w, struct oid id, struct error *e)
{
	enum status st = STATUS_OK;

	w->chain.len = 0;
	for (;;) {
		struct commit c = COMMIT_INIT;
		bool is_new, last;
		size_t number;

		st = intern_add(&w->seen, id.id, OID_LEN, &number, &is_new, e);
		if (st != STATUS_OK || !is_new)
			return st;
		st = repo_commit_read(&c, w->repo, &id, e);
		if (st == STATUS_OK && c.parents_len < 2)
			st = push_chain(&w->chain, &id, e);
		last = st != STATUS_OK || c.parents_len != 1;
		if (!last)
			id = c.parents[0];
		commit_clear(&c);
		if (last)
			return st;
	}
}

static enum status tree_of(struct oid *out, struct repo *r, const struct commit *c, struct error *e)
{
	struct commit parent = COMMIT_INIT;
	enum status st;

	*out = (struct oid){{0}};
	if (c->parents_len == 0)
		return STATUS_OK;
	st = repo_commit_read(&parent, r, &c->parents[0], e);
	if (st == STATUS_OK)
		*out = parent.tree;
	commit_clear(&parent);
	return st;
}

static enum status visit_chain(struct walk *w, const struct merge_note *note, const struct oid *merge_id,
			       struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = w->chain.len; i-- > 0 && st == STATUS_OK;) {
		struct commit c = COMMIT_INIT;
		struct timeline_step step = {.id = w->chain.ids[i], .commit = &c, .merge = note};

		if (merge_id)
			step.merge_id = *merge_id;
		st = repo_commit_read(&c, w->repo, &step.id, e);
		if (st == STATUS_OK)
			st = tree_of(&step.before, w->repo, &c, e);
		if (st == STATUS_OK)
			st = w->visit(w->ctx, &step, e);
		commit_clear(&c);
	}
	return st;
}

static enum status visit_merge(struct walk *w, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {0};
	size_t number;
	enum status st = intern_add(&w->seen, id->id, OID_LEN, &number, NULL, e);

	if (st == STATUS_OK)
		st = repo_commit_read(&c, w->repo, id, e);
	if (st == STATUS_OK && c.parents_len == 2) {
		st = read_note(&note, &c, id, e);
		if (st == STATUS_OK)
			st = collect_chain(w, c.parents[1], e);
		if (st == STATUS_OK)
			st = visit_chain(w, &note, id, e);
	}
	note_clear(&note);
	commit_clear(&c);
	return st;
}

/* Index of the newest merge that had been received by the day; merges_len when there is none. */
static size_t newest_by(const struct walk *w, const char *day)
{
	size_t i = 0;

	while (i < w->merges_len && (w->merges[i].day[0] == '\0' || strcmp(w->merges[i].day, day) > 0))
		i++;
	return i;
}

enum status timeline_walk(struct repo *r, const struct timeline_options *o, timeline_visit visit, void *ctx,
			  struct error *e)
{
	struct walk w = {.repo = r, .visit = visit, .ctx = ctx};
	enum status st = o->main ? collect_merges(&w, *o->main, e) : STATUS_OK;
	size_t newest = 0;

	if (st == STATUS_OK && o->received_by) {
		newest = newest_by(&w, o->received_by);
		if (newest == w.merges_len)
			st = error_set(e, STATUS_NOT_FOUND, "nothing was known then: nothing had been received by %s",
				       o->received_by);
	}
	for (size_t i = w.merges_len; i-- > newest && st == STATUS_OK;)
		st = visit_merge(&w, &w.merges[i].id, e);
	if (st == STATUS_OK && o->tip && !o->received_by) {
		st = collect_chain(&w, *o->tip, e);
		if (st == STATUS_OK)
			st = visit_chain(&w, NULL, NULL, e);
	}
	intern_clear(&w.seen);
	free(w.merges);
	free(w.chain.ids);
	return st;
}
