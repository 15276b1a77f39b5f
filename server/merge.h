/* server/merge.h - stage 7 of 9: what main becomes. */
#ifndef QIP_SERVER_MERGE_H
#define QIP_SERVER_MERGE_H

#include "server/push.h"

/* Stage the merge commit M(i) of the verified head: p->merged, p->merged_tree, p->index. */
enum status merge_push(struct push *p, const struct env *env, struct error *e) MUST_CHECK;

#endif
