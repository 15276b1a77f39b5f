/* client/cli/action.h - what lists and single views of actions share. */
#ifndef QIP_CLI_ACTION_H
#define QIP_CLI_ACTION_H

#include "client/cli/plan.h"

/* What a person should look at, computed and never stored: conflict, overdue, no evidence, label twice, names unknown. Appended, ", "
 * between. */
void action_flags(struct buf *out, const struct plan *p, const struct plan_item *item);
/* The record with its flags as a member "flags"; NULL when memory is out. */
cJSON *action_json(const struct plan *p, const struct plan_item *item);

#endif
