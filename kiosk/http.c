/* kiosk/http.c - the kiosk's own small web server. Connections from this machine enter; requests go to route.c, its responses leave. */
#include "kiosk/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "kiosk/form.h"
#include "kiosk/watch.h"

#define STACK_BYTES (256 * 1024)
#define CONNECTIONS_MAX 32
#define CONNECTION_MEMORY_BYTES (16 * 1024)
#define IDLE_S 20
#define BACKLOG 16
/* A body that is too long is still read up to here, so that the browser gets to see why it was refused. */
#define DRAIN_MAX_BYTES (1024 * 1024)

static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'none'; "
			     "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

struct http {
	struct MHD_Daemon *daemon;
	struct desk *desk;
	unsigned port;
	char url[HTTP_URL_MAX];
};

struct exchange {
	struct request request;
	struct buf body;
	uint64_t received;  /* bytes of the body */
	const char *length; /* the header that says how long the body is */
};

/* A header that comes twice could be read in two ways. */
static void take(struct request *r, const char **slot, const char *value)
{
	r->ambiguous = r->ambiguous || *slot;
	*slot = value ? value : "";
}

static enum MHD_Result note_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct exchange *x = cls;
	struct request *r = &x->request;

	(void)kind;
	if (strcasecmp(key, "Host") == 0)
		take(r, &r->host, value);
	else if (strcasecmp(key, "Origin") == 0)
		take(r, &r->origin, value);
	else if (strcasecmp(key, "Sec-Fetch-Site") == 0)
		take(r, &r->fetch_site, value);
	else if (strcasecmp(key, "User-Agent") == 0)
		r->by_watch = value && strcmp(value, WATCH_AGENT) == 0;
	else if (strcasecmp(key, "Content-Type") == 0)
		take(r, &r->content_type, value);
	else if (strcasecmp(key, "Content-Length") == 0 || strcasecmp(key, "Transfer-Encoding") == 0)
		take(r, &x->length, value);
	return MHD_YES;
}

/* Once for each request. */
static void read_headers(struct exchange *x, struct MHD_Connection *c, const char *path, const char *method)
{
	x->request.path = path;
	x->request.method = method;
	x->request.state = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "state");
	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, note_header, x);
}

static void end_body(void *cls)
{
	struct buf *body = cls;

	buf_wipe(body); /* a page may show what a patient wrote */
	free(body);
}

/* Takes the body over. */
static struct MHD_Response *pack(struct response *out)
{
	struct buf *body = NULL;
	struct MHD_Response *m = NULL;

	if (out->fixed)
		return MHD_create_response_from_buffer(strlen(out->fixed), (void *)(uintptr_t)out->fixed, MHD_RESPMEM_PERSISTENT);
	body = calloc(1, sizeof(*body));
	if (!body)
		return NULL;
	*body = out->body;
	out->body = (struct buf)BUF_INIT;
	m = MHD_create_response_from_buffer_with_free_callback_cls(body->len, (void *)(uintptr_t)buf_text(body), end_body, body);
	if (!m)
		end_body(body);
	return m;
}

static bool add_refresh(struct MHD_Response *m, const struct response *out)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "%" PRId64 "; url=/", out->reload_s);
	return out->reload_s <= 0 || MHD_add_response_header(m, "Refresh", text) == MHD_YES;
}

static bool add_headers(struct MHD_Response *m, const struct response *out)
{
	return add_refresh(m, out) && MHD_add_response_header(m, "Content-Type", out->type) == MHD_YES &&
	       MHD_add_response_header(m, "Cache-Control", out->lasting ? "public, max-age=31536000, immutable" : "no-store") == MHD_YES &&
	       MHD_add_response_header(m, "Content-Security-Policy", policy) == MHD_YES &&
	       /* No address leaves this machine; with "no-referrer" the browser would hide the origin of the kiosk's own form from it. */
	       MHD_add_response_header(m, "Referrer-Policy", "same-origin") == MHD_YES &&
	       MHD_add_response_header(m, "X-Content-Type-Options", "nosniff") == MHD_YES &&
	       MHD_add_response_header(m, "Cross-Origin-Resource-Policy", "same-origin") == MHD_YES &&
	       (!out->location.len || MHD_add_response_header(m, "Location", buf_text(&out->location)) == MHD_YES) &&
	       (!out->allow || MHD_add_response_header(m, "Allow", out->allow) == MHD_YES);
}

static enum MHD_Result respond(struct MHD_Connection *c, struct http *h, struct exchange *x)
{
	struct response out;
	struct MHD_Response *m = NULL;
	enum MHD_Result queued = MHD_NO;

	x->request.body = x->body.data ? (char *)x->body.data : (char[1]){""};
	x->request.body_len = x->body.len;
	route(&out, h->desk, &x->request);
	m = pack(&out);
	if (m && add_headers(m, &out))
		queued = MHD_queue_response(c, out.status, m);
	if (m)
		MHD_destroy_response(m);
	response_clear(&out);
	return queued;
}

static bool declared_hopeless(struct MHD_Connection *c)
{
	const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");

	return text && strtoull(text, NULL, 10) > DRAIN_MAX_BYTES;
}

static enum MHD_Result on_first_call(struct MHD_Connection *c, struct http *h, const char *path, const char *method, void **ctx)
{
	struct exchange *x = calloc(1, sizeof(*x));

	*ctx = x;
	if (!x)
		return MHD_NO;
	x->body = (struct buf)BUF_SECRET;
	if (!declared_hopeless(c))
		return MHD_YES;
	read_headers(x, c, path, method);
	x->request.too_big = true;
	return respond(c, h, x);
}

