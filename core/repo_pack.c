/* core/repo_pack.c - packs out: what is staged, to the disk; a difference between two histories, over the wire. */
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

/* ---- to the disk ---- */

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

/* ---- over the wire ---- */

struct packing {
	git_packbuilder *builder;
	struct error *e;
};

/* The name helps to find objects that are alike. */
static enum status pack_object(void *ctx, const struct oid *id, enum repo_kind kind, const struct tree_item *item)
{
	struct packing *p = ctx;
	char name[TREE_NAME_MAX + 1] = "";
	size_t len = item ? item->name_len : 0;
	int rc = 0;

	(void)kind;
	if (len > TREE_NAME_MAX)
		len = TREE_NAME_MAX;
	if (len > 0)
		memcpy(name, item->name, len);
	name[len] = '\0';
	rc = git_packbuilder_insert(p->builder, git_id(id), item ? name : NULL);
	return rc ? git_failed(p->e, rc, "cannot pack an object") : STATUS_OK;
}

struct drain {
	repo_sink sink;
	void *ctx;
	enum status st;
};

static int drain_pack(void *bytes, size_t len, void *ctx)
{
	struct drain *d = ctx;

	d->st = d->sink(d->ctx, bytes, len);
	return d->st ? GIT_EUSER : 0;
}

static enum status drain_builder(struct packing *p, repo_sink sink, void *ctx)
{
	struct drain drain = {.sink = sink, .ctx = ctx};
	int rc = git_packbuilder_foreach(p->builder, drain_pack, &drain);

	if (drain.st)
		return error_set(p->e, drain.st, "the pack could not be sent: %s", status_text(drain.st));
	return rc ? git_failed(p->e, rc, "cannot pack a history") : STATUS_OK;
}

enum status repo_pack_send_span(struct repo *r, const struct repo_span *span, repo_sink sink, void *ctx,
				uint32_t *objects, struct error *e)
{
	struct packing packing = {.e = e};
	struct closure c = {.repo = r, .visit = pack_object, .ctx = &packing, .e = e};
	enum status st = builder_new(&packing.builder, r, e);

	if (!st)
		st = closure_span(&c, span);
	if (!st)
		st = drain_builder(&packing, sink, ctx);
	if (!st && objects)
		*objects = (uint32_t)c.seen.len;
	git_packbuilder_free(packing.builder);
	oid_map_clear(&c.seen);
	return st;
}

enum status repo_pack_send(struct repo *r, const struct oid *wants, size_t wants_len, const struct oid *haves,
			   size_t haves_len, repo_sink sink, void *ctx, uint32_t *objects, struct error *e)
{
	const struct repo_span span = {.wants = wants, .wants_len = wants_len, .haves = haves, .haves_len = haves_len};

	return repo_pack_send_span(r, &span, sink, ctx, objects, e);
}
