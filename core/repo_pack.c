/* core/repo_pack.c - packs out: what is staged, to the disk. */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

static enum status builder_new(git_packbuilder **out, struct repo *r, struct error *e)
{
	int rc = git_packbuilder_new(out, r->git);

	if (rc)
		return git_failed(e, rc, "cannot begin a pack");
	git_packbuilder_set_threads(*out, 1); /* a core or two serve many practices */
	return STATUS_OK;
}

struct feed {
	struct quarantine *quarantine;
	struct error *e;
	enum status st;
};

static int feed_quarantine(void *bytes, size_t len, void *ctx)
{
	struct feed *f = ctx;

	f->st = quarantine_feed(f->quarantine, bytes, len, f->e);
	return f->st ? GIT_EUSER : 0;
}

static enum status build_staged(struct quarantine *q, struct repo *r, struct error *e)
{
	struct feed feed = {.quarantine = q, .e = e};
	git_packbuilder *builder = NULL;
	enum status st = builder_new(&builder, r, e);
	int rc = 0;

	if (st)
		return st;
	for (size_t i = 0; i < r->staged.ids.len && !rc; i++)
		rc = git_packbuilder_insert(builder, git_id(&r->staged.ids.keys[i]), NULL);
	if (!rc)
		rc = git_packbuilder_foreach(builder, feed_quarantine, &feed);
	if (feed.st)
		st = feed.st;
	else if (rc)
		st = git_failed(e, rc, "cannot pack what is new");
	git_packbuilder_free(builder);
	return st;
}

/* Durable on return, see core/repo_quarantine.c. After a failure everything is still staged, and flushing again is
 * right. */
enum status repo_flush(struct repo *r, struct error *e)
{
	struct quarantine q = QUARANTINE_INIT;
	enum status st = STATUS_OK;

	if (r->staged.ids.len == 0)
		return STATUS_OK;
	st = quarantine_open(&q, r, e);
	if (!st)
		st = build_staged(&q, r, e);
	if (!st)
		st = quarantine_index(&q, e);
	if (!st)
		st = quarantine_keep(&q, r, e);
	if (!st)
		st = repo_refresh(r, e);
	if (!st)
		repo_discard(r);
	quarantine_close(&q);
	return st;
}
