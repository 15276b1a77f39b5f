/* client/audit.c - stage 9 of 9: re-run the history.
 *
 * Enters: the end of a log. Leaves: findings. The log is walked from its start, or from where an earlier audit ended, and what each merge is
 * judged against worked out on the way; the judging is audit_merge.c's, on all processors (audit_pool.c).
 */
#include "client/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_internal.h"
#include "core/array.h"
#include "core/code.h"

/* ---- the log ---- */

static enum status push_merge(struct auditor *a, const struct oid *id)
{
	if (!array_room(&a->log, &a->log_cap, a->log_len))
		return error_set(&a->e, STATUS_NOMEM, "out of memory");
	a->log[a->log_len++] = *id;
	return STATUS_OK;
}

static enum status not_in_log(struct auditor *a, const char *why)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, &a->from->main);
	return error_set(&a->e, STATUS_STALE,
			 "the log that was audited on %.10s up to merge %" PRIu64 " (%.10s) is not the one that is here (%s): it went on from an "
			 "earlier place, or was rewritten",
			 a->from->at, a->from->index, hex, why);
}

/* The first-parent chain, newest first, to where the audit begins. An unreadable commit is a finding and ends it. */
static enum status collect_log(struct auditor *a, const struct oid *main)
{
	struct oid at = *main;

	a->first = a->from ? a->from->index + 1 : 0;
	while (!(a->from && oid_equal(&at, &a->from->main))) {
		struct oid parent;
		enum status st = STATUS_OK;

		if (oid_is_zero(&at))
			return a->from ? not_in_log(a, "that merge does not stand in it") : STATUS_OK;
		st = repo_commit_first_parent(&parent, a->repo, &at, &a->e);
		if (st == STATUS_NOMEM)
			return st;
		if (st != STATUS_OK && a->from)
			return not_in_log(a, "it cannot be followed to that merge");
		if (st != STATUS_OK) {
			audit_find(a, &at, "", "", "the log cannot be followed: %s", a->e.text);
			return STATUS_OK;
		}
		st = push_merge(a, &at);
		if (st != STATUS_OK)
			return st;
		at = parent;
	}
	return STATUS_OK;
}

static struct audit_head *last_head(struct auditor *a, const char *device)
{
	for (size_t i = 0; i < a->heads_len; i++)
		if (strcmp(a->heads[i].device, device) == 0)
			return &a->heads[i];
	if (a->heads_len == AUDIT_MAX_HEADS)
		return NULL;
	(void)snprintf(a->heads[a->heads_len].device, sizeof(a->heads[0].device), "%s", device);
	return &a->heads[a->heads_len++];
}

/* What the earlier audit left: its place, and the registry there. */
static enum status go_to_start(struct auditor *a)
{
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, a->repo, &a->from->main, &a->e);

	if (st == STATUS_OK)
		st = audit_registry_load(&a->registry, NULL, a->repo, &c.tree, a->root_pin, &a->e);
	if (st == STATUS_OK) {
		a->main = a->from->main;
		a->main_tree = a->from_tree = c.tree;
		a->heads_len = a->from->heads_len;
		memcpy(a->heads, a->from->heads, a->heads_len * sizeof(*a->heads));
		a->rules_version = a->from->rules_version;
		(void)snprintf(a->out->last_received, TIME_TEXT_MAX, "%s", a->from->last_received);
		st = audit_go_on_rooted(a);
		audit_go_on_server_keys(a, &c);
	}
	commit_clear(&c);
	return st;
}

/* ---- the walk ---- */

/* The registry after a merge. Loaded again only where the records behind it changed. */
static void follow_registry(struct auditor *a, const struct oid *id, const struct oid *tree)
{
	struct audit_registry *reg = NULL;
	char path[TREE_PATH_MAX];

	if (a->registry && !audit_registry_changed(a, tree))
		return;
	if (audit_registry_load(&reg, a->registry, a->repo, tree, a->root_pin, &a->e) != STATUS_OK) {
		audit_find(a, id, audit_registry_fault(path, &a->e), "", "%s", a->e.text);
		return;
	}
	if (strcmp(audit_registry_get(reg)->ods, a->ods) != 0)
		audit_find(a, id, "practice.json", "", "the history is of practice %s, not of %s", audit_registry_get(reg)->ods, a->ods);
	audit_registry_release(a->registry);
	a->registry = reg;
}

