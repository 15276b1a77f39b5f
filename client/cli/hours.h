/* client/cli/hours.h - when a site is open: {"mon": ["08:00", "18:30"], …}; a day that is absent is closed. */
#ifndef QIP_CLI_HOURS_H
#define QIP_CLI_HOURS_H

#include "core/json.h"

/* Add "mon-fri=08:00-18:30" or "sat=09:00-12:00"; a day named again is set anew. False, and nothing added, when the text is neither. When memory
 * runs out *hours becomes NULL. */
bool hours_add(cJSON **hours, const char *text);
/* "mon-fri 08:00-18:30, sat 09:00-12:00" */
void hours_show(struct buf *out, const cJSON *hours);

#endif
