/* client/http.h - a small HTTP/1.1 client: one connection to one host, one call at a time.
 *
 *     http_open(&h, &transport, ctx, "host:8443", &e); http_call(h, &req, &res, &e); http_response_clear(&res); http_close(h);
 *
 * Connects when first needed, keeps the connection alive, and tries once more when a kept connection turns out to have been closed before any
 * byte of an answer. Never follows a redirect, never talks to another host, never asks for compression.
 */
#ifndef QIP_CLIENT_HTTP_H
#define QIP_CLIENT_HTTP_H

#include <stdbool.h>

#include "core/buf.h"

/* How bytes travel; client/wire.h does it by TLS, tests by plain sockets. Deadlines are for the one call, in ms. */
struct http_transport {
	enum status (*connect)(void **conn, void *ctx, int deadline_ms, struct error *e);
	/* 1..*n bytes; *n = 0 at the orderly end */
	enum status (*read)(void *conn, void *bytes, size_t *n, int deadline_ms, struct error *e);
	enum status (*write)(void *conn, const void *bytes, size_t len, int deadline_ms, struct error *e);
	void (*close)(void *ctx, void *conn);
};

struct http;

typedef enum status (*http_sink)(void *ctx, const void *bytes, size_t len, struct error *e);

struct http_request {
	const char *method;       /* "GET", "POST" */
	const char *path;         /* with query */
	const char *accept;       /* or NULL */
	const char *content_type; /* with a body */
	const void *body;         /* borrowed; NULL for none */
	size_t body_len;
	uint64_t max_bytes;       /* of the body of a 200 */
	http_sink sink;           /* takes the body of a 200; NULL: into response.body */
	void *sink_ctx;
	int call_ms;              /* deadline over all */
	/* What can be done while the server works: called once all is sent, and again if it has to be sent again. NULL: nothing */
	void (*meanwhile)(void *ctx);
	void *meanwhile_ctx;
};

#define HTTP_TYPE_MAX 80

/* Why a server refuses a device, where its log says that: it does not know it, or it was revoked or replaced. */
enum http_device { HTTP_DEVICE_UNSAID, HTTP_DEVICE_UNKNOWN, HTTP_DEVICE_ENDED };

struct http_response {
	int status;                       /* 200 */
	char content_type[HTTP_TYPE_MAX]; /* without parameters, lower case */
	int64_t date_ms;                  /* Date header; 0 without */
	bool closed;                      /* the practice is closed since its server was restored from a backup */
	enum http_device device;
	int64_t elapsed_ms;               /* from asking to the first byte of the answer */
	struct buf body;
};
#define HTTP_RESPONSE_INIT {0}

/* The transport and ctx stay the caller's and must outlive the handle. authority: for the Host header. */
enum status http_open(struct http **out, const struct http_transport *transport, void *ctx, const char *authority, struct error *e) MUST_CHECK;
/* STATUS_OK: an answer of any status came, to its end; *out is to be cleared. STATUS_NETWORK, STATUS_TIMEOUT, STATUS_TOO_BIG,
 * STATUS_MALFORMED (no HTTP), or what the transport or the sink said. */
enum status http_call(struct http *h, const struct http_request *req, struct http_response *out, struct error *e) MUST_CHECK;
void http_response_clear(struct http_response *res);
void http_close(struct http *h);

/* What an answer other than 200 means for the caller, in the server's own words where it gave some:
 * STATUS_REFUSED (4xx and redirects), STATUS_NETWORK (5xx, 429: later again), STATUS_TOO_BIG (413). */
enum status http_refusal(const struct http_response *res, struct error *e) MUST_CHECK;
/* One line of a stranger's text, made safe for a terminal: printable, no control characters, at most size - 1 bytes. */
void http_clean_text(char *out, size_t size, const char *text, size_t len);
/* RFC 9110 IMF-fixdate. STATUS_MALFORMED. */
enum status http_date_parse(int64_t *unix_ms, const char *text) MUST_CHECK;

#endif