static void check_start(struct auditor *a, const struct oid *id, const struct commit *c)
{
	struct tree t = TREE_INIT;
	enum status st = repo_tree_read(&t, a->repo, &c->tree, &a->e);

	if (st != STATUS_OK || t.len != 0 || c->parents_len != 0)
		audit_find(a, id, "", "server", "the log does not start with an empty tree");
	tree_clear(&t);
}

/* Work out what a merge is judged against; it is judged later, maybe by another thread. Takes the commit over. */
static enum status prepare_merge(struct audit_task *task, struct auditor *a, const struct oid *id, struct commit *c, uint64_t index)
{
	struct audit_task t = {.place = index, .id = *id, .main = a->main, .main_tree = a->main_tree};
	struct audit_head *last = NULL;
	enum status st = STATUS_OK;

	if (c->parents_len != 2)
		audit_find(a, id, "", "", "a commit that is no merge stands in the log");
	else if (merge_note_parse(&t.note, c->message, &a->e) != STATUS_OK)
		audit_find(a, id, "", "", "%s", a->e.text);
	else if (!(last = last_head(a, t.note.device)))
		audit_find(a, id, "", t.note.device, "the merge is of one device more than a practice can have");
	if (last) {
		audit_note(a, id, &t.note, index);
		t.judged = true;
		t.last = last->last;
		last->last = c->parents[1];
		memcpy(last->received, t.note.received, sizeof(last->received));
	}
	t.before = audit_registry_hold(a->registry);
	follow_registry(a, id, &c->tree);
	t.after = audit_registry_hold(a->registry);
	if (last)
		st = audit_note_rooted(a, id, &t.note, index, audit_registry_get(t.before));
	if (last && st == STATUS_OK)
		st = audit_note_server_keys(a, id, c, &t.note, index, audit_registry_get(t.before));
	t.commit = *c;
	*c = (struct commit)COMMIT_INIT;
	*task = t;
	return st;
}

static enum status walk_log(struct auditor *a, struct audit_pool *pool)
{
	struct commit start = COMMIT_INIT;
	enum status st = STATUS_OK;

	for (size_t i = a->log_len; st == STATUS_OK && i-- > 0;) {
		const struct oid *id = &a->log[i];
		struct audit_task task = {0};
		struct commit c = COMMIT_INIT;
		uint64_t index = a->first + (a->log_len - 1 - i);
		struct oid tree;

		a->place = index;
		if (audit_findings_enough(a->found))
			break;
		if (repo_commit_read(&c, a->repo, id, &a->e) != STATUS_OK) {
			audit_find(a, id, "", "", "%s", a->e.text);
			break;
		}
		tree = c.tree;
		if (index == 0) {
			check_start(a, id, &c);
			start = c; /* signed by a key that only the next merge makes known */
		} else {
			st = prepare_merge(&task, a, id, &c, index);
			if (index == 1)
				audit_server_signature(a, NULL, audit_registry_get(a->registry), &a->log[a->log_len - 1], &start);
			audit_pool_give(pool, &task);
			a->out->merges++;
		}
		a->main = *id;
		a->main_tree = tree;
	}
	commit_clear(&start);
	return st;
}

/* ---- the whole ---- */

static enum status judge_log(struct auditor *a, const struct oid *main, const struct audit_scope *scope)
{
	struct audit_pool *pool = NULL;
	enum status st;

