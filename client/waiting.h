/* client/waiting.h - how much a home has that the server has not acknowledged. */
#ifndef QIP_CLIENT_WAITING_H
#define QIP_CLIENT_WAITING_H

#include "client/home.h"

/* qip_waiting of a kiosk whose journal's last record has this number. The journal itself is not read. */
enum status waiting_of(uint64_t *out, struct qip *q, uint64_t record, struct error *e) MUST_CHECK;

#endif
