/* core/head_changes.c - judging what one commit changes, path by path. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/head_internal.h"

struct changes {
	struct judge *j;
	const struct oid *commit;
	size_t records, before; /* files; before: of the push's earlier commits */
	struct json_pool pool;  /* of the records that are being looked at */
	uint64_t seq_count, seq_min, seq_max; /* of new feedback */
};

static enum status blame(struct changes *w, const char *path, enum status st)
{
	w->j->fault->commit = *w->commit;
	(void)snprintf(w->j->fault->path, sizeof(w->j->fault->path), "%s", path);
	return st;
}

/* *out is the pool's. */
static enum status read_record(cJSON **out, struct changes *w, const struct oid *id, bool canonical)
{
	const struct json_reading how = {.pool = &w->pool, .canonical = canonical};
	struct buf bytes = BUF_INIT;
	enum status st = repo_read(&bytes, w->j->ctx->repo, id, REPO_BLOB, RECORD_MAX_BYTES, w->j->e);

	if (st == STATUS_OK)
		st = json_read(out, buf_text(&bytes), bytes.len, &how, w->j->e);
	buf_clear(&bytes);
	return st;
}

/* An enrolment stands alone in its tree: what it changes is the invite on main, if it is there. */
static enum status read_invite(cJSON **out, struct changes *w, const char *path)
{
	struct judge *j = w->j;
	char own[TREE_PATH_MAX];
	struct oid id;
	enum status st;

	(void)snprintf(own, sizeof(own), "devices/%s.json", j->ctx->device);
	if (j->by_root && strcmp(path, own) == 0)
		return STATUS_OK;
	st = strcmp(path, own) == 0 ? tree_find(&id, NULL, j->ctx->repo, &j->ctx->main_tree, path, j->e) : STATUS_NOT_FOUND;
	if (st == STATUS_NOT_FOUND)
		return error_set(j->e, STATUS_DENIED, "an enrolment writes the device's own record and nothing else");
	return st == STATUS_OK ? read_record(out, w, &id, false) : st;
}

/* Of two invites, comment keys, toolkits or ends of a server's key that were made apart under one name, a merge could only drop one: the second is
 * refused. */
static enum status check_unused(struct judge *j, const char *path)
{
	struct oid id;
	enum status st;

	if (strncmp(path, "devices/", 8) != 0 && strncmp(path, "keys/", 5) != 0 && strncmp(path, "toolkit/", 8) != 0 &&
	    strncmp(path, RETIRED_KEYS, strlen(RETIRED_KEYS)) != 0)
		return STATUS_OK;
	st = tree_find(&id, NULL, j->ctx->repo, &j->ctx->main_tree, path, j->e);
	if (st == STATUS_NOT_FOUND)
		return STATUS_OK;
	return st == STATUS_OK ? error_set(j->e, STATUS_DENIED, "there is one of that name already; choose another") : st;
}

static enum status check_policy(struct judge *j, const char *path, const cJSON *before, const cJSON *after)
{
	const struct policy_change c = {
		.ods = j->ctx->ods,
		.device = j->ctx->device,
		.role = j->device ? j->device->role : j->by_root ? ROLE_MANAGER : ROLE_NONE,
		.path = path,
		.before = before,
		.after = after,
		.schema_level = j->registry->schema_level,
		.registry = j->registry,
		.genesis = j->kind == HEAD_GENESIS,
		.by_root = j->by_root,
	};

	return policy_check(&c, j->rules, j->e);
}

static void count_feedback(struct changes *w, const cJSON *record)
{
	int64_t number = 0;
	uint64_t seq;

	if (!json_integer(record, "seq", &number))
		return;
	seq = (uint64_t)number;
	if (w->seq_count == 0 || seq < w->seq_min)
		w->seq_min = seq;
	if (w->seq_count == 0 || seq > w->seq_max)
		w->seq_max = seq;
	w->seq_count++;
}

/* Neither this record nor its commit is to blame: in another push it is good. */
static enum status too_much(struct changes *w, size_t max)
{
	*w->j->fault = (struct head_fault){.path = ""};
	return error_set(w->j->e, STATUS_TOO_BIG, "more than %zu records changed in one push; push in parts", max);
}

static enum status check_depth(const struct changes *w, const char *path)
{
	const struct head_limits *l = w->j->ctx->limits;
	size_t depth = 1;

	for (const char *at = path; *at; at++)
		depth += *at == '/';
	if (l && depth > l->depth)
		return error_set(w->j->e, STATUS_TOO_BIG, "a path of %zu names; this server takes %zu", depth, l->depth);
	return STATUS_OK;
}

/* Against what others did since. Not asked of what a revoked device sent: of that nothing is merged, and what was right when it was made must not become
 * wrong while it is kept; a manager who takes it over says each record anew, by what holds then. */
static enum status check_meanwhile(struct judge *j, const char *path, const cJSON *before, const cJSON *after, const struct oid *new_id)
{
	enum status st = before ? STATUS_OK : check_unused(j, path);

	if (st == STATUS_OK && before && strcmp(path, "practice.json") == 0)
		st = head_check_server_keys(j, before, after);
	if (st == STATUS_OK && strncmp(path, "returns/", 8) == 0)
		st = head_check_return(j, path, after);
	if (st == STATUS_OK && strncmp(path, "surveys/", 8) == 0)
		st = head_check_survey(j, path, new_id);
	if (st == STATUS_OK && strncmp(path, "feedback/", 9) == 0)
		st = head_check_carried(j, after);
	return st;
}

