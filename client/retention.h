/* client/retention.h - comments that were kept as long as the practice keeps them are erased, by managers' devices at their syncs.
 *
 * How long is practice.json's retention_months, RETENTION_MONTHS where it has none; where two places differ, the longer. It is counted from when the server
 * received the answer: of all times that is the one which is never before the answer was given, whatever a kiosk's clock said; an answer that waited on a kiosk
 * is kept the longer. "Now" is the earlier of the server's time and this machine's: one of them gone wrong erases nothing early. What the log took in after a
 * merge that is not old enough is not, either, whatever its own merge says: a server's clock that was set back erases nothing, and one that was once far
 * ahead keeps comments longer (the audit tells of both).
 *
 * retention.json: {"schema":"retention/1","months","day","merge","triage","erasures"}: all that the log held at `merge` was looked at, on `day`; and of late releases all that
 * the trees triage/ and erasures/ hold. It is written last: a cut before makes the same be looked at again, and what was erased is passed over.
 */
#ifndef QIP_CLIENT_RETENTION_H
#define QIP_CLIENT_RETENTION_H

#include "client/home.h"

#define RETENTION_MONTHS 12
#define RETENTION_MONTHS_MAX 1200
#define RETENTION_REASON "It was kept as long as the practice keeps comments"
#define RETENTION_LATE "Released by another while its comment was erased"

/* The day so many months before; a day that the month does not have is its last. Both "YYYY-MM-DD"; months up to RETENTION_MONTHS_MAX. Before the year 1 it is that
 * year's first day. */
void retention_day(char out[11], const char day[11], int64_t months);
/* How long the practice keeps comments. */
enum status retention_months(int64_t *out, struct qip *q, struct error *e) MUST_CHECK;

/* A manager's device, once it has followed the log: write the erasures that are due, at most LIMIT_RETENTION comments in a visit, as one commit; their released
 * texts go with them. So do texts that were released of a comment which somebody else erased meanwhile. *erased counts comments and such texts; 0 for other roles. */
enum status retention_run(uint64_t *erased, struct qip *q, int64_t server_ms, struct error *e) MUST_CHECK;

#endif
