/* server/tunnel.c - the life of one connection through the listener. */
#include "server/tunnel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/tunnel_relay.h"

/* ---- what epoll watches ---- */

static void watch(struct tunnel_shared *s, struct tunnel_end *end, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data = {.ptr = end}};
	int op = !end->events ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	if (end->fd < 0 || end->events == events)
		return;
	/* out of the set while nothing is wanted: a hang-up would be told again and again */
	if (epoll_ctl(s->epoll, op, end->fd, &ev) == 0)
		end->events = events;
	else
		end->tunnel->state = TUNNEL_DEAD;
}

static uint32_t in_out(bool in, bool out)
{
	return (in ? (uint32_t)EPOLLIN : 0) | (out ? (uint32_t)EPOLLOUT : 0);
}

static void watch_both(struct tunnel *t, struct tunnel_shared *s)
{
	switch (t->state) {
	case TUNNEL_HANDSHAKE:
		watch(s, &t->net, in_out(!t->want_write, t->want_write));
		break;
	case TUNNEL_OPEN:
		watch(s, &t->net, in_out(!t->net_ended && !t->app_deaf && !t->to_app.len, t->to_net.len > 0));
		watch(s, &t->app, in_out(!t->app_ended && !t->to_net.len, t->to_app.len > 0));
		break;
	case TUNNEL_LINGER:
		watch(s, &t->net, EPOLLIN);
		break;
	case TUNNEL_DEAD:
		break;
	}
}

/* ---- states ---- */

static void start_http(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	struct tls_peer peer = {.present = false};
	int pair[2] = {-1, -1};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair)) {
		t->state = TUNNEL_DEAD;
		return;
	}
	if (t->tls) {
		tls_peer(&peer, t->tls);
		metrics_add(tls_resumed(t->tls) ? METRIC_HANDSHAKES_RESUMED : METRIC_HANDSHAKES_FULL, 1);
	}
	t->named = peer.present;
	t->app.fd = pair[0];
	t->http_fd = pair[1];
	t->state = TUNNEL_OPEN;
	t->moved_ms = now_ms;
	if (peers_put(s->options->peers, pair[1], t->id, &peer) != STATUS_OK) {
		(void)close(pair[1]);
		t->state = TUNNEL_DEAD;
	} else if (!s->options->serve(s->options->ctx, pair[1])) {
		t->state = TUNNEL_DEAD;
	}
}

static void step_handshake(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	struct error e = {STATUS_OK, ""};

	switch (tls_handshake(t->tls, &e)) {
	case TLS_OK:
		start_http(t, s, now_ms);
		break;
	case TLS_WANT_READ:
		t->want_write = false;
		break;
	case TLS_WANT_WRITE:
		t->want_write = true;
		break;
	default:
		metrics_add(METRIC_HANDSHAKES_FAILED, 1);
		log_line(LOG_LEVEL_INFO, "TLS handshake failed", "from", t->address, "reason", e.text, NULL);
		t->state = TUNNEL_DEAD;
		break;
	}
}

/* All answers are sent: say so, and give the client time to read them before the socket goes. */
static void start_linger(struct tunnel *t, int64_t now_ms)
{
	tls_close(t->tls);
	t->tls = NULL;
	(void)shutdown(t->net.fd, SHUT_WR);
	t->state = t->net_ended ? TUNNEL_DEAD : TUNNEL_LINGER;
	t->deadline_ms = now_ms + LIMIT_LINGER_MS;
}

static void step_open(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (!tunnel_to_app(t, s, now_ms) || !tunnel_to_net(t, s, now_ms))
		t->state = TUNNEL_DEAD;
	else if (t->app_ended && !t->to_net.len)
		start_linger(t, now_ms);
}

static void step_linger(struct tunnel *t, struct tunnel_shared *s)
{
	for (int i = 0; i < TUNNEL_ROUNDS; i++) {
		ssize_t n = recv(t->net.fd, s->scratch, TUNNEL_PART, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			t->state = TUNNEL_DEAD;
			return;
		}
	}
}

