/* client/cli/steps.h - the history in steps, as commands go through it: the log, and behind it own commits that wait. */
#ifndef QIP_CLI_STEPS_H
#define QIP_CLI_STEPS_H

#include "client/cli/cli.h"
#include "client/timeline.h"

struct steps_ends {
	struct oid main, tip;
};
/* All that this home has; *range points into *ends. Where nothing has come from the server yet, range->main is NULL. */
enum status steps_range(struct timeline_options *range, struct steps_ends *ends, struct cli *c, struct error *e) MUST_CHECK;
/* Visit all of it. */
enum status steps_walk(struct cli *c, timeline_visit visit, void *ctx, struct error *e) MUST_CHECK;

/* A step for --json, as the man page has it of "log"; NULL when memory runs out. */
cJSON *steps_entry(const struct timeline_step *step);

#endif
