/* core/tls_proxy.h - reaching a server through an HTTP proxy: CONNECT (RFC 9110, section 9.3.6). TLS runs through it from end to end. */
#ifndef QIP_CORE_TLS_PROXY_H
#define QIP_CORE_TLS_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

#define PROXY_HOST_MAX 256
#define PROXY_LOGIN_MAX 256

struct tls_proxy {
	char host[PROXY_HOST_MAX], port[6];
	char login[PROXY_LOGIN_MAX]; /* "name:password" for Basic authentication (RFC 7617); "" for none */
};

/* "http://[name:password@]host[:port][/]", or host:port alone; the port is 3128 unless named. STATUS_INVALID. */
enum status proxy_parse(struct tls_proxy *out, const char *url, struct error *e) MUST_CHECK;
/* Is the host one of a no_proxy list, as curl and git read it: names with all below them, addresses, "*", with commas between? */
bool proxy_is_passed_by(const char *list, const char *host);
/* Through the connected, non-blocking socket of a proxy to host:port. STATUS_NETWORK with what the proxy said, STATUS_TIMEOUT. */
enum status proxy_connect(int fd, const struct tls_proxy *p, const char *host, const char *port, int64_t until_ms, struct error *e) MUST_CHECK;

#endif
