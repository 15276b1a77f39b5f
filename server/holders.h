/* server/holders.h - which devices hold certificates of which authority: what has to come to an end before an older one is forgotten. */
#ifndef QIP_SERVER_HOLDERS_H
#define QIP_SERVER_HOLDERS_H

#include "core/env.h"
#include "server/authority.h"

struct holders {
	uint64_t now, old; /* certificates that have not ended: of this authority, of those before it */
	char example[80];  /* "<device> of <ODS>", one of the old; "": none */
};

/* Read all that was given out in the server folder `dir`. */
enum status holders_count(struct holders *out, const char *dir, const struct authority *a, const struct env *env, struct error *e) MUST_CHECK;

#endif
