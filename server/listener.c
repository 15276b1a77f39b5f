/* server/listener.c - TLS in front of HTTP: accepting, and the thread that moves the bytes. */
#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "server/limits.h"
#include "server/tunnel.h"

#define EVENTS 64
#define TICK_MS 1000
#define BACKLOG 512
#define ACCEPTS 16 /* before others get their turn */

/* How far the listener is told to go; never back. */
enum order { ORDER_RUN, ORDER_STOP_ACCEPTING, ORDER_DRAIN, ORDER_END };

struct listener {
	struct listener_options options;
	struct tunnel_shared shared;
	struct tls_server *tls; /* NULL: without TLS */
	struct tunnel_end accept_end, wake_end; /* no tunnels: known by their address */
	struct tunnel *tunnels;
	int tunnels_len;
	int64_t accept_again_ms; /* accepting rests until then; 0: it does not */
	enum order done;	 /* the thread's own: what was carried out */
	atomic_int order;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* guards empty */
	pthread_cond_t changed;
	bool empty; /* drained */
	char address[128];
	int port;
	bool local;
};

static int64_t now_ms(const struct listener *l)
{
	return l->options.env->monotonic_ms(l->options.env->ctx);
}

/* ---- opening ---- */

static int try_listen(const struct addrinfo *ai)
{
	int on = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	(void)close(fd);
	errno = on;
	return -1;
}

static void address_text(char *out, size_t size, int *port, const struct sockaddr *addr, socklen_t len)
{
	char host[64] = "?", service[16] = "0";

	(void)getnameinfo(addr, len, host, sizeof(host), service, sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(out, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, service);
	if (port)
		*port = (int)strtol(service, NULL, 10);
}

static bool is_loopback(const struct sockaddr *addr)
{
	const void *bytes = addr;
	const struct sockaddr_in *v4 = bytes;
	const struct sockaddr_in6 *v6 = bytes;

	if (addr->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return addr->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static enum status bind_address(struct listener *l, struct error *e)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct sockaddr_storage bound = {0};
	socklen_t len = sizeof(bound);
	struct addrinfo *list = NULL;
	bool foreign = false;
	int rc = getaddrinfo(l->options.host, l->options.port, &hints, &list);

	if (rc)
		return error_set(e, STATUS_NETWORK, "cannot listen on %s port %s: %s", l->options.host, l->options.port,
				 gai_strerror(rc));
	for (struct addrinfo *ai = list; ai && l->accept_end.fd < 0 && !foreign; ai = ai->ai_next) {
		foreign = !l->options.tls.key && !is_loopback(ai->ai_addr);
		if (!foreign)
			l->accept_end.fd = try_listen(ai);
	}
	freeaddrinfo(list);
	if (foreign && l->accept_end.fd < 0)
		return error_set(e, STATUS_DENIED,
				 "plain HTTP is for this machine alone: listen on 127.0.0.1 or [::1], or use TLS");
	if (l->accept_end.fd < 0)
		return error_set_errno(e, errno, "cannot listen on %s port %s", l->options.host, l->options.port);
	if (getsockname(l->accept_end.fd, (struct sockaddr *)&bound, &len))
		return error_set_errno(e, errno, "cannot read the address listened on");
	address_text(l->address, sizeof(l->address), &l->port, (struct sockaddr *)&bound, len);
	l->local = is_loopback((struct sockaddr *)&bound);
	return STATUS_OK;
}

static bool watch(struct listener *l, struct tunnel_end *end, bool on)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = end}};

	if (end->fd < 0 || on == (end->events != 0))
		return true;
	end->events = on ? EPOLLIN : 0;
	return epoll_ctl(l->shared.epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, end->fd, &ev) == 0;
}

enum status listener_open(struct listener **out, const struct listener_options *o, struct error *e)
{
	struct listener *l = calloc(1, sizeof(*l));
	enum status st = STATUS_OK;

	if (!l)
		return error_set(e, STATUS_NOMEM, "out of memory");
	l->options = *o;
	l->accept_end.fd = l->wake_end.fd = l->shared.epoll = -1;
	(void)pthread_mutex_init(&l->mutex, NULL);
	(void)pthread_cond_init(&l->changed, NULL);
	l->shared.options = &l->options;
	l->shared.scratch = malloc(TUNNEL_PART);
	if (!l->shared.scratch)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && o->tls.key)
		st = tls_server_open(&l->tls, &o->tls, e);
	if (st == STATUS_OK)
		st = bind_address(l, e);
	if (st == STATUS_OK) {
		l->shared.epoll = epoll_create1(EPOLL_CLOEXEC);
		l->wake_end.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (l->shared.epoll < 0 || l->wake_end.fd < 0 || !watch(l, &l->accept_end, true) ||
		    !watch(l, &l->wake_end, true))
			st = error_set_errno(e, errno, "cannot wait for connections");
	}
	if (st != STATUS_OK) {
		listener_close(l);
		return st;
	}
	*out = l;
	return STATUS_OK;
}

const char *listener_address(const struct listener *l)
{
	return l->address;
}

int listener_port(const struct listener *l)
{
	return l->port;
}

bool listener_is_local(const struct listener *l)
{
	return l->local;
}

/* ---- the thread ---- */

static void add_tunnel(struct listener *l, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct tunnel *t = NULL;
	char address[64];
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	address_text(address, sizeof(address), NULL, addr, len);
	t = tunnel_open(&l->shared, l->tls, fd, address, now_ms(l));
	if (!t)
		return;
	t->next = l->tunnels;
	if (t->next)
		t->next->prev = t;
	l->tunnels = t;
	l->tunnels_len++;
}

