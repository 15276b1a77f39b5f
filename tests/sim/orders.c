/* tests/sim/orders.c - the heads that a run brought, merged in other orders: the tree must be the same.
 *
 * Any order will do in which a head comes after all that it builds on. Each is merged by the function that the server's stage 7 and the audit call,
 * with the base that it had. Who may do what is not asked again: that is what the order of the log decides.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/run.h"

#define ORDERS 2
#define DELETIONS 3

struct merged {
	struct oid id, tree;           /* of the merge */
	struct head head;
	char device[NAME_MAX_LEN + 1];
	size_t needs;                  /* all heads before this one stand in what it builds on */
	size_t before;                 /* the device's head before this one; SIZE_MAX: none in this run */
	bool done;
};

struct log {
	struct run *run;
	struct repo *repo;
	struct registry registry;
	const struct rules *rules;
	struct merged *merges; /* oldest first; [0] is where the run began, and brought nothing */
	size_t len;
};

/* ---- reading the log ---- */

static enum status read_merge(struct merged *m, struct oid *parent, struct repo *repo, const struct oid *id)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {.index = 0};
	struct error e = {0};
	enum status st = repo_commit_read(&c, repo, id, &e);

	if (st == STATUS_OK)
		st = merge_note_parse(&note, c.message, &e);
	if (st == STATUS_OK) {
		*m = (struct merged){.id = *id, .tree = c.tree, .head.id = c.parents[1], .before = SIZE_MAX};
		memcpy(m->device, note.device, sizeof(m->device));
		*parent = c.parents[0];
	}
	buf_clear(&note.kept);
	commit_clear(&c);
	return st;
}

static size_t find_merge(const struct log *l, const struct oid *id)
{
	for (size_t i = 0; i < l->len; i++)
		if (oid_equal(&l->merges[i].id, id))
			return i;
	return SIZE_MAX;
}

static size_t head_before(const struct log *l, size_t i, const struct oid *id)
{
	for (size_t k = i; k-- > 1;)
		if (oid_equal(&l->merges[k].head.id, id))
			return k;
	return SIZE_MAX;
}

/* Back from the head to what it builds on: a merge, an own head that was merged, or, at the run's start, something older. */
static enum status find_base(struct log *l, size_t i)
{
	struct merged *m = &l->merges[i];
	struct oid at = m->head.id;
	enum status st = STATUS_OK;

	for (size_t k = i; k-- > 1;)
		if (m->before == SIZE_MAX && strcmp(l->merges[k].device, m->device) == 0)
			m->before = k;
	for (bool found = false; st == STATUS_OK && !found;) {
		struct commit c = COMMIT_INIT;
		size_t own = head_before(l, i, &at), merge = find_merge(l, &at);

		st = repo_commit_read(&c, l->repo, &at, NULL);
		if (st == STATUS_OK && oid_equal(&at, &m->head.id))
			m->head.tree = c.tree;
		found = merge != SIZE_MAX || own != SIZE_MAX || (st == STATUS_OK && strncmp(c.author_email, m->device, strlen(m->device)) != 0);
		if (found || c.parents_len == 0 || repo_is_ancestor(&found, l->repo, &at, &l->merges[0].id, NULL) != STATUS_OK || found) {
			found = true;
			m->head.base = at;
			m->head.base_tree = c.tree;
			m->needs = merge != SIZE_MAX ? merge : own != SIZE_MAX ? l->merges[own].needs : 0;
		} else
			at = c.parents[0];
		commit_clear(&c);
	}
	return st;
}

static enum status load_log(struct log *l)
{
	struct qip *q = l->run->world.sites[1].q;
	struct oid at, parent;
	int64_t index = 0;
	enum status st = qip_main(&at, q, NULL);

	l->repo = q->repo;
	if (st == STATUS_OK)
		st = home_log_number(&index, q, &at, NULL);
	if (st == STATUS_OK)
		st = qip_registry(&l->registry, q, NULL);
	if (st == STATUS_OK)
		st = rules_get(&l->rules, RULES_VERSION, NULL);
	if (st != STATUS_OK)
		return st;
	l->len = (size_t)(index - l->run->first) + 1;
	l->merges = calloc(l->len, sizeof(*l->merges));
	for (size_t i = l->len; l->merges && st == STATUS_OK && i-- > 0;) {
		st = read_merge(&l->merges[i], &parent, l->repo, &at);
		at = parent;
	}
	for (size_t i = 1; l->merges && st == STATUS_OK && i < l->len; i++)
		st = find_base(l, i);
	return l->merges ? st : STATUS_NOMEM;
}

/* ---- merging anew ---- */

