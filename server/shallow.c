/* server/shallow.c - shallow clones. */
#include "server/shallow.h"

#include <stdlib.h>
#include <string.h>

#include "core/pkt.h"

/* A ref by the whole or the short of its name, as clients give it. */
static const struct ref *find_ref(const struct refs *refs, const char *name, size_t len)
{
	static const char *const folders[] = {"", "refs/", "refs/tags/", "refs/heads/"};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		size_t skip = strlen(folders[i]);

		for (size_t j = 0; j < refs->len; j++) {
			const char *full = refs->list[j].name;

			if (strncmp(full, folders[i], skip) == 0 && strlen(full + skip) == len &&
			    memcmp(full + skip, name, len) == 0)
				return &refs->list[j];
		}
	}
	return NULL;
}

static enum status resolve_without(struct oid out[LIMIT_DEEPEN_NOT], const struct fetch_depth *d,
				   const struct refs *readable, struct error *e)
{
	for (size_t i = 0; i < d->without_len; i++) {
		const struct ref *ref = find_ref(readable, d->without[i].name, d->without[i].len);

		if (!ref)
			return error_set(e, STATUS_DENIED, "deepen-not names no ref that can be read");
		out[i] = oid_is_zero(&ref->peeled) ? ref->id : ref->peeled;
	}
	return STATUS_OK;
}

/* Count from the ends that the client has and its wants reach. */
static enum status find_relative(struct repo_edge *out, const struct fetch_request *f, struct repo *r, struct error *e)
{
	struct repo_depth depth = {.commits = REPO_DEPTH_ALL, .since_s = INT64_MIN};
	struct repo_edge reached = REPO_EDGE_INIT;
	enum status st = repo_edge_find(&reached, r, f->commits, f->commits_len, &depth, f->shallows, f->shallows_len, e);

	if (f->depth.commits < REPO_DEPTH_ALL)
		depth.commits = f->depth.commits + 1;
	if (st == STATUS_OK)
		st = repo_edge_find(out, r, reached.opened, reached.opened_len, &depth, f->shallows, f->shallows_len,
				    e);
	repo_edge_clear(&reached);
	return st;
}

enum status shallow_find(struct shallow *out, const struct fetch_request *f, struct repo *r,
			 const struct refs *readable, struct error *e)
{
	const struct fetch_depth *d = &f->depth;
	struct oid without[LIMIT_DEEPEN_NOT];
	struct repo_depth depth = {.commits = d->commits ? d->commits : REPO_DEPTH_ALL,
				   .since_s = d->since_s ? d->since_s : INT64_MIN,
				   .without = without,
				   .without_len = d->without_len};
	enum status st = STATUS_OK;

	/* version 0 told in its advertisement where the repository's own history ends */
	if (d->commits == 0 && d->since_s == 0 && d->without_len == 0 && !(f->v2 && readable->ends_len > 0))
		return STATUS_OK;
	out->changes = true;
	if (d->commits > 0 && d->relative)
		return find_relative(&out->edge, f, r, e);
	st = resolve_without(without, d, readable, e);
	if (st == STATUS_OK)
		st = repo_edge_find(&out->edge, r, f->commits, f->commits_len, &depth, f->shallows, f->shallows_len, e);
	return st == STATUS_USAGE ? error_set(e, STATUS_DENIED, "no commits selected for shallow requests") : st;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct oid));
}

void shallow_lines(struct buf *out, const struct shallow *s, const struct fetch_request *f)
{
	char hex[OID_HEX_LEN + 1];

	if (f->shallows_len > 0)
		qsort(f->shallows, f->shallows_len, sizeof(*f->shallows), compare);
	for (size_t i = 0; i < s->edge.len; i++) {
		if (f->shallows_len > 0 &&
		    bsearch(&s->edge.ids[i], f->shallows, f->shallows_len, sizeof(*f->shallows), compare))
			continue;
		oid_hex(hex, &s->edge.ids[i]);
		pkt_addf(out, "shallow %s", hex);
	}
	for (size_t i = 0; i < s->edge.opened_len; i++) {
		oid_hex(hex, &s->edge.opened[i]);
		pkt_addf(out, "unshallow %s", hex);
	}
}

static enum status join(const struct oid **out, size_t *out_len, struct oid **owned, const struct oid *a, size_t a_len,
			const struct oid *b, size_t b_len, struct error *e)
{
	struct oid *list = calloc(a_len + b_len + 1, sizeof(*list));

	if (!list)
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (a_len > 0)
		memcpy(list, a, a_len * sizeof(*list));
	if (b_len > 0)
		memcpy(list + a_len, b, b_len * sizeof(*list));
	*owned = list;
	*out = list;
	*out_len = a_len + b_len;
	return STATUS_OK;
}

/* What the client has ends where its clone ended; what it gets ends there too, or at the new edge. Where an old end
 * opens, its parents are wanted as if they were tips. */
enum status shallow_span(struct repo_span *out, struct shallow *s, const struct fetch_request *f, struct error *e)
{
	const struct repo_edge *edge = &s->edge;
	enum status st = join(&out->wants, &out->wants_len, &s->wants, f->wants, f->wants_len, edge->beyond,
			      edge->beyond_len, e);

	if (st == STATUS_OK)
		st = join(&out->haves, &out->haves_len, &s->haves, f->haves, f->haves_len, edge->opened,
			  edge->opened_len, e);
	if (st == STATUS_OK)
		st = join(&out->cuts, &out->cuts_len, &s->cuts, f->shallows, f->shallows_len, edge->ids, edge->len, e);
	return st;
}

void shallow_clear(struct shallow *s)
{
	repo_edge_clear(&s->edge);
	free(s->wants);
	free(s->haves);
	free(s->cuts);
	*s = (struct shallow)SHALLOW_INIT;
}
