/* kiosk/flow_order.c - which question comes after which, and what a page can offer. A visit and what the screen may show enter. */
#include "kiosk/flow_order.h"

#include <string.h>

#include "kiosk/flow.h"

bool order_next(size_t *out, const struct screen *s, const cJSON *survey, size_t from, const cJSON *answers)
{
	for (size_t i = from; i < survey_count(survey); i++) {
		if (screen_asks(s, survey, i, answers)) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool order_before(size_t *out, const struct screen *s, const cJSON *survey, size_t from, const cJSON *answers)
{
	for (size_t i = from; i-- > 0;) {
		if (screen_asks(s, survey, i, answers)) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool order_asks_text(const struct screen *s, const cJSON *survey, const cJSON *answers)
{
	for (size_t i = 0; i < survey_count(survey); i++) {
		if (screen_is_kind(survey_question(survey, i), "text") && screen_asks(s, survey, i, answers))
			return true;
	}
	return false;
}

const cJSON *flow_survey(const struct visit *v, const struct screen *s)
{
	return v->survey[0] ? screen_survey(s, v->survey, v->version) : NULL;
}

bool flow_is_text(const struct visit *v, const struct screen *s)
{
	return v->place == VISIT_QUESTION && screen_is_kind(survey_question(flow_survey(v, s), v->question), "text");
}

struct flow_progress flow_progress(const struct visit *v, const struct screen *s)
{
	const cJSON *survey = flow_survey(v, s);
	struct flow_progress p = {.at = 0};

	for (size_t i = 0; i < survey_count(survey); i++) {
		if (!screen_may_ask(s, survey, i, v->answers, v->question))
			continue;
		p.count++;
		if (i <= v->question)
			p.at++;
	}
	return p;
}

bool flow_can_go_back(const struct visit *v, const struct screen *s)
{
	size_t before = 0;

	if (v->place == VISIT_PERSONAL)
		return true;
	if (v->place != VISIT_QUESTION)
		return false;
	return s->languages_len > 1 || v->done_len > 0 || order_before(&before, s, flow_survey(v, s), v->question, v->answers);
}

bool flow_offers_language(const struct visit *v, const struct screen *s, const char *language)
{
	const cJSON *survey = flow_survey(v, s);

	for (size_t i = 0; i < s->languages_len; i++) {
		if (strcmp(texts_language(s->languages[i]), language) == 0)
			return !survey || screen_speaks(s, survey, language);
	}
	return false;
}

bool flow_offers_survey(const struct visit *v, const struct screen *s, const cJSON *survey)
{
	const char *id = json_string(survey, "id");

	for (size_t i = 0; i < v->done_len; i++) {
		if (strcmp(v->done[i], id) == 0)
			return false;
	}
	return v->done_len < VISIT_DONE_MAX && screen_speaks(s, survey, v->language);
}
