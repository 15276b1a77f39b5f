/* core/head.c - judging a device's pushed head commit by commit, and merging it.
 *
 * Enters: a head, the end of the log that it is judged against, the registry there. Leaves: what is new and where it starts, or the
 * first fault with its commit and path.
 */
#include "core/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/head_internal.h"
#include "core/record_file.h"
#include "core/signature.h"

static enum status blame(struct judge *j, const struct oid *commit, const char *path, enum status st)
{
	j->fault->commit = commit ? *commit : (struct oid){{0}};
	(void)snprintf(j->fault->path, sizeof(j->fault->path), "%s", path ? path : "");
	return st;
}

/* ---- who ---- */

static enum status open_genesis(struct judge *j, const struct oid *tree)
{
	const struct head_context *ctx = j->ctx;
	enum status st = registry_load(&j->own, ctx->repo, tree, NULL, j->e);

	if (st == STATUS_NOT_FOUND)
		return error_set(j->e, STATUS_DENIED, "the practice has no first manager yet, and this is not a first manager's start");
	if (st != STATUS_OK)
		return st;
	j->kind = HEAD_GENESIS;
	j->registry = &j->own;
	j->device = registry_find(&j->own, ctx->device);
	if (strcmp(j->own.ods, ctx->ods) != 0)
		return error_set(j->e, STATUS_DENIED, "practice.json is of practice %s, not of %s", j->own.ods, ctx->ods);
	if (!j->device || !j->device->key || j->own.devices_len != 1 || strcmp(j->device->invited_by, "root") != 0)
		return error_set(j->e, STATUS_DENIED, "the start must enrol the first manager's device, signed by the root key, and no other");
	if (ctx->first_invite_key && strcmp(j->device->invite_key, ctx->first_invite_key) != 0)
		return error_set(j->e, STATUS_DENIED, "the device does not hold this practice's first code");
	if (ctx->server_key && !registry_server_key(&j->own, ctx->server_key))
		return error_set(j->e, STATUS_DENIED, "the root key does not endorse this server's signing key");
	return STATUS_OK;
}

static enum status read_own_record(cJSON **out, const struct judge *j, const struct oid *tree)
{
	char path[TREE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "devices/%s.json", j->ctx->device);
	return record_read_path(out, j->ctx->repo, tree, path, j->e);
}

static enum status open_enrolment(struct judge *j, const struct oid *tree)
{
	cJSON *record = NULL;
	const char *line;
	enum status st = read_own_record(&record, j, tree);

	j->kind = HEAD_ENROLMENT;
	line = json_string(json_get(record, "enrolment"), "key");
	if (st == STATUS_OK && line)
		st = key_from_ssh(&j->enrolling, line, j->e);
	else
		st = error_set(j->e, STATUS_DENIED, "%s has not enrolled yet: its first push must be its enrolment", j->ctx->device);
	cJSON_Delete(record);
	return st;
}

/* Nobody on main invited it. It may be a manager all the same: a practice that lost them all has the root key in its safe. The registry's checks decide
 * whether the root key signed. */
static enum status open_unknown(struct judge *j, const struct oid *tree)
{
	cJSON *record = NULL;
	enum status st = read_own_record(&record, j, tree);
	const char *by = json_string(json_get(record, "invite"), "by");

	j->by_root = st == STATUS_OK && by && strcmp(by, "root") == 0;
	cJSON_Delete(record);
	return j->by_root ? open_enrolment(j, tree) : error_set(j->e, STATUS_DENIED, "%s is not a device of this practice", j->ctx->device);
}

/* Decide what kind of head this must be, and whose signature it must bear. */
static enum status open_judge(struct judge *j, const struct oid *tree)
{
	const struct head_context *ctx = j->ctx;

	head_email(j->email, ctx->device, ctx->ods);
	if (!ctx->registry)
		return open_genesis(j, tree);
	j->registry = ctx->registry;
	if (strcmp(ctx->device, "server") == 0) {
		j->kind = HEAD_HOST;
		return STATUS_OK;
	}
	j->device = registry_find(ctx->registry, ctx->device);
	if (!j->device)
		return open_unknown(j, tree);
	if (j->device->revoked && !ctx->though_revoked)
		return error_set(j->e, STATUS_DENIED, "%s has been revoked; nothing it sends is taken. A manager can invite the device under a new name",
				 ctx->device);
	if (j->device->replaced_by[0])
		return error_set(j->e, STATUS_DENIED, "%s goes on with the answers of %s, under whose name nothing more is taken",
				 j->device->replaced_by, ctx->device);
	if (!j->device->key)
		return open_enrolment(j, tree);
	j->kind = j->device->role == ROLE_KIOSK ? HEAD_KIOSK : HEAD_STAFF;
	return STATUS_OK;
}

static void close_judge(struct judge *j)
{
	registry_clear(&j->own);
	key_free(j->enrolling);
	free(j->commits);
	free(j->carried);
}

