/* client/wire.h - HTTP's transport over TLS to the one host of a home, pinned to its CA; the TLS session is kept for the next time. */
#ifndef QIP_CLIENT_WIRE_H
#define QIP_CLIENT_WIRE_H

#include "client/http.h"
#include "core/tls.h"

#define WIRE_HOST_MAX 256
#define WIRE_URL_MAX 512

struct wire {
	char host[WIRE_HOST_MAX];
	char port[6];
	char authority[WIRE_HOST_MAX + 8]; /* for the Host header: "host:port" */
	const char *ca_pem, *cert_pem;     /* borrowed; cert_pem NULL while there is none */
	const struct key *key;             /* borrowed */
	struct tls_proxy proxy;                /* host "": none */
	bool ignore_dates;                 /* the own clock is not to be trusted */
	struct buf session;                /* secret; offered when connecting, replaced at the end of a connection that did not resume it */
	bool session_replaced;             /* so it is to be kept */
};

extern const struct http_transport wire_transport; /* ctx: struct wire */

/* Read "https://host[:port][/]"; host may be an IPv6 address in brackets. The port is 443 unless named. A proxy is taken from the environment as curl and git
 * do: https_proxy or HTTPS_PROXY, but for the hosts of no_proxy or NO_PROXY. STATUS_USAGE. */
enum status wire_set_url(struct wire *w, const char *url, struct error *e) MUST_CHECK;
/* "https://host:port", as kept in the home. */
void wire_url(char out[WIRE_URL_MAX], const struct wire *w);
/* Whom TLS is to be spoken to, and by which way. */
struct tls_client_options wire_options(const struct wire *w, int deadline_ms);
void wire_clear(struct wire *w);

#endif
