/* client/survey.c - which question comes next, and do answers belong to a survey? */
#include "client/survey.h"

#include <string.h>

static bool is_kind(const cJSON *question, const char *kind)
{
	const char *text = json_string(question, "kind");

	return text && strcmp(text, kind) == 0;
}

static bool has_id(const cJSON *item, const char *id)
{
	const char *text = json_string(item, "id");

	return text && id && strcmp(text, id) == 0;
}

static bool holds_text(const cJSON *list, const char *text)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(item) && text && strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

bool survey_shows(const cJSON *survey, const char *site, const char *day)
{
	const char *starts = json_string(survey, "starts"), *ends = json_string(survey, "ends");
	const cJSON *sites = json_get(survey, "sites");

	if (sites && !holds_text(sites, site))
		return false;
	if (!day)
		return !starts && !ends;
	return (!starts || strcmp(day, starts) >= 0) && (!ends || strcmp(day, ends) <= 0);
}

size_t survey_count(const cJSON *survey)
{
	return (size_t)cJSON_GetArraySize(json_get(survey, "questions"));
}

const cJSON *survey_question(const cJSON *survey, size_t i)
{
	const cJSON *questions = json_get(survey, "questions"), *question = questions ? questions->child : NULL;

	while (question && i-- > 0)
		question = question->next;
	return question;
}

/* Index of a question, the survey's count when it has none of that id. */
static size_t index_of(const cJSON *survey, const char *id)
{
	const cJSON *question = NULL;
	size_t i = 0;

	cJSON_ArrayForEach(question, json_get(survey, "questions"))
	{
		if (has_id(question, id))
			return i;
		i++;
	}
	return i;
}

static bool same_answer(const cJSON *a, const cJSON *b)
{
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return !(a->valuedouble < b->valuedouble) && !(a->valuedouble > b->valuedouble);
	return cJSON_IsBool(a) && cJSON_IsBool(b) && cJSON_IsTrue(a) == cJSON_IsTrue(b);
}

static bool is_any_of(const cJSON *answer, const cJSON *values)
{
	const cJSON *value = NULL;

	cJSON_ArrayForEach(value, values)
	{
		if (same_answer(answer, value))
			return true;
	}
	return false;
}

/* A condition always names an earlier question, so following them ends. */
bool survey_may_ask(const cJSON *survey, size_t i, const cJSON *answers, size_t at)
{
	const cJSON *question = survey_question(survey, i), *condition = json_get(question, "asked_if");

	while (question && condition) {
		const char *id = json_string(condition, "question");
		size_t earlier = index_of(survey, id);

		if (earlier >= i)
			return false;
		if (earlier < at && !is_any_of(json_get(answers, id), json_get(condition, "any_of")))
			return false;
		i = earlier;
		question = survey_question(survey, i);
		condition = json_get(question, "asked_if");
	}
	return question != NULL;
}

bool survey_asks(const cJSON *survey, size_t i, const cJSON *answers)
{
	return survey_may_ask(survey, i, answers, SIZE_MAX);
}

int survey_next(const cJSON *survey, size_t from, const cJSON *answers)
{
	for (size_t i = from, count = survey_count(survey); i < count; i++) {
		if (survey_asks(survey, i, answers))
			return (int)i;
	}
	return -1;
}

bool survey_may_skip(const cJSON *survey, size_t i)
{
	return i > 0 || cJSON_IsTrue(json_get(survey_question(survey, i), "optional"));
}

const char *survey_text(const cJSON *texts, const char *language, bool drafts)
{
	const cJSON *text = json_get(texts, language);
	const char *status = json_string(text, "status");

	return status && (drafts || strcmp(status, "draft") != 0) ? json_string(text, "text") : NULL;
}

static bool speaks_member(const cJSON *item, const char *member, const char *language, bool drafts)
{
	const cJSON *texts = json_get(item, member);

	return !texts || survey_text(texts, language, drafts);
}

bool survey_speaks(const cJSON *survey, const char *language, bool drafts)
{
	static const char *const members[] = {"text", "low", "high"};
	const cJSON *question = NULL, *option = NULL;

	if (!speaks_member(survey, "title", language, drafts))
		return false;
	cJSON_ArrayForEach(question, json_get(survey, "questions"))
	{
		for (size_t i = 0; i < ARRAY_LEN(members); i++) {
			if (!speaks_member(question, members[i], language, drafts))
				return false;
		}
		cJSON_ArrayForEach(option, json_get(question, "options"))
		{
			if (!speaks_member(option, "text", language, drafts))
				return false;
		}
	}
	return true;
}

void survey_forget_unasked(const cJSON *survey, cJSON *answers)
{
	for (size_t i = 0, count = survey_count(survey); i < count; i++) {
		const char *id = json_string(survey_question(survey, i), "id");

		if (id && !survey_asks(survey, i, answers))
			cJSON_DeleteItemFromObjectCaseSensitive(answers, id);
	}
}

static bool is_option(const cJSON *question, const cJSON *answer)
{
	const cJSON *option = NULL;

	cJSON_ArrayForEach(option, json_get(question, "options"))
	{
		if (cJSON_IsString(answer) && has_id(option, answer->valuestring))
			return true;
	}
	return false;
}

bool survey_fits(const cJSON *question, const cJSON *answer)
{
	if (is_kind(question, "choice"))
		return is_option(question, answer);
	if (is_kind(question, "rating"))
		return cJSON_IsNumber(answer) && answer->valuedouble >= SURVEY_RATING_MIN && answer->valuedouble <= SURVEY_RATING_MAX &&
		       answer->valuedouble == (double)answer->valueint;
	if (is_kind(question, "yes-no"))
		return cJSON_IsBool(answer);
	return false; /* free text is the comment, never an answer */
}

static enum status check_answer(const cJSON *survey, const cJSON *answers, const cJSON *answer, struct error *e)
{
	size_t i = index_of(survey, answer->string);

	if (!survey_fits(survey_question(survey, i), answer))
		return error_set(e, STATUS_INVALID, "\"%.60s\" is no question of this survey, or not answered as it asks", answer->string);
	if (!survey_asks(survey, i, answers))
		return error_set(e, STATUS_INVALID, "\"%.60s\" was not to be asked after the answers before it", answer->string);
	return STATUS_OK;
}

enum status survey_check_answers(const cJSON *survey, const cJSON *answers, bool has_comment, struct error *e)
{
	const cJSON *answer = NULL;
	bool asks_text = false;

	if (!cJSON_IsObject(answers))
		return error_set(e, STATUS_INVALID, "there are no answers");
	cJSON_ArrayForEach(answer, answers)
	{
		enum status st = check_answer(survey, answers, answer, e);

		if (st != STATUS_OK)
			return st;
	}
	for (size_t i = 0, count = survey_count(survey); i < count; i++) {
		const cJSON *question = survey_question(survey, i);
		const char *id = json_string(question, "id");
		bool is_text = is_kind(question, "text"), asked = survey_asks(survey, i, answers);

		asks_text = asks_text || (is_text && asked);
		if (asked && !survey_may_skip(survey, i) && !(is_text ? has_comment : id && json_get(answers, id)))
			return error_set(e, STATUS_INVALID, "the question \"%.60s\" has no answer", id ? id : "");
	}
	if (has_comment && !asks_text)
		return error_set(e, STATUS_INVALID, "this survey asks for no comment");
	return STATUS_OK;
}
