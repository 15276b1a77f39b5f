/* client/offer.h - a server that was restored from a backup is told what this home still holds of the practice's history. */
#ifndef QIP_CLIENT_OFFER_H
#define QIP_CLIENT_OFFER_H

#include "client/remote.h"

/* Send the server's own signed log (staff and others) or configuration (kiosks), as far as the server lacks it, in parts that are each
 * durable there. Whatever comes of it, the practice stays closed until its host opens it. STATUS_REFUSED: the server's history and the one
 * that is held here part ways. */
enum status offer_history(struct qip *q, struct remote *r, struct error *e) MUST_CHECK;

#endif
