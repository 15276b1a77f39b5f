/* server/peers.h - what the TLS side knows of a connection and the HTTP side needs: who the peer is; and back: whether
 * the whole request is there. Kept by the descriptor that the HTTP side owns, which is stable while its connection
 * lives. */
#ifndef QIP_SERVER_PEERS_H
#define QIP_SERVER_PEERS_H

#include "core/tls.h"

struct peers;

/* With room for descriptors 0 to max_fd - 1 at first. */
enum status peers_open(struct peers **out, int max_fd, struct error *e) MUST_CHECK;
void peers_close(struct peers *p);

/* Descriptor `fd` now belongs to connection `id` (never 0) of that peer. STATUS_NOMEM. */
enum status peers_put(struct peers *p, int fd, uint64_t id, const struct tls_peer *peer) MUST_CHECK;
/* Forget it, unless the number went to another connection meanwhile. */
void peers_remove(struct peers *p, int fd, uint64_t id);
/* A copy; STATUS_NOT_FOUND. */
enum status peers_get(struct tls_peer *out, struct peers *p, int fd) MUST_CHECK;

/* The whole request was received and is at work: the client is not to be hurried. */
void peers_set_answering(struct peers *p, int fd, bool answering);
bool peers_answering(struct peers *p, int fd, uint64_t id);

#endif
