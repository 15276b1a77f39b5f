/* client/renew.h - a new certificate for the same key, in good time: POST /<ODS>/renew. */
#ifndef QIP_CLIENT_RENEW_H
#define QIP_CLIENT_RENEW_H

#include "client/remote.h"

/* Ask for a new certificate if the own one has fewer than LIMIT_RENEW_MS left at now_ms (the server's clock), and write device.crt. It is
 * used from the next connection on. Nothing to do is STATUS_OK. */
enum status renew_if_due(struct remote *r, struct qip *q, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
