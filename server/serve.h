/* server/serve.h - a serving process from start to stop. */
#ifndef QIP_SERVER_SERVE_H
#define QIP_SERVER_SERVE_H

#include <stdbool.h>

#include "core/env.h"

struct serve_options {
	const char *dir;
	const char *host, *port; /* to listen on */
	bool plain;		 /* ordinary repositories below dir instead of practices */
	bool plain_http;	 /* without TLS; addresses of this machine only */
	const char *port_file;	 /* the port's number is written there once it listens; NULL for none */
	const struct env *env;
};

/* Serve until SIGTERM or SIGINT, then let running requests finish. The library (repo_init_library) is open. */
enum status serve(const struct serve_options *o, struct error *e) MUST_CHECK;

#endif
