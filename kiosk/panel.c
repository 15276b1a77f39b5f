/* kiosk/panel.c - stage 1 of 9 at a panel of buttons.
 *
 * Enters: which button. Leaves: an answer to the first question of the first survey, for the journal (stage 2).
 */
#include "kiosk/panel.h"

#define MODE "kiosk"

static enum status keep_option(const struct screen *s, const cJSON *survey, const char *question, const char *option, const struct env *env,
			       capture_keep keep, void *ctx, struct error *e)
{
	struct qip_answer answer = {.survey = json_string(survey, "id"), .language = texts_language(s->languages[0]), .mode = MODE};
	cJSON *answers = cJSON_CreateObject();
	char id[ID_TEXT_LEN + 1];
	enum status st = id_make(id, env);

	if (st != STATUS_OK)
		st = error_set(e, st, "the answer cannot be given an id: %s", status_text(st));
	else if (!answers || json_set_string(answers, question, option) != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "no memory for the answer");
	else if (!json_integer(survey, "version", &answer.survey_version))
		st = error_set(e, STATUS_INVALID, "the survey has no version");
	if (st == STATUS_OK) {
		answer.id = id;
		answer.answers = answers;
		st = keep(ctx, &answer, e);
	}
	cJSON_Delete(answers);
	return st;
}

enum status panel_answer(const struct screen *s, int button, const struct env *env, capture_keep keep, void *ctx, struct error *e)
{
	const cJSON *survey = s->languages_len > 0 ? screen_shown(s, 0) : NULL;
	const cJSON *question = survey ? survey_question(survey, 0) : NULL;
	const cJSON *option = cJSON_GetArrayItem(json_get(question, "options"), button);

	if (!question)
		return error_set(e, STATUS_NOT_FOUND, "there is no question to answer yet");
	if (!screen_is_kind(question, "choice") || !option)
		return error_set(e, STATUS_NOT_FOUND, "the survey's first question has no option %d", button + 1);
	return keep_option(s, survey, json_string(question, "id"), json_string(option, "id"), env, keep, ctx, e);
}
