/* core/repo_shallow.c - where a shallow clone ends.
 *
 * From the tips down, level by level, so that a commit is met first on its shortest way from a tip: that is its depth.
 */
#include "core/repo_internal.h"

#include <stdlib.h>

#include "core/array.h"

#define SHALLOW_MAX_COMMITS ((size_t)1 << 24)

struct place {
	uint32_t depth; /* of a tip: 1 */
	bool is_edge;
};

struct descent {
	struct repo *repo;
	struct error *e;
	struct repo_depth bound;
	struct oid_map without; /* all that is left out by name */
	struct oid_map ids;	/* in the order they were met: the queue as well */
	struct place *places;	/* parallel to ids.keys */
	size_t cap;
};

static enum status failed(struct descent *d, enum status st)
{
	return error_set(d->e, st, "cannot find where a shallow clone ends: %s", status_text(st));
}

static enum status meet(struct descent *d, const struct oid *id, struct place place)
{
	bool added = false;
	size_t at = 0;
	enum status st = d->ids.len < SHALLOW_MAX_COMMITS ? oid_map_add(&at, &added, &d->ids, id) : STATUS_TOO_BIG;

	if (st)
		return failed(d, st);
	if (!added)
		return STATUS_OK;
	if (!array_room(&d->places, &d->cap, at))
		return failed(d, STATUS_NOMEM);
	d->places[at] = place;
	return STATUS_OK;
}

static enum status is_outside(bool *out, struct descent *d, const struct oid *id)
{
	struct commit_links links = COMMIT_LINKS_INIT;
	enum status st = STATUS_OK;

	*out = oid_map_find(&d->without, id) != OID_MAP_NONE;
	if (*out || d->bound.since_s == INT64_MIN)
		return STATUS_OK;
	st = commit_links_read(&links, d->repo, id, d->e);
	*out = !st && links.committer_s < d->bound.since_s;
	commit_links_clear(&links);
	return st;
}

static enum status descend_from(struct descent *d, size_t at)
{
	struct oid id = d->ids.keys[at];
	struct place place = d->places[at];
	struct commit_links links = COMMIT_LINKS_INIT;
	enum status st = commit_links_read(&links, d->repo, &id, d->e);

	if (st)
		return st;
	if (links.parents_len == 0) {
		/* whole as it is, unless what is here ends with it */
		d->places[at].is_edge = oid_map_find(&d->repo->shallow, &id) != OID_MAP_NONE;
		commit_links_clear(&links);
		return STATUS_OK;
	}
	place.is_edge = place.is_edge || place.depth >= d->bound.commits;
	for (size_t i = 0; i < links.parents_len && !place.is_edge && !st; i++)
		st = is_outside(&place.is_edge, d, &links.parents[i]);
	d->places[at] = place;
	for (size_t i = 0; i < links.parents_len && !place.is_edge && !st; i++)
		st = meet(d, &links.parents[i], (struct place){.depth = place.depth + 1});
	commit_links_clear(&links);
	return st;
}

static enum status descend(struct descent *d)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < d->ids.len && !st; i++)
		st = descend_from(d, i);
	return st;
}

static void descent_clear(struct descent *d)
{
	oid_map_clear(&d->without);
	oid_map_clear(&d->ids);
	free(d->places);
}

static enum status leave_out(struct descent *d, const struct repo_depth *bound)
{
	struct descent all = {.repo = d->repo, .e = d->e, .bound = {.commits = REPO_DEPTH_ALL, .since_s = INT64_MIN}};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < bound->without_len && !st; i++)
		st = meet(&all, &bound->without[i], (struct place){.depth = 1});
	if (!st)
		st = descend(&all);
	if (!st) {
		d->without = all.ids;
		all.ids = (struct oid_map)OID_MAP_INIT;
	}
	descent_clear(&all);
	return st;
}

static enum status start(struct descent *d, const struct oid *tips, size_t tips_len)
{
	enum status st = STATUS_OK;
	size_t inside = 0;

	for (size_t i = 0; i < tips_len && !st; i++) {
		struct place place = {.depth = 1, .is_edge = false};

		st = is_outside(&place.is_edge, d, &tips[i]);
		inside += !place.is_edge;
		if (!st)
			st = meet(d, &tips[i], place);
	}
	if (!st && tips_len > 0 && inside == 0)
		return error_set(d->e, STATUS_USAGE, "no commits selected for shallow requests");
	return st;
}

static enum status collect_edge(struct repo_edge *out, struct descent *d)
{
	out->ids = calloc(d->ids.len + 1, sizeof(*out->ids));
	if (!out->ids)
		return failed(d, STATUS_NOMEM);
	for (size_t i = 0; i < d->ids.len; i++) {
		if (d->places[i].is_edge)
			out->ids[out->len++] = d->ids.keys[i];
	}
	return STATUS_OK;
}

static enum status add_beyond(struct repo_edge *out, struct descent *d, const struct commit_links *links)
{
	size_t len = out->beyond_len + links->parents_len;
	struct oid *more = realloc(out->beyond, (len + 1) * sizeof(*more));

	if (!more)
		return failed(d, STATUS_NOMEM);
	out->beyond = more;
	for (size_t i = 0; i < links->parents_len; i++)
		out->beyond[out->beyond_len++] = links->parents[i];
	return STATUS_OK;
}

static enum status collect_opened(struct repo_edge *out, struct descent *d, const struct oid *ends, size_t ends_len)
{
	enum status st = STATUS_OK;

	out->opened = calloc(ends_len + 1, sizeof(*out->opened));
	if (!out->opened)
		return failed(d, STATUS_NOMEM);
	for (size_t i = 0; i < ends_len && !st; i++) {
		size_t at = oid_map_find(&d->ids, &ends[i]);
		struct commit_links links = COMMIT_LINKS_INIT;

		if (at == OID_MAP_NONE || d->places[at].is_edge)
			continue;
		out->opened[out->opened_len++] = ends[i];
		st = commit_links_read(&links, d->repo, &ends[i], d->e);
		if (!st)
			st = add_beyond(out, d, &links);
		commit_links_clear(&links);
	}
	return st;
}

enum status repo_edge_find(struct repo_edge *out, struct repo *r, const struct oid *tips, size_t tips_len,
			   const struct repo_depth *depth, const struct oid *ends, size_t ends_len, struct error *e)
{
	struct descent d = {.repo = r, .e = e, .bound = *depth};
	struct repo_edge edge = REPO_EDGE_INIT;
	enum status st = leave_out(&d, depth);

	if (!st)
		st = start(&d, tips, tips_len);
	if (!st)
		st = descend(&d);
	if (!st)
		st = collect_edge(&edge, &d);
	if (!st)
		st = collect_opened(&edge, &d, ends, ends_len);
	descent_clear(&d);
	if (st) {
		repo_edge_clear(&edge);
		return st;
	}
	*out = edge;
	return STATUS_OK;
}

void repo_edge_clear(struct repo_edge *edge)
{
	free(edge->ids);
	free(edge->opened);
	free(edge->beyond);
	*edge = (struct repo_edge)REPO_EDGE_INIT;
}
