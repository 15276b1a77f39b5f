/* client/cli/broken.h - what the records say and cannot hold: counted where it matters, with what to do; never repaired or refused unasked. */
#ifndef QIP_CLI_BROKEN_H
#define QIP_CLI_BROKEN_H

#include "client/cli/plan.h"

#define BROKEN_MAX_NAMED 5 /* records that are named one by one */

struct broken {
	uint64_t without_evidence; /* action points that are complete without evidence */
	uint64_t labels;	   /* action points whose label another has, too */
	uint64_t dangling;	   /* action points that name a site or regulation that there is not */
	uint64_t elsewhere;	   /* other records that name a site, action point or theme that there is not */
	char named[BROKEN_MAX_NAMED][TREE_PATH_MAX + 64]; /* the first of them: "themes/….json (actions: …)" */
};

/* Of the plan as it was read, with p->sites; `elsewhere` stays as it is. */
void broken_count(struct broken *out, const struct plan *p);
/* Of all other records, as they are now. */
enum status broken_elsewhere(struct broken *out, struct qip *q, const struct plan *p, struct error *e) MUST_CHECK;

/* The members of the JSON that status and summary print. */
void broken_put(cJSON **object, const struct broken *b);
/* A line for each kind that there is; `title` (20 characters at most) stands before the first, as much blank before the others. */
void broken_print(FILE *f, const struct broken *b, const char *title);

#endif
