/* server/host.c - heads that the server itself puts into a practice's log. */
#include "server/host.h"

static enum status stage_head(struct push *push, const struct view *v, const char *path, const struct buf *record,
			      const char *subject, const struct env *env, struct error *e)
{
	struct repo *r = store_txn_repo(push->txn);
	char email[HEAD_EMAIL_MAX];
	struct buf message = BUF_INIT;
	struct tree_edit edit = {.path = path};
	struct commit_spec spec = {.parents = {v->end.commit},
				   .parents_len = 1,
				   .name = "server",
				   .email = email,
				   .time_ms = env->now_ms(env->ctx),
				   .key = push->practice->signing.with->key};
	enum status st = repo_write(&edit.id, r, REPO_BLOB, record->data, record->len, e);

	head_email(email, "server", push->practice->ods);
	if (st == STATUS_OK)
		st = tree_apply(&spec.tree, r, &v->end.tree, &edit, 1, e);
	if (st == STATUS_OK && head_message_format(&message, subject, "server") != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	spec.message = buf_text(&message);
	if (st == STATUS_OK)
		st = repo_commit_write(&push->id, r, &spec, e);
	buf_clear(&message);
	return st;
}

enum status host_add_record(struct practice *p, const struct view *v, const char *path, const struct buf *record,
			    const char *subject, const struct env *env, struct error *e)
{
	struct push push = {.practice = p, .device = "server"};
	enum status st = signing_settle(p, view_registry(v), e);

	if (st == STATUS_OK)
		st = store_txn_begin(&push.txn, p->history, e);
	if (st == STATUS_OK)
		st = signing_check(p, store_txn_repo(push.txn), &v->end.tree, e);
	if (st == STATUS_OK)
		st = stage_head(&push, v, path, record, subject, env, e);
	if (st == STATUS_OK)
		st = batch_run_one(&push, env, e);
	push_clear(&push);
	return st;
}
