/* client/wire.c - HTTP's transport over TLS. */
#include "client/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/tls.h"
#include "core/tls_dial.h"

#define DEFAULT_PORT "443"

static bool is_host(const char *text, bool is_address)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	static const char address[] = "0123456789abcdefABCDEF:.";
	size_t len = strlen(text);

	return len > 0 && strspn(text, is_address ? address : name) == len;
}

/* One that is set to nothing is set. */
static const char *setting(const char *name, const char *other)
{
	const char *value = getenv(name);

	if (!value)
		value = getenv(other);
	return value ? value : "";
}

static enum status set_proxy(struct wire *w, struct error *e)
{
	const char *url = setting("https_proxy", "HTTPS_PROXY"), *around = setting("no_proxy", "NO_PROXY");

	w->proxy = (struct tls_proxy){.host = ""};
	return *url && !proxy_is_passed_by(around, w->host) ? proxy_parse(&w->proxy, url, e) : STATUS_OK;
}

enum status wire_set_url(struct wire *w, const char *url, struct error *e)
{
	char text[WIRE_HOST_MAX];
	char *host = text, *port = NULL, *end = NULL;
	bool is_address = false;
	size_t len = strlen(url);

	if (strncasecmp(url, "https://", 8) != 0 || len - 8 >= sizeof(text))
		goto bad;
	memcpy(text, url + 8, len - 8 + 1);
	end = strchr(text, '/');
	if (end && end[1] != '\0')
		goto bad;
	if (end)
		*end = '\0';
	is_address = text[0] == '[';
	if (is_address) {
		host++;
		end = strchr(host, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			goto bad;
		*end++ = '\0';
	} else
		end = text + strcspn(text, ":");
	port = *end == ':' ? end + 1 : NULL;
	*end = '\0';
	if (!is_host(host, is_address) || (port && !dial_is_port(port)))
		goto bad;
	(void)snprintf(w->host, sizeof(w->host), "%s", host);
	(void)snprintf(w->port, sizeof(w->port), "%s", port ? port : DEFAULT_PORT);
	(void)snprintf(w->authority, sizeof(w->authority), is_address ? "[%s]:%s" : "%s:%s", w->host, w->port);
	return set_proxy(w, e);
bad:
	return error_set(e, STATUS_USAGE, "the server's address must have the form https://host:port");
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
	return (struct tls_client_options){
		.host = w->host,
		.port = w->port,
		.ca_pem = w->ca_pem,
		.cert_pem = w->cert_pem,
		.key = w->cert_pem ? w->key : NULL,
		.proxy = w->proxy.host[0] ? &w->proxy : NULL,
		.ignore_dates = w->ignore_dates,
		.deadline_ms = deadline_ms,
		.session = w->session.data,
		.session_len = w->session.len,
	};
}

static enum status wire_connect(void **conn, void *ctx, int deadline_ms, struct error *e)
{
	struct wire *w = ctx;
	struct tls_conn *c = NULL;
	const struct tls_client_options o = wire_options(w, deadline_ms);
	enum status st = tls_connect(&c, &o, e);

	if (st == STATUS_OK)
		*conn = c;
	return st;
}

static enum status wire_read(void *conn, void *bytes, size_t *n, int deadline_ms, struct error *e)
{
	return tls_read(conn, bytes, n, deadline_ms, e);
}

static enum status wire_write(void *conn, const void *bytes, size_t len, int deadline_ms, struct error *e)
{
	return tls_write(conn, bytes, len, deadline_ms, e);
}

static void wire_close(void *ctx, void *conn)
{
	struct wire *w = ctx;
	struct buf session = BUF_INIT;

	/* a ticket comes with the handshake's end; none is no loss, the next handshake is a full one */
	if (!tls_resumed(conn) && tls_session(&session, conn) == STATUS_OK && session.len > 0) {
		buf_wipe(&w->session);
		w->session = session;
		w->session_replaced = true;
	} else
		buf_wipe(&session);
	tls_close(conn);
}

const struct http_transport wire_transport = {
	.connect = wire_connect,
	.read = wire_read,
	.write = wire_write,
	.close = wire_close,
};
