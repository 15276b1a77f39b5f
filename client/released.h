/* client/released.h - every text that was ever released of certain comments: those that show, those in conflict, and those that a later release replaced. */
#ifndef QIP_CLIENT_RELEASED_H
#define QIP_CLIENT_RELEASED_H

#include "client/home.h"

struct released_of {
	char id[ID_TEXT_LEN + 1]; /* of the answer */
	bool open;                /* the search's own */
};
/* hex: the sealed bytes' name; the same may be told several times. Non-OK stops. */
typedef enum status (*released_visit)(void *ctx, const char *id, const char *hex, struct error *e);

/* Look through the log, back to where nobody had made anything of any of them; also through what a device sent at once, of which only the last shows in the
 * log. `of`: sorted by id, without doubles. Cost: the merges since the oldest triage of them, and little for one that left triage/ alone. */
enum status released_each(struct released_of *of, size_t len, struct qip *q, released_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
