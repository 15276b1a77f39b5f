/* server/merge.c - Stage 7 of 9: merge.
 *
 * Enters: a verified head and the log's end. Leaves: the merge commit M(i), staged, not yet part of the log: a pure
 * function of its two parents but for the time of receipt, so that an auditor gets the same tree.
 */
#include "server/merge.h"

#include <stdio.h>

static enum status write_note(struct buf *message, const struct push *p, int64_t index, struct buf *kept,
			      const struct rules *rules, int64_t now_ms)
{
	struct merge_note note = {.index = index, .rules_version = rules_version(rules), .kept = *kept};

	(void)snprintf(note.device, sizeof(note.device), "%s", p->device);
	(void)snprintf(note.rules_digest, sizeof(note.rules_digest), "%s", rules_digest(rules));
	time_format(note.received, now_ms);
	return merge_note_format(message, &note);
}

static enum status write_commit(struct push *p, const struct oid *tree, const char *message, int64_t now_ms,
				struct error *e)
{
	char email[HEAD_EMAIL_MAX];
	struct commit_spec spec = {
		.tree = *tree,
		.parents = {p->context.main, p->head.id},
		.parents_len = 2,
		.name = "server",
		.email = email,
		.time_ms = now_ms,
		.message = message,
		.key = p->practice->signing.with->key,
	};

	head_email(email, "server", p->practice->ods);
	return repo_commit_write(&p->merged, p->context.repo, &spec, e);
}

enum status merge_push(struct push *p, struct log_end *end, struct store_txn *t, const struct env *env,
		       struct error *e)
{
	struct oid tree = {{0}};
	const struct rules *rules = NULL;
	struct buf kept = BUF_INIT, message = BUF_INIT;
	int64_t now_ms = env->now_ms(env->ctx);
	enum status st = rules_get(&rules, RULES_VERSION, e);

	p->context.repo = store_txn_repo(t);
	p->context.main = end->commit;
	p->context.main_tree = end->tree;
	if (st == STATUS_OK)
		st = head_merge(&tree, &kept, &p->context, &p->head, rules, e);
	if (st == STATUS_OK)
		st = signing_check(p->practice, p->context.repo, &tree, e);
	if (st == STATUS_OK)
		st = signing_check_left(p->practice, p->context.registry, p->context.repo, &tree, e);
	if (st == STATUS_OK) {
		st = write_note(&message, p, end->index + 1, &kept, rules, now_ms);
		if (st != STATUS_OK)
			st = error_set(e, st, "cannot write the merge's message: %s", status_text(st));
	}
	if (st == STATUS_OK)
		st = write_commit(p, &tree, buf_text(&message), now_ms, e);
	if (st == STATUS_OK)
		*end = (struct log_end){p->merged, tree, end->index + 1};
	buf_clear(&kept);
	buf_clear(&message);
	return st;
}
