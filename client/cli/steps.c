/* client/cli/steps.c - see steps.h. */
#include "client/cli/steps.h"

#include <string.h>

enum status steps_range(struct timeline_options *range, struct steps_ends *ends, struct cli *c, struct error *e)
{
	enum status st = qip_main(&ends->main, c->q, e);

	if (st == STATUS_OK)
		range->main = &ends->main;
	else if (st != STATUS_NOT_FOUND)
		return st;
	st = qip_tip(&ends->tip, c->q, e);
	if (st == STATUS_OK)
		range->tip = &ends->tip;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status steps_walk(struct cli *c, timeline_visit visit, void *ctx, struct error *e)
{
	struct timeline_options range = {0};
	struct steps_ends ends;
	enum status st = steps_range(&range, &ends, c, e);

	return st == STATUS_OK ? timeline_walk(qip_repo(c->q), &range, visit, ctx, e) : st;
}

cJSON *steps_entry(const struct timeline_step *step)
{
	const char *message = step->commit->message;
	char hex[OID_HEX_LEN + 1], subject[128];
	struct oid adopts;
	cJSON *entry = cJSON_CreateObject();

	oid_hex(hex, &step->id);
	(void)snprintf(subject, sizeof(subject), "%.*s", (int)strcspn(message, "\n"), message);
	put_string(&entry, "commit", hex);
	put_string(&entry, "device", step->commit->author_name);
	put_string(&entry, "subject", subject);
	put_string(&entry, "received", step->merge ? step->merge->received : "");
	if (step->merge)
		put_number(&entry, "index", step->merge->index);
	if (head_message_adopts(&adopts, message)) {
		oid_hex(hex, &adopts);
		put_string(&entry, "adopts", hex);
	}
	return entry;
}