static enum MHD_Result on_body(struct exchange *x, const char *data, size_t *size)
{
	x->received += *size;
	if (x->received > DRAIN_MAX_BYTES)
		return MHD_NO;
	if (x->received > FORM_MAX_BYTES) {
		x->request.too_big = true;
		buf_wipe(&x->body);
	} else {
		buf_add(&x->body, data, *size);
	}
	*size = 0;
	return buf_ok(&x->body) ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path, const char *method, const char *version,
				  const char *data, size_t *size, void **ctx)
{
	(void)version;
	if (!*ctx)
		return on_first_call(c, cls, path, method, ctx);
	if (*size > 0)
		return on_body(*ctx, data, size);
	read_headers(*ctx, c, path, method);
	return respond(c, cls, *ctx);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *ctx;

	(void)cls;
	(void)c;
	(void)code;
	if (x)
		buf_wipe(&x->body); /* what a patient wrote */
	free(x);
	*ctx = NULL;
}

static void on_log(void *cls, const char *fmt, va_list args)
{
	char text[256];

	(void)cls;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)vsnprintf(text, sizeof(text), fmt, args);
#pragma GCC diagnostic pop
	text[strcspn(text, "\n")] = '\0';
	log_line(LOG_LEVEL_DEBUG, "web server", "says", text, NULL);
}

/* ---- listening ---- */

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
	char host[INET6_ADDRSTRLEN + 2]; /* as in a URL */
};

static bool parse_port(in_port_t *out, const char *text)
{
	char *end = NULL;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || port > 65535)
		return false;
	*out = htons((uint16_t)port);
	return true;
}

/* Only the kiosk's own screen may see the pages, so anything but loopback is refused. */
static enum status parse_address(struct address *out, const char *listen, struct error *e)
{
	const char *colon = strrchr(listen, ':');
	size_t len = colon ? (size_t)(colon - listen) : 0;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->sa;
	in_port_t port = 0;

	memset(out, 0, sizeof(*out));
	if (len == 0 || len >= sizeof(out->host) || !parse_port(&port, colon + 1))
		return error_set(e, STATUS_USAGE, "'%s' is no address to listen at: write 127.0.0.1:8080", listen);
	memcpy(out->host, listen, len);
	if (strcmp(out->host, "localhost") == 0)
		(void)snprintf(out->host, sizeof(out->host), "127.0.0.1");
	if (strcmp(out->host, "[::1]") == 0) {
		*v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
		out->len = sizeof(*v6);
		return STATUS_OK;
	}
	*v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
	out->len = sizeof(*v4);
	if (inet_pton(AF_INET, out->host, &v4->sin_addr) != 1 || ntohl(v4->sin_addr.s_addr) >> 24 != 127)
		return error_set(e, STATUS_USAGE, "the kiosk listens on this machine alone: 127.0.0.1 or [::1], not %s", out->host);
	return STATUS_OK;
}

static enum status open_socket(int *out, unsigned *port, const struct address *a, const char *listen_text, struct error *e)
{
	struct sockaddr_storage bound = {0};
	socklen_t len = sizeof(bound);
	int one = 1;
	int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, (const struct sockaddr *)&a->sa, a->len) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&bound, &len) != 0) {
		enum status st = error_set_errno(e, errno, "cannot listen at %s", listen_text);

		if (fd >= 0)
			(void)close(fd);
		return st;
	}
	*port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port : ((struct sockaddr_in *)&bound)->sin_port);
	*out = fd;
	return STATUS_OK;
}

static void name_hosts(struct desk *d, const char *host, unsigned port)
{
	const char *names[ROUTE_HOSTS] = {host, "localhost"};

	for (size_t i = 0; i < ROUTE_HOSTS; i++) {
		if (port == 80)
			(void)snprintf(d->hosts[i], sizeof(d->hosts[i]), "%s", names[i]);
		else
			(void)snprintf(d->hosts[i], sizeof(d->hosts[i]), "%s:%u", names[i], port);
	}
}

static struct MHD_Daemon *start_daemon(struct http *h, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, h,
				MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
				MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
				MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
				MHD_OPTION_STRICT_FOR_CLIENT, 1,
				MHD_OPTION_END);
}

enum status http_start(struct http **out, const char *listen_text, struct desk *d, struct error *e)
{
	struct address a;
	struct http *h = NULL;
	int fd = -1;
	enum status st = parse_address(&a, listen_text, e);

	if (st != STATUS_OK)
		return st;
	h = calloc(1, sizeof(*h));
	if (!h)
		return error_set(e, STATUS_NOMEM, "no memory for the web server");
	st = open_socket(&fd, &h->port, &a, listen_text, e);
	if (st != STATUS_OK)
		goto done;
	name_hosts(d, a.host, h->port);
	(void)snprintf(h->url, sizeof(h->url), "http://%s", d->hosts[0]);
	h->desk = d;
	h->daemon = start_daemon(h, fd);
	if (!h->daemon) {
		(void)close(fd);
		st = error_set(e, STATUS_IO, "the web server does not start");
		goto done;
	}
	*out = h;
	h = NULL;
done:
	free(h);
	return st;
}

const char *http_url(const struct http *h)
{
	return h->url;
}

unsigned http_port(const struct http *h)
{
	return h->port;
}

void http_stop(struct http *h)
{
	if (!h)
		return;
	MHD_stop_daemon(h->daemon); /* closes the socket */
	free(h);
}