/* ---- from the head back to the log ---- */

static enum status add_commit(struct judge *j, const struct oid *id)
{
	size_t max = j->ctx->limits ? j->ctx->limits->commits : HEAD_MAX_COMMITS;

	if (j->commits_len == max)
		return error_set(j->e, STATUS_TOO_BIG, "more than %zu new commits in one push; push in parts", max);
	if (j->commits_len % 64 == 0) {
		struct oid *grown = realloc(j->commits, (j->commits_len + 64) * sizeof(*grown));

		if (!grown)
			return error_set(j->e, STATUS_NOMEM, "out of memory");
		j->commits = grown;
	}
	j->commits[j->commits_len++] = *id;
	return STATUS_OK;
}

/* Another's commit is where the own ones must start: it has to be in the log, and to contain what this device had accepted. */
static enum status check_base(struct judge *j, const struct oid *base)
{
	const struct head_context *ctx = j->ctx;
	bool contained = false;
	enum status st;

	if (j->kind == HEAD_KIOSK)
		return error_set(j->e, STATUS_STALE, "this head does not contain what %s had accepted before", ctx->device);
	st = repo_is_ancestor(&contained, ctx->repo, base, &ctx->main, j->e);
	if (st != STATUS_OK)
		return st;
	if (!contained)
		return error_set(j->e, STATUS_UNTRUSTED, "it builds on a commit that is neither in the log nor by %s", ctx->device);
	if (oid_is_zero(&ctx->last))
		return STATUS_OK;
	st = repo_is_ancestor(&contained, ctx->repo, &ctx->last, base, j->e);
	if (st == STATUS_OK && !contained)
		st = error_set(j->e, STATUS_STALE, "this head is older than, or beside, what %s had accepted before", ctx->device);
	return st;
}

/* A head without a parent is right for a start and for an enrolment, and wrong for everything else. */
static enum status check_parents(struct judge *j, const struct commit *c)
{
	bool orphan = j->kind == HEAD_GENESIS || j->kind == HEAD_ENROLMENT;

	if (c->parents_len == (orphan ? 0 : 1))
		return STATUS_OK;
	if (c->parents_len == 0)
		return error_set(j->e, STATUS_STALE, "it starts a history of its own, without what %s had accepted before", j->ctx->device);
	return error_set(j->e, STATUS_INVALID, orphan ? "an enrolment is a commit without parents" : "devices do not merge; the server does");
}

/* Collect the new commits, newest first, and find the base. */
static enum status walk_back(struct judge *j, struct head *out, const struct oid *id)
{
	const struct head_context *ctx = j->ctx;
	struct oid at = *id;
	enum status st;

	for (;;) {
		struct commit c = COMMIT_INIT;
		bool own, root;

		st = repo_commit_read(&c, ctx->repo, &at, j->e);
		if (st != STATUS_OK)
			return blame(j, &at, NULL, st);
		own = strcmp(c.author_email, j->email) == 0 && !oid_equal(&at, &ctx->main);
		root = c.parents_len == 0;
		if ((!oid_is_zero(&ctx->last) && oid_equal(&at, &ctx->last)) || !own) {
			st = own || oid_equal(&at, &ctx->last) ? STATUS_OK : check_base(j, &at);
			out->base = at;
			out->base_tree = c.tree;
			commit_clear(&c);
			return st == STATUS_OK ? st : blame(j, &at, NULL, st);
		}
		st = check_parents(j, &c);
		if (st == STATUS_OK)
			st = add_commit(j, &at);
		if (st != STATUS_OK) {
			commit_clear(&c);
			return blame(j, st == STATUS_TOO_BIG ? NULL : &at, NULL, st); /* so many at once are no commit's fault */
		}
		if (!root)
			at = c.parents[0];
		commit_clear(&c);
		if (root)
			return STATUS_OK; /* base stays zero */
	}
}

/* ---- one commit ---- */

static enum status check_signature(struct judge *j, const struct commit *c)
{
	const struct key *key = j->enrolling ? j->enrolling : j->device ? j->device->key : NULL;
	enum status st = STATUS_UNTRUSTED;

	if (!c->signature)
		return error_set(j->e, STATUS_UNTRUSTED, "the commit is not signed");
	if (key)
		st = signature_check(c->signature, strlen(c->signature), key, SIGNATURE_NAMESPACE_GIT, c->signed_text, c->signed_len, j->e);
	if (!key && registry_server_signer(j->registry, j->registry, c))
		st = STATUS_OK;
	return st == STATUS_OK ? st : error_set(j->e, STATUS_UNTRUSTED, "the commit is not signed by the key of %s", j->ctx->device);
}

static enum status check_author(struct judge *j, const struct commit *c)
{
	struct oid adopted;

