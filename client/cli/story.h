/* client/cli/story.h - the story of one record, oldest first: who began it, what every edit changed, conflicts as they arose and were settled. */
#ifndef QIP_CLI_STORY_H
#define QIP_CLI_STORY_H

#include "client/cli/cli.h"

/* Print it, or with --json an array of its edits, as the man page has it. The home is open. `record` is as it is now. */
enum status story_tell(struct cli *c, const char *path, const cJSON *record, struct error *e) MUST_CHECK;

/* What one edit changed of a record as an entry of that array, its "changes" in it; before is NULL for a new record. */
enum status story_compare(cJSON **entry, const struct rules *rules, const cJSON *before, const cJSON *after, struct error *e) MUST_CHECK;

#endif
