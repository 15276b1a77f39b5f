/* client/renew.h - a new certificate for the same key, in good time: POST /<ODS>/renew. */
#ifndef QIP_CLIENT_RENEW_H
#define QIP_CLIENT_RENEW_H

#include "client/remote.h"

/* Ask for a new certificate if the own one has fewer than LIMIT_RENEW_MS left at now_ms (the server's clock), or if the server has other
 * authorities than ca.crt (refs->authorities), and write device.crt and ca.crt. They are used from the next time on that the home is opened. Nothing
 * to do is STATUS_OK. STATUS_UNTRUSTED: none of the authorities that the server names is known here. */
enum status renew_if_due(struct remote *r, struct qip *q, const struct remote_refs *refs, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
