/* client/lost.c - a server whose log went on from an earlier place.
 *
 * Enters: the log as it was known, and one that parts from it. Leaves: where they part, if the server announced that; the old log kept as
 * evidence, and own edits in it on the new one.
 */
#include "client/lost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chain.h"
#include "client/place.h"
#include "client/replay.h"
#include "core/array.h"
#include "core/log.h"
#include "core/record_file.h"

#define REF_LOST "refs/lost/"

/* ---- where two logs part ---- */

/* Zero when they share nothing. STATUS_UNTRUSTED: one of them is no log, which is the judge's to put into words. */
static enum status find_parting(struct oid *out, struct qip *q, const struct oid *a, const struct oid *b, struct error *e)
{
	struct place x, y;
	enum status st = place_read(&x, q, a, e);

	if (st == STATUS_OK)
		st = place_read(&y, q, b, e);
	while (st == STATUS_OK && !oid_equal(&x.id, &y.id)) {
		struct place *later = x.index >= y.index ? &x : &y;
		int64_t before = later->index;

		if (oid_is_zero(&later->parent)) {
			*out = (struct oid){0};
			return STATUS_OK;
		}
		st = place_read(later, q, &later->parent, e);
		if (st == STATUS_OK && later->index >= before)
			st = STATUS_UNTRUSTED;
	}
	if (st == STATUS_OK)
		*out = x.id;
	return st;
}

/* ---- did the server announce it? ---- */

struct search {
	struct qip *q;
	struct oid before;     /* tree of what was known */
	const struct oid *base; /* NULL: any place */
	unsigned incidents;
	bool found;
};

static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct search *s = ctx;
	struct oid there;
	cJSON *record = NULL;
	char hex[OID_HEX_LEN + 1] = "";
	const char *commit = NULL;
	enum status st = STATUS_OK;

	(void)old_id;
	if (++s->incidents > LIMIT_INCIDENTS)
		return error_set(e, STATUS_TOO_BIG, "the log tells of more than %d restores", LIMIT_INCIDENTS);
	if (tree_find(&there, NULL, s->q->repo, &s->before, path, NULL) == STATUS_OK)
		return STATUS_OK; /* of an earlier restore */
	st = record_read(&record, s->q->repo, new_id, e);
	commit = json_string(record, "commit");
	if (s->base)
		oid_hex(hex, s->base);
	if (commit && (!s->base || strcmp(commit, hex) == 0))
		s->found = true;
	cJSON_Delete(record);
	return st;
}

enum status lost_announced(bool *out, struct qip *q, const struct oid *tip, const struct oid *known, const struct oid *base, struct error *e)
{
	struct search s = {.q = q, .base = base};
	struct oid tree;
	enum status st = home_tree_of(&s.before, q, known, e);

	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, tip, e);
	if (st == STATUS_OK)
		st = tree_each(q->repo, &tree, "incidents", look_at, &s, e);
	if (st == STATUS_OK)
		*out = s.found;
	return st;
}

enum status lost_base(struct oid *base, struct oid *parting, struct qip *q, const struct oid *tip, const struct oid *known, struct error *e)
{
	bool announced = false;
	enum status st = STATUS_OK;

	*parting = *known;
	if (!oid_is_zero(known))
		st = find_parting(parting, q, tip, known, e);
	if (st == STATUS_UNTRUSTED) {
		*parting = *base = *known;
		return STATUS_OK;
	}
	if (st == STATUS_OK && !oid_equal(parting, known) && !oid_is_zero(parting))
		st = lost_announced(&announced, q, tip, known, parting, e);
	if (st == STATUS_OK)
		*base = announced ? *parting : *known;
	return st;
}

