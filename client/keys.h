/* client/keys.h - who can read patients' free text: managers hand the generations of the comment key to devices that came later. */
#ifndef QIP_CLIENT_KEYS_H
#define QIP_CLIENT_KEYS_H

#include "client/home.h"

/* Wrap what this manager's device can open to each device that may read and lacks it, in one commit; *granted counts what was added, 0 for any other
 * role. A generation that this device cannot open, or that does not hold along the chain to the root, is left to other managers; a device that the newest
 * generation leaves out on purpose gets none. */
enum status keys_grant(uint64_t *granted, struct qip *q, struct error *e) MUST_CHECK;

struct keys_granted {
	uint64_t granted; /* generations that were wrapped to it now */
	uint64_t closed;  /* that it lacks, and this device cannot open */
};
/* The same for one device, also for one that was left out. STATUS_NOT_FOUND: there is no such device; STATUS_INVALID: it reads no free text; STATUS_DENIED:
 * this is no manager's device, or it can open none that the other lacks. */
enum status keys_grant_to(struct keys_granted *out, struct qip *q, const char *device, struct error *e) MUST_CHECK;

/* Make again what the server refused because another manager had made a generation of that number meanwhile; *settled counts the refusals, and
 * *made those that are to be sent again. */
enum status keys_retry(uint64_t *settled, uint64_t *made, struct qip *q, struct error *e) MUST_CHECK;

#endif
