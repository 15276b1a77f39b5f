/* server/listen.h - sockets that listen. */
#ifndef QIP_SERVER_LISTEN_H
#define QIP_SERVER_LISTEN_H

#include <sys/socket.h>

#include "core/status.h"
#include "server/address.h"

/* Bind and listen, without waiting; the descriptor is the caller's. An IPv6 address is for IPv6 alone, so that one of each kind can have
 * the same port. STATUS_IO, STATUS_NETWORK with words; STATUS_DENIED if only this machine may reach it and others could. */
enum status listen_on(int *fd, const struct address *address, bool local_only, struct error *e) MUST_CHECK;
/* "host:port"; *port also as a number, unless NULL. */
void listen_text(char *out, size_t size, int *port, const struct sockaddr *addr, socklen_t len);
/* No other machine can reach it. */
bool listen_is_local(const struct sockaddr *addr);

#endif
