/* tests/sim/link.c - see link.h. */
#include "tests/sim/link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/wire.h"
#include "core/tls.h"

#define ANSWER_MS 60000

static _Thread_local struct {
	struct host *host;
	char device[64];
	const struct machine *clock;
	enum mishap mishap;
	unsigned left; /* requests, or pushes, before it comes */
	pthread_barrier_t *together; /* NULL: nobody is waited for */
	bool down, failed;
} line;

struct conn {
	int fd;
	const struct wire *wire; /* borrowed */
	struct buf request; /* as far as it was sent */
	bool asked;         /* the request is out, and its answer not begun */
	bool pushes;        /* the request is a push */
	enum mishap fate;   /* of this request */
};

const char *mishap_text(enum mishap m)
{
	static const char *const texts[] = {
		[MISHAP_NONE] = "",
		[MISHAP_CUT] = "the line is cut before a request",
		[MISHAP_TORN] = "the line is cut in the middle of a request",
		[MISHAP_LOST] = "an answer is lost",
		[MISHAP_KILL_MERGE] = "the server is killed between merging and publishing",
		[MISHAP_KILL_LATE] = "the server is killed after publishing, and the answer is lost",
		[MISHAP_TWICE] = "a push arrives twice",
	};

	return m < MISHAP_COUNT ? texts[m] : "";
}

void link_up(struct host *h, const char *device, const struct machine *clock)
{
	line.host = h;
	line.clock = clock;
	line.mishap = MISHAP_NONE;
	line.together = NULL;
	line.down = line.failed = false;
	host_cut_at_merge(h, false);
	(void)snprintf(line.device, sizeof(line.device), "%s", device);
}

void link_expect(enum mishap m, unsigned at)
{
	line.mishap = m;
	line.left = at;
}

void link_together(pthread_barrier_t *barrier)
{
	line.together = barrier;
}

bool link_failed(void)
{
	return line.failed;
}

static enum status fail(struct error *e)
{
	line.down = line.failed = true;
	return error_set(e, STATUS_NETWORK, "the line to the server failed");
}

/* ---- one request ---- */

static bool is_push(const char *bytes, size_t len)
{
	return len > 5 && memcmp(bytes, "POST ", 5) == 0 && memmem(bytes, len, "/git-receive-pack ", 18) != NULL;
}

static enum mishap fate_of(bool pushes)
{
	if (line.mishap == MISHAP_NONE || (line.mishap >= MISHAP_KILL_MERGE && !pushes) || line.left-- > 0)
		return MISHAP_NONE;
	return line.mishap;
}

static enum status send_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return STATUS_NETWORK;
		bytes += n;
		len -= (size_t)n;
	}
	return STATUS_OK;
}

static bool await(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ANSWER_MS) == 1;
}

/* The same bytes once more, on a line of their own; whatever is said to that. */
static void send_again(const struct wire *w, const struct buf *request)
{
	int fd = -1;

	if (host_connect(&fd, line.host, line.device, w->key) == STATUS_OK && send_all(fd, request->data, request->len) == STATUS_OK)
		(void)await(fd);
	if (fd >= 0)
		(void)close(fd);
}

static enum status wire_connect(void **conn, void *ctx, int deadline_ms, struct error *e)
{
	struct wire *w = ctx;
	struct conn *c = NULL;

	(void)deadline_ms;
	if (line.down)
		return error_set(e, STATUS_NETWORK, "the line to the server is down");
	c = calloc(1, sizeof(*c));
	if (!c)
		return error_set(e, STATUS_NOMEM, "out of memory");
	c->fd = -1;
	c->wire = w;
	if (host_connect(&c->fd, line.host, w->cert_pem ? line.device : NULL, w->key) != STATUS_OK) {
		free(c);
		return error_set(e, STATUS_NETWORK, "the server takes no connection");
	}
	*conn = c;
	return STATUS_OK;
}

static enum status wire_write(void *conn, const void *bytes, size_t len, int deadline_ms, struct error *e)
{
	struct conn *c = conn;