static void accept_some(struct listener *l)
{
	for (int i = 0; i < ACCEPTS && l->tunnels_len < l->options.max_connections; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof(from);
		int fd = accept4(l->accept_end.fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
			return;
		if (fd < 0) {
			log_line(LOG_LEVEL_WARN, "cannot accept connections for a moment", "reason", strerror(errno),
				 NULL);
			l->accept_again_ms = now_ms(l) + TICK_MS;
			(void)watch(l, &l->accept_end, false);
			return;
		}
		add_tunnel(l, fd, (struct sockaddr *)&from, len);
	}
	/* full: the next ones wait in the backlog until somebody leaves */
	if (l->tunnels_len >= l->options.max_connections)
		(void)watch(l, &l->accept_end, false);
}

static void remove_dead(struct listener *l)
{
	struct tunnel *next = NULL;

	for (struct tunnel *t = l->tunnels; t; t = next) {
		next = t->next;
		if (t->state != TUNNEL_DEAD)
			continue;
		if (t->prev)
			t->prev->next = t->next;
		else
			l->tunnels = t->next;
		if (t->next)
			t->next->prev = t->prev;
		l->tunnels_len--;
		tunnel_close(t, &l->shared);
	}
}

static void carry_out(struct listener *l, enum order order)
{
	if (order == l->done)
		return;
	l->done = order;
	if (l->accept_end.fd >= 0) {
		(void)close(l->accept_end.fd);
		l->accept_end.fd = -1;
	}
	if (order < ORDER_DRAIN)
		return;
	for (struct tunnel *t = l->tunnels; t; t = t->next)
		tunnel_drain(t, &l->shared, now_ms(l));
}

static void tell_if_empty(struct listener *l)
{
	if (l->done < ORDER_DRAIN || l->tunnels)
		return;
	(void)pthread_mutex_lock(&l->mutex);
	l->empty = true;
	(void)pthread_cond_broadcast(&l->changed);
	(void)pthread_mutex_unlock(&l->mutex);
}

static void tick(struct listener *l)
{
	int64_t now = now_ms(l);

	for (struct tunnel *t = l->tunnels; t; t = t->next)
		tunnel_tick(t, &l->shared, now);
}

static void *run(void *arg)
{
	struct listener *l = arg;
	struct epoll_event events[EVENTS];
	int64_t tick_ms = now_ms(l) + TICK_MS;
	uint64_t wakes = 0;

	while (l->done < ORDER_END) {
		/* with nobody connected there is nothing to count: sleep */
		bool idle = !l->tunnels && !l->accept_again_ms;
		int n = epoll_wait(l->shared.epoll, events, EVENTS, idle ? -1 : TICK_MS);

		for (int i = 0; i < n; i++) {
			struct tunnel_end *end = events[i].data.ptr;

			if (end == &l->accept_end)
				accept_some(l);
			else if (end == &l->wake_end)
				(void)!read(l->wake_end.fd, &wakes, sizeof(wakes));
			else if (end->tunnel->state != TUNNEL_DEAD)
				tunnel_step(end->tunnel, &l->shared, now_ms(l));
		}
		carry_out(l, (enum order)atomic_load(&l->order));
		if (now_ms(l) >= tick_ms) {
			tick(l);
			tick_ms = now_ms(l) + TICK_MS;
		}
		remove_dead(l);
		if (l->accept_again_ms && now_ms(l) >= l->accept_again_ms)
			l->accept_again_ms = 0;
		if (!l->accept_again_ms && l->tunnels_len < l->options.max_connections)
			(void)watch(l, &l->accept_end, true);
		tell_if_empty(l);
	}
	return NULL;
}

enum status listener_start(struct listener *l, struct error *e)
{
	pthread_attr_t attr;
	int failed = pthread_attr_init(&attr);

	if (!failed) {
		(void)pthread_attr_setstacksize(&attr, LIMIT_STACK_BYTES);
		failed = pthread_create(&l->thread, &attr, run, l);
		(void)pthread_attr_destroy(&attr);
	}
	if (failed)
		return error_set_errno(e, failed, "cannot start a thread");
	l->started = true;
	return STATUS_OK;
}

static void give_order(struct listener *l, enum order order)
{
	const uint64_t one = 1;

	atomic_store(&l->order, (int)order);
	(void)!write(l->wake_end.fd, &one, sizeof(one));
}

void listener_stop_accepting(struct listener *l)
{
	give_order(l, ORDER_STOP_ACCEPTING);
}

void listener_drain(struct listener *l)
{
	struct timespec until = {0};

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LIMIT_DRAIN_MS / 1000;
	give_order(l, ORDER_DRAIN);
	(void)pthread_mutex_lock(&l->mutex);
	while (!l->empty && pthread_cond_timedwait(&l->changed, &l->mutex, &until) == 0)
		;
	(void)pthread_mutex_unlock(&l->mutex);
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->started) {
		give_order(l, ORDER_END);
		(void)pthread_join(l->thread, NULL);
	}
	while (l->tunnels) {
		struct tunnel *t = l->tunnels;

		l->tunnels = t->next;
		tunnel_close(t, &l->shared);
	}
	if (l->accept_end.fd >= 0)
		(void)close(l->accept_end.fd);
	if (l->wake_end.fd >= 0)
		(void)close(l->wake_end.fd);
	if (l->shared.epoll >= 0)
		(void)close(l->shared.epoll);
	tls_server_close(l->tls);
	free(l->shared.scratch);
	(void)pthread_cond_destroy(&l->changed);
	(void)pthread_mutex_destroy(&l->mutex);
	free(l);
}
