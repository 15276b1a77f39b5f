/* server/shallow.h - shallow clones: where the client's ended, where it ends from now on, and what that means for the
 * pack. */
#ifndef QIP_SERVER_SHALLOW_H
#define QIP_SERVER_SHALLOW_H

#include "server/fetch_request.h"
#include "server/refs.h"

struct shallow {
	bool changes;			  /* the client asked for another depth */
	struct repo_edge edge;		  /* what comes of that */
	struct oid *wants, *haves, *cuts; /* owned; of shallow_span */
};
#define SHALLOW_INIT                                                                                                   \
	{                                                                                                              \
		.edge = REPO_EDGE_INIT                                                                                 \
	}

/* The wants must be checked before: nothing that they do not reach is told or sent. STATUS_DENIED for a depth that
 * leaves nothing, or a ref that is not among `readable`. */
enum status shallow_find(struct shallow *out, const struct fetch_request *f, struct repo *r,
			 const struct refs *readable, struct error *e) MUST_CHECK;
/* Append what changes for the client: "shallow <id>" and "unshallow <id>". */
void shallow_lines(struct buf *out, const struct shallow *s, const struct fetch_request *f);
/* What the pack holds; it borrows from *s. */
enum status shallow_span(struct repo_span *out, struct shallow *s, const struct fetch_request *f,
			 struct error *e) MUST_CHECK;
void shallow_clear(struct shallow *s);

#endif
