/* client/report.h - the figures of a quality improvement plan: how many action points are red, amber, green and blue,
 * and overdue.
 *
 *     struct report r; report_init(&r, "2023-04-30"); for each action: report_add(&r, action); ... r.all.red
 */
#ifndef QIP_CLIENT_REPORT_H
#define QIP_CLIENT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/json.h"

#define REPORT_MAX_GROUPS 16
#define REPORT_NAME_MAX 41

struct report_counts {
	uint64_t actions;
	uint64_t red, amber, green, blue;
	uint64_t other; /* no status, or one that this program does not know */
	uint64_t overdue;
	uint64_t conflicts;		 /* actions with a field that two edits set differently */
	uint64_t green_without_evidence; /* green or blue */
};

struct report_group {
	char key_question[REPORT_NAME_MAX]; /* "" for actions that name none */
	struct report_counts counts;
};

struct report {
	char day[11]; /* overdue is what was due before it */
	struct report_counts all;
	struct report_group
		groups[REPORT_MAX_GROUPS]; /* CQC's five first, in its order; the last takes whatever no other could */
	size_t groups_len;
};

void report_init(struct report *r, const char *day);
void report_add(struct report *r, const cJSON *action);

/* What lists and reports flag of one action. */
bool report_is_overdue(const cJSON *action, const char *day);
bool report_lacks_evidence(const cJSON *action); /* green or blue, and no evidence */

#endif
