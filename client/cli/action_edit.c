/* client/cli/action_edit.c - qip action add, set, note, evidence, review. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/evidence.h"
#include "client/cli/fields.h"
#include "client/cli/plan.h"
#include "client/cli/text.h"
#include "client/cli/typed.h"
#include "client/report.h"

#define EFFECTIVE_OPTION                                                                                               \
	{                                                                                                              \
		"effective", "DAY", "the day it speaks of, YYYY-MM-DD; today unless given", false                      \
	}
#define END_OPTION                                                                                                     \
	{                                                                                                              \
		NULL, NULL, NULL, false                                                                                \
	}

const struct arg_option options_action_add[] = {
	{"ref", "LABEL", "what people call it: QIP-24 (needed)", false},
	{"finding", "TEXT", "what was found", false},
	{"action", "TEXT", "what is done about it", false},
	{"success-measure", "TEXT", "how one will know", false},
	{"owner-role", "ROLE", "who sees to it: a role, not a name", false},
	{"source", "TEXT", "where it comes from", false},
	{"key-question", "WHICH", "safe, effective, caring, responsive or well-led", false},
	{"regulations", "NUMBERS", "such as 12 or 12;17", false},
	{"sites", "SITES", "names or ids with ';' between, or all", false},
	{"driver", "TEXT", "what drives the improvement", false},
	{"start-date", "DAY", "YYYY-MM-DD", false},
	{"due-date", "DAY", "YYYY-MM-DD", false},
	{"risk-initial", "RISK", "likelihood x consequence: 4x5", false},
	{"risk-current", "RISK", "as the initial one unless given", false},
	{"risk-target", "RISK", "what is aimed at", false},
	{"status", "STATUS", "red unless given; amber, green, blue", false},
	{"public-summary", "TEXT", "words for the practice's website", false},
	EFFECTIVE_OPTION,
	EVEN_SO_OPTION,
	END_OPTION,
};
const struct arg_option options_evidence[] = {{"link", "URL", "where it is kept", false},
					       {"file", "FILE", "a PDF or a picture (JPEG, PNG), to be kept here, sealed", false},
					       EFFECTIVE_OPTION,
					       EVEN_SO_OPTION,
					       END_OPTION};
const struct arg_option options_review[] = {{"text", "TEXT", "in words", false}, EFFECTIVE_OPTION, EVEN_SO_OPTION, END_OPTION};

/* ---- add ---- */

struct addition {
	const struct args *args;
	const struct sites *sites;
};

/* Every option that names a field, in the order of the record's fields. */
static enum status apply_options(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	const struct addition *a = ctx;
	enum status st = STATUS_OK;

	for (const struct arg_option *o = options_action_add; o->name && st == STATUS_OK; o++) {
		const struct field *f = field_find(fields_action, o->name, strlen(o->name));
		const char *text = args_get(a->args, o->name);
		cJSON *value = NULL;

		if (!f || !text)
			continue;
		st = field_parse(&value, f, text, a->sites, e);
		if (st == STATUS_OK)
			st = field_set(record, f, value, stamp, e);
		if (st != STATUS_OK)
			(void)error_prefix(e, st, "--%s", o->name);
		cJSON_Delete(value);
	}
	if (st == STATUS_OK && !json_get(record, "status"))
		st = record_set(record, "status", cJSON_CreateString("red"), stamp, e);
	if (st == STATUS_OK && !json_get(record, "risk_current") && json_get(record, "risk_initial"))
		st = record_set(record, "risk_current", cJSON_Duplicate(json_get(record, "risk_initial"), true), stamp,
				e);
	return st;
}

/* A label that is there already would make two of them, for people to tell apart. */
static enum status check_label(struct cli *c, const char *label, struct error *e)
{
	struct plan p = PLAN_INIT;
	const struct plan_item *item;
	struct error missed = {0};
	enum status st = plan_read(&p, c, "qip", e);

	if (st == STATUS_OK && plan_find(&item, &p, label, &missed) != STATUS_NOT_FOUND)
		st = error_set(e, STATUS_EXISTS, "there is an action point %.40s already; please choose another label",
			       label);
	plan_clear(&p);
	return st;
}

enum status cmd_action_add(struct cli *c, struct error *e)
{
	const char *label = args_get(&c->args, "ref"), *effective = NULL;
	char path[TREE_PATH_MAX], subject[128], name[40];
	struct sites sites;
	struct addition a = {&c->args, &sites};
	cJSON *record = NULL, *after = NULL;
	enum status st;

	if (!label)
		return error_set(e, STATUS_USAGE, "an action point needs a label: --ref QIP-24");
	st = args_day(&effective, &c->args, "effective", e);
	if (st == STATUS_OK)
		st = check_label(c, label, e);
	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	if (st == STATUS_OK)
		st = change_new(&record, path, c, "action/1", "qip", e);
	if (st == STATUS_OK)
		st = json_set_string(record, "ref", label); /* for the subject; set as a field below */
	if (st == STATUS_OK) {
		change_label(name, sizeof(name), record);
		cJSON_DeleteItemFromObjectCaseSensitive(record, "ref");
		(void)snprintf(subject, sizeof(subject), "Add action %s", name);
		st = change_record(c, path, record, effective, subject, apply_options, &a, &after, e);
	}
	if (st == STATUS_OK)
		st = change_tell(c, after, "added", e);
	cJSON_Delete(record);
	cJSON_Delete(after);
	return st;
}

