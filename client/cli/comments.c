/* client/cli/comments.c - qip comments list, show: what patients wrote, what was made of it, and what waits for somebody. */
#include <string.h>

#include "client/cli/inbox.h"
#include "client/cli/persons.h"
#include "client/cli/plan.h"
#include "client/cli/sites.h"
#include "client/cli/tell.h"
#include "client/cli/text.h"
#include "client/survey.h"

#define LISTED 100       /* unless --limit says otherwise */
#define LISTED_MAX 5000
#define LIST_CHARS 300   /* of a text in the list */
#define INDENT 4

const struct arg_option options_comments_list[] = {
	{"site", "SITE", "only comments given at this site", false},
	{"since", "DAY", "only comments of this day or later", false},
	{"status", "STATUS", "new, read, acted or closed", false},
	{"theme", "ID", "only comments of this theme", false},
	{"waiting", NULL, "only what nobody has read, and escalations that are not met", false},
	{"limit", "N", "so many at most; 100 unless given", false},
	{NULL, NULL, NULL, false},
};

/* ---- one comment in words ---- */

/* "good" of the Friends and Family Test; else the survey that it was written in. */
static const char *rating_of(const cJSON *feedback)
{
	const char *rating = text_of(json_get(feedback, "answers"), "experience");

	return rating[0] ? rating : text_of(json_get(feedback, "survey"), "id");
}

static bool may_publish(const cJSON *feedback)
{
	return cJSON_IsTrue(json_get(json_get(feedback, "comment"), "publish"));
}

static bool overdue(const struct cli *c, const cJSON *escalation)
{
	char today[11];

	inbox_day(today, c, 0);
	return escalation && strcmp(text_of(escalation, "due"), today) < 0;
}

static void print_escalation(struct cli *c, const cJSON *triage, size_t indent)
{
	const cJSON *escalation = comments_escalation(triage);
	const char *concern = text_of(triage, "concern");
	struct buf line = BUF_INIT;

	if (escalation) {
		buf_adds(&line, overdue(c, escalation) ? "! OVERDUE: " : "! ");
		text_clean(&line, text_of(escalation, "to"), 0);
		buf_adds(&line, overdue(c, escalation) ? " was to see to it by " : " sees to it by ");
		tell_day(&line, text_of(escalation, "due"));
		fprintf(c->out, "%*s%s\n", (int)indent, "", buf_text(&line));
	} else if (concern[0] && strcmp(concern, "none") != 0 && !json_get(triage, "escalation_met")) {
		fprintf(c->out, "%*s! nobody is named who sees to it: qip comments triage %.13s --escalate ROLE\n", (int)indent, "", text_of(triage, "id"));
	}
	buf_clear(&line);
}

static bool day_is_unsure(const cJSON *recorded)
{
	return strncmp(text_of(recorded, "earliest"), text_of(recorded, "latest"), strlen("2026-11-23")) != 0;
}

static void print_heading(struct cli *c, const struct comment *m, const struct sites *sites, int id_len)
{
	const cJSON *recorded = json_get(m->feedback, "recorded");
	const char *site = text_of(m->feedback, "site"), *status = text_of(m->triage, "status"), *concern = text_of(m->triage, "concern");
	const struct site *known = sites_find(sites, site, strlen(site));
	struct buf line = BUF_INIT, clean = BUF_INIT;

	buf_addf(&line, "%.*s  ", id_len, text_of(m->feedback, "id"));
	tell_time(&line, text_of(recorded, "at"));
	buf_addf(&line, "%s  %s  %s  %s  %s  %s", day_is_unsure(recorded) ? " (day unsure)" : "",
		 known && known->name[0] ? known->name : site, rating_of(m->feedback), text_of(m->feedback, "language"),
		 may_publish(m->feedback) ? "may be published" : "not to be published", status[0] ? status : "new");
	if (concern[0] && strcmp(concern, "none") != 0)
		buf_addf(&line, "  %s", concern);
	if (record_conflicts(m->triage) > 0)
		buf_adds(&line, "  in conflict");
	text_clean(&clean, buf_text(&line), 0);
	fprintf(c->out, "%s\n", buf_text(&clean));
	buf_clear(&line);
	buf_clear(&clean);
}

