/* client/cli/dangling.h - what an action point names and the practice does not have: a broken reference is shown, never repaired or refused. */
#ifndef QIP_CLI_DANGLING_H
#define QIP_CLI_DANGLING_H

#include "client/cli/sites.h"
#include "core/buf.h"

/* Append "sites: nowhere", "regulations: 99", ", " between; true if there is any. `out` may be NULL. */
bool dangling_names(struct buf *out, const cJSON *action, const struct sites *sites);

#endif
