/* client/cli/claims.h - a slot in conflict, told to people: who says what, what shows, and why. */
#ifndef QIP_CLI_CLAIMS_H
#define QIP_CLI_CLAIMS_H

#include "client/cli/cli.h"

struct claims_view {
	struct cli *c;
	struct registry registry; /* for the sites of devices */
	const struct rules *rules;
};

enum status claims_view_open(struct claims_view *out, struct cli *c, struct error *e) MUST_CHECK;
void claims_view_close(struct claims_view *v);

/* The site of a claim's device, "" when it has none. */
const char *claims_site(const struct claims_view *v, const cJSON *claim);
/* The one value that devices of a site claim, borrowed. STATUS_NOT_FOUND: they claim none; STATUS_INVALID: they differ. */
enum status claims_of_site(const cJSON **out, const struct claims_view *v, const cJSON *claims, const char *site) MUST_CHECK;
/* Why the value that shows, shows; static storage. */
const char *claims_reason(const struct claims_view *v, const cJSON *record, const char *slot);

/* Append what a claim says, as its field would show it; an element of a set is added or removed. */
void claims_show(struct buf *out, const char *slot, const cJSON *claim);

/* Print one slot's conflict: numbered claims, what shows and why, how to settle it. */
enum status claims_print(const struct claims_view *v, const cJSON *record, const char *slot,
			 struct error *e) MUST_CHECK;
/* The same for --json; NULL when memory is out. */
cJSON *claims_json(const struct claims_view *v, const cJSON *record, const char *slot);

#endif
