/* tests/sim/act.h - what the carrying out of steps shares. */
#ifndef QIP_TESTS_SIM_ACT_H
#define QIP_TESTS_SIM_ACT_H

#include "tests/sim/run.h"

#define ACT_DAY "2026-02-02" /* that edits speak of */

struct site *act_site(struct run *r, unsigned site);
/* An edit of the step's site, from where the site is now, in the ledger. */
size_t act_begin_deed(struct run *r, const struct step *s);
/* The subject of the step's commit, by which a refusal is known again. */
void act_subject(char out[32], const struct run *r);
/* Set a slot in a record and in the ledger; takes `value` over. */
enum status act_set(struct run *r, cJSON *record, unsigned number, const char *slot, cJSON *value, struct stamp *stamp,
		    struct error *e) MUST_CHECK;
/* A submitted return is locked, and another site's submission may come first: such an edit may be refused. */
bool act_is_return(unsigned record);

/* edit.c */
void edit_make(struct run *r, const struct step *s);
/* Settle the first conflict from some record on. */
void edit_resolve(struct run *r, const struct step *s);

/* refuse.c */
void refuse_make(struct run *r, const struct step *s);
/* Look for refusals that came since the site was last looked at. */
void refuse_notice(struct run *r, unsigned site);
/* Make most of the site's open refusals again, or drop them. */
void refuse_retry(struct run *r, const struct step *s);

#endif