/* A text that cannot be shown stops no list. */
static enum status print_comment(struct cli *c, const struct comment *m, size_t max_chars, struct error *e)
{
	struct buf text = BUF_SECRET;
	struct error why = {0};
	enum status st = comments_open(&text, c->q, m->feedback, &why);

	if (st == STATUS_OK) {
		st = inbox_print_text(c, buf_text(&text), INDENT, max_chars, e);
	} else {
		fprintf(c->out, "%*s(%s%s%s)\n", INDENT, "", comments_why_not(st), max_chars || st == STATUS_GONE ? "" : ": ",
			max_chars || st == STATUS_GONE ? "" : why.text);
		st = STATUS_OK;
	}
	buf_wipe(&text);
	return st;
}

/* ---- JSON ---- */

static void put_text(cJSON **out, enum status st, const struct buf *text)
{
	if (st != STATUS_OK) {
		put_string(out, "unreadable", comments_why_not(st));
		return;
	}
	put_string(out, "text", buf_text(text));
	put_item(out, "personal", inbox_personal_json(buf_text(text)));
}

static cJSON *comment_json(struct cli *c, const struct comment *m, bool whole)
{
	cJSON *out = cJSON_CreateObject();
	const cJSON *escalation = comments_escalation(m->triage);
	struct buf text = BUF_SECRET, released = BUF_SECRET;
	struct error why = {0};

	put_item(&out, "feedback", cJSON_Duplicate(m->feedback, true));
	if (m->triage)
		put_item(&out, "triage", cJSON_Duplicate(m->triage, true));
	put_text(&out, comments_open(&text, c->q, m->feedback, &why), &text);
	if (escalation) {
		put_item(&out, "escalation", cJSON_Duplicate(escalation, true));
		put_bool(&out, "overdue", overdue(c, escalation));
	}
	if (whole && comments_open_released(&released, c->q, m->triage, &why) == STATUS_OK)
		put_string(&out, "released_text", buf_text(&released));
	buf_wipe(&text);
	buf_wipe(&released);
	return out;
}

/* ---- list ---- */

static enum status read_limit(size_t *out, const struct args *a, struct error *e)
{
	const char *text = args_get(a, "limit");
	size_t n = 0, digits = text ? strspn(text, "0123456789") : 0;

	*out = LISTED;
	if (!text)
		return STATUS_OK;
	for (size_t i = 0; i < digits && i < 5; i++)
		n = n * 10 + (size_t)(text[i] - '0');
	if (digits == 0 || digits > 5 || text[digits] || n < 1 || n > LISTED_MAX)
		return error_set(e, STATUS_USAGE, "--limit is a number from 1 to %d", LISTED_MAX);
	*out = n;
	return STATUS_OK;
}

static bool status_known(const char *status)
{
	static const char *const known[] = {"new", "read", "acted", "closed"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], status) == 0)
			return true;
	return false;
}

static enum status read_filter(struct comments_filter *f, struct sites *sites, struct cli *c, struct error *e)
{
	enum status st = args_day(&f->since, &c->args, "since", e);

	f->status = args_get(&c->args, "status");
	f->theme = args_get(&c->args, "theme");
	f->waiting = args_has(&c->args, "waiting");
	if (st == STATUS_OK && f->status && !status_known(f->status))
		st = error_set(e, STATUS_USAGE, "--status is new, read, acted or closed");
	if (st == STATUS_OK)
		st = read_limit(&f->max, &c->args, e);
	if (st == STATUS_OK)
		st = inbox_open(c, e);
	if (st == STATUS_OK)
		st = sites_read(sites, c->q, e);
	return st == STATUS_OK ? sites_resolve(&f->site, sites, args_get(&c->args, "site"), e) : st;
}

