/* client/replay.c - own edits made anew on another commit than they were made on. */
#include "client/replay.h"

#include <stdio.h>
#include <string.h>

#include "client/commit.h"
#include "client/redo.h"
#include "core/merge.h"

void replay_subject(char *out, size_t size, const struct commit *c)
{
	(void)snprintf(out, size, "%.*s", (int)strcspn(c->message, "\n"), c->message);
}

/* ---- own edits that stand where the commit set a field ---- */

struct latest {
	struct qip *q;
	const struct oid *before, *made; /* trees: around the commit as it was */
	struct oid *tree;                /* and what it comes to now */
};

static const cJSON *find_own(const cJSON *claims, const cJSON *other_than, const char *device)
{
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims) {
		const char *name = json_string(claim, "device");

		if (name && strcmp(name, device) == 0 && !redo_find_claim(other_than, claim))
			return claim;
	}
	return NULL;
}

/* *changed: an own edit that this commit did not make gave way to one that it made. */
static enum status latest_slot(bool *changed, const struct latest *l, cJSON *record, const char *slot, const cJSON *before, const cJSON *made,
			       struct error *e)
{
	const char *device = l->q->identity.device;
	cJSON *old = before ? record_claims(before, slot) : cJSON_CreateArray(), *now = record_claims(made, slot);
	cJSON *claims = record_claims(record, slot), *left = old && now && claims ? cJSON_CreateArray() : NULL;
	const cJSON *own = left ? find_own(now, old, device) : NULL, *claim;
	enum status st = left ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	bool gave_way = false;

	cJSON_ArrayForEach(claim, claims) {
		const char *name = json_string(claim, "device");
		bool goes = own && name && strcmp(name, device) == 0 && !redo_find_claim(now, claim);
		cJSON *copy = goes || st != STATUS_OK ? NULL : cJSON_Duplicate(claim, true);

		gave_way = gave_way || goes;
		if (st == STATUS_OK && !goes && !(copy && cJSON_AddItemToArray(left, copy))) {
			cJSON_Delete(copy);
			st = error_set(e, STATUS_NOMEM, "out of memory");
		}
	}
	if (st == STATUS_OK && gave_way) {
		st = record_put_claims(record, slot, left, l->q->rules, e);
		left = NULL;
		*changed = true;
	}
	cJSON_Delete(old);
	cJSON_Delete(now);
	cJSON_Delete(claims);
	cJSON_Delete(left);
	return st;
}

static enum status latest_record(const struct latest *l, const char *path, cJSON *record, const cJSON *before, const cJSON *made,
				 struct error *e)
{
	struct tree_edit edit = {.path = path};
	cJSON *slots = record_slots(made, NULL);
	const cJSON *slot;
	bool changed = false;
	enum status st = slots ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	cJSON_ArrayForEach(slot, slots) {
		if (st == STATUS_OK)
			st = latest_slot(&changed, l, record, slot->valuestring, before, made, e);
	}
	cJSON_Delete(slots);
	if (st != STATUS_OK || !changed)
		return st;
	st = commit_stage(&edit.id, l->q, record, e);
	return st == STATUS_OK ? tree_apply(l->tree, l->q->repo, l->tree, &edit, 1, e) : st;
}

static enum status visit(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	const struct latest *l = ctx;
	char type[RECORD_TYPE_MAX];
	cJSON *before = NULL, *made = NULL, *record = NULL;
	enum status st = STATUS_OK;

	(void)old_id;
	if (!new_id)
		return STATUS_OK;
	st = redo_read(&record, l->q, l->tree, path, e);
	if (st == STATUS_OK)
		st = redo_read(&before, l->q, l->before, path, e);
	if (st == STATUS_OK)
		st = redo_read(&made, l->q, l->made, path, e);
	record_type(type, made);
	if (st == STATUS_OK && record && made && rules_record_kind(l->q->rules, type) == RECORD_CLAIMS)
		st = latest_record(l, path, record, before, made, e);
	cJSON_Delete(before);
	cJSON_Delete(made);
	cJSON_Delete(record);
	return st;
}

/* ---- commits ---- */

/* A checkpoint speaks of the place that it was made at. It is not made anew: one that is true here follows when it is due. */
static enum status without_checkpoints(struct oid *tree, struct qip *q, const struct oid *tip_tree, struct error *e)
{
	struct tree_edit edit = {.path = "checkpoints", .is_dir = true};
	enum status st = tree_find(&edit.id, NULL, q->repo, tip_tree, edit.path, e);

	if (st == STATUS_NOT_FOUND)
		edit.id = (struct oid){{0}};
	else if (st != STATUS_OK)
		return st;
	return tree_apply(tree, q->repo, tree, &edit, 1, e);
}

enum status replay_commit(struct oid *tip, struct oid *tip_tree, struct qip *q, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct buf kept = BUF_INIT;
	struct oid base, tree, adopts = {{0}};
	char subject[256];
	enum status st = repo_commit_read(&c, q->repo, id, e);

	if (st == STATUS_OK)
		st = home_tree_of(&base, q, &c.parents[0], e);
	if (st == STATUS_OK)
		st = merge_trees(&tree, &kept, q->repo, &base, tip_tree, &c.tree, q->rules, e);
	/* an edit replaces its device's earlier one, and the server insists: also where the refused one stood between the two */
	if (st == STATUS_OK && !home_is_kiosk(q))
		st = tree_diff(q->repo, &base, &c.tree, visit, &(struct latest){q, &base, &c.tree, &tree}, e);
	if (st == STATUS_OK)
		st = without_checkpoints(&tree, q, tip_tree, e);
	if (st != STATUS_OK || oid_equal(&tree, tip_tree))
		goto done;
	replay_subject(subject, sizeof(subject), &c);
	if (!head_message_adopts(&adopts, c.message))
		adopts = (struct oid){{0}};
	st = commit_write_adopting(tip, q, &tree, tip, c.author_s * 1000, subject, &adopts, e);
	if (st == STATUS_OK)
		*tip_tree = tree;
done:
	buf_clear(&kept);
	commit_clear(&c);
	return st;
}
