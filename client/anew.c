/* client/anew.c - see anew.h. */
#include "client/anew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/chain.h"
#include "client/files.h"
#include "client/own_head.h"
#include "core/log.h"

#define HISTORY_NEW "history.new"
#define HISTORY_DAMAGED "history.damaged"

/* ---- is it damaged? ---- */

static enum status visit_nothing(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	(void)ctx;
	(void)path;
	(void)old_id;
	(void)new_id;
	(void)e;
	return STATUS_OK;
}

static enum status read_file(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct qip *q = ctx;
	struct buf bytes = BUF_INIT;
	enum status st = repo_read(&bytes, q->repo, new_id, REPO_BLOB, LIMIT_OBJECT_BYTES, e);

	(void)path;
	(void)old_id;
	buf_clear(&bytes);
	return st;
}

static enum status read_tree_of(struct qip *q, const char *ref, tree_visit visit, struct error *e)
{
	struct oid tip, tree;
	enum status st = home_ref(&tip, q, ref, e);

	if (st != STATUS_OK || oid_is_zero(&tip))
		return st;
	st = home_tree_of(&tree, q, &tip, e);
	return st == STATUS_OK ? tree_each(q->repo, &tree, "", visit, q, e) : st;
}

/* Of the own branch the answers themselves are not read any more. */
static enum status read_all(struct qip *q, struct error *e)
{
	struct chain chain = {0};
	enum status st = repo_look_again(q->repo, e);

	if (st == STATUS_OK)
		st = read_tree_of(q, REF_CONFIG, read_file, e);
	if (st == STATUS_OK)
		st = read_tree_of(q, q->own_ref, visit_nothing, e);
	if (st == STATUS_OK)
		st = read_tree_of(q, REF_WORK, visit_nothing, e);
	if (st == STATUS_OK)
		st = chain_load(&chain, q, e);
	chain_clear(&chain);
	return st;
}

bool anew_needed(struct qip *q)
{
	struct error why = {0};

	switch (home_is_kiosk(q) ? read_all(q, &why) : STATUS_OK) {
	case STATUS_CORRUPT:
	case STATUS_NOT_FOUND:
	case STATUS_INVALID:
	case STATUS_MALFORMED:
		return true;
	default: /* not the history's fault */
		return false;
	}
}

/* ---- put aside ---- */

static enum status put_in_place(const struct qip *q, struct error *e)
{
	files_remove_tree(q->dir, HISTORY_DAMAGED);
	if (renameat(q->dir, HOME_HISTORY, q->dir, HISTORY_DAMAGED) != 0 && errno != ENOENT)
		return error_set_errno(e, errno, "cannot put %s/" HOME_HISTORY " aside", q->path);
	if (renameat(q->dir, HISTORY_NEW, q->dir, HOME_HISTORY) != 0 || fsync(q->dir) != 0)
		return error_set_errno(e, errno, "cannot make %s/" HOME_HISTORY " anew", q->path);
	return STATUS_OK;
}

enum status anew_begin(struct qip *q, const struct error *why, struct error *e)
{
	char path[HOME_PATH_MAX], fresh[HOME_PATH_MAX];
	struct repo *repo = NULL;
	enum status st = qip_home_path(path, sizeof(path), q, HOME_HISTORY);

	if (st == STATUS_OK)
		st = qip_home_path(fresh, sizeof(fresh), q, HISTORY_NEW);
	if (st != STATUS_OK)
		return error_set(e, st, "the name of the home folder is too long");
	files_remove_tree(q->dir, HISTORY_NEW);
	st = repo_create(fresh, e);
	if (st == STATUS_OK)
		st = put_in_place(q, e);
	if (st == STATUS_OK)
		st = repo_open(&repo, path, e);
	if (st != STATUS_OK)
		return st;
	repo_close(q->repo);
	q->repo = repo;
	log_line(LOG_LEVEL_ERROR, "the copy of the history is damaged: it is put aside, and the next sync asks for it anew", "reason", why->text, NULL);
	return STATUS_OK;
}

bool qip_heal(struct qip *q)
{
	const struct error why = {.text = "parts of it cannot be read"};
	struct error e = {0};

	if (!anew_needed(q))
		return false;
	if (anew_begin(q, &why, &e) == STATUS_OK)
		return true;
	log_line(LOG_LEVEL_ERROR, "the damaged copy of the history cannot be put aside", "error", e.text, NULL);
	return false;
}

/* ---- ask for it anew ---- */

enum status anew_begun(bool *out, struct qip *q, struct error *e)
{
	struct oid work = {0};
	enum status st = home_is_kiosk(q) ? home_ref(&work, q, REF_WORK, e) : STATUS_OK;

	if (st == STATUS_OK)
		*out = home_is_kiosk(q) && oid_is_zero(&work);
	return st;
}

enum status anew_fetch(struct qip *q, struct remote *r, const struct remote_refs *refs, struct error *e)
{
	struct oid accepted;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st != STATUS_OK)
		return st;
	if (oid_is_zero(&refs->own))
		return error_set(e, STATUS_REFUSED,
				 "this kiosk's copy of the history was damaged, and the server does not know it: what waits is kept; ask a manager for "
				 "a new code");
	st = own_head_fetch(q, r, &refs->own, e);
	if (st == STATUS_OK)
		st = own_head_match(q, &refs->own, e);
	if (st == STATUS_OK)
		st = home_move_ref(q, q->own_ref, &refs->own, &accepted, e);
	return st == STATUS_OK ? home_move_ref(q, REF_WORK, &refs->own, &(struct oid){0}, e) : st;
}

void anew_tidy(const struct qip *q)
{
	if (faccessat(q->dir, HISTORY_DAMAGED, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		files_remove_tree(q->dir, HISTORY_DAMAGED);
}
