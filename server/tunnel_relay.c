/* server/tunnel_relay.c - a tunnel's bytes from one side to the other. */
#include "server/tunnel_relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "server/limits.h"

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

void stash_clear(struct stash *st)
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

void tunnel_end_input(struct tunnel *t, int64_t now_ms)
{
	t->net_ended = true;
	t->deadline_ms = now_ms + LIMIT_LINGER_MS;
}

bool tunnel_to_app(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (!give_app(t, NULL, 0))
		return false;
	for (int i = 0; (i < TUNNEL_ROUNDS || net_pending(t)) && !t->to_app.len && !t->net_ended && !t->app_deaf; i++) {
		size_t n = TUNNEL_PART;
		enum tls_io io = recv_net(t, s->scratch, &n);

		if (io == TLS_WANT_READ || io == TLS_WANT_WRITE)
			break;
		if (io == TLS_CLOSED) {
			tunnel_end_input(t, now_ms);
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

bool tunnel_to_net(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms)
{
	if (!give_net(t, NULL, 0, now_ms))
		return false;
	for (int i = 0; i < TUNNEL_ROUNDS && !t->to_net.len && !t->app_ended; i++) {
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
