/* kiosk/network.c - the kernel's messages about links, addresses and routes enter; one word that the network may be back leaves. */
#include "kiosk/network.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kiosk/thread.h"

#define STACK_BYTES (256 * 1024)
#define MESSAGE_BYTES 8192

struct network {
	void (*back)(void *ctx);
	void *ctx;
	int messages, end; /* the kernel's socket; readable when the thread is to end */
	pthread_t thread;
};

static bool is_news(const struct nlmsghdr *head, const uint8_t *message)
{
	struct ifinfomsg link = {.ifi_flags = 0};

	if (head->nlmsg_type == RTM_NEWLINK && head->nlmsg_len >= NLMSG_LENGTH(sizeof(link)))
		memcpy(&link, message + NLMSG_HDRLEN, sizeof(link));
	return head->nlmsg_type == RTM_NEWADDR || head->nlmsg_type == RTM_NEWROUTE || (link.ifi_flags & IFF_RUNNING) != 0;
}

bool network_is_news(const void *messages, size_t len)
{
	const uint8_t *at = messages;
	struct nlmsghdr head;

	while (len >= sizeof(head)) {
		memcpy(&head, at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > len)
			return false;
		if (is_news(&head, at))
			return true;
		if (len - head.nlmsg_len < NLMSG_ALIGNTO)
			return false;
		at += NLMSG_ALIGN((size_t)head.nlmsg_len);
		len -= NLMSG_ALIGN((size_t)head.nlmsg_len);
	}
	return false;
}

static int64_t clock_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* All that the kernel has to say now. Messages that were lost may have been news. */
static bool read_news(int fd)
{
	uint8_t bytes[MESSAGE_BYTES];
	bool news = false;

	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n > 0)
			news = news || network_is_news(bytes, (size_t)n);
		else if (n < 0 && errno == ENOBUFS)
			news = true;
		else if (n == 0 || errno != EINTR)
			return news;
	}
}

/* False at the end. *what: there was a message. */
static bool await(bool *what, const struct network *n, int wait_ms)
{
	struct pollfd fds[] = {{.fd = n->messages, .events = POLLIN}, {.fd = n->end, .events = POLLIN}};
	int ready = poll(fds, 2, wait_ms);

	if ((ready < 0 && errno != EINTR) || fds[1].revents || (fds[0].revents & (POLLHUP | POLLNVAL)))
		return false;
	*what = ready > 0 && fds[0].revents;
	return true;
}

/* Further messages, until none comes for a while. */
static bool settle(const struct network *n)
{
	int64_t latest_ms = clock_ms() + NETWORK_LATEST_MS;
	bool more = true;

	while (more) {
		int64_t left_ms = latest_ms - clock_ms();

		if (left_ms <= 0)
			return true;
		if (!await(&more, n, left_ms < NETWORK_QUIET_MS ? (int)left_ms : NETWORK_QUIET_MS))
			return false;
		(void)read_news(n->messages);
	}
	return true;
}

static void *watch(void *arg)
{
	struct network *n = arg;
	bool what = false;

	while (await(&what, n, -1)) {
		if (!what || !read_news(n->messages))
			continue;
		if (!settle(n))
			break;
		n->back(n->ctx);
	}
	return NULL;
}

static void free_network(struct network *n)
{
	if (n->messages >= 0)
		(void)close(n->messages);
	if (n->end >= 0)
		(void)close(n->end);
	free(n);
}

enum status network_start(struct network **out, void (*back)(void *ctx), void *ctx, struct error *e)
{
	const struct sockaddr_nl from = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE,
	};
	struct network *n = calloc(1, sizeof(*n));
	int failed = 0;

	if (!n)
		return error_set(e, STATUS_NOMEM, "no memory to watch the network");
	n->back = back;
	n->ctx = ctx;
	n->end = eventfd(0, EFD_CLOEXEC);
	n->messages = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (n->end < 0 || n->messages < 0 || bind(n->messages, (const struct sockaddr *)&from, sizeof(from)) != 0)
		failed = errno;
	else
		failed = thread_start(&n->thread, STACK_BYTES, watch, n);
	if (failed) {
		free_network(n);
		return error_set_errno(e, failed, "the network cannot be watched");
	}
	*out = n;
	return STATUS_OK;
}

void network_stop(struct network *n)
{
	const uint64_t one = 1;

	if (!n)
		return;
	if (write(n->end, &one, sizeof(one)) == (ssize_t)sizeof(one))
		(void)pthread_join(n->thread, NULL);
	free_network(n);
}
