/* server/source.c - a practice's history or an ordinary repository. */
#include "server/source.h"

#include "server/plain.h"
#include "server/view.h"

enum status source_open(struct source *out, const struct request *r, bool push, struct error *e)
{
	struct source s = SOURCE_INIT;
	enum status st = STATUS_OK;

	if (r->repository) {
		st = plain_open(&s.repo, r->repository, push, r->service->open_to_all, e);
		if (st == STATUS_OK)
			st = plain_refs(&s.refs, s.repo, push, e);
	} else {
		st = refs_of_practice(&s.refs, r->practice->history, &r->who, view_registry(r->view), e);
		if (st == STATUS_OK)
			st = store_reader_open(&s.repo, r->practice->history, e);
		if (!oid_is_zero(&s.refs.head))
			s.refs.log_merges = r->view->end.index;
	}
	if (st != STATUS_OK) {
		source_close(&s);
		return st;
	}
	*out = s;
	return STATUS_OK;
}

void source_close(struct source *s)
{
	/* of both kinds: a reader of the store is such a handle */
	store_reader_close(s->repo);
	refs_clear(&s->refs);
	s->repo = NULL;
}
