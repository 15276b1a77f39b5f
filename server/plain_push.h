/* server/plain_push.h - what an ordinary repository lets a push do: nothing is forbidden but what git itself forbids. */
#ifndef QIP_SERVER_PLAIN_PUSH_H
#define QIP_SERVER_PLAIN_PUSH_H

#include "server/commands.h"
#include "server/refs.h"

/* One update, judged by the repository's own configuration (receive.denyDeletes, denyNonFastForwards, denyCurrentBranch, denyDeleteCurrent)
 * once its objects are there and whole. STATUS_DENIED with the words for the pusher. */
enum status plain_judge(struct repo *r, const struct refs *refs, const struct command *c, struct error *e) MUST_CHECK;

#endif
