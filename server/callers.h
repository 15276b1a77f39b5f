/* server/callers.h - the addresses that connections come from: how many each has, and what its handshakes cost of late. An IPv6
 * caller is its /64, as one machine has all of it.
 *
 * Belongs to one thread. */
#ifndef QIP_SERVER_CALLERS_H
#define QIP_SERVER_CALLERS_H

#include <stdint.h>
#include <sys/socket.h>

#include "core/env.h"

#define CALLER_KEY_LEN 16

struct caller {
	uint8_t key[CALLER_KEY_LEN];
	int connections;
	int64_t busy_us;     /* processor time of its handshakes; halves each second */
	struct caller *next; /* in its slot */
};

struct callers;

enum status callers_open(struct callers **out, const struct env *env, struct error *e) MUST_CHECK;
void callers_close(struct callers *c);
/* The caller of one more connection; NULL when memory is out. */
struct caller *callers_enter(struct callers *c, const struct sockaddr *addr);
/* One connection less; the caller may be gone when this returns. NULL is allowed. */
void callers_leave(struct callers *c, struct caller *caller);
/* A second has passed. */
void callers_tick(struct callers *c);
size_t callers_count(const struct callers *c);

#endif
