/* server/slice.c - POST /<ODS>/slice {"from": commit, "merges": n}: how far a copy in parts goes next.
 *
 * Enters: a commit of the log that the client has (none: nothing yet). Leaves: {"to", "number"}, the merge that is n
 * further on or the log's end, for the client to fetch like any other commit that it may read.
 */
#include <string.h>

#include "core/policy.h"
#include "server/milestones.h"
#include "server/refs.h"
#include "server/request.h"

static enum status read_question(struct oid *from, bool *has_from, int64_t *merges, const cJSON *asked, struct error *e)
{
	const char *hex = json_string(asked, "from");

	*has_from = hex != NULL;
	if ((hex && oid_parse(from, hex, strlen(hex)) != STATUS_OK) || (!hex && json_get(asked, "from")) ||
	    !json_integer(asked, "merges", merges) || *merges < 1 || *merges > LIMIT_LOG_MERGES)
		return error_set(e, STATUS_MALFORMED, "a slice is asked for by from, a commit, and merges, a number");
	return STATUS_OK;
}

static enum status find(struct oid *to, int64_t *number, struct request *r, const cJSON *asked, struct error *e)
{
	struct practice *p = r->practice;
	struct repo *reader = NULL;
	struct oid from = {{0}};
	int64_t at = 0, merges = 0;
	bool has_from = false;
	enum status st = read_question(&from, &has_from, &merges, asked, e);

	if (st == STATUS_OK)
		st = store_reader_open(&reader, p->history, e);
	if (st == STATUS_OK && has_from)
		st = milestones_number(&at, p->milestones, r->view, reader, &from, e);
	if (st == STATUS_OK) {
		*number = merges < r->view->end.index - at ? at + merges : r->view->end.index;
		st = milestones_at(to, p->milestones, r->view, reader, *number, e);
	}
	store_reader_close(reader);
	return st;
}

static enum status slice(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	struct oid to = {{0}};
	int64_t number = 0;
	enum status st = STATUS_OK;

	if (r->who.standing != STANDING_MEMBER || !policy_may_read(r->who.role, r->who.device, REFS_MAIN))
		return error_set(e, STATUS_DENIED, "%s may not read the log", r->who.device);
	st = find(&to, &number, r, asked, e);
	if (st != STATUS_OK)
		return st;
	oid_hex(hex, &to);
	st = json_set_string(answer, "to", hex);
	return st == STATUS_OK ? json_set_integer(answer, "number", number) : st;
}

static void end(struct request *r)
{
	request_end_json(r, slice);
}

const struct handler handler_slice = {
	.needs_peer = true, .max_bytes = LIMIT_SLICE_BYTES, .feed = request_collect, .end = end};