static enum status print_list(struct cli *c, const struct comments *list, const struct sites *sites, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < list->len && st == STATUS_OK; i++) {
		print_heading(c, &list->items[i], sites, INBOX_SHORT_ID);
		print_escalation(c, list->items[i].triage, INDENT);
		st = print_comment(c, &list->items[i], LIST_CHARS, e);
		fputc('\n', c->out);
	}
	if (st == STATUS_OK && list->matched > list->len)
		fprintf(c->out, "%zu of %llu comments; --limit shows more\n", list->len, (unsigned long long)list->matched);
	else if (st == STATUS_OK)
		fprintf(c->out, "%zu comment%s\n", list->len, plural(list->len));
	return st;
}

enum status cmd_comments_list(struct cli *c, struct error *e)
{
	struct comments_filter f = {0};
	struct comments list = {0};
	struct sites sites;
	cJSON *json = c->json ? cJSON_CreateArray() : NULL;
	enum status st = read_filter(&f, &sites, c, e);

	if (st == STATUS_OK)
		st = comments_read(&list, c->q, &f, e);
	if (st == STATUS_OK && !c->json)
		st = print_list(c, &list, &sites, e);
	for (size_t i = 0; i < list.len && c->json; i++)
		push_item(&json, comment_json(c, &list.items[i], false));
	if (st == STATUS_OK && c->json)
		st = cli_print_json(c, json, e);
	else
		cJSON_Delete(json);
	comments_clear(&list);
	return st;
}

/* ---- show ---- */

static void print_set(struct cli *c, const cJSON *record, const char *field, const char *title)
{
	struct buf line = BUF_INIT;
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(record, field))
	{
		if (cJSON_IsString(item))
			buf_addf(&line, "%s%s", line.len ? ", " : "", item->valuestring);
	}
	if (line.len > 0) {
		fprintf(c->out, "%-10s", title);
		text_wrap(c->out, buf_text(&line), 10);
	}
	buf_clear(&line);
}

/* The last edit of the status says who read it. */
static void print_reader(struct cli *c, const cJSON *triage)
{
	const cJSON *stamps = json_get(json_get(triage, "edits"), "status"), *stamp = stamps ? stamps->child : NULL;

	if (stamp)
		fprintf(c->out, "Triaged by %s (%s), %.10s\n", text_of(stamp, "person")[0] ? persons_called(c, text_of(stamp, "person")) : text_of(stamp, "device"),
			text_of(stamp, "by"), text_of(stamp, "at"));
}

static enum status print_released(struct cli *c, const cJSON *triage, struct error *e)
{
	struct buf text = BUF_SECRET;
	struct error why = {0};
	enum status st = cJSON_IsObject(json_get(triage, "released")) ? comments_open_released(&text, c->q, triage, &why) : STATUS_OK;

	if (st == STATUS_OK && text.len > 0) {
		fprintf(c->out, "\nReleased, %s:\n", strcmp(text_of(triage, "publication"), "publish") == 0 ? "may be shown" : "withheld");
		st = inbox_print_text(c, buf_text(&text), INDENT, 0, e);
	} else if (st != STATUS_OK) {
		fprintf(c->out, "\nReleased: (%s)\n", comments_why_not(st));
		st = STATUS_OK;
	}
	buf_wipe(&text);
	return st;
}

enum status cmd_comments_show(struct cli *c, struct error *e)
{
	struct comment m = {0};
	struct sites sites;
	enum status st = inbox_find(&m, c, e);

	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, comment_json(c, &m, true), e);
	} else if (st == STATUS_OK) {
		print_heading(c, &m, &sites, ID_TEXT_LEN);
		print_escalation(c, m.triage, 0);
		print_set(c, m.feedback, "flags", "Flags");
		print_set(c, m.triage, "flags", "Marked");
		print_set(c, m.triage, "themes", "Themes");
		print_set(c, m.triage, "actions", "Actions");
		print_reader(c, m.triage);
		fputc('\n', c->out);
		st = print_comment(c, &m, 0, e);
		if (st == STATUS_OK)
			st = print_released(c, m.triage, e);
		if (record_conflicts(m.triage) > 0)
			fprintf(c->out, "\nTwo places differ: qip conflicts %s\n", text_of(m.feedback, "id"));
	}
	comment_clear(&m);
	return st;
}