	(void)deadline_ms;
	if (line.down)
		return fail(e);
	if (!c->asked) {
		buf_reset(&c->request);
		c->pushes = is_push(bytes, len);
		c->fate = fate_of(c->pushes);
		c->asked = true;
	}
	if (c->fate == MISHAP_CUT)
		return fail(e);
	if (c->fate == MISHAP_TORN) {
		(void)(send_all(c->fd, bytes, len / 2) == STATUS_OK);
		return fail(e);
	}
	if (c->fate == MISHAP_KILL_MERGE)
		host_cut_at_merge(line.host, true);
	buf_add(&c->request, bytes, len);
	return send_all(c->fd, bytes, len) == STATUS_OK ? STATUS_OK : error_set(e, STATUS_NETWORK, "the server ended the connection");
}

/* The answer is there; true if nobody hears of it. */
static bool is_lost(struct conn *c)
{
	if (c->fate == MISHAP_LOST)
		return true;
	if (c->fate == MISHAP_KILL_MERGE) {
		host_cut_at_merge(line.host, false); /* a push that was refused is not merged */
		return host_was_cut(line.host);
	}
	if (c->fate != MISHAP_KILL_LATE)
		return false;
	host_settle(line.host);
	return host_cut(line.host) == STATUS_OK;
}

/* Answers are dated by the run's clock: the HTTP library takes the real one. */
static void date(char *bytes, size_t n)
{
	static const char name[] = "\r\nDate: ";
	char *at = memmem(bytes, n, name, sizeof(name) - 1);
	time_t seconds = (time_t)(line.clock->clock_ms / 1000);
	char text[32];
	struct tm tm;

	if (!at || (size_t)(bytes + n - at) < sizeof(name) - 1 + 29)
		return;
	(void)gmtime_r(&seconds, &tm);
	(void)strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	memcpy(at + sizeof(name) - 1, text, 29);
}

static enum status wire_read(void *conn, void *bytes, size_t *n, int deadline_ms, struct error *e)
{
	struct conn *c = conn;
	ssize_t got = 0;

	(void)deadline_ms;
	if (line.down)
		return fail(e);
	if (c->asked && c->fate == MISHAP_TWICE)
		send_again(c->wire, &c->request);
	if (!await(c->fd))
		return error_set(e, STATUS_TIMEOUT, "the server does not answer");
	if (c->asked && c->pushes && line.together) {
		(void)pthread_barrier_wait(line.together);
		line.together = NULL;
	}
	if (c->asked && is_lost(c))
		return fail(e);
	got = recv(c->fd, bytes, *n, 0);
	if (got < 0)
		return error_set(e, STATUS_NETWORK, "the server ended the connection");
	if (c->asked)
		date(bytes, (size_t)got);
	c->asked = false;
	*n = (size_t)got;
	return STATUS_OK;
}

static void wire_close(void *ctx, void *conn)
{
	struct conn *c = conn;

	(void)ctx;
	(void)close(c->fd);
	buf_clear(&c->request);
	free(c);
}

const struct http_transport wire_transport = {
	.connect = wire_connect,
	.read = wire_read,
	.write = wire_write,
	.close = wire_close,
};

/* ---- the rest of client/wire.h, and what a join asks of TLS ---- */

enum status wire_set_url(struct wire *w, const char *url, struct error *e)
{
	(void)url;
	(void)e;
	(void)snprintf(w->host, sizeof(w->host), "localhost");
	(void)snprintf(w->port, sizeof(w->port), "8443");
	(void)snprintf(w->authority, sizeof(w->authority), "localhost:8443");
	return STATUS_OK;
}

void wire_url(char out[WIRE_URL_MAX], const struct wire *w)
{
	(void)snprintf(out, WIRE_URL_MAX, "https://%s", w->authority);
}

void wire_clear(struct wire *w)
{
	buf_wipe(&w->session);
	*w = (struct wire){0};
}

struct tls_client_options wire_options(const struct wire *w, int deadline_ms)
{
	return (struct tls_client_options){.host = w->host, .port = w->port, .deadline_ms = deadline_ms};
}

enum status tls_fetch_ca(struct buf *ca_pem, const struct tls_client_options *o, const uint8_t *pin, size_t pin_len, struct error *e)
{
	(void)o;
	(void)pin;
	(void)pin_len;
	(void)e;
	buf_adds(ca_pem, host_ca_pem(line.host));
	return STATUS_OK;
}