	if (strcmp(c->author_email, j->email) != 0 || strcmp(c->author_name, j->ctx->device) != 0)
		return error_set(j->e, STATUS_DENIED, "the commit's author is %s, not %s", c->author_email, j->email);
	if (!head_message_names(c->message, j->ctx->device))
		return error_set(j->e, STATUS_INVALID, "the commit's message does not end with \"Qip-Device: %s\"", j->ctx->device);
	if (head_message_adopts(&adopted, c->message) && (!j->device || j->device->role != ROLE_MANAGER))
		return error_set(j->e, STATUS_DENIED, "only managers take over what a revoked device sent");
	return STATUS_OK;
}

static enum status judge_commit(struct judge *j, const struct oid *id, struct oid *parent_tree, size_t *records)
{
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, j->ctx->repo, id, j->e);

	if (st == STATUS_OK)
		st = check_author(j, &c);
	if (st == STATUS_OK)
		st = check_signature(j, &c);
	if (st != STATUS_OK)
		blame(j, id, NULL, st);
	else
		st = head_check_changes(j, id, parent_tree, &c.tree, records);
	*parent_tree = c.tree;
	commit_clear(&c);
	return st;
}

static enum status judge_commits(struct judge *j, struct head *h)
{
	struct oid tree = h->base_tree;
	enum status st = STATUS_OK;

	if (j->kind == HEAD_HOST && (j->commits_len != 1 || !oid_equal(&h->base, &j->ctx->main)))
		return error_set(j->e, STATUS_DENIED, "the host's own head is one commit on the end of the log");
	for (size_t i = j->commits_len; st == STATUS_OK && i-- > 0;)
		st = judge_commit(j, &j->commits[i], &tree, &h->records);
	return st;
}

enum status head_check(struct head *out, struct head_fault *fault, const struct head_context *ctx, const struct oid *id,
		       struct error *e)
{
	struct judge j = {.ctx = ctx, .fault = fault, .e = e};
	struct head h = {.id = *id};
	struct commit c = COMMIT_INIT;
	enum status st;

	(void)blame(&j, NULL, NULL, STATUS_OK);
	if (!oid_is_zero(&ctx->last) && oid_equal(id, &ctx->last))
		return error_set(e, STATUS_EXISTS, "this head was accepted before");
	j.rules = ctx->rules;
	st = j.rules ? STATUS_OK : rules_get(&j.rules, RULES_VERSION, e);
	if (st == STATUS_OK)
		st = repo_commit_read(&c, ctx->repo, id, e);
	if (st == STATUS_OK) {
		h.tree = c.tree;
		st = open_judge(&j, &h.tree);
	}
	commit_clear(&c);
	if (st == STATUS_OK)
		st = walk_back(&j, &h, id);
	j.base = h.base;
	j.base_tree = h.base_tree;
	if (st == STATUS_OK && j.commits_len == 0)
		st = error_set(e, STATUS_STALE, "this head is not a new commit by %s", ctx->device);
	if (st == STATUS_OK)
		st = judge_commits(&j, &h);
	if (st == STATUS_OK) {
		h.commits = j.commits_len;
		*out = h;
	}
	close_judge(&j);
	return st;
}

/* ---- merging ---- */

static enum status subtree(struct oid *out, struct repo *r, const struct oid *tree, const char *name, struct error *e)
{
	enum status st = tree_find(out, NULL, r, tree, name, e);

	if (st == STATUS_NOT_FOUND) {
		*out = (struct oid){{0}};
		st = STATUS_OK;
	}
	return st;
}

/* Whatever the order of merges was: the registry still holds, and somebody can still manage it. */
static enum status check_managers(const struct head_context *ctx, const struct oid *tree, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct oid before, after;
	size_t managers = 0;
	enum status st = subtree(&before, ctx->repo, &ctx->main_tree, "devices", e);

	if (st == STATUS_OK)
		st = subtree(&after, ctx->repo, tree, "devices", e);
	if (st != STATUS_OK || oid_equal(&before, &after))
		return st;
	st = registry_load_after(&reg, ctx->registry, ctx->repo, tree, NULL, e);
	if (st != STATUS_OK)
		return st;
	for (size_t i = 0; i < reg.devices_len; i++)
		if (reg.devices[i].role == ROLE_MANAGER && reg.devices[i].key && !reg.devices[i].retired && !reg.devices[i].revoked)
			managers++;
	registry_clear(&reg);
	return managers > 0 ? STATUS_OK : error_set(e, STATUS_DENIED, "the last manager cannot go; invite another manager first");
}

enum status head_merge(struct oid *tree, struct buf *kept, const struct head_context *ctx, const struct head *head,
		       const struct rules *rules, struct error *e)
{
	struct oid merged;
	enum status st = merge_trees(&merged, kept, ctx->repo, &head->base_tree, &ctx->main_tree, &head->tree, rules, e);

	if (st == STATUS_OK)
		st = check_managers(ctx, &merged, e);
	if (st == STATUS_OK)
		*tree = merged;
	return st;
}
