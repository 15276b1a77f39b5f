/* client/survey.c - do answers belong to a survey? */
#include "client/survey.h"

#include <string.h>

#define RATING_MIN 1
#define RATING_MAX 5

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

static bool fits(const cJSON *question, const cJSON *answer)
{
	if (is_kind(question, "choice"))
		return is_option(question, answer);
	if (is_kind(question, "rating"))
		return cJSON_IsNumber(answer) && answer->valuedouble >= RATING_MIN && answer->valuedouble <= RATING_MAX &&
		       answer->valuedouble == (double)answer->valueint;
	if (is_kind(question, "yes-no"))
		return cJSON_IsBool(answer);
	return false; /* free text is the comment, never an answer */
}

static const cJSON *find_question(const cJSON *survey, const char *id)
{
	const cJSON *question = NULL;

	cJSON_ArrayForEach(question, json_get(survey, "questions"))
	{
		if (has_id(question, id))
			return question;
	}
	return NULL;
}

static enum status check_question(const cJSON *question, const cJSON *answers, bool has_comment, struct error *e)
{
	const char *id = json_string(question, "id");
	bool answered = id && (is_kind(question, "text") ? has_comment : json_get(answers, id) != NULL);

	if (answered || cJSON_IsTrue(json_get(question, "optional")))
		return STATUS_OK;
	return error_set(e, STATUS_INVALID, "the question \"%s\" has no answer", id ? id : "");
}

enum status survey_check_answers(const cJSON *survey, const cJSON *answers, bool has_comment, struct error *e)
{
	const cJSON *item = NULL;
	bool asks_text = false;
	enum status st = STATUS_OK;

	if (!cJSON_IsObject(answers))
		return error_set(e, STATUS_INVALID, "there are no answers");
	cJSON_ArrayForEach(item, answers)
	{
		const cJSON *question = find_question(survey, item->string);

		if (!question || !fits(question, item))
			return error_set(e, STATUS_INVALID, "\"%s\" is no question of this survey, or not answered as it asks", item->string);
	}
	cJSON_ArrayForEach(item, json_get(survey, "questions"))
	{
		asks_text = asks_text || is_kind(item, "text");
		st = check_question(item, answers, has_comment, e);
		if (st != STATUS_OK)
			return st;
	}
	if (has_comment && !asks_text)
		return error_set(e, STATUS_INVALID, "this survey asks for no comment");
	return STATUS_OK;
}
