/* server/merge.h - stage 7 of 9: what main becomes. */
#ifndef QIP_SERVER_MERGE_H
#define QIP_SERVER_MERGE_H

#include "server/push.h"

/* Stage the merge commit of the verified head, p->merged, on top of *end, which moves on to it. t holds the head's objects
 * and those of the log. */
enum status merge_push(struct push *p, struct log_end *end, struct store_txn *t, const struct env *env,
		       struct error *e) MUST_CHECK;

#endif
