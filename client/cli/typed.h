/* client/cli/typed.h - what staff type into records stays in the history for ever, so it is looked through for what tells who somebody is. */
#ifndef QIP_CLI_TYPED_H
#define QIP_CLI_TYPED_H

#include "client/cli/cli.h"

/* The texts of `after` that are new against `before` (NULL: all). Web addresses, and dates of the last and the next ten years, are ordinary in a plan and let
 * through, and so is everything with --even-so. STATUS_REFUSED names what was found. Records of sites, practices and surveys hold what is public. */
enum status typed_check(const struct cli *c, const cJSON *before, const cJSON *after, struct error *e) MUST_CHECK;
/* One text. `what` names it: "--reason". */
enum status typed_check_text(const struct cli *c, const char *what, const char *text, struct error *e) MUST_CHECK;

#endif
