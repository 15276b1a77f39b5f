/* kiosk/question.c - what the screen asks. A survey record enters; one question with its answers, in one language, leaves. */
#include "kiosk/question.h"

#include <string.h>

static bool copy(char *out, size_t size, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

/* {"en": {"text", "status"}}: nobody but the practice may decide to show a draft. */
static bool copy_text(char out[QUESTION_TEXT_MAX], const cJSON *item, const char *language)
{
	const cJSON *text = json_get(json_get(item, "text"), language);
	const char *status = json_string(text, "status");

	return status && strcmp(status, "draft") != 0 && copy(out, QUESTION_TEXT_MAX, json_string(text, "text"));
}

static const cJSON *first_of_kind(const cJSON *survey, const char *kind)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, json_get(survey, "questions"))
	{
		const char *is = json_string(item, "kind");

		if (is && strcmp(is, kind) == 0)
			return item;
	}
	return NULL;
}

static bool read_choice(struct question *q, const cJSON *choice)
{
	const cJSON *option = NULL;

	if (!copy(q->id, sizeof(q->id), json_string(choice, "id")) || !copy_text(q->text, choice, q->language))
		return false;
	cJSON_ArrayForEach(option, json_get(choice, "options"))
	{
		struct question_option *o = &q->options[q->options_len];

		if (q->options_len == QUESTION_MAX_OPTIONS || !copy(o->id, sizeof(o->id), json_string(option, "id")) ||
		    !copy_text(o->text, option, q->language))
			return false;
		q->options_len++;
	}
	return q->options_len > 0;
}

/* Without a text to show for it there is no comment: the choice can still be asked. */
static void read_comment(struct question *q, const cJSON *text)
{
	if (!text || !copy(q->comment_id, sizeof(q->comment_id), json_string(text, "id")) ||
	    !copy_text(q->comment_text, text, q->language))
		q->comment_id[0] = '\0';
}

enum status question_read(struct question *out, const cJSON *survey, const cJSON *practice, const char *language, struct error *e)
{
	struct question q = {.version = 0};
	const cJSON *choice = first_of_kind(survey, "choice");

	if (!copy(q.language, sizeof(q.language), language) || !copy(q.survey, sizeof(q.survey), json_string(survey, "id")) ||
	    !json_integer(survey, "version", &q.version) || !choice || !read_choice(&q, choice))
		return error_set(e, STATUS_INVALID, "the survey has no question that this screen can show in the language %s", language);
	read_comment(&q, first_of_kind(survey, "text"));
	if (!copy(q.practice, sizeof(q.practice), json_string(practice, "name")))
		q.practice[0] = '\0';
	*out = q;
	return STATUS_OK;
}

const struct question_option *question_option(const struct question *q, const char *id)
{
	for (size_t i = 0; i < q->options_len; i++) {
		if (strcmp(q->options[i].id, id) == 0)
			return &q->options[i];
	}
	return NULL;
}
