/* client/handed.h - what a revoked device knows of what the server keeps aside of it: {"schema":"handed/1","head","at","why"?} in handed.json of its
 * home, from the first visit that was refused for that until one is not. */
#ifndef QIP_CLIENT_HANDED_H
#define QIP_CLIENT_HANDED_H

#include "client/home.h"

/* The server keeps what waits here up to `head` (zero: nothing); `why` it does not keep more, or "". Durable. */
enum status handed_note(struct qip *q, const struct oid *head, const char *why, struct error *e) MUST_CHECK;
/* This device is none that was revoked. */
enum status handed_forget(struct qip *q, struct error *e) MUST_CHECK;

#endif
