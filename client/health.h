/* client/health.h - how a kiosk is doing, by its own word, as a signed record: so that the practice sees its trouble without walking there. */
#ifndef QIP_CLIENT_HEALTH_H
#define QIP_CLIENT_HEALTH_H

#include "client/home.h"

#define HEALTH_EVERY_MS (INT64_C(6) * 86400 * 1000) /* a weekly look finds a fresh one */
#define HEALTH_CHANGED_MS (INT64_C(86400) * 1000)   /* another trouble is told so soon after the last record; that one has ended, at once */

/* If the kiosk told how it is (qip_tell_health) and a record is due, commit health/<device>.json on the own branch, durably, in a commit of its
 * own. now_ms: the server's clock. *noted, whether it did. The state is told, and saved by the caller at the visit's end: at worst a record is made twice. */
enum status health_note(bool *noted, struct qip *q, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
