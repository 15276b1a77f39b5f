/* client/cli/story.h - the story of one record, oldest first: who began it, what every edit changed, conflicts as they arose and were settled. */
#ifndef QIP_CLI_STORY_H
#define QIP_CLI_STORY_H

#include "client/cli/cli.h"

/* Print it, or with --json an array of its edits, as the man page has it. The home is open. `record` is as it is now. */
enum status story_tell(struct cli *c, const char *path, const cJSON *record, struct error *e) MUST_CHECK;

#endif
