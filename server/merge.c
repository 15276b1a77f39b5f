/* server/merge.c - Stage 7 of 9: merge.
 *
 * Enters: a verified head and the log's end. Leaves: the merge commit M(i), staged, not yet part of the log: a pure
 * function of its two parents but for the time of receipt, so that an auditor gets the same tree.
 */
#include "server/merge.h"

#include <stdio.h>

static enum status write_note(struct buf *message, const struct push *p, struct buf *kept, const struct rules *rules,
			      int64_t now_ms)
{
	struct merge_note note = {.index = p->index, .rules_version = rules_version(rules), .kept = *kept};

	(void)snprintf(note.device, sizeof(note.device), "%s", p->device);
	(void)snprintf(note.rules_digest, sizeof(note.rules_digest), "%s", rules_digest(rules));
	time_format(note.received, now_ms);
	return merge_note_format(message, &note);
}

static enum status write_commit(struct push *p, const char *message, int64_t now_ms, struct error *e)
{
	char email[HEAD_EMAIL_MAX];
	struct commit_spec spec = {
		.tree = p->merged_tree,
		.parents = {p->view->main, p->head.id},
		.parents_len = 2,
		.name = "server",
		.email = email,
		.time_ms = now_ms,
		.message = message,
		.key = p->practice->server_key,
	};

	head_email(email, "server", p->practice->ods);
	return repo_commit_write(&p->merged, store_txn_repo(p->txn), &spec, e);
}

enum status merge_push(struct push *p, const struct env *env, struct error *e)
{
	const struct rules *rules = NULL;
	struct buf kept = BUF_INIT, message = BUF_INIT;
	int64_t now_ms = env->now_ms(env->ctx);
	enum status st = rules_get(&rules, RULES_VERSION, e);

	if (st == STATUS_OK)
		st = head_merge(&p->merged_tree, &kept, &p->context, &p->head, rules, e);
	p->index = p->view->index + 1;
	if (st == STATUS_OK) {
		st = write_note(&message, p, &kept, rules, now_ms);
		if (st != STATUS_OK)
			st = error_set(e, st, "cannot write the merge's message: %s", status_text(st));
	}
	if (st == STATUS_OK)
		st = write_commit(p, buf_text(&message), now_ms, e);
	buf_clear(&kept);
	buf_clear(&message);
	return st;
}
