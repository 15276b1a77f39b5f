/* client/cli/action_list.c - qip action list: the plan as a table. */
#include <string.h>
#include <strings.h>

#include "client/cli/action.h"
#include "client/cli/dangling.h"
#include "client/cli/fields.h"
#include "client/report.h"

const struct arg_option options_action_list[] = {
	{"status", "STATUS", "only these: red, amber, green or blue", false},
	{"site", "SITE", "only what concerns this site", false},
	{"as-of", "DAY", "the plan as edits effective by this day have it", false},
	{"received-by", "DAY", "only what the server had received by this day", false},
	{NULL, NULL, NULL, false},
};

void action_flags(struct buf *out, const struct plan *p, const struct plan_item *item)
{
	const struct {
		bool on;
		const char *text;
	} flags[] = {
		{record_conflicts(item->record) > 0, "conflict"},
		{report_is_overdue(item->record, p->day), "overdue"},
		{report_lacks_evidence(item->record), "no evidence"},
		{plan_label_twice(p, item), "label twice"},
		{p->sites && dangling_names(NULL, item->record, p->sites), "names unknown"},
	};
	size_t before = out->len;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].on)
			buf_addf(out, "%s%s", out->len > before ? ", " : "", flags[i].text);
}

cJSON *action_json(const struct plan *p, const struct plan_item *item)
{
	cJSON *record = cJSON_Duplicate(item->record, true), *list = cJSON_CreateArray();
	struct buf flags = BUF_INIT;
	const char *text;

	action_flags(&flags, p, item);
	for (text = buf_text(&flags); *text;) {
		char flag[24];
		size_t len = strcspn(text, ",");

		(void)snprintf(flag, sizeof(flag), "%.*s", (int)len, text);
		push_item(&list, cJSON_CreateString(flag));
		text += len + strspn(text + len, ", ");
	}
	put_item(&record, "flags", list);
	buf_clear(&flags);
	return record;
}

/* A cell: the field's value, and a mark for what a person should look at. */
static void show_cell(struct buf *out, const cJSON *record, const char *field, const char *mark)
{
	const cJSON *value = json_get(record, field);

	if (cJSON_IsObject(value)) /* a risk, without its product */
		buf_addf(out, "%dx%d", (int)json_get(value, "likelihood")->valuedouble,
			 (int)json_get(value, "consequence")->valuedouble);
	else if (value)
		field_show(out, value);
	if (json_get(json_get(record, "conflicts"), field))
		buf_adds(out, " !");
	buf_adds(out, mark);
}

static void add_row(struct table *t, const struct plan *p, const struct plan_item *item)
{
	const cJSON *record = item->record;
	const struct {
		const char *field, *mark;
	} shown[] = {
		{"ref", plan_label_twice(p, item) ? " =" : ""},
		{"status", report_lacks_evidence(record) ? " ?" : ""},
		{"risk_current", ""},
		{"due_date", report_is_overdue(record, p->day) ? " late" : ""},
		{"owner_role", ""},
		{"sites", p->sites && dangling_names(NULL, record, p->sites) ? " ~" : ""},
		{"action", ""},
	};
	struct buf cells[ARRAY_LEN(shown)] = {BUF_INIT};
	const char *texts[ARRAY_LEN(shown)];

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		show_cell(&cells[i], record, shown[i].field, shown[i].mark);
		texts[i] = buf_text(&cells[i]);
	}
	table_add(t, texts);
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		buf_clear(&cells[i]);
}

/* What the marks mean, of those that were used. */
static void print_legend(struct cli *c, const struct report_counts *counts, bool labels, bool dangling)
{
	if (counts->conflicts > 0)
		fprintf(c->out,
			"!  set differently in two places; the more severe or later value shows. See: qip conflicts\n");
	if (counts->green_without_evidence > 0)
		fprintf(c->out, "?  complete, but without evidence. Add it: qip action evidence REF TITLE\n");
	if (labels)
		fprintf(c->out, "=  two action points have this label. Change one: qip action set ID ref=LABEL\n");
	if (dangling)
		fprintf(c->out, "~  names a site or regulation that there is not. See: qip show REF\n");
}

static bool wanted(const cJSON *record, const char *status, const char *site)
{
	const char *own = json_string(record, "status");

	return sites_concern(record, site) && (!status || (own && strcasecmp(own, status) == 0));
}

static enum status check_status(const char *status, struct error *e)
{
	const struct field *f = field_find(fields_action, "status", strlen("status"));

	for (size_t i = 0; status && f->choices[i]; i++)
		if (strcasecmp(f->choices[i], status) == 0)
			return STATUS_OK;
	return status ? error_set(e, STATUS_USAGE, "--status \"%.40s\" is not red, amber, green or blue", status)
		      : STATUS_OK;
}

static enum status print_table(struct cli *c, const struct plan *p, const char *status, const char *site,
			       struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Ref", .gives = 2},
		{.title = "Status", .bold = true},
		{.title = "Risk"},
		{.title = "Due"},
		{.title = "Owner", .gives = 1},
		{.title = "Sites", .gives = 1},
		{.title = "Action", .gives = 2},
	};
	struct report shown;
	struct table t;
	bool labels = false, dangling = false;
	enum status st;

	report_init(&shown, p->day);
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < p->len; i++) {
		if (!wanted(p->items[i].record, status, site))
			continue;
		add_row(&t, p, &p->items[i]);
		report_add(&shown, p->items[i].record);
		labels = labels || plan_label_twice(p, &p->items[i]);
		dangling = dangling || dangling_names(NULL, p->items[i].record, p->sites);
	}
	st = table_print(c->out, &t, c->bold, e);
	if (st == STATUS_OK) {
		fprintf(c->out, "%s%zu action point%s\n", t.rows ? "\n" : "", t.rows, plural(t.rows));
		print_legend(c, &shown.all, labels, dangling);
	}
	table_clear(&t);
	return st;
}

static enum status print_json(struct cli *c, const struct plan *p, const char *status, const char *site,
			      struct error *e)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < p->len; i++)
		if (wanted(p->items[i].record, status, site))
			push_item(&list, action_json(p, &p->items[i]));
	return cli_print_json(c, list, e);
}

enum status cmd_action_list(struct cli *c, struct error *e)
{
	const char *status = args_get(&c->args, "status"), *site = NULL;
	struct plan p = PLAN_INIT;
	struct sites sites;
	enum status st = check_status(status, e);

	if (st == STATUS_OK)
		st = cli_open_log(c, e);
	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	if (st == STATUS_OK)
		st = sites_resolve(&site, &sites, args_get(&c->args, "site"), e);
	if (st != STATUS_OK)
		return st;
	st = plan_read(&p, c, "qip", e);
	p.sites = &sites;
	if (st == STATUS_NOT_FOUND) { /* nothing was known then: an answer, not a failure */
		if (!c->json)
			fprintf(c->out, "%s\n", e->text);
		st = STATUS_OK;
	} else if (st == STATUS_OK && !c->json) {
		st = print_table(c, &p, status, site, e);
	}
	if (st == STATUS_OK && c->json)
		st = print_json(c, &p, status, site, e);
	plan_clear(&p);
	return st;
}
