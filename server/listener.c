/* server/listener.c - TLS in front of HTTP: accepting, and the thread that moves the bytes. */
#include "server/listener.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/condition.h"
#include "core/log.h"
#include "server/handshakes.h"
#include "server/limits.h"
#include "server/listen.h"
#include "server/tunnels.h"

#define EVENTS 64
#define TICK_MS 1000
#define ACCEPTS 16 /* before others get their turn */

/* How far the listener is told to go; never back. */
enum order { ORDER_RUN, ORDER_STOP_ACCEPTING, ORDER_DRAIN, ORDER_END };

struct listener {
	struct listener_options options;
	struct tunnel_shared shared;
	struct tls_server *tls; /* NULL: without TLS */
	struct tunnel_end accept_ends[LIMIT_LISTEN], wake_end; /* no tunnels: known by their address */
	size_t accept_ends_len;
	struct tunnels tunnels;
	struct handshakes handshakes;
	int max_connections;
	atomic_int open; /* tunnels.len, for others to see */
	int64_t accept_again_ms; /* accepting rests until then; 0: it does not */
	enum order done;	 /* the thread's own: what was carried out */
	atomic_int order;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	bool empty; /* drained */
	struct tls_server *next_tls; /* to be taken over; NULL: none */
	int next_max_connections;
	char address[LIMIT_LISTEN * 64];
	int port;
	bool local;
};

static int64_t now_ms(const struct listener *l)
{
	return l->options.env->monotonic_ms(l->options.env->ctx);
}

/* ---- opening ---- */

static enum status note_address(struct listener *l, int fd, struct error *e)
{
	struct sockaddr_storage bound = {0};
	socklen_t len = sizeof(bound);
	size_t at = strlen(l->address);
	int port = 0;

	if (getsockname(fd, (struct sockaddr *)&bound, &len))
		return error_set_errno(e, errno, "cannot read the address listened on");
	if (at > 0)
		l->address[at++] = ' ';
	listen_text(l->address + at, sizeof(l->address) - at, &port, (struct sockaddr *)&bound, len);
	if (l->accept_ends_len == 1)
		l->port = port;
	l->local = (l->accept_ends_len == 1 || l->local) && listen_is_local((struct sockaddr *)&bound);
	return STATUS_OK;
}

static enum status bind_address(struct listener *l, const struct address *address, struct error *e)
{
	int fd = -1;
	enum status st = listen_on(&fd, address, !l->options.tls.key, e);

	if (st != STATUS_OK)
		return st;
	l->accept_ends[l->accept_ends_len++].fd = fd;
	return note_address(l, fd, e);
}

static bool watch(struct listener *l, struct tunnel_end *end, bool on)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = end}};

	if (end->fd < 0 || on == (end->events != 0))
		return true;
	end->events = on ? EPOLLIN : 0;
	return epoll_ctl(l->shared.epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, end->fd, &ev) == 0;
}

static bool watch_accept(struct listener *l, bool on)
{
	bool ok = true;

	for (size_t i = 0; i < l->accept_ends_len; i++)
		ok = watch(l, &l->accept_ends[i], on) && ok;
	return ok;
}

enum status listener_open(struct listener **out, const struct listener_options *o, struct error *e)
{
	struct listener *l = calloc(1, sizeof(*l));
	enum status st = STATUS_OK;

