/* tests/server/queue.h - stages 5 to 8 without a server's process: the folder of one that has ended, open here, and
 * pushes that are received, judged and merged when the test says so. One at a time. */
#ifndef QIP_TESTS_SERVER_QUEUE_H
#define QIP_TESTS_SERVER_QUEUE_H

#include "server/jobs.h"
#include "server/practices.h"
#include "tests/server/world.h"

struct queue {
	struct world *w; /* borrowed */
	struct practices *practices;
	struct practice *practice;
	struct jobs *jobs;
};

/* Ends the world's server and opens its folder. */
void queue_open(struct queue *q, struct world *w);
void queue_close(struct queue *q);

/* Stage 5 for the head. */
void queue_receive(struct push *p, const struct queue *q, const struct testdev *d, const struct oid *id);
/* Stage 6. */
enum status queue_judge(struct push *p, const struct queue *q);
/* Both. */
enum status queue_prepare(struct push *p, const struct queue *q, const struct testdev *d, const struct oid *id);
/* The rest for all at once: put them into the queue while somebody else holds the practice's lock, then let go and wait
 * for every outcome. */
void queue_run(struct push *pushes, int len, const struct queue *q);
/* The same while nobody holds it. */
void queue_add(struct push *pushes, int len, const struct queue *q);

bool queue_accepted(const struct queue *q, const struct testdev *d, const struct oid *id);

#endif
