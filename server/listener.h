/* server/listener.h - TLS (or none) in front of HTTP: one thread accepts, shakes hands and moves bytes between TLS connections
 * and local sockets, the other ends of which it hands to `serve`. A slow side stops the other; every wait has a
 * deadline.
 *
 *     listener_open(); listener_start(); ... listener_stop_accepting(); ... listener_drain(); listener_close()
 */
#ifndef QIP_SERVER_LISTENER_H
#define QIP_SERVER_LISTENER_H

#include "core/tls.h"
#include "server/address.h"
#include "server/limits.h"
#include "server/peers.h"

struct listener;

struct listener_options {
	const struct address *addresses; /* to listen on; port "0" takes a free one */
	size_t addresses_len;		 /* at most LIMIT_LISTEN */
	struct tls_server_options tls; /* key NULL: no TLS, and only on addresses of this machine */
	struct peers *peers;
	const struct env *env;
	const struct limits *limits;
	int max_connections;
	bool (*serve)(void *ctx, int fd); /* takes the descriptor over, also when it says false */
	void *ctx;
};

/* Bind and listen. STATUS_IO, STATUS_NETWORK with words; STATUS_DENIED for other machines without TLS. */
enum status listener_open(struct listener **out, const struct listener_options *o, struct error *e) MUST_CHECK;
/* "host:port" as bound, of all addresses, with blanks between. */
const char *listener_address(const struct listener *l);
/* Of the first. */
int listener_port(const struct listener *l);
/* No other machine can reach it. */
bool listener_is_local(const struct listener *l);
int listener_connections(const struct listener *l);
enum status listener_start(struct listener *l, struct error *e) MUST_CHECK;
/* For connections that come from now on; those that are there keep what they were opened with. */
enum status listener_reload(struct listener *l, const struct tls_server_options *tls, int max_connections, struct error *e) MUST_CHECK;
/* New connections are refused from now on; those that are there go on. */
void listener_stop_accepting(struct listener *l);
/* Tell the HTTP side that no more requests come, and wait until all connections ended, at most LIMIT_DRAIN_MS. */
void listener_drain(struct listener *l);
/* Ends the thread and every connection. NULL is allowed. */
void listener_close(struct listener *l);

#endif
