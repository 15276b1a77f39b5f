/* server/host.h - heads that the server itself puts into a practice's log: an auditor's invite, what a restore lost. */
#ifndef QIP_SERVER_HOST_H
#define QIP_SERVER_HOST_H

#include "server/batch.h"

/* Add one record, in canonical JSON, at `path`, as the server's own commit on top of v, and merge it. Under the practice's
 * lock, so that no push moves the log away from v meanwhile. */
enum status host_add_record(struct practice *p, const struct view *v, const char *path, const struct buf *record,
			    const char *subject, const struct env *env, struct error *e) MUST_CHECK;

#endif
