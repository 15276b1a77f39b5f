/* client/replay.c - own edits made anew on another commit than they were made on. */
#include "client/replay.h"

#include <stdio.h>
#include <string.h>

#include "client/commit.h"
#include "core/merge.h"

void replay_subject(char *out, size_t size, const struct commit *c)
{
	(void)snprintf(out, size, "%.*s", (int)strcspn(c->message, "\n"), c->message);
}

enum status replay_commit(struct oid *tip, struct oid *tip_tree, struct qip *q, const struct oid *id, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct buf kept = BUF_INIT;
	struct oid base, tree;
	char subject[256];
	enum status st = repo_commit_read(&c, q->repo, id, e);

	if (st == STATUS_OK)
		st = home_tree_of(&base, q, &c.parents[0], e);
	if (st == STATUS_OK)
		st = merge_trees(&tree, &kept, q->repo, &base, tip_tree, &c.tree, q->rules, e);
	if (st != STATUS_OK || oid_equal(&tree, tip_tree))
		goto done;
	replay_subject(subject, sizeof(subject), &c);
	st = commit_write(tip, q, &tree, tip, c.author_s * 1000, subject, e);
	if (st == STATUS_OK)
		*tip_tree = tree;
done:
	buf_clear(&kept);
	commit_clear(&c);
	return st;
}
