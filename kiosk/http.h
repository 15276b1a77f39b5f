/* kiosk/http.h - the kiosk's own small web server, on loopback only: one thread that sleeps until somebody touches the screen. */
#ifndef QIP_KIOSK_HTTP_H
#define QIP_KIOSK_HTTP_H

#include "kiosk/route.h"

#define HTTP_URL_MAX 96

struct http;

/* Listen at "127.0.0.1:8080", "[::1]:8080" or "localhost:8080"; port 0 takes a free one. Fills d->hosts; d stays the caller's and must live as long as
 * the server. STATUS_USAGE: not an address of this machine's loopback; STATUS_IO: taken, or not there. */
enum status http_start(struct http **out, const char *listen, struct desk *d, struct error *e) MUST_CHECK;
/* "http://127.0.0.1:8080" */
const char *http_url(const struct http *h);
unsigned http_port(const struct http *h);
/* Requests under way are finished first. NULL is allowed. */
void http_stop(struct http *h);

#endif
