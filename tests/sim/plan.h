/* tests/sim/plan.h - what happens in a run, step by step: made from the seed before anything happens, so that steps can be left out. */
#ifndef QIP_TESTS_SIM_PLAN_H
#define QIP_TESTS_SIM_PLAN_H

#include <stdio.h>

#include "tests/sim/fields.h"
#include "tests/sim/link.h"

#define PLAN_MAX_STEPS 500
#define PLAN_MAX_CHANGES 3
#define PLAN_EDITS 400 /* so many changes are planned: some come to nothing, and over 200 fields and entries are written */

enum step_kind {
	STEP_CREATE,  /* a new record */
	STEP_EDIT,    /* one commit that changes a record */
	STEP_RESOLVE, /* an edit that settles one of the conflicts which the site sees */
	STEP_SYNC,
	STEP_TOGETHER, /* several sites sync at once, and their pushes are merged in one go */
	STEP_ANSWER,  /* patients answer at the kiosk */
	STEP_FORGE,   /* an edit that the server will refuse */
	STEP_DELETE,  /* a record is deleted, which nobody may */
	STEP_RETRY,   /* what was refused is made again, or else dropped */
	STEP_RESTART, /* of the server */
	STEP_REOPEN,  /* of a site's home */
};

struct change {
	unsigned field, key, value;
};

struct step {
	enum step_kind kind;
	unsigned site, record, pick;
	struct change changes[PLAN_MAX_CHANGES];
	unsigned changes_len;
	enum mishap mishap;
	unsigned at;
	uint64_t seed; /* of what chance gives while it runs */
	int64_t pass_ms;
};

struct plan {
	uint64_t seed;
	struct step steps[PLAN_MAX_STEPS];
	size_t len;
	bool left_out[PLAN_MAX_STEPS]; /* by who shortens a failing run */
};

void plan_make(struct plan *p, uint64_t seed);
/* The step in words. */
void plan_tell(FILE *out, const struct plan *p, size_t step);

#endif
