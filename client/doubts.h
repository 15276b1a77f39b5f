/* client/doubts.h - kiosks in doubt (client/incarnation.h), as the practice hears of them: such a kiosk tells the server, which tells whoever reads the
 * log with its list of refs. The home keeps what the last sync was told; it decides nothing.
 *
 * doubts.json: {"schema":"doubts/1","doubts":[{"device","by","at"}]}, only where there are any.
 */
#ifndef QIP_CLIENT_DOUBTS_H
#define QIP_CLIENT_DOUBTS_H

#include "client/home.h"

struct doubts {
	struct doubt {
		char device[NAME_MAX_LEN + 1];
		enum home_doubt by;
		int64_t at_ms; /* when it last said so, by the server's clock */
	} list[LIMIT_DOUBTS];
	size_t len;
};

/* A kiosk's word on its own doubt: all that it sends then, as staff would see a kiosk that is silent, or one that is well. The server's clock is
 * taken over with the answer. A failure is logged: it says so again when it would sync. */
void doubts_say(struct qip *q);

/* The capabilities " qip-doubt=<device>,<hardware|head>,<Unix ms>" out of a list of refs; what is not well-formed is left out. */
void doubts_parse(struct doubts *out, const char *text, size_t len);
/* Keep what a sync was told; written only if it is anything new. A failure is logged: the next sync is told again. */
void doubts_keep(const struct doubts *d, const struct qip *q);
/* None where there is no file, or a damaged one: the next sync is told again. */
void doubts_load(struct doubts *out, const struct qip *q);

const char *doubt_reason(enum home_doubt by);

#endif
