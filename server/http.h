/* server/http.h - HTTP by GNU libmicrohttpd over the listener's local sockets: headers in, handlers, answers out.
 *
 *     http_open(); http_serve() for each connection; ... http_stop(); http_wait(); http_close()
 */
#ifndef QIP_SERVER_HTTP_H
#define QIP_SERVER_HTTP_H

#include "server/peers.h"
#include "server/request.h"

struct http;

struct http_options {
	const struct service *service;
	struct peers *peers;
	struct jobs *jobs;
};

enum status http_open(struct http **out, const struct http_options *o, struct error *e) MUST_CHECK;
/* A connection: takes the local socket over, also when it says false. `http` is a struct http. Thread-safe. */
bool http_serve(void *http, int fd);
/* From now on every answer ends its connection. */
void http_stop(struct http *h);
/* Wait until no request is running, at most timeout_ms; false when some still are. */
bool http_wait(struct http *h, int timeout_ms);
/* Only when no request is running. NULL is allowed. */
void http_close(struct http *h);

#endif
