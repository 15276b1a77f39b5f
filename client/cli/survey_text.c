/* client/cli/survey_text.c - see survey_text.h. */
#include "client/cli/survey_text.h"

#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/tell.h"
#include "client/cli/text.h"
#include "client/survey.h"

#define INDENT 4
#define OPTION_COLUMN 20

/* ---- languages ---- */

static void collect_one(cJSON *set, const cJSON *texts)
{
	const cJSON *text = NULL;

	cJSON_ArrayForEach(text, texts)
	{
		if (!json_get(set, text->string))
			(void)cJSON_AddNullToObject(set, text->string); /* without memory a language is not told */
	}
}

static void collect(cJSON *set, const cJSON *survey)
{
	const cJSON *question = NULL, *option = NULL;

	cJSON_ArrayForEach(question, json_get(survey, "questions"))
	{
		collect_one(set, json_get(question, "text"));
		collect_one(set, json_get(question, "low"));
		collect_one(set, json_get(question, "high"));
		cJSON_ArrayForEach(option, json_get(question, "options")) collect_one(set, json_get(option, "text"));
	}
	collect_one(set, json_get(survey, "title"));
}

void survey_text_languages(struct buf *out, const cJSON *survey)
{
	cJSON *set = cJSON_CreateObject();
	const cJSON *item = NULL;

	collect(set, survey);
	cJSON_ArrayForEach(item, set)
	{
		buf_addf(out, "%s%s", item->prev && item != set->child ? ", " : "", item->string);
		if (!survey_speaks(survey, item->string, true))
			buf_adds(out, " (incomplete)");
		else if (!survey_speaks(survey, item->string, false))
			buf_adds(out, " (draft)");
	}
	cJSON_Delete(set);
}

/* ---- where and when ---- */

void survey_text_sites(struct buf *out, const cJSON *survey)
{
	const cJSON *sites = json_get(survey, "sites"), *site = NULL;

	if (!sites)
		buf_adds(out, "all");
	cJSON_ArrayForEach(site, sites) buf_addf(out, "%s%s", site == sites->child ? "" : ", ", cJSON_IsString(site) ? site->valuestring : "?");
}

static void add_day(struct buf *out, const char *before, const char *day)
{
	buf_addf(out, "%s%s", out->len > 0 ? " " : "", before);
	tell_day(out, day);
}

void survey_text_days(struct buf *out, const cJSON *survey, const char *day)
{
	const char *starts = json_string(survey, "starts"), *ends = json_string(survey, "ends");
	struct buf text = BUF_INIT;

	if (ends && strcmp(ends, day) < 0) {
		add_day(&text, "ended ", ends);
	} else {
		if (starts)
			add_day(&text, "from ", starts);
		if (ends)
			add_day(&text, "until ", ends);
	}
	buf_adds(out, text.len > 0 ? buf_text(&text) : "always");
	buf_clear(&text);
}

/* ---- wordings ---- */

void survey_text_wording(struct buf *out, const cJSON *texts, const char *language)
{
	const char *text = survey_text(texts, language, true);

	if (!text && strcmp(language, "en") != 0) {
		survey_text_wording(out, texts, "en");
		return;
	}
	if (!text)
		return;
	text_clean(out, text, 0);
	if (!survey_text(texts, language, false))
		buf_adds(out, " (draft)");
}

static void add_values(struct buf *out, const cJSON *values)
{
	const cJSON *value = NULL;

	cJSON_ArrayForEach(value, values)
	{
		const char *before = value == values->child ? "" : " or ";

		if (cJSON_IsString(value))
			buf_addf(out, "%s%s", before, value->valuestring);
		else if (cJSON_IsNumber(value))
			buf_addf(out, "%s%lld", before, (long long)value->valuedouble);
		else
			buf_addf(out, "%s%s", before, cJSON_IsTrue(value) ? "yes" : "no");
	}
}

static void print_heading(FILE *f, const cJSON *question, size_t number)
{
	const cJSON *condition = json_get(question, "asked_if");
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s (%s%s)", text_of(question, "id"), text_of(question, "kind"), cJSON_IsTrue(json_get(question, "optional")) ? ", optional" : "");
	if (condition) {
		buf_addf(&text, ", asked if %s is ", text_of(condition, "question"));
		add_values(&text, json_get(condition, "any_of"));
	}
	fprintf(f, "%2zu. ", number);
	text_wrap(f, buf_text(&text), INDENT);
	buf_clear(&text);
}

static void print_wording(FILE *f, const char *label, const cJSON *texts, const char *language)
{
	size_t column = INDENT, width = strlen(label);
	struct buf text = BUF_INIT;

	survey_text_wording(&text, texts, language);
	fprintf(f, "%*s", INDENT, "");
	if (width > 0) {
		fprintf(f, "%-*s ", OPTION_COLUMN - INDENT - 1, label);
		column = width < OPTION_COLUMN - INDENT ? OPTION_COLUMN : INDENT + width + 1;
	}
	text_wrap(f, buf_text(&text), column);
	buf_clear(&text);
}

void survey_text_questions(FILE *f, const cJSON *survey, const char *language)
{
	const cJSON *question = NULL, *option = NULL;
	size_t number = 0;

	cJSON_ArrayForEach(question, json_get(survey, "questions"))
	{
		print_heading(f, question, ++number);
		print_wording(f, "", json_get(question, "text"), language);
		cJSON_ArrayForEach(option, json_get(question, "options"))
			print_wording(f, text_of(option, "id"), json_get(option, "text"), language);
		if (json_get(question, "low"))
			print_wording(f, "1", json_get(question, "low"), language);
		if (json_get(question, "high"))
			print_wording(f, "5", json_get(question, "high"), language);
	}
}
