/* client/handover.h - a revoked device gives what it still holds to the server, which keeps it aside for the practice's managers. */
#ifndef QIP_CLIENT_HANDOVER_H
#define QIP_CLIENT_HANDOVER_H

#include "client/remote.h"

/* After a visit was refused with the sentence in *e. If that is because this device was revoked, what waits here (of a kiosk, what its journal holds)
 * is given to the server unless it says that it keeps it, from the oldest on as much as it takes; the sentence says how that went. Nothing that waits
 * goes away here. Always STATUS_REFUSED. */
enum status handover(struct qip *q, struct remote *r, struct error *e) MUST_CHECK;

#endif
