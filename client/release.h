/* client/release.h - a kiosk's journal lets go of what the server has had for long. */
#ifndef QIP_CLIENT_RELEASE_H
#define QIP_CLIENT_RELEASE_H

#include "client/home.h"

struct release_bounds {
	int64_t keep_ms; /* a receipted answer stays for so long, in case the server has to be restored, */
	uint64_t bytes;  /* unless the journal is larger */
};

/* Whole segments go, oldest first. j is the home's own journal, open either way. now_ms: the server's clock; that of the kiosk decides nothing. */
enum status release_receipted(struct qip *q, struct journal *j, const struct release_bounds *b, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
