/* client/cli/inspection.c - qip inspection add, show: ratings, breaches and findings of the regulator's visits. */
#include <string.h>
#include <strings.h>

#include "client/cli/change.h"
#include "client/cli/fields.h"
#include "client/cli/plan.h"
#include "client/cli/text.h"

#define INDENT 25

const struct arg_option options_inspection_add[] = {
	{"inspected-on", "DAY", "the day of the visit (needed)", false},
	{"published-on", "DAY", "the day of the report", false},
	{"provider", "NAME", "who inspected, or was inspected", false},
	{"framework", "NAME", "the framework in force", false},
	{"overall", "RATING", "outstanding, good, requires-improvement, inadequate or not-rated", false},
	{"rating", "WHICH=RATING", "of a key question: caring=good or caring=good,carried-forward", true},
	{"safe", "RATING", "short for --rating safe=RATING", false},
	{"caring", "RATING", "short for --rating caring=RATING", false},
	{"responsive", "RATING", "short for --rating responsive=RATING", false},
	{"well-led", "RATING", "short for --rating well-led=RATING", false},
	{"effective", "RATING|DAY", "the rating of \"effective\", or the day that the edit speaks of", true},
	{"breach", "NUMBER", "a regulation that was breached", true},
	{"finding", "TEXT", "a finding; \"12: TEXT\" names its regulation", true},
	{"report-link", "URL", "where the report is", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};

/* "--effective" names a key question and the edit's day alike; a day has another form than a rating. */
static const char *effective_day(const struct args *a)
{
	const char *value;

	for (size_t i = 0; (value = args_nth(a, "effective", i)) != NULL; i++)
		if (date_valid(value))
			return value;
	return NULL;
}

/* "good" or "good,carried-forward" into the slot "ratings/<which>". */
static enum status set_rating(cJSON *record, const char *which, size_t which_len, const char *text,
			      const struct stamp *stamp, struct error *e)
{
	size_t len = strcspn(text, ","), i = 0, k = 0;
	bool carried = strcasecmp(text + len, ",carried-forward") == 0;
	char slot[RECORD_SLOT_MAX];
	cJSON *value;

	while (field_key_questions[i] && (strlen(field_key_questions[i]) != which_len ||
					  strncasecmp(field_key_questions[i], which, which_len) != 0))
		i++;
	while (field_ratings[k] && (strlen(field_ratings[k]) != len || strncasecmp(field_ratings[k], text, len) != 0))
		k++;
	if (!field_key_questions[i] || !field_ratings[k] || (text[len] && !carried))
		return error_set(
			e, STATUS_USAGE,
			"\"%.*s=%.60s\" is not a rating; please write KEY-QUESTION=RATING, such as caring=good or "
			"safe=requires-improvement,carried-forward",
			(int)(which_len > 20 ? 20 : which_len), which, text);
	value = cJSON_CreateObject();
	put_string(&value, "rating", field_ratings[k]);
	put_bool(&value, "carried_forward", carried);
	(void)snprintf(slot, sizeof(slot), "ratings/%s", field_key_questions[i]);
	return record_set(record, slot, value, stamp, e);
}

static enum status apply_ratings(const struct args *a, cJSON *record, const struct stamp *stamp, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < a->given_len && st == STATUS_OK; i++) {
		const char *name = a->given[i].option->name, *value = a->given[i].value;
		size_t len = strcspn(value, "=");

		if (strcmp(name, "rating") == 0)
			st = value[len] ? set_rating(record, value, len, value + len + 1, stamp, e)
					: set_rating(record, value, len, "", stamp, e);
		else if (strcmp(name, "effective") == 0 && date_valid(value))
			continue;
		else
			for (size_t k = 0; field_key_questions[k]; k++)
				if (strcmp(name, field_key_questions[k]) == 0)
					st = set_rating(record, name, strlen(name), value, stamp, e);
	}
	return st;
}

/* Single fields, and all --breach as one set. */
static enum status apply_fields(const struct args *a, cJSON *record, const struct stamp *stamp, struct error *e)
{
	static const struct sites none = {.len = 0};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < a->given_len && st == STATUS_OK; i++) {
		const char *name = a->given[i].option->name;
		bool breach = strcmp(name, "breach") == 0;
		const struct field *f =
			field_find(fields_inspection, breach ? "breaches" : name, strlen(breach ? "breaches" : name));
		cJSON *value = NULL;

		if (!f)
			continue;
		st = field_parse(&value, f, a->given[i].value, &none, e);
		for (cJSON *item = breach && st == STATUS_OK ? value->child : NULL; item && st == STATUS_OK;
		     item = item->next) {
			char slot[RECORD_SLOT_MAX];

			(void)snprintf(slot, sizeof(slot), "breaches/%s", item->valuestring);
			st = record_set(record, slot, cJSON_CreateTrue(), stamp, e);
		}
		if (st == STATUS_OK && !breach)
			st = field_set(record, f, value, stamp, e);
		if (st != STATUS_OK)
			(void)error_prefix(e, st, "--%s", name);
		cJSON_Delete(value);
	}
	return st;
}

static enum status append_finding(struct cli *c, cJSON *record, const char *text, struct stamp *stamp, struct error *e)
{
	size_t digits = strspn(text, "0123456789");
	bool numbered =
		digits > 0 && digits <= 2 && (text[digits] == ':' || (text[digits] == 'A' && text[digits + 1] == ':'));
	char regulation[4] = "";
	cJSON *entry = cJSON_CreateObject();
	enum status st;

