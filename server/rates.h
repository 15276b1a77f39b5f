/* server/rates.h - how much each device of a practice may send in an hour: pushes, and bytes. What a device has not used fills up again by the
 * minute, so that one that comes seldom never notices; one that goes mad waits for itself.
 *
 * Only devices that the registry knows are counted, so the table is no larger than that. Thread-safe. */
#ifndef QIP_SERVER_RATES_H
#define QIP_SERVER_RATES_H

#include <stdint.h>

#include "core/status.h"

struct rates;

struct rates_limits {
	int64_t pushes_hour, bytes_hour;
};

enum status rates_open(struct rates **out, struct error *e) MUST_CHECK;
void rates_close(struct rates *r);
/* What counts: a push as one, a blob as a tenth of one. */
enum rates_kind { RATES_NOTHING, RATES_BLOB, RATES_PUSH };
/* One more of a kind, if it may have one. STATUS_DENIED: *wait_s seconds from now; *e says what there was too much of. STATUS_NOMEM. now_ms is
 * monotonic. */
enum status rates_take(int64_t *wait_s, struct rates *r, const char *device, enum rates_kind kind, const struct rates_limits *l, int64_t now_ms,
		       struct error *e) MUST_CHECK;
/* So many bytes came; the next push waits for them if they were too many. */
void rates_spend(struct rates *r, const char *device, uint64_t bytes);

#endif