static enum status visit(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct changes *w = ctx;
	struct judge *j = w->j;
	size_t max = j->ctx->limits ? j->ctx->limits->paths : HEAD_MAX_PATHS;
	cJSON *before = NULL, *after = NULL;
	enum status st = STATUS_OK;

	(void)e; /* the judge's own error is the one that is told */
	w->records++; /* before anything of it is read: a directory that is named many times makes few bytes many paths */
	if (w->before + w->records > max)
		return too_much(w, max);
	st = check_depth(w, path);
	if (st != STATUS_OK)
		return blame(w, path, st);
	if (new_id)
		st = read_record(&after, w, new_id, true);
	if (st == STATUS_OK && j->kind == HEAD_ENROLMENT)
		st = read_invite(&before, w, path);
	else if (st == STATUS_OK && old_id)
		st = read_record(&before, w, old_id, false);
	if (st == STATUS_OK)
		st = check_policy(j, path, before, after);
	if (st == STATUS_OK && strncmp(path, "checkpoints/", 12) == 0)
		st = head_check_checkpoint(j, after);
	if (st == STATUS_OK && !j->ctx->though_revoked)
		st = check_meanwhile(j, path, before, after, new_id);
	if (st == STATUS_OK && strncmp(path, "feedback/", 9) == 0)
		count_feedback(w, after);
	json_pool_reset(&w->pool);
	return st == STATUS_OK ? st : blame(w, path, st);
}

/* Feedback goes on from the last number without a gap. */
static enum status check_numbering(struct changes *w, const struct oid *parent_tree)
{
	struct judge *j = w->j;
	uint64_t last = 0;
	enum status st;

	if (w->seq_count == 0)
		return STATUS_OK;
	st = head_feedback_last(&last, j->ctx->repo, parent_tree, j->ctx->device, j->e);
	if (st == STATUS_OK && (w->seq_min != last + 1 || w->seq_max - w->seq_min + 1 != w->seq_count))
		st = error_set(j->e, STATUS_INVALID, "feedback must go on from number %" PRIu64 " without a gap; this commit adds %" PRIu64
			       " numbered %" PRIu64 " to %" PRIu64, last + 1, w->seq_count, w->seq_min, w->seq_max);
	return st == STATUS_OK ? st : blame(w, "feedback", st);
}

enum status head_check_changes(struct judge *j, const struct oid *commit, const struct oid *parent_tree, const struct oid *tree,
			       size_t *records)
{
	struct changes w = {.j = j, .commit = commit, .before = *records};
	enum status st;

	j->fault->path[0] = '\0';
	j->fault->commit = *commit;
	st = tree_diff_place(j->fault->path, j->ctx->repo, parent_tree, tree, visit, &w, j->e);
	if (st == STATUS_OK)
		st = check_numbering(&w, parent_tree);
	if (st == STATUS_OK)
		*records += w.records;
	json_pool_clear(&w.pool);
	return st;
}

/* The highest number among a folder's entries ("7" or "7.json"); false when there is none. */
static bool highest(const struct tree *t, uint64_t *out)
{
	bool found = false;

	for (size_t i = 0; i < t->len; i++) {
		char *end;
		uint64_t n = strtoull(t->entries[i].name, &end, 10);

		if (end == t->entries[i].name || (*end && strcmp(end, ".json") != 0) || (found && n <= *out))
			continue;
		*out = n;
		found = true;
	}
	return found;
}

/* Go to the entry with the highest number: its name onto the path, its id into *id. */
static enum status step_to_highest(uint64_t *n, struct oid *id, char path[TREE_PATH_MAX], struct repo *r, bool last, struct error *e)
{
	struct tree t = TREE_INIT;
	enum status st = repo_tree_read(&t, r, id, e);
	size_t len = strlen(path), i = 0;

	if (st == STATUS_OK && !highest(&t, n))
		st = error_set(e, STATUS_INVALID, "%s is empty", path);
	if (st == STATUS_OK) {
		(void)snprintf(path + len, TREE_PATH_MAX - len, "/%" PRIu64, *n);
		while (i < t.len && strcmp(t.entries[i].name, path + len + 1) != 0)
			i++;
		if (i < t.len)
			*id = t.entries[i].id;
		else if (!last)
			st = error_set(e, STATUS_NOT_FOUND, "there is no %s", path);
	}
	tree_clear(&t);
	return st;
}

enum status head_feedback_last(uint64_t *out, struct repo *r, const struct oid *tree, const char *device, struct error *e)
{
	return head_series_last(out, r, tree, "feedback", device, e);
}

enum status head_series_last(uint64_t *out, struct repo *r, const struct oid *tree, const char *folder, const char *device, struct error *e)
{
	char path[TREE_PATH_MAX];
	struct oid id;
	uint64_t n = 0;
	enum status st;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, device);
	st = tree_find(&id, NULL, r, tree, path, e);
	if (st == STATUS_NOT_FOUND) {
		*out = 0;
		return STATUS_OK;
	}
	for (int level = 0; level < 3 && st == STATUS_OK; level++)
		st = step_to_highest(&n, &id, path, r, level == 2, e);
	if (st == STATUS_OK)
		*out = n;
	return st;
}