	a->out->anew = !scope->all && scope->earlier && scope->earlier->checks < AUDIT_CHECKS;
	a->from = scope->all || a->out->anew ? NULL : scope->earlier;
	st = collect_log(a, main);
	if (st == STATUS_OK && a->from)
		st = go_to_start(a);
	if (st == STATUS_OK)
		st = audit_pool_open(&pool, a, &a->e);
	if (st != STATUS_OK)
		return st;
	st = walk_log(a, pool);
	audit_pool_close(pool);
	if (st != STATUS_OK)
		return st;
	a->place = AUDIT_PLACE_END;
	if (!a->registry)
		audit_find(a, main, "practice.json", "", "the history names no practice");
	else
		st = audit_count_feedback(a);
	audit_tell_silence(a);
	if (a->registry)
		audit_tell_doubles(a);
	if (st == STATUS_OK)
		st = audit_list_incidents(a);
	if (st == STATUS_OK && !a->from && scope->earlier)
		audit_check_earlier(a, scope->earlier);
	return st;
}

/* What the audit reached, and from where; the heads are the next one's. */
static void tell_reach(struct audit *out, struct auditor *a)
{
	out->index = a->first + a->log_len > 0 ? a->first + a->log_len - 1 : 0;
	if (a->from) {
		out->from = a->from->index;
		oid_hex(out->from_main, &a->from->main);
		(void)snprintf(out->from_at, sizeof(out->from_at), "%s", a->from->at);
		out->before = a->from->counts;
	}
	if (a->registry)
		key_fingerprint_text(out->root, audit_registry_get(a->registry)->root);
	out->rules_version = a->rules_version;
	out->heads = a->heads;
	out->heads_len = a->heads_len;
	a->heads = NULL;
}

enum status audit_run(struct audit *out, struct repo *r, const struct oid *main, const char *ods, const uint8_t *root_pin,
		      struct error *e)
{
	return audit_run_in(out, r, main, ods, root_pin, &(struct audit_scope){.all = true}, e);
}

enum status audit_run_in(struct audit *out, struct repo *r, const struct oid *main, const char *ods, const uint8_t *root_pin,
			 const struct audit_scope *scope, struct error *e)
{
	struct audit result = AUDIT_INIT;
	struct audit_findings found;
	struct auditor a = {.out = &result, .found = &found, .repo = r, .ods = ods, .root_pin = root_pin};
	enum status st = audit_findings_open(&found, e);

	if (st != STATUS_OK)
		return st;
	st = STATUS_NOMEM;
	a.heads = calloc(AUDIT_MAX_HEADS, sizeof(*a.heads));
	if (!a.heads)
		goto done;
	oid_hex(result.main, main);
	key_keep_many();
	if (!root_pin)
		audit_find(&a, NULL, "practice.json", "",
			   "no root key was given to check against; give the fingerprint that the practice keeps in its safe");
	st = judge_log(&a, main, scope);
done:
	if (st == STATUS_OK) {
		tell_reach(&result, &a);
		result.findings = found.list;
		result.findings_len = found.len;
		result.findings_more = found.more;
		found.list = NULL;
		*out = result;
		result = (struct audit)AUDIT_INIT;
	} else {
		(void)error_set(e, st, "%s", a.e.text[0] ? a.e.text : "out of memory");
	}
	audit_clear(&result);
	audit_findings_close(&found);
	audit_registry_release(a.registry);
	free(a.heads);
	free(a.log);
	return st;
}

enum status audit_parse_root(uint8_t pin[CODE_PIN_LEN], const char *text, struct error *e)
{
	static const char prefix[] = "SHA256:";
	struct buf padded = BUF_INIT, bytes = BUF_INIT;
	enum status st = STATUS_MALFORMED;

	if (strncmp(text, prefix, strlen(prefix)) == 0) {
		buf_addf(&padded, "%s=", text + strlen(prefix));
		st = base64_decode(&bytes, buf_text(&padded), padded.len);
	}
	if (st == STATUS_OK && bytes.len == SHA256_LEN)
		memcpy(pin, bytes.data, CODE_PIN_LEN);
	else
		st = error_set(e, STATUS_USAGE, "\"%.80s\" is not a key's fingerprint; \"qip status\" prints it as SHA256:…", text);
	buf_clear(&padded);
	buf_clear(&bytes);
	return st;
}

void audit_clear(struct audit *a)
{
	free(a->findings);
	free(a->devices);
	free(a->incidents);
	free(a->settled);
	free(a->rooted);
	free(a->server_keys);
	free(a->heads);
	*a = (struct audit)AUDIT_INIT;
}
