/* server/tunnels.h - all connections through the listener, and whom each comes from.
 *
 * Belongs to the listener's thread. */
#ifndef QIP_SERVER_TUNNELS_H
#define QIP_SERVER_TUNNELS_H

#include "server/tunnel.h"

struct tunnels {
	struct tunnel_shared *shared;
	struct callers *callers;
	struct tunnel *first;
	int len;
	int64_t told_ms; /* when refusals were last told of in the log */
};

/* Takes `fd` over. Refused, and counted, where its address has as many connections as it may have. */
void tunnels_add(struct tunnels *all, struct tls_server *tls, int fd, const struct sockaddr *addr, socklen_t len, int64_t now_ms);
/* All places are taken: whoever only holds one gives it up, of the address that holds the most. False: all of them are at work. */
bool tunnels_make_room(struct tunnels *all, int64_t now_ms);
/* A second has passed. */
void tunnels_tick(struct tunnels *all, int64_t now_ms);
/* No more requests. */
void tunnels_drain(struct tunnels *all, int64_t now_ms);
void tunnels_remove_dead(struct tunnels *all);
void tunnels_remove_all(struct tunnels *all);

#endif
