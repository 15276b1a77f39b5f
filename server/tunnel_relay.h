/* server/tunnel_relay.h - the bytes of an open tunnel; only server/tunnel.c uses it. */
#ifndef QIP_SERVER_TUNNEL_RELAY_H
#define QIP_SERVER_TUNNEL_RELAY_H

#include "server/tunnel.h"

#define TUNNEL_ROUNDS 8 /* parts moved each way before others get their turn */

/* Move what there is and the other side takes: requests, answers. False: the connection is over. */
bool tunnel_to_app(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms);
bool tunnel_to_net(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms);
/* No more comes from the client: what is being answered may still be sent to it, for a while. */
void tunnel_end_input(struct tunnel *t, int64_t now_ms);
void stash_clear(struct stash *st);

#endif
