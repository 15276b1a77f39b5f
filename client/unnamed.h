/* client/unnamed.h - sealed bytes whose record never came: a command that was killed, or whose edit was refused, between sealing and committing. Nothing names
 * them, so that nobody could ever have them erased: they go before they are sent.
 *
 * unnamed.json, while there are any: {"schema":"unnamed/1","blobs":[<sha256>…]}. It is written before the bytes, and rewritten once a commit names them.
 */
#ifndef QIP_CLIENT_UNNAMED_H
#define QIP_CLIENT_UNNAMED_H

#include "client/home.h"

/* These bytes come next, and no record names them yet. Durable. */
enum status unnamed_add(struct qip *q, const char *hex, struct error *e) MUST_CHECK;
/* Those that the newest own commit names are named; with `drop` the others are deleted, which is for when the home is opened. */
enum status unnamed_settle(struct qip *q, bool drop, struct error *e) MUST_CHECK;

#endif
