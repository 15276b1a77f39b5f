/* client/survey_check.c - can a survey be asked at all? A record enters; what is wrong with it leaves, in words. */
#include "client/survey_check.h"

#include <stdio.h>
#include <string.h>

#include "client/survey.h"
#include "core/env.h"
#include "core/schema.h"

#define WHERE_MAX 64

static bool same_id(const cJSON *a, const cJSON *b)
{
	const char *one = json_string(a, "id"), *other = json_string(b, "id");

	return one && other && strcmp(one, other) == 0;
}

/* Each element of a list, at `where`, has an id of its own. */
static enum status check_ids(const cJSON *list, const char *where, struct error *e)
{
	const cJSON *item = NULL;
	size_t i = 0;

	cJSON_ArrayForEach(item, list)
	{
		for (const cJSON *other = list->child; other != item; other = other->next) {
			if (same_id(item, other))
				return error_set(e, STATUS_INVALID, "%s/%zu/id: \"%s\" is another's already", where, i, json_string(item, "id"));
		}
		i++;
	}
	return STATUS_OK;
}

static enum status check_english(const cJSON *item, const char *member, const char *where, struct error *e)
{
	const cJSON *texts = json_get(item, member);

	if (!texts || json_get(texts, "en"))
		return STATUS_OK;
	return error_set(e, STATUS_INVALID, "%s/%s/en: is required, so that every screen has a wording to show", where, member);
}

static enum status check_options(const cJSON *question, const char *where, struct error *e)
{
	const cJSON *option = NULL;
	char at[WHERE_MAX + 32];
	size_t i = 0;
	enum status st = STATUS_OK;

	(void)snprintf(at, sizeof(at), "%s/options", where);
	st = check_ids(json_get(question, "options"), at, e);
	cJSON_ArrayForEach(option, json_get(question, "options"))
	{
		(void)snprintf(at, sizeof(at), "%s/options/%zu", where, i++);
		if (st == STATUS_OK)
			st = check_english(option, "text", at, e);
	}
	return st;
}

/* The earlier question that a condition names, NULL when there is none. */
static const cJSON *find_earlier(const cJSON *survey, const cJSON *question, const char *id)
{
	for (const cJSON *q = json_get(survey, "questions")->child; q && q != question; q = q->next) {
		if (strcmp(json_string(q, "id"), id) == 0)
			return q;
	}
	return NULL;
}

static enum status check_condition(const cJSON *survey, const cJSON *question, const char *where, struct error *e)
{
	const cJSON *condition = json_get(question, "asked_if"), *value = NULL, *earlier = NULL;
	const char *id = condition ? json_string(condition, "question") : NULL;
	size_t i = 0;

	if (!id)
		return STATUS_OK;
	earlier = find_earlier(survey, question, id);
	if (!earlier)
		return error_set(e, STATUS_INVALID, "%s/asked_if/question: there is no question \"%s\" before this one", where, id);
	if (strcmp(json_string(earlier, "kind"), "text") == 0)
		return error_set(e, STATUS_INVALID, "%s/asked_if/question: what is written to \"%s\" is for people to read; a condition can only name a choice, "
				 "rating or yes-no question", where, id);
	cJSON_ArrayForEach(value, json_get(condition, "any_of"))
	{
		if (!survey_fits(earlier, value))
			return error_set(e, STATUS_INVALID, "%s/asked_if/any_of/%zu: is no answer that \"%s\" can have", where, i, id);
		i++;
	}
	return STATUS_OK;
}

static enum status check_question(const cJSON *survey, const cJSON *question, size_t i, struct error *e)
{
	static const char *const members[] = {"text", "low", "high"};
	char where[WHERE_MAX];
	enum status st = STATUS_OK;

	(void)snprintf(where, sizeof(where), "/questions/%zu", i);
	if (i == 0 && cJSON_IsTrue(json_get(question, "optional")))
		return error_set(e, STATUS_INVALID, "%s/optional: the first question cannot be left out", where);
	for (size_t m = 0; m < ARRAY_LEN(members) && st == STATUS_OK; m++)
		st = check_english(question, members[m], where, e);
	if (st == STATUS_OK)
		st = check_options(question, where, e);
	return st == STATUS_OK ? check_condition(survey, question, where, e) : st;
}

static enum status check_questions(const cJSON *survey, struct error *e)
{
	const cJSON *question = NULL;
	enum status st = check_ids(json_get(survey, "questions"), "/questions", e);
	size_t i = 0, texts = 0;

	cJSON_ArrayForEach(question, json_get(survey, "questions"))
	{
		if (st == STATUS_OK)
			st = check_question(survey, question, i, e);
		if (st == STATUS_OK && strcmp(json_string(question, "kind"), "text") == 0 && ++texts > 1)
			st = error_set(e, STATUS_INVALID, "/questions/%zu/kind: an answer has one comment, so only one question asks for text", i);
		i++;
	}
	return st;
}

static enum status check_days(const cJSON *survey, struct error *e)
{
	static const char *const members[] = {"starts", "ends"};
	const char *starts = json_string(survey, "starts"), *ends = json_string(survey, "ends");

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *day = json_string(survey, members[i]);

		if (day && !date_valid(day))
			return error_set(e, STATUS_INVALID, "/%s: there is no day %s", members[i], day);
	}
	if (starts && ends && strcmp(starts, ends) > 0)
		return error_set(e, STATUS_INVALID, "/ends: lies before the first day, %s", starts);
	return STATUS_OK;
}

/* The monthly return counts these answers, in the words that NHS England prescribes; who may answer is nobody's to select. */
static enum status check_fft(const cJSON *survey, struct error *e)
{
	static const char *const options[] = {"very-good", "good", "neither", "poor", "very-poor", "dont-know"};
	static const char *const everywhere[] = {"sites", "starts", "ends"};
	const cJSON *first = survey_question(survey, 0), *option = NULL;
	size_t i = 0;

	if (strcmp(json_string(first, "id"), "experience") != 0)
		return error_set(e, STATUS_INVALID, "/questions/0/id: the Friends and Family Test asks \"experience\" first");
	cJSON_ArrayForEach(option, json_get(first, "options"))
	{
		if (i == ARRAY_LEN(options) || strcmp(json_string(option, "id"), options[i]) != 0)
			return error_set(e, STATUS_INVALID, "/questions/0/options/%zu: the Friends and Family Test has the options very-good, good, neither, poor, "
					 "very-poor, dont-know, in this order", i);
		i++;
	}
	if (i < ARRAY_LEN(options))
		return error_set(e, STATUS_INVALID, "/questions/0/options: the Friends and Family Test has the option %s, too", options[i]);
	for (i = 0; i < ARRAY_LEN(everywhere); i++) {
		if (json_get(survey, everywhere[i]))
			return error_set(e, STATUS_INVALID, "/%s: the Friends and Family Test is open to everybody, at every site and at all times", everywhere[i]);
	}
	return STATUS_OK;
}

enum status survey_check(const cJSON *survey, struct error *e)
{
	const char *schema = json_string(survey, "schema");
	enum status st = STATUS_OK;

	if (!schema || strcmp(schema, "survey/1") != 0)
		return error_set(e, STATUS_INVALID, "/schema: must be \"survey/1\"");
	st = schema_check(survey, e);
	if (st == STATUS_OK)
		st = check_english(survey, "title", "", e);
	if (st == STATUS_OK)
		st = check_questions(survey, e);
	if (st == STATUS_OK)
		st = check_days(survey, e);
	if (st == STATUS_OK && strcmp(json_string(survey, "id"), SURVEY_FFT) == 0)
		st = check_fft(survey, e);
	return st;
}