	if (!l)
		return error_set(e, STATUS_NOMEM, "out of memory");
	l->options = *o;
	l->wake_end.fd = l->shared.epoll = -1;
	l->max_connections = o->max_connections;
	(void)pthread_mutex_init(&l->mutex, NULL);
	condition_init(&l->changed);
	l->shared.options = &l->options;
	l->tunnels.shared = &l->shared;
	l->shared.scratch = malloc(TUNNEL_PART);
	if (!l->shared.scratch)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && o->tls.key)
		st = tls_server_open(&l->tls, &o->tls, e);
	if (st == STATUS_OK)
		st = callers_open(&l->tunnels.callers, o->env, e);
	for (size_t i = 0; st == STATUS_OK && i < o->addresses_len; i++)
		st = bind_address(l, &o->addresses[i], e);
	if (st == STATUS_OK) {
		l->shared.epoll = epoll_create1(EPOLL_CLOEXEC);
		l->wake_end.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (l->shared.epoll < 0 || l->wake_end.fd < 0 || !watch_accept(l, true) || !watch(l, &l->wake_end, true))
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

int listener_connections(const struct listener *l)
{
	return atomic_load(&l->open);
}

/* ---- the thread ---- */

/* Accepting rests, for others to leave. */
static void rest(struct listener *l)
{
	l->accept_again_ms = now_ms(l) + TICK_MS;
	(void)watch_accept(l, false);
}

static void accept_some(struct listener *l, int listening)
{
	for (int i = 0; i < ACCEPTS && l->tunnels.len < l->max_connections; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof(from);
		int fd = accept4(listening, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
			return;
		if (fd < 0) {
			log_line(LOG_LEVEL_WARN, "cannot accept connections for a moment", "reason", strerror(errno),
				 NULL);
			rest(l);
			return;
		}
		tunnels_add(&l->tunnels, l->tls, fd, (struct sockaddr *)&from, len, now_ms(l));
	}
	/* full: one leaves for the next one; where nobody can be asked to, they wait in the backlog */
	if (l->tunnels.len >= l->max_connections && !tunnels_make_room(&l->tunnels, now_ms(l)))
		rest(l);
}

static void close_accept(struct listener *l)
{
	for (size_t i = 0; i < l->accept_ends_len; i++) {
		(void)close(l->accept_ends[i].fd);
		l->accept_ends[i].fd = -1;
	}
	l->accept_ends_len = 0;
}

static void carry_out(struct listener *l, enum order order)
{
	if (order == l->done)
		return;
	l->done = order;
	close_accept(l);
	if (order < ORDER_DRAIN)
		return;
	tunnels_drain(&l->tunnels, now_ms(l));
}

static void take_settings(struct listener *l)
{
	struct tls_server *before = NULL;

	(void)pthread_mutex_lock(&l->mutex);
	if (l->next_tls) {
		before = l->tls;
		l->tls = l->next_tls;
		l->next_tls = NULL;
	}
	if (l->next_max_connections)
		l->max_connections = l->next_max_connections;
	(void)pthread_mutex_unlock(&l->mutex);
	tls_server_close(before);
}

static void take_orders(struct listener *l)
{
	uint64_t wakes = 0;

	(void)!read(l->wake_end.fd, &wakes, sizeof(wakes));
	take_settings(l);
	carry_out(l, (enum order)atomic_load(&l->order));
}

static void tell_if_empty(struct listener *l)
{
	if (l->done < ORDER_DRAIN || l->tunnels.first)
		return;
	(void)pthread_mutex_lock(&l->mutex);
	l->empty = true;
	(void)pthread_cond_broadcast(&l->changed);
	(void)pthread_mutex_unlock(&l->mutex);
}

static bool listens(const struct listener *l, const struct tunnel_end *end)
{
	return end >= l->accept_ends && end < l->accept_ends + LIMIT_LISTEN;
}

static void step_tunnel(struct listener *l, struct tunnel *t, struct tunnel **shaking, size_t *shaking_len)
{
	handshakes_heard(&l->handshakes, t, now_ms(l));
	if (t->state == TUNNEL_HANDSHAKE)
		shaking[(*shaking_len)++] = t;
	else
		tunnel_step(t, &l->shared, now_ms(l));
}

static void step_all(struct listener *l, const struct epoll_event *events, int n)
{
	struct tunnel *shaking[EVENTS];
	size_t shaking_len = 0;
	bool woken = false;

	for (int i = 0; i < n; i++) {
		struct tunnel_end *end = events[i].data.ptr;

		if (listens(l, end))
			accept_some(l, end->fd);
		else if (end == &l->wake_end)
			woken = true;
		else if (end->tunnel->state != TUNNEL_DEAD)
			step_tunnel(l, end->tunnel, shaking, &shaking_len);
	}
	if (shaking_len > 0 && !handshakes_step(&l->handshakes, &l->shared, shaking, shaking_len) && (int)shaking_len == n)
		(void)poll(NULL, 0, 1); /* nothing but handshakes that wait: epoll would tell of them at once */
	if (woken)
		take_orders(l); /* last: it may close what the other events are of */
}

static void *run(void *arg)
{
	struct listener *l = arg;
	struct epoll_event events[EVENTS];
	int64_t tick_ms = now_ms(l) + TICK_MS;

	while (l->done < ORDER_END) {
		/* with nobody connected there is nothing to count: sleep */
		bool idle = !l->tunnels.first && !l->accept_again_ms && callers_count(l->tunnels.callers) == 0;
		int n = epoll_wait(l->shared.epoll, events, EVENTS, idle ? -1 : TICK_MS);

		step_all(l, events, n);
		if (now_ms(l) >= tick_ms) {
			tunnels_tick(&l->tunnels, now_ms(l));
			tick_ms = now_ms(l) + TICK_MS;
		}
		tunnels_remove_dead(&l->tunnels);
		atomic_store(&l->open, l->tunnels.len);
		if (l->accept_again_ms && now_ms(l) >= l->accept_again_ms)
			l->accept_again_ms = 0;
		if (!l->accept_again_ms)
			(void)watch_accept(l, true);
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

static void wake(struct listener *l)
{
	const uint64_t one = 1;

	(void)!write(l->wake_end.fd, &one, sizeof(one));
}

static void give_order(struct listener *l, enum order order)
{
	atomic_store(&l->order, (int)order);
	wake(l);
}

enum status listener_reload(struct listener *l, const struct tls_server_options *tls, int max_connections, struct error *e)
{
	struct tls_server *next = NULL, *unused = NULL;
	enum status st = tls->key ? tls_server_open(&next, tls, e) : STATUS_OK;

	if (st != STATUS_OK)
		return st;
	(void)pthread_mutex_lock(&l->mutex);
	unused = l->next_tls;
	l->next_tls = next;
	l->next_max_connections = max_connections;
	(void)pthread_mutex_unlock(&l->mutex);
	tls_server_close(unused);
	wake(l);
	return STATUS_OK;
}

void listener_stop_accepting(struct listener *l)
{
	give_order(l, ORDER_STOP_ACCEPTING);
}

void listener_drain(struct listener *l)
{
	struct timespec until = condition_until(LIMIT_DRAIN_MS);

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
	tunnels_remove_all(&l->tunnels);
	close_accept(l);
	if (l->wake_end.fd >= 0)
		(void)close(l->wake_end.fd);
	if (l->shared.epoll >= 0)
		(void)close(l->shared.epoll);
	tls_server_close(l->tls);
	tls_server_close(l->next_tls);
	callers_close(l->tunnels.callers);
	free(l->shared.scratch);
	(void)pthread_cond_destroy(&l->changed);
	(void)pthread_mutex_destroy(&l->mutex);
	free(l);
}