void tunnel_step(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (t->state == TUNNEL_HANDSHAKE)
		step_handshake(t, s, now_ms);
	if (t->state == TUNNEL_OPEN)
		step_open(t, s, now_ms);
	else if (t->state == TUNNEL_LINGER)
		step_linger(t, s);
	watch_both(t, s);
}

static bool too_slow(const struct tunnel *t, const struct limits *l, int64_t now_ms)
{
	int64_t allowed_ms = l->request_ms + (int64_t)(t->request_bytes * 1000 / (uint64_t)l->request_min_bytes_s);

	return t->request_ms && now_ms - t->request_ms > allowed_ms;
}

void tunnel_tick(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	const char *reason = NULL;

	if (t->state != TUNNEL_OPEN) {
		if (now_ms >= t->deadline_ms)
			t->state = TUNNEL_DEAD;
		return;
	}
	/* while a request is at work it is the server that takes its time; but whoever closed the connection waits for nothing */
	if (!t->to_net.len && !(t->net_ended && now_ms >= t->deadline_ms) &&
	    peers_answering(s->options->peers, t->http_fd, t->id))
		return;
	if (now_ms - t->moved_ms > s->options->limits->idle_ms)
		reason = t->to_net.len ? "the client does not read its answer" : NULL;
	else if (t->net_ended && now_ms >= t->deadline_ms)
		reason = NULL; /* libmicrohttpd waits for the rest of a torn request as for a slow one */
	else if (too_slow(t, s->options->limits, now_ms))
		reason = "the request comes too slowly";
	else
		return;
	if (reason)
		metrics_add(METRIC_SLOW_CLIENT, 1);
	if (reason)
		log_line(LOG_LEVEL_WARN, "connection ended", "from", t->address, "reason", reason, NULL);
	t->state = TUNNEL_DEAD;
}

int tunnel_spare(const struct tunnel *t, const struct tunnel_shared *s, int64_t now_ms)
{
	if (t->state == TUNNEL_DEAD || now_ms - (t->state == TUNNEL_OPEN ? t->moved_ms : t->opened_ms) < LIMIT_ROOM_MS)
		return 0;
	if (t->state != TUNNEL_OPEN)
		return 3;
	if (t->to_net.len || peers_answering(s->options->peers, t->http_fd, t->id))
		return 0;
	return t->named ? 1 : 2;
}

void tunnel_drain(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (t->state == TUNNEL_HANDSHAKE)
		t->state = TUNNEL_DEAD;
	if (t->state != TUNNEL_OPEN)
		return;
	tunnel_end_input(t, now_ms);
	tunnel_step(t, s, now_ms);
}

struct tunnel *tunnel_open(struct tunnel_shared *s, struct tls_server *tls, int fd, const char *address, int64_t now_ms)
{
	struct tunnel *t = calloc(1, sizeof(*t));

	if (!t || (tls && tls_accept(&t->tls, tls, fd) != STATUS_OK)) {
		free(t);
		(void)close(fd);
		return NULL;
	}
	t->net = (struct tunnel_end){.tunnel = t, .fd = fd};
	t->app = (struct tunnel_end){.tunnel = t, .fd = -1};
	t->http_fd = -1;
	t->id = ++s->last_id;
	t->moved_ms = t->opened_ms = now_ms;
	t->deadline_ms = now_ms + s->options->limits->handshake_ms;
	(void)snprintf(t->address, sizeof(t->address), "%s", address);
	if (!tls)
		start_http(t, s, now_ms);
	watch_both(t, s);
	return t;
}

void tunnel_close(struct tunnel *t, struct tunnel_shared *s)
{
	peers_remove(s->options->peers, t->http_fd, t->id);
	tls_close(t->tls);
	/* closing takes a descriptor out of the epoll set */
	(void)close(t->net.fd);
	if (t->app.fd >= 0)
		(void)close(t->app.fd);
	stash_clear(&t->to_app);
	stash_clear(&t->to_net);
	free(t);
}
