/* server/serve.h - a serving process from start to stop. */
#ifndef QIP_SERVER_SERVE_H
#define QIP_SERVER_SERVE_H

#include <stdbool.h>

#include "core/env.h"
#include "server/address.h"

struct serve_options {
	const char *dir;
	const struct address *listen; /* NULL: as server.json says, or on 127.0.0.1:8443 */
	size_t listen_len;
	bool plain;		 /* ordinary repositories below dir instead of practices */
	bool plain_http;	 /* without TLS; addresses of this machine only */
	const char *port_file;	 /* the port's number is written there once it listens; NULL for none */
	const struct env *env;
};

/* Serve until SIGTERM or SIGINT, then let running requests finish. At SIGHUP server.json and the certificates are read again. The library (repo_init_library) is open. */
enum status serve(const struct serve_options *o, struct error *e) MUST_CHECK;

#endif
