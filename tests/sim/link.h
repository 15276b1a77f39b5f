/* tests/sim/link.h - the line between a site and the server. It stands in for client/wire.c: HTTP as ever, over a local socket and without TLS. */
#ifndef QIP_TESTS_SIM_LINK_H
#define QIP_TESTS_SIM_LINK_H

#include <pthread.h>
#include <stdint.h>

#include "tests/sim/host.h"

/* What happens to one request of a sync; the line is down from then on, but for the last. */
enum mishap {
	MISHAP_NONE,
	MISHAP_CUT,        /* it is not sent */
	MISHAP_TORN,       /* half of it is sent */
	MISHAP_LOST,       /* it is served, and the answer lost */
	MISHAP_KILL_MERGE, /* of pushes: the server dies when it has merged and not published */
	MISHAP_KILL_LATE,  /* of pushes: the server dies when it has answered, and the answer is lost */
	MISHAP_TWICE,      /* of pushes: it arrives a second time, side by side */
	MISHAP_COUNT
};
const char *mishap_text(enum mishap m);

/* From now on this thread's connections go to this server, by this device. `clock` dates its answers. */
void link_up(struct host *h, const char *device, const struct machine *clock);
/* The answer to the next push is read when as many lines as the barrier counts have got theirs. */
void link_together(pthread_barrier_t *barrier);
/* What happens to the at-th request (or push) from now on, counted from 0. */
void link_expect(enum mishap m, unsigned at);
/* The mishap came. */
bool link_failed(void);

#endif
