/* client/audit.c - stage 9 of 9: re-run the history.
 *
 * Enters: the end of a log. Leaves: findings. The log is walked from its start; at each merge stands the same question that the
 * server answered: may this head be taken, and is this the tree that comes of it?
 */
#include "client/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_internal.h"
#include "core/code.h"
#include "core/signature.h"

/* ---- findings ---- */

void audit_find(struct auditor *a, const struct oid *commit, const char *path, const char *device, const char *fmt, ...)
{
	struct audit *out = a->out;
	struct audit_finding *f;
	va_list args;

	if (out->findings_len == AUDIT_MAX_FINDINGS) {
		out->findings_more++;
		return;
	}
	f = &out->findings[out->findings_len++];
	memset(f, 0, sizeof(*f));
	if (commit && !oid_is_zero(commit))
		oid_hex(f->commit, commit);
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	(void)snprintf(f->device, sizeof(f->device), "%s", device);
	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

/* ---- the log ---- */

static enum status push_merge(struct auditor *a, const struct oid *id)
{
	if (a->log_len == a->log_cap) {
		size_t cap = a->log_cap ? a->log_cap * 2 : 1024;
		struct oid *grown = realloc(a->log, cap * sizeof(*grown));

		if (!grown)
			return error_set(&a->e, STATUS_NOMEM, "out of memory");
		a->log = grown;
		a->log_cap = cap;
	}
	a->log[a->log_len++] = *id;
	return STATUS_OK;
}

/* The first-parent chain, newest first. An unreadable commit is a finding and ends it. */
static enum status collect_log(struct auditor *a, const struct oid *main)
{
	struct oid at = *main;

	for (;;) {
		struct commit c = COMMIT_INIT;
		enum status st = repo_commit_read(&c, a->repo, &at, &a->e);
		bool root = st == STATUS_OK && c.parents_len == 0;

		if (st == STATUS_NOMEM)
			return st;
		if (st != STATUS_OK) {
			audit_find(a, &at, "", "", "the log cannot be followed: %s", a->e.text);
			return STATUS_OK;
		}
		st = push_merge(a, &at);
		if (!root)
			at = c.parents[0];
		commit_clear(&c);
		if (st != STATUS_OK || root)
			return st;
	}
}

static struct oid *last_head(struct auditor *a, const char *device)
{
	for (size_t i = 0; i < a->heads_len; i++)
		if (strcmp(a->heads[i].device, device) == 0)
			return &a->heads[i].last;
	if (a->heads_len == AUDIT_MAX_HEADS)
		return NULL;
	(void)snprintf(a->heads[a->heads_len].device, sizeof(a->heads[0].device), "%s", device);
	return &a->heads[a->heads_len++].last;
}

/* ---- one merge ---- */

static void check_server_signature(struct auditor *a, const struct oid *id, const struct commit *c)
{
	char email[HEAD_EMAIL_MAX];
	enum status st = STATUS_UNTRUSTED;

	head_email(email, "server", a->ods);
	for (size_t i = 0; c->signature && st != STATUS_OK && i < a->registry.server_keys_len; i++)
		st = signature_check(c->signature, strlen(c->signature), a->registry.server_keys[i], SIGNATURE_NAMESPACE_GIT,
				     c->signed_text, c->signed_len, NULL);
	if (st != STATUS_OK)
		audit_find(a, id, "", "server", "the merge is not signed by a server key that the practice's root endorsed");
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
	char first[TREE_PATH_MAX + 16] = "";
	struct error ignored;
	const char *path;

	(void)!tree_diff(a->repo, expected, actual, first_difference, first, &ignored);
	path = strchr(first, ' ');
	audit_find(a, id, path ? path + 1 : "", device, "the merge does not follow from its parents: %s",
		   first[0] ? first : "its tree cannot be read");
}

/* Judge the head and re-run the merge. */
static void rerun(struct auditor *a, const struct oid *id, const struct commit *c, const struct merge_note *note, struct oid *last)
{
	const struct head_context ctx = {
		.repo = a->repo, .ods = a->ods, .main = a->main, .main_tree = a->main_tree,
		.registry = a->has_registry ? &a->registry : NULL, .device = note->device, .last = *last,
	};
	const struct rules *rules;
	struct head_fault fault;
	struct head head;
	struct buf kept = BUF_INIT;
	struct oid tree;
	enum status st = rules_get(&rules, note->rules_version, &a->e);

	if (st != STATUS_OK || strcmp(rules_digest(rules), note->rules_digest) != 0) {
		audit_find(a, id, "", note->device, "the merge names rules %d, whose table is not the one known here", note->rules_version);
		return;
	}
	st = head_check(&head, &fault, &ctx, &c->parents[1], &a->e);
	if (st != STATUS_OK) {
		audit_find(a, oid_is_zero(&fault.commit) ? &c->parents[1] : &fault.commit, fault.path, note->device, "%s", a->e.text);
		return;
	}
	a->out->commits += head.commits;
	a->out->records += head.records;
	st = head_merge(&tree, &kept, &ctx, &head, rules, &a->e);
	if (st != STATUS_OK)
		audit_find(a, id, "", note->device, "the merge cannot be re-run: %s", a->e.text);
	else if (!oid_equal(&tree, &c->tree))
		report_wrong_tree(a, id, note->device, &tree, &c->tree);
	else if (strcmp(buf_text(&kept), buf_text(&note->kept)) != 0)
		audit_find(a, id, "", note->device, "the merge does not name the records that were deleted on one side and kept");
	buf_clear(&kept);
	repo_discard(a->repo);
}

/* The registry after a merge. Loaded again only where the records behind it changed. */
static void follow_registry(struct auditor *a, const struct oid *id, const struct oid *tree)
{
	struct registry reg = REGISTRY_INIT;
	enum status st;

	if (a->has_registry && !audit_registry_changed(a, tree))
		return;
	st = registry_load_after(&reg, a->has_registry ? &a->registry : NULL, a->repo, tree, a->root_pin, &a->e);
	if (st != STATUS_OK) {
		audit_find(a, id, "", "", "%s", a->e.text);
		return;
	}
	if (strcmp(reg.ods, a->ods) != 0)
		audit_find(a, id, "practice.json", "", "the history is of practice %s, not of %s", reg.ods, a->ods);
	registry_clear(&a->registry);
	a->registry = reg;
	a->has_registry = true;
}

static void check_note(struct auditor *a, const struct oid *id, const struct merge_note *note, size_t index)
{
	if (note->index != (int64_t)index)
		audit_find(a, id, "", note->device, "the merge calls itself number %" PRId64 ", but stands at place %zu of the log", note->index,
			   index);
	if (!a->out->first_received[0])
		(void)snprintf(a->out->first_received, TIME_TEXT_MAX, "%s", note->received);
	(void)snprintf(a->out->last_received, TIME_TEXT_MAX, "%s", note->received);
}

static void check_start(struct auditor *a, const struct oid *id, const struct commit *c)
{
	struct tree t = TREE_INIT;
	enum status st = repo_tree_read(&t, a->repo, &c->tree, &a->e);

	if (st != STATUS_OK || t.len != 0 || c->parents_len != 0)
		audit_find(a, id, "", "server", "the log does not start with an empty tree");
	tree_clear(&t);
}

static void check_merge(struct auditor *a, const struct oid *id, const struct commit *c, size_t index)
{
	struct merge_note note = {.kept = BUF_INIT};
	struct oid *last = NULL;

	if (c->parents_len != 2)
		audit_find(a, id, "", "", "a commit that is no merge stands in the log");
	else if (merge_note_parse(&note, c->message, &a->e) != STATUS_OK)
		audit_find(a, id, "", "", "%s", a->e.text);
	else if (!(last = last_head(a, note.device)))
		audit_find(a, id, "", note.device, "the merge is of one device more than a practice can have");
	if (last) {
		check_note(a, id, &note, index);
		rerun(a, id, c, &note, last);
		*last = c->parents[1];
		a->out->backdated += audit_count_backdated(a, &c->tree, note.received);
	}
	buf_clear(&note.kept);
	follow_registry(a, id, &c->tree);
	check_server_signature(a, id, c);
}

static void walk_log(struct auditor *a)
{
	struct commit start = COMMIT_INIT;

	for (size_t i = a->log_len; i-- > 0;) {
		const struct oid *id = &a->log[i];
		struct commit c = COMMIT_INIT;
		size_t index = a->log_len - 1 - i;

		if (repo_commit_read(&c, a->repo, id, &a->e) != STATUS_OK) {
			audit_find(a, id, "", "", "%s", a->e.text);
			break;
		}
		if (index == 0) {
			check_start(a, id, &c);
			start = c; /* signed by a key that only the next merge makes known */
		} else {
			check_merge(a, id, &c, index);
			if (index == 1)
				check_server_signature(a, &a->log[a->log_len - 1], &start);
			a->out->merges++;
		}
		a->main = *id;
		a->main_tree = c.tree;
		if (index > 0)
			commit_clear(&c);
	}
	commit_clear(&start);
}

/* ---- the whole ---- */

enum status audit_run(struct audit *out, struct repo *r, const struct oid *main, const char *ods, const uint8_t *root_pin,
		      struct error *e)
{
	struct audit result = AUDIT_INIT;
	struct auditor a = {.out = &result, .repo = r, .ods = ods, .root_pin = root_pin};
	enum status st = STATUS_NOMEM;

	result.findings = calloc(AUDIT_MAX_FINDINGS, sizeof(*result.findings));
	a.heads = calloc(AUDIT_MAX_HEADS, sizeof(*a.heads));
	if (!result.findings || !a.heads)
		goto done;
	oid_hex(result.main, main);
	key_keep_many();
	if (!root_pin)
		audit_find(&a, NULL, "practice.json", "",
			   "no root key was given to check against; give the fingerprint that the practice keeps in its safe");
	st = collect_log(&a, main);
	if (st != STATUS_OK)
		goto done;
	walk_log(&a);
	if (!a.has_registry)
		audit_find(&a, main, "practice.json", "", "the history names no practice");
	else
		st = audit_count_feedback(&a);
	if (st == STATUS_OK)
		st = audit_list_incidents(&a);
done:
	if (st == STATUS_OK) {
		*out = result;
		result = (struct audit)AUDIT_INIT;
	} else {
		(void)error_set(e, st, "%s", a.e.text[0] ? a.e.text : "out of memory");
	}
	audit_clear(&result);
	registry_clear(&a.registry);
	free(a.heads);
	free(a.log);
	return st;
}

void audit_clear(struct audit *a)
{
	free(a->findings);
	free(a->devices);
	free(a->incidents);
	*a = (struct audit)AUDIT_INIT;
}
