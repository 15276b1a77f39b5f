/* server/handshakes.h - whose TLS handshake goes on now. A full one costs as much as hundreds of requests' bytes, so that whoever asks for many of them
 * could take the listener's thread from all others.
 *
 * Belongs to the listener's thread. */
#ifndef QIP_SERVER_HANDSHAKES_H
#define QIP_SERVER_HANDSHAKES_H

#include "server/tunnel.h"

/* All 0 to begin with. */
struct handshakes {
	int64_t others_ms;	/* when somebody was last heard of whose handshakes cost little; 0: never */
	int64_t heavy_until_us; /* handshakes that cost much wait until then */
};

/* Something came from this one, a handshake or not. */
void handshakes_heard(struct handshakes *h, const struct tunnel *t, int64_t now_ms);
/* Those first whose address had the least done for it, and only for a moment: epoll tells of the others again. `waiting` is sorted in place. False: none
 * went on. */
bool handshakes_step(struct handshakes *h, struct tunnel_shared *shared, struct tunnel **waiting, size_t len);

#endif