/* ---- changes of one action that is there ---- */

struct one {
	struct cli *c;
	struct sites sites;
	struct buf fields; /* that were set, ", " between */
	const char *log;   /* field of the entry to append */
	cJSON *entry;	   /* owned until appended */
	const struct evidence *file; /* of the entry, or NULL */
};

/* Find the action that the first word names and change it. `verb` opens the subject; `told` says it to the person. */
static enum status change_one(struct one *o, const char *verb, change_apply apply, const char *told, struct error *e)
{
	struct plan p = PLAN_INIT;
	const struct plan_item *item = NULL;
	const char *effective = NULL;
	char subject[300], name[40];
	cJSON *after = NULL;
	enum status st = args_day(&effective, &o->c->args, "effective", e);

	if (st == STATUS_OK)
		st = plan_read(&p, o->c, "qip", e);
	if (st == STATUS_OK)
		st = plan_find(&item, &p, cli_word(o->c, 0), e);
	if (st == STATUS_OK)
		st = sites_read(&o->sites, o->c->q, e);
	if (st == STATUS_OK) {
		change_label(name, sizeof(name), item->record);
		(void)snprintf(subject, sizeof(subject), "%s %s", verb, name);
		st = change_record(o->c, item->path, item->record, effective, subject, apply, o, &after, e);
	}
	if (st == STATUS_OK)
		st = change_tell(o->c, after, o->fields.len ? buf_text(&o->fields) : told, e);
	if (st == STATUS_OK && !o->c->json && report_lacks_evidence(after))
		fprintf(o->c->out, "It is %s without evidence; please add some: qip action evidence %s TITLE\n",
			json_string(after, "status"), cli_word(o->c, 0));
	cJSON_Delete(after);
	plan_clear(&p);
	cJSON_Delete(o->entry);
	buf_clear(&o->fields);
	return st;
}

static enum status apply_assignments(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	struct one *o = ctx;
	const char *word;
	enum status st = STATUS_OK;

	for (size_t i = 1; (word = cli_word(o->c, i)) != NULL && st == STATUS_OK; i++) {
		const struct field *f = NULL;

		st = field_assign(&f, record, word, &o->sites, stamp, e);
		if (st == STATUS_OK) {
			buf_addf(&o->fields, "%s%s = ", o->fields.len ? ", " : "", f->name);
			field_show(&o->fields, json_get(record, f->name));
		}
	}
	return st;
}

enum status cmd_action_set(struct cli *c, struct error *e)
{
	struct one o = {.c = c};

	return change_one(&o, "Change action", apply_assignments, "", e);
}

static enum status apply_entry(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	struct one *o = ctx;
	enum status st = o->file ? evidence_attach(o->entry, o->c->q, stamp->id, o->file, e) : STATUS_OK;
	cJSON *entry = o->entry;

	if (st != STATUS_OK)
		return st;
	o->entry = NULL;
	return record_append(record, o->log, entry, stamp, e);
}

/* Add a checked text to the entry being made; NULL adds nothing. */
static enum status add_text(struct one *o, const char *member, const char *text, const char *what, struct error *e)
{
	enum status st = text ? text_check(text, what, e) : STATUS_OK;

	if (st != STATUS_OK || !text)
		return st;
	if (!o->entry)
		o->entry = cJSON_CreateObject();
	put_string(&o->entry, member, text);
	return o->entry ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status append_one(struct one *o, enum status st, const char *verb, const char *told, struct error *e)
{
	if (st == STATUS_OK)
		return change_one(o, verb, apply_entry, told, e);
	cJSON_Delete(o->entry);
	return st;
}

enum status cmd_action_note(struct cli *c, struct error *e)
{
	struct one o = {.c = c, .log = "notes"};
	enum status st = add_text(&o, "text", cli_word(c, 1), "the note", e);

	return append_one(&o, st, "Add a note to action", "note added", e);
}

enum status cmd_action_evidence(struct cli *c, struct error *e)
{
	struct one o = {.c = c, .log = "evidence"};
	struct evidence file = EVIDENCE_INIT;
	const char *path = args_get(&c->args, "file");
	enum status st = add_text(&o, "title", cli_word(c, 1), "the title", e);

	if (st == STATUS_OK)
		st = add_text(&o, "link", args_get(&c->args, "link"), "the link", e);
	if (st == STATUS_OK && path) /* before the file is sealed and kept to be sent */
		st = typed_check_text(c, "the title", cli_word(c, 1), e);
	if (st == STATUS_OK && path)
		st = evidence_read(&file, path, e);
	o.file = path ? &file : NULL;
	st = append_one(&o, st, "Add evidence to action", "evidence added", e);
	if (st == STATUS_OK && path && !c->json && strcmp(file.type, "application/pdf") == 0)
		fprintf(c->out, "The PDF is kept as it is, with what its program noted of its author; printed to a new PDF, that is left out.\n");
	evidence_clear(&file);
	return st;
}

enum status cmd_action_review(struct cli *c, struct error *e)
{
	struct one o = {.c = c, .log = "reviews"};
	enum status st = add_text(&o, "outcome", cli_word(c, 1), "the outcome", e);

	if (st == STATUS_OK)
		st = add_text(&o, "text", args_get(&c->args, "text"), "the text", e);
	return append_one(&o, st, "Add a review to action", "review added", e);
}
