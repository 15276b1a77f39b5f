/* client/cli/plan.h - the records that commands work on: the actions or inspections as asked for, and the one that a
 * REF names. */
#ifndef QIP_CLI_PLAN_H
#define QIP_CLI_PLAN_H

#include "client/cli/cli.h"
#include "client/cli/sites.h"

#define PLAN_MAX_RECORDS 20000

struct plan_item {
	char path[TREE_PATH_MAX];
	cJSON *record; /* owned by the plan */
};

struct plan {
	struct plan_item *items; /* owned; by label, then by id */
	size_t len, cap;
	const struct sites *sites; /* borrowed; NULL: what actions name is not looked up */
	char day[11]; /* the day it is seen from: --as-of, else --received-by, else today */
};
#define PLAN_INIT                                                                                                      \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Read a folder ("qip", "inspections"): as it stands, or as the options --as-of and --received-by ask. Opens the home.
 * STATUS_NOT_FOUND: nothing had been received by then; day is set all the same. STATUS_USAGE. */
enum status plan_read(struct plan *out, struct cli *c, const char *folder, struct error *e) MUST_CHECK;
void plan_clear(struct plan *p);

/* The action that REF names: a label, whatever the case, or at least 8 characters of an id. STATUS_NOT_FOUND;
 * STATUS_INVALID naming the candidates when there are several. */
enum status plan_find(const struct plan_item **out, const struct plan *p, const char *ref, struct error *e) MUST_CHECK;

/* Another record of the plan has the same label. */
bool plan_label_twice(const struct plan *p, const struct plan_item *item);

/* ---- naming.c: any record of the practice ---- */

/* For commands that can speak of any record: an action by its label, an action, inspection, theme, group or note by at least 8 characters of its
 * id, a site by its id, "practice", or a path with or without ".json" ("opel/2022-W19"). As plan_find. *record is the caller's. */
enum status plan_find_any(char path[TREE_PATH_MAX], cJSON **record, struct cli *c, const char *ref,
			  struct error *e) MUST_CHECK;
/* What people call a record, by what it is: "QIP-07", "OPEL level of 2022-W19", "inspection 2022-04-28". */
void plan_label(char *out, size_t size, const cJSON *record);
/* What it is about in its own words, borrowed; "" when it has none. */
const char *plan_about(const cJSON *record);
/* What plan_find_any takes for the record at this path. */
void plan_handle(char *out, size_t size, const char *path, const cJSON *record);

#endif
