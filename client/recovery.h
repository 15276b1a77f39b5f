/* client/recovery.h - a practice that lost its staff's devices opens the comment key again, by the recovery key's paper. */
#ifndef QIP_CLIENT_RECOVERY_H
#define QIP_CLIENT_RECOVERY_H

#include "client/home.h"

struct recovered {
	uint64_t opened; /* generations that the paper opens */
	uint64_t added;  /* of them wrapped to this device now; others get them with its syncs */
	uint64_t other;  /* generations that it does not open */
};
/* What the recovery key's paper opens becomes readable to this manager's device, in one commit. STATUS_MALFORMED: mistyped; STATUS_REFUSED: another practice's
 * paper, or one that was replaced before this practice's first comment key; STATUS_NOT_FOUND: there is no such paper; STATUS_DENIED: not a manager's device;
 * STATUS_CORRUPT: this device's own key is not the one that it joined with. */
enum status recovery_open(struct recovered *out, struct qip *q, const char *text, struct error *e) MUST_CHECK;

#endif
