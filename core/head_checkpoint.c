/* core/head_checkpoint.c - does a device's checkpoint name a merge of the log?
 *
 * A device tells how far it followed the log by a merge and its number. It can only have followed what its head builds on, so the walk starts
 * there and goes from merge to merge; numbers fall by one at each, so that it ends at the number told.
 */
#include <inttypes.h>
#include <string.h>

#include "core/head_internal.h"

/* The step from one commit towards the log's start: its number if it is a merge, -1 if it is a device's own. A zero parent: nothing before. */
static enum status step_back(struct oid *parent, int64_t *number, struct judge *j, const struct oid *at)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {.kept = BUF_INIT};
	enum status st = repo_commit_read(&c, j->ctx->repo, at, j->e);

	if (st != STATUS_OK)
		return st;
	*number = -1;
	if (c.parents_len == 2 && merge_note_parse(&note, c.message, NULL) == STATUS_OK)
		*number = note.index;
	*parent = c.parents_len > 0 ? c.parents[0] : (struct oid){{0}};
	buf_clear(&note.kept);
	commit_clear(&c);
	return STATUS_OK;
}

enum status head_check_checkpoint(struct judge *j, const cJSON *checkpoint)
{
	const char *text = json_string(checkpoint, "main");
	struct oid wanted, at = j->base, parent;
	int64_t index = 0, number;

	if (!text || oid_parse(&wanted, text, strlen(text)) != STATUS_OK || !json_integer(checkpoint, "index", &index))
		return error_set(j->e, STATUS_INVALID, "the checkpoint names no merge");
	while (!oid_is_zero(&at)) {
		enum status st = step_back(&parent, &number, j, &at);

		if (st != STATUS_OK)
			return st;
		if (number == index && oid_equal(&at, &wanted))
			return STATUS_OK;
		if (number >= 0 && number <= index)
			break;
		if (++j->steps == HEAD_MAX_CHECKPOINT_STEPS)
			return error_set(j->e, STATUS_TOO_BIG, "the checkpoint's merge %s lies too far back; sync first", text);
		at = parent;
	}
	return error_set(j->e, STATUS_UNTRUSTED, "the checkpoint's merge %s is not number %" PRId64 " of the log that it builds on", text, index);
}
