/* server/publish.h - stage 8 of 9: the log moves, durably. */
#ifndef QIP_SERVER_PUBLISH_H
#define QIP_SERVER_PUBLISH_H

#include "server/batch.h"
#include "server/commands.h"

#define PUBLISH_MAIN "refs/heads/main"

/* Make the batch's merges and their objects durable and move main to the last; then the refs that derive from main.
 * STATUS_OK: the heads are in the log. */
enum status publish_batch(struct batch *b, struct error *e) MUST_CHECK;

/* Append the report on a push as receive-pack sends it: "unpack ok" and for each command "ok <ref>", or
 * "ng <ref> <commit> <path> <sentence>". fault: NULL or what the refusal is about. In side-band-64k if the client asked
 * for it. */
void publish_report(struct buf *out, const struct commands *c, enum status st, const struct head_fault *fault,
		    const char *sentence);

#endif
