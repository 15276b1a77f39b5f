/* server/plain_judge.c - what an ordinary repository lets a push do. */
#include <string.h>

#include "server/plain_hidden.h"
#include "server/plain_push.h"

#define HEADS "refs/heads/"

/* The setting's word means that it is allowed; not set is a no. */
static bool is_let(struct repo *r, const char *key)
{
	static const char *const words[] = {"ignore", "warn", "false", "no", "off", "0"};
	char word[32];

	if (!repo_config_word(word, sizeof(word), r, key))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

static enum status judge_delete(struct repo *r, bool current, struct error *e)
{
	if (repo_config_bool(r, "receive.denydeletes", false))
		return error_set(e, STATUS_DENIED, "deletion prohibited");
	if (current && !is_let(r, "receive.denydeletecurrent"))
		return error_set(e, STATUS_DENIED, "deletion of the current branch prohibited");
	return STATUS_OK;
}

static enum status judge_branch(struct repo *r, const struct command *c, struct error *e)
{
	enum repo_kind kind = REPO_BLOB;
	bool forward = true;
	size_t size = 0;
	enum status st = repo_stat(&kind, &size, r, &c->new_id, e);

	if (st == STATUS_OK && kind != REPO_COMMIT)
		return error_set(e, STATUS_DENIED, "a branch must point to a commit");
	if (st != STATUS_OK || oid_is_zero(&c->old_id) || !repo_config_bool(r, "receive.denynonfastforwards", false))
		return st;
	st = repo_is_ancestor(&forward, r, &c->old_id, &c->new_id, e);
	return st == STATUS_OK && !forward ? error_set(e, STATUS_DENIED, "non-fast-forward") : st;
}

static enum status judge_hidden(struct repo *r, const char *ref, struct error *e)
{
	struct hidden hidden = HIDDEN_INIT;
	enum status st = hidden_read(&hidden, r, true, e);

	if (st == STATUS_OK && hidden_is(&hidden, ref))
		st = error_set(e, STATUS_DENIED, "deny updating a hidden ref");
	hidden_clear(&hidden);
	return st;
}

enum status plain_judge(struct repo *r, const struct refs *refs, const struct command *c, struct error *e)
{
	bool current = strcmp(c->ref, refs->head_target) == 0;
	enum status st = STATUS_OK;

	if (!repo_ref_name_valid(c->ref))
		return error_set(e, STATUS_DENIED, "funny refname");
	st = judge_hidden(r, c->ref, e);
	if (st != STATUS_OK)
		return st;
	if (oid_is_zero(&c->new_id))
		return judge_delete(r, current, e);
	if (current && repo_has_tree(r) && !is_let(r, "receive.denycurrentbranch"))
		return error_set(e, STATUS_DENIED, "branch is currently checked out");
	return strncmp(c->ref, HEADS, strlen(HEADS)) == 0 ? judge_branch(r, c, e) : STATUS_OK;
}
