/* client/cli/evidence.h - a file that is added to an action as evidence, sealed beside the history; its name stays nowhere.
 *
 *     struct evidence ev = EVIDENCE_INIT; evidence_read(&ev, path, e); ... evidence_attach(entry, q, id, &ev, e); evidence_clear(&ev);
 */
#ifndef QIP_CLI_EVIDENCE_H
#define QIP_CLI_EVIDENCE_H

#include "client/cli/cli.h"
#include "core/buf.h"

struct evidence {
	struct buf bytes; /* as they are kept: client/evidence.h */
	const char *type; /* static */
};
#define EVIDENCE_INIT                                                                                                  \
	{                                                                                                              \
		.bytes = BUF_SECRET                                                                                    \
	}

/* Read a file that a person named. STATUS_INVALID: it is of no kind that is kept; STATUS_TOO_BIG. */
enum status evidence_read(struct evidence *out, const char *path, struct error *e) MUST_CHECK;
/* Seal it for the log entry of that id, and name it there. */
enum status evidence_attach(cJSON *entry, struct qip *q, const char *id, const struct evidence *ev, struct error *e) MUST_CHECK;
void evidence_clear(struct evidence *ev);

#endif
