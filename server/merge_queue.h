/* server/merge_queue.h - verified pushes that wait for their practice's lock. Whoever comes while a batch is on its way
 * to the disk is in the next one. */
#ifndef QIP_SERVER_MERGE_QUEUE_H
#define QIP_SERVER_MERGE_QUEUE_H

#include "server/push.h"

/* Take the push in. From here on it belongs to the queue, until p->done(p) is called on a job thread - perhaps before
 * this returns - with p->outcome. jobs and env are the same at each call for a practice. */
void merge_queue_add(struct push *p, struct jobs *jobs, const struct env *env);

#endif
