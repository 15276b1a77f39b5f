/* client/forget.h - a kiosk forgets what it sent long ago, so that its card is never full of it. */
#ifndef QIP_CLIENT_FORGET_H
#define QIP_CLIENT_FORGET_H

#include "client/home.h"

struct forget_bounds {
	uint64_t bytes;  /* of history that nobody minds */
	int64_t keep_ms; /* what is younger stays, for a server that has to be restored */
	size_t keep;     /* and so many commits */
	int64_t again_ms; /* after a look in vain, the next one that much later */
};

/* Of a kiosk whose history has grown beyond the bound, drop what the server acknowledged before all that is to be kept. now_ms: the server's
 * clock. *forgot, whether anything was dropped. */
enum status forget_sent(bool *forgot, struct qip *q, const struct forget_bounds *b, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