	if (numbered) {
		size_t len = strcspn(text, ":");

		(void)snprintf(regulation, sizeof(regulation), "%.*s", (int)len, text);
		put_string(&entry, "regulation", regulation);
		text += len + 1;
		text += strspn(text, " ");
	}
	put_string(&entry, "text", text);
	st = text_check(text, "the finding", e);
	if (st == STATUS_OK)
		st = id_make(stamp->id, qip_env(c->q)); /* each entry has an id of its own */
	if (st != STATUS_OK || !entry) {
		cJSON_Delete(entry);
		return st != STATUS_OK ? st : error_set(e, STATUS_NOMEM, "out of memory");
	}
	return record_append(record, "findings", entry, stamp, e);
}

static enum status apply_options(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	struct cli *c = ctx;
	struct stamp own = *stamp;
	const char *text;
	enum status st = apply_fields(&c->args, record, stamp, e);

	if (st == STATUS_OK)
		st = apply_ratings(&c->args, record, stamp, e);
	for (size_t i = 0; st == STATUS_OK && (text = args_nth(&c->args, "finding", i)) != NULL; i++)
		st = append_finding(c, record, text, &own, e);
	return st;
}

/* An inspection is told from others by its day and provider. */
static enum status check_new(struct cli *c, struct error *e)
{
	const char *day = args_get(&c->args, "inspected-on"), *provider = args_get(&c->args, "provider");
	struct plan p = PLAN_INIT;
	enum status st = plan_read(&p, c, "inspections", e);

	for (size_t i = 0; i < p.len && st == STATUS_OK; i++) {
		const char *other_day = json_string(p.items[i].record, "inspected_on"),
			   *other = json_string(p.items[i].record, "provider");

		if (other_day && strcmp(other_day, day) == 0 &&
		    strcmp(other ? other : "", provider ? provider : "") == 0)
			st = error_set(e, STATUS_EXISTS, "the inspection of %s is there already; nothing was added",
				       day);
	}
	plan_clear(&p);
	return st;
}

enum status cmd_inspection_add(struct cli *c, struct error *e)
{
	const char *day = args_get(&c->args, "inspected-on");
	char path[TREE_PATH_MAX], subject[80];
	cJSON *record = NULL, *after = NULL;
	enum status st;

	if (!day || !date_valid(day))
		return error_set(e, STATUS_USAGE, "please say which day was inspected: --inspected-on YYYY-MM-DD");
	st = check_new(c, e);
	if (st == STATUS_OK)
		st = change_new(&record, path, c, "inspection/1", "inspections", e);
	(void)snprintf(subject, sizeof(subject), "Add inspection of %s", day);
	if (st == STATUS_OK)
		st = change_record(c, path, record, effective_day(&c->args), subject, apply_options, c, &after, e);
	if (st == STATUS_OK)
		st = change_tell(c, after, "added", e);
	cJSON_Delete(record);
	cJSON_Delete(after);
	return st;
}

/* ---- show ---- */

static void print_ratings(struct cli *c, const cJSON *record)
{
	for (size_t i = 0; field_key_questions[i]; i++) {
		const cJSON *rating = json_get(json_get(record, "ratings"), field_key_questions[i]);
		struct buf text = BUF_INIT;

		if (!rating)
			continue;
		field_show(&text, rating);
		fprintf(c->out, "  %-*s", INDENT - 2, field_key_questions[i]);
		text_wrap(c->out, buf_text(&text), INDENT);
		buf_clear(&text);
	}
}

static void print_inspection(struct cli *c, const cJSON *record)
{
	const cJSON *entry;

	for (const struct field *f = fields_inspection; f->name; f++) {
		struct buf text = BUF_INIT;

		if (!json_get(record, f->name))
			continue;
		field_show(&text, json_get(record, f->name));
		fprintf(c->out, "%-*s", INDENT, f->title);
		text_wrap(c->out, buf_text(&text), INDENT);
		buf_clear(&text);
		if (strcmp(f->name, "overall") == 0)
			print_ratings(c, record);
	}
	if (!json_get(record, "overall"))
		print_ratings(c, record);
	cJSON_ArrayForEach(entry, json_get(record, "findings"))
	{
		const char *regulation = json_string(entry, "regulation"), *text = json_string(entry, "text");
		char title[40];

		(void)snprintf(title, sizeof(title), regulation ? "Finding, regulation %s" : "Finding", regulation);
		fprintf(c->out, "%-*s", INDENT, title);
		text_wrap(c->out, text ? text : "", INDENT);
	}
	fprintf(c->out, "%-*s%s\n", INDENT, "Id", json_string(record, "id"));
	if (record_conflicts(record) > 0)
		fprintf(c->out, "%-*sset differently in two places; see: qip conflicts\n", INDENT, "Look at");
}

enum status cmd_inspection_show(struct cli *c, struct error *e)
{
	struct plan p = PLAN_INIT;
	cJSON *list = cJSON_CreateArray();
	enum status st = plan_read(&p, c, "inspections", e);

	for (size_t i = p.len; i-- > 0 && st == STATUS_OK;) { /* the latest first */
		if (c->json) {
			push_item(&list, cJSON_Duplicate(p.items[i].record, true));
			continue;
		}
		print_inspection(c, p.items[i].record);
		if (i > 0)
			fputc('\n', c->out);
	}
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, list, e);
		list = NULL;
	} else if (st == STATUS_OK && p.len == 0) {
		fprintf(c->out, "No inspection is recorded. Add one: qip inspection add --help\n");
	}
	cJSON_Delete(list);
	plan_clear(&p);
	return st;
}
