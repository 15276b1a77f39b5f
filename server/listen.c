/* server/listen.c - sockets that listen. */
#include "server/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 512

static int try_listen(const struct addrinfo *ai)
{
	int on = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	(void)close(fd);
	errno = on;
	return -1;
}

void listen_text(char *out, size_t size, int *port, const struct sockaddr *addr, socklen_t len)
{
	char host[64] = "?", service[16] = "0";

	(void)getnameinfo(addr, len, host, sizeof(host), service, sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(out, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, service);
	if (port)
		*port = (int)strtol(service, NULL, 10);
}

bool listen_is_local(const struct sockaddr *addr)
{
	const void *bytes = addr;
	const struct sockaddr_in *v4 = bytes;
	const struct sockaddr_in6 *v6 = bytes;

	if (addr->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return addr->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

enum status listen_on(int *out, const struct address *address, bool local_only, struct error *e)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	bool foreign = false;
	int fd = -1, rc = getaddrinfo(address->host, address->port, &hints, &list);

	if (rc)
		return error_set(e, STATUS_NETWORK, "cannot listen on %s port %s: %s", address->host, address->port, gai_strerror(rc));
	for (struct addrinfo *ai = list; ai && fd < 0 && !foreign; ai = ai->ai_next) {
		foreign = local_only && !listen_is_local(ai->ai_addr);
		if (!foreign)
			fd = try_listen(ai);
	}
	freeaddrinfo(list);
	if (foreign && fd < 0)
		return error_set(e, STATUS_DENIED,
				 "plain HTTP is for this machine alone: listen on 127.0.0.1 or [::1], or use TLS");
	if (fd < 0)
		return error_set_errno(e, errno, "cannot listen on %s port %s", address->host, address->port);
	*out = fd;
	return STATUS_OK;
}
