/* server/tunnel.h - one connection through the listener: TLS on the net side, a local socket on the HTTP side. Belongs
 * to the listener's thread.
 *
 * States: handshake -> open -> linger -> dead. It moves bytes when epoll says so and never waits. */
#ifndef QIP_SERVER_TUNNEL_H
#define QIP_SERVER_TUNNEL_H

#include "server/callers.h"
#include "server/listener.h"

enum tunnel_state { TUNNEL_HANDSHAKE, TUNNEL_OPEN, TUNNEL_LINGER, TUNNEL_DEAD };

struct tunnel;

/* One of its two descriptors as epoll knows it. */
struct tunnel_end {
	struct tunnel *tunnel;
	int fd;		 /* -1: none */
	uint32_t events; /* that epoll watches for now; 0: not in the set */
};

/* Bytes that the next side did not take yet. */
struct stash {
	uint8_t *bytes; /* owned; NULL when empty */
	size_t at, len;
};

struct tunnel {
	struct tunnel_end net, app;
	struct tls_conn *tls; /* NULL: plain HTTP, or TLS has ended */
	enum tunnel_state state;
	uint64_t id;
	int http_fd; /* number of the HTTP side's own descriptor, for struct peers */
	struct stash to_app, to_net;
	bool net_ended, app_ended;
	bool app_deaf;	     /* the HTTP side takes no more bytes; what it says still counts */
	bool app_shut;	     /* it was told that no more bytes come */
	bool want_write;     /* the handshake waits for room to write */
	int64_t deadline_ms; /* of the handshake, of what follows the end of the client's input, of lingering */
	int64_t moved_ms;    /* when the last byte moved */
	int64_t request_ms;  /* first byte of the request being received; 0: none */
	uint64_t request_bytes;
	char address[64]; /* of the client, for the log */
	struct caller *caller;
	bool named; /* it showed a certificate */
	int64_t opened_ms;
	struct tunnel *next, *prev;
};

/* What tunnels share: the listener's. */
struct tunnel_shared {
	const struct listener_options *options;
	int epoll;
	uint8_t *scratch; /* TUNNEL_PART bytes */
	uint64_t last_id;
};
#define TUNNEL_PART (16 * 1024) /* one TLS record at most, so that nothing stays hidden inside TLS */

/* How readily it makes room for another: the higher the sooner, 0 not at all. */
int tunnel_spare(const struct tunnel *t, const struct tunnel_shared *s, int64_t now_ms);
/* Takes `fd` over. tls: NULL for plain HTTP. NULL when memory is out (fd is closed). */
struct tunnel *tunnel_open(struct tunnel_shared *s, struct tls_server *tls, int fd, const char *address,
			   int64_t now_ms);
/* Something may move. */
void tunnel_step(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms);
/* Deadlines. */
void tunnel_tick(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms);
/* No more requests: the HTTP side sees the end of its input. */
void tunnel_drain(struct tunnel *t, struct tunnel_shared *s, int64_t now_ms);
/* Frees it. */
void tunnel_close(struct tunnel *t, struct tunnel_shared *s);

#endif
