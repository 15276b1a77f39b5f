/* client/cli/story_print.h - the entries of a record's story, as story.c makes them, in sentences. */
#ifndef QIP_CLI_STORY_PRINT_H
#define QIP_CLI_STORY_PRINT_H

#include "client/cli/claims.h"

void story_print(const struct claims_view *v, const cJSON *record, const cJSON *entries);

#endif
