/* client/report.c - see report.h. */
#include "client/report.h"

#include <stdio.h>
#include <string.h>

#include "core/record.h"

static bool status_is(const cJSON *action, const char *status)
{
	const char *text = json_string(action, "status");

	return text && strcmp(text, status) == 0;
}

static bool is_done(const cJSON *action)
{
	return status_is(action, "green") || status_is(action, "blue");
}

bool report_is_overdue(const cJSON *action, const char *day)
{
	const char *due = json_string(action, "due_date");

	return due && strcmp(due, day) < 0 && !is_done(action);
}

bool report_lacks_evidence(const cJSON *action)
{
	const cJSON *evidence = json_get(action, "evidence");

	return is_done(action) && !(evidence && evidence->child);
}

void report_init(struct report *r, const char *day)
{
	static const char *const key_questions[] = {"safe", "effective", "caring", "responsive", "well-led"};

	*r = (struct report){0};
	(void)snprintf(r->day, sizeof(r->day), "%s", day);
	for (size_t i = 0; i < ARRAY_LEN(key_questions); i++)
		(void)snprintf(r->groups[r->groups_len++].key_question, REPORT_NAME_MAX, "%s", key_questions[i]);
}

static struct report_counts *group_of(struct report *r, const char *key_question)
{
	struct report_group *g;

	for (size_t i = 0; i < r->groups_len; i++)
		if (strncmp(r->groups[i].key_question, key_question, REPORT_NAME_MAX - 1) == 0)
			return &r->groups[i].counts;
	if (r->groups_len == REPORT_MAX_GROUPS)
		return &r->groups[REPORT_MAX_GROUPS - 1].counts;
	g = &r->groups[r->groups_len++];
	(void)snprintf(g->key_question, sizeof(g->key_question), "%s", key_question);
	return &g->counts;
}

static void count(struct report_counts *c, const cJSON *action, const char *day)
{
	c->actions++;
	if (status_is(action, "red"))
		c->red++;
	else if (status_is(action, "amber"))
		c->amber++;
	else if (status_is(action, "green"))
		c->green++;
	else if (status_is(action, "blue"))
		c->blue++;
	else
		c->other++;
	c->overdue += report_is_overdue(action, day);
	c->conflicts += record_conflicts(action) > 0;
	c->green_without_evidence += report_lacks_evidence(action);
}

void report_add(struct report *r, const cJSON *action)
{
	const char *key_question = json_string(action, "key_question");

	count(&r->all, action, r->day);
	count(group_of(r, key_question ? key_question : ""), action, r->day);
}
