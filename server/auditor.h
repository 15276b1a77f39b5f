/* server/auditor.h - the host's own invite of an auditor: a head signed by the server's key, on its way through stages
 * 6 to 8. */
#ifndef QIP_SERVER_AUDITOR_H
#define QIP_SERVER_AUDITOR_H

#include "server/invite.h"
#include "server/practice.h"

/* Put devices/<device>.json into the log. Safe while the practice is served. STATUS_EXISTS; STATUS_NOT_FOUND while the
 * practice has no first manager, whose registry would hold it. */
enum status auditor_add(struct invite *out, struct practice *p, const char *device,
			const uint8_t ca_fingerprint[SHA256_LEN], const struct env *env, struct error *e) MUST_CHECK;

#endif
