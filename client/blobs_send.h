/* client/blobs_send.h - sealed bytes that wait reach the server, and those that the log names come from it. What fails waits; the records, which hold
 * only hashes, never wait for any of it. */
#ifndef QIP_CLIENT_BLOBS_SEND_H
#define QIP_CLIENT_BLOBS_SEND_H

#include "client/remote.h"

struct blobs_bounds {
	size_t count;  /* offered, or received, in one visit */
	int64_t bytes; /* and no more after so many */
};
struct blobs_sent {
	uint64_t sent, waiting;
};
/* PUT what stands in outbox/, oldest first, as much as the bounds allow. A kiosk's that arrived long ago leave its card. *out is set in every case.
 * STATUS_NETWORK, STATUS_TIMEOUT: the rest goes another time; STATUS_REFUSED, STATUS_TOO_BIG: the server does not take one of them, or none of this device's, in
 * its words; they stay. */
enum status blobs_send(struct blobs_sent *out, struct qip *q, struct remote *r, const struct blobs_bounds *b, struct error *e) MUST_CHECK;

/* What stands in outbox/. */
enum status blobs_waiting(uint64_t *out, struct qip *q, struct error *e) MUST_CHECK;

struct blobs_fetched {
	uint64_t received, missing; /* missing: the log names them, and the server does not have them yet */
	bool more;                  /* than the bounds allow: they come with the next visits */
};
/* Staff and managers: ask for what the log names up to its end here and that is neither here nor erased, as much as the bounds allow. Goes on where it was cut short. *out is set in every case. STATUS_UNTRUSTED: some came as other bytes than were sealed, and were not kept; all else is here. */
enum status blobs_fetch(struct blobs_fetched *out, struct qip *q, struct remote *r, const struct blobs_bounds *b, struct error *e) MUST_CHECK;

#endif
