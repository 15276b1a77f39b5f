/* client/audit_merge.c - one merge of the log, judged by itself.
 *
 * Enters: the merge and what stood before it. Leaves: findings and counts. The question is the one that the server answered: may this head
 * be taken, and is this the tree that comes of it?
 */
#include <stdio.h>
#include <string.h>

#include "client/audit_internal.h"
#include "core/signature.h"

void audit_server_signature(struct auditor *a, const struct registry *before, const struct registry *after, const struct oid *id, const struct commit *c)
{
	char email[HEAD_EMAIL_MAX], signer[KEY_SSH_MAX];
	const struct server_key *k = NULL;

	head_email(email, "server", a->ods);
	if (!after || !registry_server_signer(before, after, c)) {
		if (before && c->signature && signature_signer(signer, c->signature, strlen(c->signature), NULL) == STATUS_OK)
			k = registry_server_key(before, signer);
		audit_find(a, id, "", "server", k && k->retired ? "the merge is signed by a server key that the practice had retired"
								: "the merge is not signed by a server key that the practice's root endorsed");
	}
	if (strcmp(c->author_email, email) != 0)
		audit_find(a, id, "", "server", "a commit by %s stands in the log, where only the server's merges may", c->author_email);
}

/* Where two trees differ first, for people. */
static enum status first_difference(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	char *out = ctx;

	(void)e;
	(void)snprintf(out, TREE_PATH_MAX + 16, "%s %s", !old_id ? "added" : !new_id ? "removed" : "changed", path);
	return STATUS_EXISTS; /* one is enough */
}

static void report_wrong_tree(struct auditor *a, const struct oid *id, const char *device, const struct oid *expected,
			      const struct oid *actual)
{
	char first[TREE_PATH_MAX + 16] = "", place[TREE_PATH_MAX] = "";
	struct error why = {0};
	const char *path;

	(void)!tree_diff_place(place, a->repo, expected, actual, first_difference, first, &why);
	path = strchr(first, ' ');
	audit_find(a, id, path ? path + 1 : place, device, "the merge does not follow from its parents: %s", first[0] ? first : why.text);
}

/* Where no record is at fault, it may be that the device is none, or none any more. */
static const char *place_of(char path[TREE_PATH_MAX], const struct head_fault *fault, const struct head_context *ctx)
{
	const struct device *d = ctx->registry ? registry_find(ctx->registry, ctx->device) : NULL;

	(void)snprintf(path, TREE_PATH_MAX, "%s", fault->path);
	if (!path[0] && ctx->registry && strcmp(ctx->device, "server") != 0 && (!d || d->revoked || !d->key))
		(void)snprintf(path, TREE_PATH_MAX, "devices/%s.json", ctx->device);
	return path;
}

/* The head by the rules of its merge, then the merge again. True if it is the merge that it has to be. */
static bool rerun(struct auditor *a, const struct audit_task *t, const struct rules *rules)
{
	const struct merge_note *note = &t->note;
	const struct oid *head_id = &t->commit.parents[1];
	const struct head_context ctx = {
		.repo = a->repo, .ods = a->ods, .main = t->main, .main_tree = t->main_tree,
		.registry = audit_registry_get(t->before), .device = note->device, .last = t->last, .rules = rules,
	};
	char path[TREE_PATH_MAX];
	struct head_fault fault;
	struct head head;
	struct buf kept = BUF_INIT;
	struct oid tree;
	bool same;
	enum status st = head_check(&head, &fault, &ctx, head_id, &a->e);

	if (st != STATUS_OK) {
		audit_find(a, oid_is_zero(&fault.commit) ? head_id : &fault.commit, place_of(path, &fault, &ctx), note->device, "%s", a->e.text);
		return false;
	}
	a->out->commits += head.commits;
	a->out->records += head.records;
	st = head_merge(&tree, &kept, &ctx, &head, rules, &a->e);
	if (st != STATUS_OK)
		audit_find(a, &t->id, "", note->device, "the merge cannot be re-run: %s", a->e.text);
	else if (!oid_equal(&tree, &t->commit.tree))
		report_wrong_tree(a, &t->id, note->device, &tree, &t->commit.tree);
	else if (strcmp(buf_text(&kept), buf_text(&note->kept)) != 0)
		audit_find(a, &t->id, "", note->device, "the merge does not name the records that were deleted on one side and kept");
	same = st == STATUS_OK && oid_equal(&tree, &t->commit.tree);
	buf_clear(&kept);
	repo_discard(a->repo);
	return same;
}

static bool judge(struct auditor *a, const struct audit_task *t)
{
	const struct merge_note *note = &t->note;
	const struct rules *rules = NULL;

	if (rules_get(&rules, note->rules_version, &a->e) != STATUS_OK)
		audit_find(a, &t->id, "", note->device, "the merge names rules %d, which this program does not know", note->rules_version);
	else if (strcmp(rules_digest(rules), note->rules_digest) != 0)
		audit_find(a, &t->id, "", note->device, "the merge names rules %d, whose table is not the one known here", note->rules_version);
	else
		return rerun(a, t, rules);
	return false;
}

/* A kiosk changes no record that has edits: its answers need not be looked for them. */
static bool may_edit(const struct audit_task *t)
{
	const struct registry *reg = audit_registry_get(t->before);
	const struct device *d = reg ? registry_find(reg, t->note.device) : NULL;

	return !d || d->role != ROLE_KIOSK;
}

void audit_merge(struct auditor *a, const struct audit_task *task)
{
	if (audit_findings_enough(a->found))
		return;
	a->place = task->place;
	a->main = task->main;
	a->main_tree = task->main_tree;
	/* A tree that a server made up may hold anything, paths without number among it: nothing in it is counted. */
	if (task->judged && judge(a, task) && may_edit(task))
		a->out->backdated += audit_count_backdated(a, &task->commit.tree, task->note.received);
	audit_server_signature(a, audit_registry_get(task->before), audit_registry_get(task->after), &task->id, &task->commit);
}

void audit_task_clear(struct audit_task *task)
{
	commit_clear(&task->commit);
	buf_clear(&task->note.kept);
	audit_registry_release(task->before);
	audit_registry_release(task->after);
	*task = (struct audit_task){0};
}
