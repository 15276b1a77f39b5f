/* core/tls_dial.c - from a host's name to a connected socket, before a deadline. */
#include "core/tls_dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t dial_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool dial_is_port(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 6 && strspn(text, "0123456789") == len && strtol(text, NULL, 10) > 0 && strtol(text, NULL, 10) < 65536;
}

enum status dial_wait(int fd, short events, int64_t until_ms)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left_ms = until_ms - dial_now_ms();
		int n = 0;

		if (left_ms < 0)
			left_ms = 0;
		n = poll(&p, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
		if (n > 0)
			return STATUS_OK;
		if (n == 0 && dial_now_ms() >= until_ms)
			return STATUS_TIMEOUT;
		if (n < 0 && errno != EINTR)
			return STATUS_IO;
	}
}

/* The error of a connection attempt that has ended, 0 when it is connected. */
static int outcome(int fd)
{
	int problem = 0;
	socklen_t len = sizeof(problem);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len) == 0 ? problem : errno;
}

/* *problem is an errno value; ETIMEDOUT too when our own deadline passed. */
static int dial_address(const struct addrinfo *a, int64_t until_ms, int *problem)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	int on = 1;

	*problem = errno;
	if (fd < 0)
		return -1;
	/* Else small messages wait 40 ms for the answer to the message before. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	*problem = errno;
	if (*problem == EINPROGRESS || *problem == EINTR)
		*problem = dial_wait(fd, POLLOUT, until_ms) == STATUS_OK ? outcome(fd) : ETIMEDOUT;
	if (*problem == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static enum status dial_list(int *fd, const struct addrinfo *list, int64_t until_ms, int *problem)
{
	int64_t addresses = 0;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		addresses++;
	for (const struct addrinfo *a = list; a; a = a->ai_next, addresses--) {
		/* An address that swallows everything must leave time for the others. */
		int64_t share_ms = (until_ms - dial_now_ms()) / addresses;
		int found = dial_address(a, dial_now_ms() + share_ms, problem);

		if (found >= 0) {
			*fd = found;
			return STATUS_OK;
		}
	}
	return *problem == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_NETWORK;
}

enum status dial(int *fd, const char *host, const char *port, int64_t until_ms, struct error *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	int problem = 0;
	int ret = getaddrinfo(host, port, &hints, &list);
	enum status st = STATUS_OK;

	if (ret != 0)
		return error_set(e, STATUS_NETWORK,
				 "the address of \"%.100s\" cannot be found (%s); is the name right and "
				 "the network there?",
				 host, gai_strerror(ret));
	st = dial_list(fd, list, until_ms, &problem);
	freeaddrinfo(list);
	if (st)
		(void)error_set(e, st, "cannot reach the server at %.100s port %.10s: %s; is it running, and the network there?", host, port,
				strerror(problem));
	return st;
}
