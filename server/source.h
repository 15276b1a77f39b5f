/* server/source.h - what a request of git's protocol is about: a practice's history as its device may read it, or an
 * ordinary repository. From here on both are served by the same code. */
#ifndef QIP_SERVER_SOURCE_H
#define QIP_SERVER_SOURCE_H

#include "server/refs.h"
#include "server/request.h"

struct source {
	struct repo *repo; /* owned */
	struct refs refs;  /* that may be read */
};
#define SOURCE_INIT                                                                                                    \
	{                                                                                                              \
		.refs = REFS_INIT                                                                                      \
	}

/* push: it is to be written to. STATUS_DENIED when it may not. End with source_close. */
enum status source_open(struct source *out, const struct request *r, bool push, struct error *e) MUST_CHECK;
void source_close(struct source *s);

#endif
