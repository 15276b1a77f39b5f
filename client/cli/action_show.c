/* client/cli/action_show.c - qip action show REF: all of one action, its conflicts, notes, evidence and reviews. */
#include <string.h>

#include "client/cli/action.h"
#include "client/cli/claims.h"
#include "client/cli/dangling.h"
#include "client/cli/fields.h"
#include "client/cli/persons.h"
#include "client/cli/text.h"
#include "client/evidence.h"
#include "client/report.h"

#define INDENT 19 /* the fields' column */

const struct arg_option options_action_show[] = {
	{"as-of", "DAY", "as edits effective by this day have it", false},
	{"received-by", "DAY", "only what the server had received by this day", false},
	{NULL, NULL, NULL, false},
};

static void print_title(struct cli *c, const char *title, bool bold)
{
	fprintf(c->out, bold ? "\033[1m%-*s\033[0m" : "%-*s", INDENT, title);
}

static void print_field(struct cli *c, const struct field *f, const cJSON *record)
{
	const cJSON *value = json_get(record, f->name);
	struct buf text = BUF_INIT;

	if (!value)
		return;
	field_show(&text, value);
	print_title(c, f->title, c->bold && strcmp(f->name, "status") == 0);
	text_wrap(c->out, buf_text(&text), INDENT);
	buf_clear(&text);
}

/* One log: a line of day and device, then the text. */
static void print_log(struct cli *c, const cJSON *record, const char *field, const char *title, const char *main_member,
		      const char *more_member)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_get(record, field))
	{
		const char *effective = json_string(entry, "effective"), *device = json_string(entry, "device");
		const char *text = json_string(entry, main_member), *more = json_string(entry, more_member);

		print_title(c, title, false);
		fprintf(c->out, "%s  %s", effective ? effective : "", device ? device : "");
		if (text_of(entry, "person")[0])
			fprintf(c->out, ", %s", persons_called(c, text_of(entry, "person")));
		fprintf(c->out, "\n%*s", INDENT, "");
		text_wrap(c->out, text ? text : "", INDENT);
		if (more) {
			fprintf(c->out, "%*s", INDENT, "");
			text_wrap(c->out, more, INDENT);
		}
	}
}

/* How to open the files among the evidence. */
static void print_files(struct cli *c, const cJSON *record)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_get(record, "evidence"))
	{
		const cJSON *file = json_get(entry, "file");

		if (!file)
			continue;
		print_title(c, "File", false);
		fprintf(c->out, "%s: qip evidence get %s %s --output FILE\n", evidence_word(json_string(file, "type")), text_of(record, "id"), entry->string);
	}
}

static enum status print_conflicts(struct cli *c, const char *path, const cJSON *record, struct error *e)
{
	struct claims_view v;
	enum status st = STATUS_OK;
	const char *slot;

	if (record_conflicts(record) == 0)
		return STATUS_OK;
	st = claims_view_open(&v, c, e);
	if (st == STATUS_OK)
		st = claims_note_received(&v, path, record, e);
	if (st == STATUS_OK)
		st = claims_find_received(&v, e);
	for (size_t i = 0; st == STATUS_OK && (slot = record_conflict(record, i)) != NULL; i++) {
		fprintf(c->out, "\n");
		st = claims_print(&v, path, record, slot, e);
	}
	claims_view_close(&v);
	return st;
}

static void print_advice(struct cli *c, const char *advice)
{
	print_title(c, "", false);
	text_wrap(c->out, advice, INDENT);
}

/* What to do about what is broken. */
static void print_advices(struct cli *c, const struct plan *p, const struct plan_item *item)
{
	struct buf names = BUF_INIT, advice = BUF_INIT;

	if (report_lacks_evidence(item->record))
		print_advice(c, "Complete without evidence. Add it: qip action evidence REF TITLE");
	if (plan_label_twice(p, item))
		print_advice(c, "Another action point has this label. Change one of them: qip action set ID ref=LABEL");
	if (dangling_names(&names, item->record, p->sites)) {
		buf_addf(&advice, "There is no such thing as what it names (%s). Say what holds: qip action set REF sites=… regulations=…",
			 buf_text(&names));
		print_advice(c, buf_text(&advice));
	}
	buf_clear(&names);
	buf_clear(&advice);
}

static enum status print_text(struct cli *c, const struct plan *p, const struct plan_item *item, struct error *e)
{
	struct buf flags = BUF_INIT;

	for (const struct field *f = fields_action; f->name; f++)
		print_field(c, f, item->record);
	print_log(c, item->record, "notes", "Note", "text", "");
	print_log(c, item->record, "evidence", "Evidence", "title", "link");
	print_files(c, item->record);
	print_log(c, item->record, "reviews", "Review", "outcome", "text");
	action_flags(&flags, p, item);
	if (flags.len > 0) {
		print_title(c, "Look at", false);
		text_wrap(c->out, buf_text(&flags), INDENT);
		print_advices(c, p, item);
	}
	buf_clear(&flags);
	print_title(c, "Id", false);
	fprintf(c->out, "%s\n", json_string(item->record, "id"));
	return print_conflicts(c, item->path, item->record, e);
}

enum status cmd_action_show(struct cli *c, struct error *e)
{
	struct plan p = PLAN_INIT;
	const struct plan_item *item = NULL;
	struct sites sites;
	enum status st = plan_read(&p, c, "qip", e);

	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	p.sites = &sites;
	if (st == STATUS_OK)
		st = plan_find(&item, &p, cli_word(c, 0), e);
	if (st == STATUS_OK)
		st = c->json ? cli_print_json(c, action_json(&p, item), e) : print_text(c, &p, item, e);
	plan_clear(&p);
	return st;
}
