/* server/tunnel.c - one connection through the listener. */
#include "server/tunnel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "server/limits.h"

#define ROUNDS 8 /* parts moved each way before others get their turn */

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

/* ---- stashes ---- */

static bool stash_keep(struct stash *st, const uint8_t *bytes, size_t len)
{
	st->bytes = malloc(len);
	if (!st->bytes)
		return false;
	memcpy(st->bytes, bytes, len);
	st->at = 0;
	st->len = len;
	return true;
}

static void stash_clear(struct stash *st)
{
	free(st->bytes);
	*st = (struct stash){NULL, 0, 0};
}

/* ---- moving bytes ---- */

/* Send as it is; *sent says how much. False: the connection is over. */
static bool send_plain(int fd, const uint8_t *bytes, size_t len, size_t *sent)
{
	*sent = 0;
	while (*sent < len) {
		ssize_t n = send(fd, bytes + *sent, len - *sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		*sent += (size_t)n;
	}
	return true;
}

static bool send_net(struct tunnel *t, const uint8_t *bytes, size_t len, size_t *sent)
{
	if (!t->tls)
		return send_plain(t->net.fd, bytes, len, sent);
	*sent = 0;
	while (*sent < len) {
		size_t n = len - *sent;
		enum tls_io io = tls_send(t->tls, bytes + *sent, &n);

		if (io == TLS_WANT_READ || io == TLS_WANT_WRITE)
			return true;
		if (io != TLS_OK)
			return false;
		*sent += n;
	}
	return true;
}

static enum tls_io recv_net(struct tunnel *t, uint8_t *bytes, size_t *len)
{
	ssize_t n = 0;

	if (t->tls)
		return tls_recv(t->tls, bytes, len);
	n = recv(t->net.fd, bytes, *len, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TLS_WANT_READ : TLS_FAILED;
	*len = (size_t)n;
	return n > 0 ? TLS_OK : TLS_CLOSED;
}

/* Decrypted bytes that epoll knows nothing of. */
static bool net_pending(const struct tunnel *t)
{
	return t->tls && tls_pending(t->tls);
}

/* Hand on to the HTTP side: new bytes, or with len 0 what was left. Memory out: the connection is over. */
static bool give_app(struct tunnel *t, const uint8_t *bytes, size_t len)
{
	size_t sent = 0;

	if (t->to_app.len) {
		bytes = t->to_app.bytes + t->to_app.at;
		len = t->to_app.len - t->to_app.at;
	}
	if (!len || t->app_deaf)
		return true;
	t->app_deaf = !send_plain(t->app.fd, bytes, len, &sent);
	if (t->app_deaf || sent == len) {
		stash_clear(&t->to_app);
		return true;
	}
	if (!t->to_app.len)
		return stash_keep(&t->to_app, bytes + sent, len - sent);
	t->to_app.at += sent;
	return true;
}

/* The same towards the net. */
static bool give_net(struct tunnel *t, const uint8_t *bytes, size_t len, int64_t now_ms)
{
	size_t sent = 0;

	if (t->to_net.len) {
		bytes = t->to_net.bytes + t->to_net.at;
		len = t->to_net.len - t->to_net.at;
	}
	if (!len)
		return true;
	if (!send_net(t, bytes, len, &sent))
		return false;
	if (sent)
		t->moved_ms = now_ms;
	if (sent == len) {
		stash_clear(&t->to_net);
		return true;
	}
	if (!t->to_net.len)
		return stash_keep(&t->to_net, bytes + sent, len - sent);
	t->to_net.at += sent;
	return true;
}

/* No more comes from the client: what is being answered may still be sent to it, for a while. */
static void end_input(struct tunnel *t, int64_t now_ms)
{
	t->net_ended = true;
	t->deadline_ms = now_ms + LIMIT_LINGER_MS;
}

static bool net_to_app(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (!give_app(t, NULL, 0))
		return false;
	for (int i = 0; (i < ROUNDS || net_pending(t)) && !t->to_app.len && !t->net_ended && !t->app_deaf; i++) {
		size_t n = TUNNEL_PART;
		enum tls_io io = recv_net(t, s->scratch, &n);

		if (io == TLS_WANT_READ || io == TLS_WANT_WRITE)
			break;
		if (io == TLS_CLOSED) {
			end_input(t, now_ms);
			break;
		}
		if (io != TLS_OK)
			return false;
		t->moved_ms = now_ms;
		if (!t->request_ms)
			t->request_ms = now_ms;
		t->request_bytes += n;
		if (!give_app(t, s->scratch, n))
			return false;
	}
	if (t->net_ended && !t->to_app.len && !t->app_shut) {
		(void)shutdown(t->app.fd, SHUT_WR);
		t->app_shut = true;
	}
	return true;
}

static bool app_to_net(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (!give_net(t, NULL, 0, now_ms))
		return false;
	for (int i = 0; i < ROUNDS && !t->to_net.len && !t->app_ended; i++) {
		ssize_t n = recv(t->app.fd, s->scratch, TUNNEL_PART, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			t->app_ended = true; /* a reset too: what it sent before has been read */
			break;
		}
		t->moved_ms = now_ms;
		t->request_ms = 0; /* it is being answered */
		t->request_bytes = 0;
		if (!give_net(t, s->scratch, (size_t)n, now_ms))
			return false;
	}
	return true;
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
	if (t->tls)
		tls_peer(&peer, t->tls);
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
	if (!net_to_app(t, s, now_ms) || !app_to_net(t, s, now_ms))
		t->state = TUNNEL_DEAD;
	else if (t->app_ended && !t->to_net.len)
		start_linger(t, now_ms);
}

static void step_linger(struct tunnel *t, struct tunnel_shared *s)
{
	for (int i = 0; i < ROUNDS; i++) {
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
		log_line(LOG_LEVEL_WARN, "connection ended", "from", t->address, "reason", reason, NULL);
	t->state = TUNNEL_DEAD;
}

void tunnel_drain(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (t->state == TUNNEL_HANDSHAKE)
		t->state = TUNNEL_DEAD;
	if (t->state != TUNNEL_OPEN)
		return;
	end_input(t, now_ms);
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
	t->moved_ms = now_ms;
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
