/* kiosk/say.c - the sound of a question. An address enters; the question and its options leave as sound. */
#include "kiosk/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kiosk/speech.h"

void say_path(char out[SAY_PATH_MAX], const struct visit *v, const struct screen *s)
{
	out[0] = '\0';
	if (v->place == VISIT_QUESTION && speech_can(s->speaker, v->language))
		(void)snprintf(out, SAY_PATH_MAX, SAY_FOLDER "%s/%s/%" PRId64 "/%zu", v->language, v->survey, v->version, v->question);
}

struct said {
	char language[SCREEN_LANGUAGE_MAX + 1], survey[VISIT_NAME_MAX + 1];
	int64_t version;
	size_t question;
};

static bool read_path(struct said *out, const char *path)
{
	char again[SAY_PATH_MAX] = "";

	if (sscanf(path, SAY_FOLDER "%20[a-zA-Z0-9-]/%40[a-z0-9-]/%7" SCNd64 "/%2zu", out->language, out->survey, &out->version, &out->question) != 4)
		return false;
	(void)snprintf(again, sizeof(again), SAY_FOLDER "%s/%s/%" PRId64 "/%zu", out->language, out->survey, out->version, out->question);
	return strcmp(again, path) == 0;
}

/* Each on a line of its own, which is heard as a pause. */
static void add_line(struct buf *out, const char *text)
{
	buf_adds(out, text);
	buf_adds(out, "\n\n");
}

static void add_answers(struct buf *out, const struct screen *s, const struct said *said, const cJSON *question)
{
	const struct texts *t = texts_find(said->language);
	const cJSON *option = NULL;

	cJSON_ArrayForEach(option, json_get(question, "options"))
		add_line(out, screen_wording(s, json_get(option, "text"), said->language));
	if (t && screen_is_kind(question, "yes-no")) {
		add_line(out, texts_get(t, "yes"));
		add_line(out, texts_get(t, "no"));
	}
	if (t)
		add_line(out, texts_get(t, "urgent"));
}

enum status say_question(struct buf *out, const struct screen *s, const char *path, const struct env *env, struct error *e)
{
	struct said said = {.version = 0};
	struct buf text = BUF_INIT;
	const cJSON *question = NULL;
	const char *asked = NULL;
	enum status st = STATUS_OK;

	if (read_path(&said, path))
		question = survey_question(screen_survey(s, said.survey, said.version), said.question);
	asked = question ? screen_wording(s, json_get(question, "text"), said.language) : "";
	if (!asked[0] || !speech_can(s->speaker, said.language))
		return error_set(e, STATUS_NOT_FOUND, "there is nothing to read aloud at %s", path);
	add_line(&text, asked);
	add_answers(&text, s, &said, question);
	st = buf_ok(&text) ? speech_say(out, s->speaker, said.language, buf_text(&text), env, e) : error_set(e, STATUS_NOMEM, "no memory for a text");
	buf_clear(&text);
	return st;
}