/* What a configuration goes on from is not said in it: any restore that was not known of will do. */
enum status lost_config_base(struct oid *base, struct qip *q, const struct oid *tip, const struct oid *known, struct error *e)
{
	struct oid at = *tip;
	bool shared = oid_is_zero(known), announced = false;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && !shared && !oid_is_zero(&at)) {
		struct commit c = COMMIT_INIT;

		st = repo_is_ancestor(&shared, q->repo, &at, known, e);
		if (st == STATUS_OK && !shared)
			st = repo_commit_read(&c, q->repo, &at, e);
		if (st == STATUS_OK && !shared)
			at = c.parents_len ? c.parents[0] : (struct oid){0};
		commit_clear(&c);
	}
	if (st == STATUS_OK && !oid_is_zero(known) && !oid_equal(&at, known))
		st = lost_announced(&announced, q, tip, known, NULL, e);
	if (st == STATUS_OK)
		*base = announced ? at : *known;
	return st;
}

/* ---- own edits in what is left behind ---- */

struct edits {
	struct oid *ids; /* owned; oldest first once sorted */
	size_t len, cap;
};

static enum status add_edit(struct edits *l, const struct oid *id, struct error *e)
{
	if (l->len == LIMIT_CHAIN)
		return error_set(e, STATUS_TOO_BIG, "more than %d own edits are missing in the restored log", LIMIT_CHAIN);
	if (!array_room(&l->ids, &l->cap, l->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	l->ids[l->len++] = *id;
	return STATUS_OK;
}

static bool is_listed(const struct edits *l, const struct oid *id)
{
	for (size_t i = 0; i < l->len; i++) {
		if (oid_equal(&l->ids[i], id))
			return true;
	}
	return false;
}

/* From an own head back to where it starts from: the log's commits have two parents. Newest first. */
static enum status add_head(struct edits *l, struct qip *q, const struct oid *head, struct error *e)
{
	struct oid at = *head;
	bool own = true;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && own && !is_listed(l, &at)) {
		struct commit c = COMMIT_INIT;

		st = repo_commit_read(&c, q->repo, &at, e);
		own = st == STATUS_OK && c.parents_len == 1;
		if (own)
			st = add_edit(l, &at, e);
		if (own)
			at = c.parents[0];
		commit_clear(&c);
	}
	return st;
}

/* What waits here unsent, then heads that were merged after the parting. */
static enum status list_edits(struct edits *l, struct qip *q, const struct oid *base, const struct oid *known, const struct oid *work,
			      struct error *e)
{
	struct place p = {.id = *known};
	enum status st = add_head(l, q, work, e);

	while (st == STATUS_OK && !oid_equal(&p.id, base)) {
		st = place_read(&p, q, &p.id, e);
		if (st == STATUS_OK && strcmp(p.device, q->identity.device) == 0)
			st = add_head(l, q, &p.head, e);
		p.id = p.parent;
	}
	return st;
}

static enum status replay_all(struct qip *q, const struct oid *base, const struct oid *tip, const struct oid *known, struct error *e)
{
	struct edits l = {NULL, 0, 0};
	struct oid work, at = *tip, tree;
	enum status st = home_ref(&work, q, REF_WORK, e);

	if (st == STATUS_OK)
		st = list_edits(&l, q, base, known, &work, e);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, tip, e);
	for (size_t i = l.len; st == STATUS_OK && i-- > 0;)
		st = replay_commit(&at, &tree, q, &l.ids[i], e);
	if (st == STATUS_OK)
		st = repo_flush(q->repo, e);
	if (st == STATUS_OK)
		st = home_move_ref(q, REF_WORK, &at, &work, e);
	repo_discard(q->repo);
	free(l.ids);
	return st;
}

/* ---- the whole ---- */

enum status lost_go_on(struct qip *q, const struct oid *base, const struct oid *tip, const struct oid *known, struct error *e)
{
	char ref[HOME_REF_MAX];
	enum status st = home_keep(ref, q, REF_LOST, known, e);

	if (st == STATUS_OK && !home_is_kiosk(q))
		st = replay_all(q, base, tip, known, e);
	if (st == STATUS_OK) {
		q->went_back = true;
		log_line(LOG_LEVEL_WARN, "the server was restored from a backup and lost merges; what was known is kept under " REF_LOST, NULL);
	}
	return st;
}
