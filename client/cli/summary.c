/* client/cli/summary.c - qip report summary: how many action points are red, amber, green, blue and overdue, today or
 * as of a day. */
#include <string.h>

#include "client/cli/broken.h"
#include "client/cli/plan.h"
#include "client/report.h"

const struct arg_option options_summary[] = {
	{"as-of", "DAY", "as edits effective by this day have it", false},
	{"received-by", "DAY", "only what the server had received by this day", false},
	{NULL, NULL, NULL, false},
};

static void put_counts(cJSON **out, const struct report_counts *n)
{
	put_number(out, "actions", (int64_t)n->actions);
	put_number(out, "red", (int64_t)n->red);
	put_number(out, "amber", (int64_t)n->amber);
	put_number(out, "green", (int64_t)n->green);
	put_number(out, "blue", (int64_t)n->blue);
	put_number(out, "other", (int64_t)n->other);
	put_number(out, "overdue", (int64_t)n->overdue);
	put_number(out, "conflicts", (int64_t)n->conflicts);
}

static cJSON *groups_json(const struct report *r)
{
	cJSON *out = cJSON_CreateObject();

	for (size_t i = 0; i < r->groups_len; i++) {
		cJSON *group = cJSON_CreateObject();

		put_counts(&group, &r->groups[i].counts);
		put_number(&group, "green_without_evidence", (int64_t)r->groups[i].counts.green_without_evidence);
		put_item(&out, r->groups[i].key_question[0] ? r->groups[i].key_question : "none", group);
	}
	return out;
}

static enum status print_json(struct cli *c, const struct report *r, const struct broken *b, bool known, struct error *e)
{
	const char *as_of = args_get(&c->args, "as-of"), *received_by = args_get(&c->args, "received-by");
	cJSON *out = cJSON_CreateObject();

	put_bool(&out, "known", known);
	put_string(&out, "day", r->day);
	put_item(&out, "as_of", as_of ? cJSON_CreateString(as_of) : cJSON_CreateNull());
	put_item(&out, "received_by", received_by ? cJSON_CreateString(received_by) : cJSON_CreateNull());
	put_counts(&out, &r->all);
	broken_put(&out, b);
	put_item(&out, "by_key_question", groups_json(r));
	return cli_print_json(c, out, e);
}

static void add_row(struct table *t, const char *name, const struct report_counts *n)
{
	const uint64_t counts[] = {n->actions, n->red, n->amber, n->green, n->blue, n->overdue};
	char texts[ARRAY_LEN(counts)][24];

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		(void)snprintf(texts[i], sizeof(texts[i]), "%llu", (unsigned long long)counts[i]);
	table_add(t, (const char *const[]){name, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]});
}

static enum status print_text(struct cli *c, const struct report *r, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Key question", .gives = 1},
		{.title = "Actions", .right = true},
		{.title = "Red", .right = true, .bold = true},
		{.title = "Amber", .right = true, .bold = true},
		{.title = "Green", .right = true, .bold = true},
		{.title = "Blue", .right = true, .bold = true},
		{.title = "Overdue", .right = true},
	};
	const struct report_counts *all = &r->all;
	struct table t;
	enum status st;

	fprintf(c->out, "Quality improvement plan on %s: %llu of %llu complete\n\n", r->day,
		(unsigned long long)(all->green + all->blue), (unsigned long long)all->actions);
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < r->groups_len; i++)
		if (r->groups[i].counts.actions > 0)
			add_row(&t, r->groups[i].key_question[0] ? r->groups[i].key_question : "(none named)",
				&r->groups[i].counts);
	add_row(&t, "All", all);
	st = table_print(c->out, &t, c->bold, e);
	table_clear(&t);
	if (all->other > 0)
		fprintf(c->out, "%llu without a status\n", (unsigned long long)all->other);
	if (all->conflicts > 0)
		fprintf(c->out, "%llu in conflict, counted as the more severe; see: qip conflicts\n",
			(unsigned long long)all->conflicts);
	return st;
}

enum status cmd_report_summary(struct cli *c, struct error *e)
{
	struct plan p = PLAN_INIT;
	struct broken broken = {0};
	struct sites sites;
	struct report r;
	enum status st = cli_open_log(c, e);
	bool known = true;

	if (st != STATUS_OK)
		return st;
	st = plan_read(&p, c, "qip", e);
	known = st != STATUS_NOT_FOUND; /* nothing was known then: an answer, not a failure */
	if (st != STATUS_OK && known)
		return st;
	st = sites_read(&sites, c->q, e);
	if (st != STATUS_OK && known) {
		plan_clear(&p);
		return st;
	}
	p.sites = &sites;
	broken_count(&broken, &p);
	report_init(&r, p.day);
	for (size_t i = 0; i < p.len; i++)
		report_add(&r, p.items[i].record);
	if (c->json)
		st = print_json(c, &r, &broken, known, e);
	else if (known)
		st = print_text(c, &r, e);
	else
		st = fprintf(c->out, "%s\n", e->text) >= 0 ? STATUS_OK : STATUS_IO;
	if (st == STATUS_OK && known && !c->json)
		broken_print(c->out, &broken, "");
	plan_clear(&p);
	return st;
}
