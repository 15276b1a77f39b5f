/* client/timeline.h - the history in the order of its graph: every device's own commits, parents before children.
 *
 * Enters: a repository and a main. Leaves: one step for each commit that is no merge, with the merge that brought it.
 * The order comes from the log (main's first parents, oldest first), never from a clock.
 */
#ifndef QIP_CLIENT_TIMELINE_H
#define QIP_CLIENT_TIMELINE_H

#include "core/head.h"

#define TIMELINE_MAX_MERGES 4000000

struct timeline_step {
	struct oid id;
	const struct commit *commit;	/* for the call only, like all below */
	struct oid before;		/* the parent's tree; zero without parent */
	const struct merge_note *merge; /* NULL: not sent yet */
	struct oid merge_id;
};

typedef enum status (*timeline_visit)(void *ctx, const struct timeline_step *step, struct error *e);

struct timeline_options {
	const struct oid *main; /* the log's end; NULL while there is none */
	const struct oid *tip;	/* own commits not sent yet are behind this one; NULL: leave them out */
	const char
		*received_by; /* "YYYY-MM-DD": the log as it was at that day's end, own commits left out; NULL: all */
};

/* STATUS_NOT_FOUND: nothing had been received by that day. */
enum status timeline_walk(struct repo *r, const struct timeline_options *o, timeline_visit visit, void *ctx,
			  struct error *e) MUST_CHECK;

#endif
