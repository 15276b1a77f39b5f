/* client/asof.h - the records of a folder as of a day: what edits that were effective by then say.
 *
 * Two days can be meant. `as_of` is the day that edits speak of (each has its effective day); `received_by` is the day
 * by which the server had them. Both go by the order of the graph: no clock decides which of two edits replaced the
 * other.
 *
 * For each slot all claims that there ever were, and which replaced which, are gathered in one pass over the history.
 * As of a day, a slot has those claims effective by then that no other claim effective by then has replaced, be it
 * through claims effective later.
 */
#ifndef QIP_CLIENT_ASOF_H
#define QIP_CLIENT_ASOF_H

#include "client/timeline.h"

#define ASOF_MAX_CLAIMS 2000000 /* held at once */

typedef enum status (*asof_visit)(void *ctx, const char *path, const cJSON *record, struct error *e);

struct asof_options {
	struct timeline_options range; /* which part of the history counts */
	const char *as_of;	       /* "YYYY-MM-DD"; NULL: every effective day */
	const char *folder;	       /* "qip": records with claims, directly in this folder */
};

/* Visit each record that exists as of the day, sorted by path. The record is the visitor's for the call only; a non-OK
 * answer stops. STATUS_NOT_FOUND: nothing had been received by then. STATUS_TOO_BIG. */
enum status asof_each(struct repo *r, const struct asof_options *o, asof_visit visit, void *ctx,
		      struct error *e) MUST_CHECK;

#endif
