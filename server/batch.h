/* server/batch.h - pushes that wait together on one practice: several merges, one pack, one move of main. Runs stage 6
 * again where the log moved meanwhile, then 7 and 8. */
#ifndef QIP_SERVER_BATCH_H
#define QIP_SERVER_BATCH_H

#include "server/push.h"

/* What the merges of one batch share. */
struct batch {
	struct practice *practice;
	const struct env *env;
	struct view *view;     /* the log as it is */
	struct log_end end;    /* and as the merges until now make it */
	struct store_txn *txn; /* the first push's; takes over the objects of the others */
	struct push *merged[LIMIT_BATCH];
	size_t merged_len;
	bool closed; /* the next push has to be judged by other rules than those of the view */
};

/* Under the practice's lock: judge what has to be judged, merge one after the other, publish. Leaves the outcome in each
 * push that had its turn, and returns how many had: the rest, from there on, has to come again. len is 1 to LIMIT_BATCH;
 * no two pushes are by the same device, and store_txn_joins() holds for all, or len is 1. */
size_t batch_run(struct push **pushes, size_t len, struct practice *practice, const struct env *env);
/* The same for one push; its outcome. */
enum status batch_run_one(struct push *p, const struct env *env, struct error *e) MUST_CHECK;

#endif
