/* client/cli/adopt_show.h - qip adopt show: what taking over what a revoked device sent would change of the plan as it is now, in the sentences of a
 * record's story; what cannot be taken over, and why; and what somebody has taken over. */
#ifndef QIP_CLI_ADOPT_SHOW_H
#define QIP_CLI_ADOPT_SHOW_H

#include "client/cli/cli.h"

enum status adopt_show(struct cli *c, int64_t number, struct error *e) MUST_CHECK;

#endif