static enum status merge(struct oid *tree, struct buf *kept, struct log *l, const struct oid *onto, const struct head *head, struct error *e)
{
	struct head_context c = {.repo = l->repo, .ods = HOST_ODS, .main_tree = *onto, .registry = &l->registry};

	return head_merge(tree, kept, &c, head, l->rules, e);
}

static bool is_ready(const struct log *l, size_t i)
{
	const struct merged *m = &l->merges[i];

	for (size_t k = 1; k <= m->needs; k++)
		if (!l->merges[k].done)
			return false;
	return !m->done && (m->before == SIZE_MAX || l->merges[m->before].done);
}

static size_t next_ready(struct log *l)
{
	size_t ready = 0, chosen = 0;

	for (size_t i = 1; i < l->len; i++)
		ready += is_ready(l, i);
	chosen = dice_below(&l->run->dice, (unsigned)ready);
	for (size_t i = 1; i < l->len; i++)
		if (is_ready(l, i) && chosen-- == 0)
			return i;
	return SIZE_MAX;
}

static void check_order(struct log *l)
{
	struct oid tree = l->merges[0].tree;
	struct buf kept = BUF_INIT;
	struct error e = {0};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < l->len; i++)
		l->merges[i].done = false;
	for (size_t n = 1; st == STATUS_OK && n < l->len; n++) {
		size_t i = next_ready(l);

		st = merge(&tree, &kept, l, &tree, &l->merges[i].head, &e);
		l->merges[i].done = true;
	}
	if (st != STATUS_OK)
		run_finding(l->run, "order", "the same heads cannot be merged in another order: %s", e.text);
	else if (!oid_equal(&tree, &l->merges[l->len - 1].tree))
		run_finding(l->run, "order", "the same heads merged in another order give another tree");
	l->run->counts.orders++;
	buf_clear(&kept);
}

/* ---- deleted by one, changed by another ---- */

struct changed {
	char path[TREE_PATH_MAX];
	struct oid id;
	size_t skip; /* so many before it */
	bool found;
};

static enum status note_changed(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct changed *c = ctx;

	(void)e;
	if (old_id && new_id && !c->found && c->skip-- == 0) {
		(void)snprintf(c->path, sizeof(c->path), "%s", path);
		c->id = *new_id;
		c->found = true;
	}
	return STATUS_OK;
}

static void expect_changed(struct log *l, const struct changed *c, const struct oid *onto, const struct head *head)
{
	struct buf kept = BUF_INIT;
	struct error e = {0};
	struct oid tree, id;

	if (merge(&tree, &kept, l, onto, head, &e) != STATUS_OK)
		run_finding(l->run, "deletion", "%s: a deletion cannot be merged: %s", c->path, e.text);
	else if (tree_find(&id, NULL, l->repo, &tree, c->path, NULL) != STATUS_OK || !oid_equal(&id, &c->id))
		run_finding(l->run, "deletion", "%s: one deleted it, another changed it, and the change is gone", c->path);
	else if (!strstr(buf_text(&kept), c->path))
		run_finding(l->run, "deletion", "%s: one deleted it, another changed it, and nothing tells so", c->path);
	buf_clear(&kept);
}

/* No role may delete yet, so no push brings this: the merge alone is asked, from either side. */
static void check_deletion(struct log *l, const struct merged *m)
{
	struct changed c = {.skip = 0};
	struct tree_edit removal = {.path = c.path};
	struct head deletes = m->head;

	if (oid_is_zero(&m->head.base_tree) || tree_diff(l->repo, &m->head.base_tree, &m->head.tree, note_changed, &c, NULL) != STATUS_OK ||
	    !c.found || tree_apply(&deletes.tree, l->repo, &m->head.base_tree, &removal, 1, NULL) != STATUS_OK)
		return;
	expect_changed(l, &c, &deletes.tree, &m->head);
	expect_changed(l, &c, &m->head.tree, &deletes);
}

void check_orders(struct run *r)
{
	struct log l = {.run = r};

	dice_start(&r->dice, dice_mix(r->plan->seed, 2));
	if (load_log(&l) != STATUS_OK)
		run_finding(r, "order", "the log cannot be read");
	else if (l.len > 1) {
		for (int i = 0; i < ORDERS && r->findings == 0; i++)
			check_order(&l);
		for (int i = 0; i < DELETIONS && r->findings == 0; i++)
			check_deletion(&l, &l.merges[1 + dice_below(&r->dice, (unsigned)(l.len - 1))]);
	}
	repo_discard(l.repo);
	registry_clear(&l.registry);
	free(l.merges);
}
