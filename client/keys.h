/* client/keys.h - who can read patients' free text: managers hand the generations of the comment key to devices that came later. */
#ifndef QIP_CLIENT_KEYS_H
#define QIP_CLIENT_KEYS_H

#include "client/home.h"

/* Wrap what this manager's device can open to each device that may read and lacks it, in one commit; *granted counts what was added, 0 for any other
 * role. A generation that this device cannot open, or that does not hold along the chain to the root, is left to other managers. */
enum status keys_grant(uint64_t *granted, struct qip *q, struct error *e) MUST_CHECK;

#endif
