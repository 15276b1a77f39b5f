/* client/cli/story_print.h - the entries of a record's story, as story.c makes them, in sentences. */
#ifndef QIP_CLI_STORY_PRINT_H
#define QIP_CLI_STORY_PRINT_H

#include "client/cli/claims.h"

void story_print(const struct claims_view *v, const cJSON *record, const cJSON *entries);

/* The changes of one entry, a line each. */
void story_print_changes(const struct claims_view *v, const cJSON *entry);

#endif
