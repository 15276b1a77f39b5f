/* kiosk/screen.c - what the screen may show. Records of surveys, practice and site enter; surveys in languages leave. */
#include "kiosk/screen.h"

#include <stdio.h>
#include <string.h>

#include "kiosk/speech.h"

void screen_settings_read(struct screen_settings *out, const cJSON *practice, const cJSON *site)
{
	const cJSON *kiosk = json_get(site, "kiosk");
	const char *name = json_string(practice, "name");
	const cJSON *language = NULL;

	*out = (struct screen_settings){.drafts = cJSON_IsTrue(json_get(kiosk, "drafts")), .silent = cJSON_IsFalse(json_get(kiosk, "read_aloud"))};
	(void)snprintf(out->practice, sizeof(out->practice), "%s", name ? name : "");
	cJSON_ArrayForEach(language, json_get(kiosk, "languages"))
	{
		if (out->languages_len < SCREEN_LANGUAGES_MAX && cJSON_IsString(language) && strlen(language->valuestring) <= SCREEN_LANGUAGE_MAX)
			(void)snprintf(out->languages[out->languages_len++], sizeof(out->languages[0]), "%s", language->valuestring);
	}
}

const cJSON *screen_shown(const struct screen *s, size_t i)
{
	return cJSON_GetArrayItem(s->surveys, i > INT16_MAX ? -1 : (int)i);
}

bool screen_speaks(const struct screen *s, const cJSON *survey, const char *language)
{
	return survey_speaks(survey, language, s->drafts);
}

static void add_language(struct screen *s, const char *language)
{
	const struct texts *t = texts_find(language);

	if (!screen_shown(s, 0) || !t || s->languages_len == SCREEN_LANGUAGES_MAX || (texts_is_draft(t) && !s->drafts) || !screen_speaks(s, screen_shown(s, 0), language))
		return;
	for (size_t i = 0; i < s->languages_len; i++) {
		if (s->languages[i] == t)
			return;
	}
	s->languages[s->languages_len++] = t;
}

static void add_all_languages(struct screen *s)
{
	for (size_t i = 0; i < texts_count(); i++)
		add_language(s, texts_language(texts_at(i)));
}

static bool can_show(const struct screen *s, const cJSON *survey, size_t i)
{
	if (!screen_is_kind(survey_question(survey, i), "text"))
		return true;
	while (i-- > 0) {
		if (screen_is_kind(survey_question(survey, i), "text"))
			return false;
	}
	return s->comments;
}

/* What cannot be asked must be one that may be left out, and something must be left to ask. */
static bool can_be_answered(const struct screen *s, const cJSON *survey)
{
	size_t shown = 0;

	for (size_t i = 0; i < survey_count(survey); i++) {
		if (can_show(s, survey, i))
			shown++;
		else if (!survey_may_skip(survey, i))
			return false;
	}
	return shown > 0;
}

static void drop_mute_surveys(struct screen *s)
{
	for (int i = cJSON_GetArraySize(s->surveys); i-- > 0;) {
		if (!can_be_answered(s, cJSON_GetArrayItem(s->surveys, i)))
			cJSON_DeleteItemFromArray(s->surveys, i);
	}
}

void screen_open(struct screen *out, const struct screen_settings *settings, cJSON *surveys, bool comments)
{
	struct screen s = {.comments = comments, .drafts = settings->drafts, .surveys = surveys};

	memcpy(s.practice, settings->practice, sizeof(s.practice));
	s.speaker = settings->silent ? NULL : SPEECH_PROGRAM;
	drop_mute_surveys(&s);
	for (size_t i = 0; i < settings->languages_len; i++)
		add_language(&s, settings->languages[i]);
	if (s.languages_len == 0)
		add_all_languages(&s);
	*out = s;
}

void screen_close(struct screen *s)
{
	cJSON_Delete(s->surveys);
	cJSON_Delete(s->earlier);
	*s = (struct screen){.surveys = NULL};
}

static bool is_version(const cJSON *survey, const char *id, int64_t version)
{
	const char *name = json_string(survey, "id");
	int64_t number = 0;

	return name && strcmp(name, id) == 0 && json_integer(survey, "version", &number) && number == version;
}

const cJSON *screen_survey(const struct screen *s, const char *id, int64_t version)
{
	const cJSON *survey = NULL;

	cJSON_ArrayForEach(survey, s->surveys)
	{
		if (is_version(survey, id, version))
			return survey;
	}
	return is_version(s->earlier, id, version) ? s->earlier : NULL;
}

const char *screen_wording(const struct screen *s, const cJSON *texts, const char *language)
{
	const char *text = survey_text(texts, language, s->drafts);

	return text ? text : "";
}

bool screen_is_kind(const cJSON *question, const char *kind)
{
	const char *is = json_string(question, "kind");

	return is && strcmp(is, kind) == 0;
}

bool screen_asks(const struct screen *s, const cJSON *survey, size_t i, const cJSON *answers)
{
	return can_show(s, survey, i) && survey_asks(survey, i, answers);
}

bool screen_may_ask(const struct screen *s, const cJSON *survey, size_t i, const cJSON *answers, size_t at)
{
	return can_show(s, survey, i) && survey_may_ask(survey, i, answers, at);
}
