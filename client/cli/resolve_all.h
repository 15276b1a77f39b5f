/* client/cli/resolve_all.h - qip resolve --all-of SITE. */
#ifndef QIP_CLI_RESOLVE_ALL_H
#define QIP_CLI_RESOLVE_ALL_H

#include "client/cli/cli.h"

/* Settle every open conflict by the value that the site's devices set: one ordinary edit for each record. Conflicts in which that site has no
 * say, or speaks with two voices, stay and are told. Cut short, it may be repeated. Opens the home. */
enum status resolve_all(struct cli *c, const char *effective, struct error *e) MUST_CHECK;

#endif
