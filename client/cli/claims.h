/* client/cli/claims.h - a slot in conflict, told to people: who set what, where and when, what shows and why, and how to settle it. */
#ifndef QIP_CLI_CLAIMS_H
#define QIP_CLI_CLAIMS_H

#include "client/cli/plan.h"
#include "client/received.h"

struct claims_view {
	struct cli *c;
	struct registry registry; /* for the sites of devices */
	struct sites sites;	  /* their names */
	const struct rules *rules;
	struct plan plan;	  /* for labels that two action points have */
	struct received *received; /* owned; what claims_note_received was told of */
	size_t received_len;
	bool whole; /* long values are not cut */
};

enum status claims_view_open(struct claims_view *out, struct cli *c, struct error *e) MUST_CHECK;
void claims_view_close(struct claims_view *v);

/* Take a record's conflicts down for claims_find_received, which then asks the log once for all when each claim came. Without it nothing is
 * said of that. More than RECEIVED_MAX_EDITS claims are left out. */
enum status claims_note_received(struct claims_view *v, const char *path, const cJSON *record, struct error *e) MUST_CHECK;
enum status claims_find_received(struct claims_view *v, struct error *e) MUST_CHECK;

/* What was found of a claim, by its id; NULL when it was not asked for. Borrowed. */
const struct received *claims_received(const struct claims_view *v, const char *id);

/* The site of a claim's device, "" when it has none. */
const char *claims_site(const struct claims_view *v, const cJSON *claim);
/* The one value that devices of a site claim, borrowed. STATUS_NOT_FOUND: they claim none; STATUS_INVALID: they differ. */
enum status claims_of_site(const cJSON **out, const struct claims_view *v, const cJSON *claims, const char *site) MUST_CHECK;
/* Append why the value that shows, shows: "the more severe of the two". */
void claims_reason(struct buf *out, const struct claims_view *v, const cJSON *record, const char *slot, const cJSON *claims);

/* Print one slot's conflict below its record's name: numbered claims, what shows and why, the commands that settle it. */
enum status claims_print(const struct claims_view *v, const char *path, const cJSON *record, const char *slot,
			 struct error *e) MUST_CHECK;
/* The same for --json; NULL when memory is out. */
cJSON *claims_json(const struct claims_view *v, const char *path, const cJSON *record, const char *slot);

#endif
