/* tests/sim/run.h - one run: a plan carried out on a world, and what was found wrong. */
#ifndef QIP_TESTS_SIM_RUN_H
#define QIP_TESTS_SIM_RUN_H

#include "tests/sim/ledger.h"
#include "tests/sim/plan.h"
#include "tests/sim/world.h"

#define RUN_EDITS_LEAST   200
#define RUN_OVERLAP_LEAST 30 /* per cent of them that another edit met */

struct answer {
	char id[ID_TEXT_LEN + 1];
	uint64_t seq;
};

struct run_counts {
	unsigned merges, refusals, retries, mishaps, conflicts, orders, overlap, together, restarts;
};

struct run {
	const struct plan *plan;
	struct world world;
	struct ledger ledger;
	struct dice dice;       /* of what the plan leaves open; started anew at each step */
	size_t step;
	int64_t first;          /* number of the merge that the run began with */
	struct answer *answers; /* owned */
	size_t answers_len;
	char (*refused)[OID_HEX_LEN + 1]; /* owned; commits whose refusal was noticed: numbers are given again */
	size_t refused_len;
	bool unsure[WORLD_SITES];  /* the last sync failed: the server may have what the site does not know it has */
	FILE *out;              /* findings, a line each */
	unsigned findings;
	struct run_counts counts;
};

/* Carry the plan out on a copy of a made world, in `dir`, and check what came of it. Findings go to `out`. */
void run_plan(struct run *r, const struct plan *plan, const char *dir, FILE *out);
void run_clear(struct run *r);

/* Something is not as it must be. `kind` is a word or two that stays the same when the run is shortened. */
void run_finding(struct run *r, const char *kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The number of the merge that a site saw last. */
int64_t run_place(struct run *r, unsigned site);

/* act.c: carry out one step. */
void act_step(struct run *r, const struct step *s);
/* Everybody syncs until nothing moves any more. */
void act_settle(struct run *r);

/* check.c */
void check_sites(struct run *r);
void check_records(struct run *r);
void check_answers(struct run *r);
void check_refusals(struct run *r);
void check_audit(struct run *r);
/* orders.c: the same heads merged in other orders give the same tree. */
void check_orders(struct run *r);

#endif
