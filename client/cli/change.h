/* client/cli/change.h - one edit of one record, from the words of a command to a signed commit. */
#ifndef QIP_CLI_CHANGE_H
#define QIP_CLI_CHANGE_H

#include "client/cli/cli.h"

/* Change a copy of the record; the stamp's number is the record's next. */
typedef enum status (*change_apply)(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e);

/* Write the record at `path`, changed by `apply`, as one commit with the day of --effective. `record` is what it is
 * now, or a new one's first members (schema, id); borrowed. *after (may be NULL) is the caller's. Opens the home. The
 * subject is cut at one line of 100. What is new in it is looked through for personal data, see typed.h. */
enum status change_record(struct cli *c, const char *path, const cJSON *record, const char *effective,
			  const char *subject, change_apply apply, void *ctx, cJSON **after,
			  struct error *e) MUST_CHECK;

/* What this device's role may not edit at all, said before anything is tried. STATUS_DENIED. The home is open. */
enum status change_allowed(const struct cli *c, struct error *e) MUST_CHECK;

/* qip_edit_put; what is wrong with the record is told by its field, not by its file: "ref: is required". */
enum status change_put(struct qip_edit *edit, const char *path, const cJSON *record, struct error *e) MUST_CHECK;

/* A new record's first members, with a new id in id_out, and its path "<folder>/<id>.json". */
enum status change_new(cJSON **out, char path[TREE_PATH_MAX], struct cli *c, const char *schema, const char *folder,
		       struct error *e) MUST_CHECK;

/* A record's label as a commit's subject may hold it: as it is when it is a plain word, else the beginning of the id.
 */
void change_label(char *out, size_t size, const cJSON *record);

/* Tell what was done in a line, or with --json print the record. */
enum status change_tell(struct cli *c, const cJSON *after, const char *what, struct error *e) MUST_CHECK;

#endif
