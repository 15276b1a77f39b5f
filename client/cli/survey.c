/* client/cli/survey.c - qip survey list, show: what patients are asked. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/survey_text.h"
#include "client/survey.h"
#include "core/embed.h"

#define LABEL_COLUMN 11

const struct arg_option options_survey_show[] = {
	{"language", "TAG", "the wordings in this language, as gu; English where it has none", false},
	{"shipped", NULL, "the Friends and Family Test as it comes with this program, to be put where the practice has an older wording", false},
	{NULL, NULL, NULL, false},
};

struct listing {
	struct table table;
	cJSON *json;
	char day[11];
};

static enum status add_survey(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;
	struct buf title = BUF_INIT, sites = BUF_INIT, days = BUF_INIT, languages = BUF_INIT;
	char version[24] = "", questions[24];
	int64_t number = 0;

	(void)path;
	(void)e;
	if (json_integer(record, "version", &number))
		(void)snprintf(version, sizeof(version), "%lld", (long long)number);
	(void)snprintf(questions, sizeof(questions), "%d", cJSON_GetArraySize(json_get(record, "questions")));
	survey_text_wording(&title, json_get(record, "title"), "en");
	survey_text_sites(&sites, record);
	survey_text_days(&days, record, l->day);
	survey_text_languages(&languages, record);
	table_add(&l->table, (const char *const[]){text_of(record, "id"), version, buf_text(&title), questions, buf_text(&sites), buf_text(&days),
						   buf_text(&languages)});
	push_item(&l->json, cJSON_Duplicate(record, true));
	buf_clear(&title);
	buf_clear(&sites);
	buf_clear(&days);
	buf_clear(&languages);
	return STATUS_OK;
}

enum status cmd_survey_list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Survey"},
		{.title = "Version", .right = true},
		{.title = "Title", .gives = 1},
		{.title = "Questions", .right = true},
		{.title = "Sites", .gives = 2},
		{.title = "Asked"},
		{.title = "Languages", .gives = 2},
	};
	struct listing l = {.json = cJSON_CreateArray()};
	enum status st = cli_open(c, e);

	cli_today(l.day, c);
	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = qip_each(c->q, "surveys/", add_survey, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
		if (st == STATUS_OK && l.table.rows == 0)
			fprintf(c->out, "There are no surveys here yet: sync first.\n");
	}
	cJSON_Delete(l.json);
	table_clear(&l.table);
	return st;
}

static void print_line(struct cli *c, const char *label, struct buf *text)
{
	if (text->len > 0)
		fprintf(c->out, "%-*s%s\n", LABEL_COLUMN, label, buf_text(text));
	buf_clear(text);
}

static void print_survey(struct cli *c, const cJSON *survey, const char *language)
{
	struct buf text = BUF_INIT;
	char day[11];
	int64_t version = 0;

	cli_today(day, c);
	fprintf(c->out, "%-*s%s", LABEL_COLUMN, "Survey", text_of(survey, "id"));
	if (json_integer(survey, "version", &version))
		fprintf(c->out, ", version %lld", (long long)version);
	fputc('\n', c->out);
	survey_text_wording(&text, json_get(survey, "title"), language);
	print_line(c, "Title", &text);
	survey_text_sites(&text, survey);
	print_line(c, "Sites", &text);
	survey_text_days(&text, survey, day);
	print_line(c, "Asked", &text);
	survey_text_languages(&text, survey);
	print_line(c, "Languages", &text);
	fputc('\n', c->out);
	survey_text_questions(c->out, survey, language);
}

/* Without a version: put gives it the next. */
static enum status read_shipped(cJSON **out, const char *id, struct error *e)
{
	const struct embedded *file = strcmp(id, SURVEY_FFT) == 0 ? embed_find(client_data, "fft-1.json") : NULL;
	enum status st = STATUS_NOT_FOUND;

	if (!file)
		return error_set(e, st, "only the survey " SURVEY_FFT " comes with this program");
	st = json_parse(out, (const char *)file->bytes, file->len, e);
	if (st == STATUS_OK)
		cJSON_DeleteItemFromObjectCaseSensitive(*out, "version");
	return st;
}

static enum status read_own(cJSON **out, struct cli *c, const char *id, struct error *e)
{
	char path[TREE_PATH_MAX];
	enum status st = cli_open(c, e);

	if (st != STATUS_OK)
		return st;
	(void)snprintf(path, sizeof(path), "surveys/%.60s.json", id);
	st = name_valid(id) ? qip_read(out, c->q, path, e) : STATUS_NOT_FOUND;
	return st == STATUS_NOT_FOUND ? error_set(e, st, "there is no survey \"%.60s\"; see: qip survey list", id) : st;
}

enum status cmd_survey_show(struct cli *c, struct error *e)
{
	const char *id = cli_word(c, 0), *language = args_get(&c->args, "language");
	cJSON *survey = NULL;
	enum status st = args_has(&c->args, "shipped") ? read_shipped(&survey, id, e) : read_own(&survey, c, id, e);

	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, survey, e);
		survey = NULL;
	} else if (st == STATUS_OK) {
		print_survey(c, survey, language ? language : "en");
	}
	cJSON_Delete(survey);
	return st;
}
