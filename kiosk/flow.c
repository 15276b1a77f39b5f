/* kiosk/flow.c - from one page to the next. A visit, what the screen may show and a form enter; the next page leaves. No I/O, no clock. */
#include "kiosk/flow.h"

#include <stdio.h>
#include <string.h>

#include "client/include/qip/client.h"
#include "client/personal.h"
#include "core/utf8.h"
#include "kiosk/flow_order.h"

struct move {
	struct visit *v;
	const struct screen *s;
	const cJSON *survey;   /* NULL before the first question and on the thanks */
	const cJSON *question; /* NULL there, too */
	const char *value;     /* of the button */
	const char *fresh_id;
	enum flow_fault *fault;
};

/* ---- ways ---- */

static void begin(struct visit *v, const struct screen *s, const cJSON *survey)
{
	visit_forget(v);
	v->place = VISIT_QUESTION;
	(void)snprintf(v->survey, sizeof(v->survey), "%s", json_string(survey, "id"));
	(void)json_integer(survey, "version", &v->version);
	(void)order_next(&v->question, s, survey, 0, NULL);
}

void flow_start(struct visit *v, const struct screen *s, const char *id)
{
	*v = (struct visit)VISIT_INIT;
	v->opening = true;
	(void)snprintf(v->id, sizeof(v->id), "%s", id);
	(void)snprintf(v->language, sizeof(v->language), "%s", texts_language(s->languages[0]));
	if (s->languages_len == 1)
		begin(v, s, screen_shown(s, 0));
}

static enum flow_next advance(struct move *m)
{
	struct visit *v = m->v;

	v->place = VISIT_QUESTION;
	if (order_next(&v->question, m->s, m->survey, v->question + 1, v->answers))
		return FLOW_SHOW;
	survey_forget_unasked(m->survey, v->answers);
	if (v->comment && !m->s->comments) /* what was written is never left out unsaid */
		return FLOW_CHANGED;
	if (!order_asks_text(m->s, m->survey, v->answers)) {
		v->publish = false;
		visit_forget_comment(v);
	}
	return FLOW_KEEP;
}

void flow_hold(struct visit *v)
{
	v->place = VISIT_UNKEPT;
}

void flow_finish(struct visit *v)
{
	visit_forget(v);
	if (v->done_len < VISIT_DONE_MAX)
		memcpy(v->done[v->done_len++], v->survey, sizeof(v->survey));
	v->place = VISIT_THANKS;
	v->opening = false;
	v->id[0] = v->survey[0] = '\0';
	v->version = 0;
	v->question = 0;
}

/* ---- answers ---- */

static cJSON *option_value(const cJSON *question, const char *value)
{
	const cJSON *option = NULL;

	cJSON_ArrayForEach(option, json_get(question, "options"))
	{
		const char *id = json_string(option, "id");

		if (id && strcmp(id, value) == 0)
			return cJSON_CreateString(id);
	}
	return NULL;
}

static cJSON *answer_value(const cJSON *question, const char *value)
{
	if (screen_is_kind(question, "choice"))
		return option_value(question, value);
	if (screen_is_kind(question, "rating") && strlen(value) == 1 && value[0] >= '0' + SURVEY_RATING_MIN && value[0] <= '0' + SURVEY_RATING_MAX)
		return cJSON_CreateNumber(value[0] - '0');
	if (screen_is_kind(question, "yes-no") && (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0))
		return cJSON_CreateBool(value[0] == 'y');
	return NULL;
}

static enum flow_next take_answer(struct move *m)
{
	cJSON *value = answer_value(m->question, m->value);

	if (!value)
		return FLOW_REFUSED;
	if (json_set(m->v->answers, json_string(m->question, "id"), value) != STATUS_OK)
		return FLOW_FAILED;
	return advance(m);
}

static enum flow_next take_skip(struct move *m)
{
	if (!survey_may_skip(m->survey, m->v->question))
		return FLOW_REFUSED;
	cJSON_DeleteItemFromObjectCaseSensitive(m->v->answers, json_string(m->question, "id"));
	return advance(m);
}

/* ---- the comment ---- */

static bool is_blank(const char *text)
{
	return !text || text[strspn(text, " \t\n")] == '\0';
}

static bool is_too_long(const char *text)
{
	size_t characters = 0;

	return text && (!utf8_valid(&characters, text, strlen(text)) || characters > QIP_COMMENT_MAX);
}

static enum flow_next say(struct move *m, enum flow_fault fault)
{
	*m->fault = fault;
	return FLOW_SHOW;
}

static enum flow_next take_no_comment(struct move *m)
{
	if (!survey_may_skip(m->survey, m->v->question))
		return say(m, FLOW_NO_COMMENT);
	m->v->publish = false;
	visit_forget_comment(m->v);
	return advance(m);
}

static enum flow_next take_comment(struct move *m)
{
	struct personal_found found;

	if (is_blank(m->v->comment))
		return take_no_comment(m);
	if (is_too_long(m->v->comment))
		return say(m, FLOW_TOO_LONG);
	if (personal_find(&found, 1, m->v->comment) == 0)
		return advance(m);
	m->v->place = VISIT_PERSONAL;
	return FLOW_SHOW;
}

static enum flow_next keep_personal(struct move *m)
{
	return advance(m);
}

static enum flow_next change_personal(struct move *m)
{
	m->v->place = VISIT_QUESTION;
	return FLOW_SHOW;
}

static enum flow_next keep_again(struct move *m)
{
	return m->v->comment && !m->s->comments ? FLOW_CHANGED : FLOW_KEEP;
}

/* ---- other ways ---- */

static enum flow_next go_back(struct move *m)
{
	struct visit *v = m->v;

	if (is_too_long(v->comment)) /* it would not fit into the next page */
		return say(m, FLOW_TOO_LONG);
	if (order_before(&v->question, m->s, m->survey, v->question, v->answers))
		return FLOW_SHOW;
	if (!flow_can_go_back(v, m->s))
		return FLOW_REFUSED;
	if (v->done_len == 0) {
		v->place = VISIT_LANGUAGE;
		return FLOW_SHOW;
	}
	visit_forget(v);
	v->place = VISIT_THANKS;
	v->id[0] = v->survey[0] = '\0';
	return FLOW_SHOW;
}

static enum flow_next go_languages(struct move *m)
{
	if (is_too_long(m->v->comment))
		return say(m, FLOW_TOO_LONG);
	if (m->s->languages_len < 2)
		return FLOW_REFUSED;
	m->v->place = VISIT_LANGUAGE;
	return FLOW_SHOW;
}

static enum flow_next take_language(struct move *m)
{
	struct visit *v = m->v;

	if (strlen(m->value) > VISIT_LANGUAGE_MAX || !flow_offers_language(v, m->s, m->value))
		return FLOW_REFUSED;
	(void)snprintf(v->language, sizeof(v->language), "%s", m->value);
	if (m->survey)
		v->place = VISIT_QUESTION;
	else
		begin(v, m->s, screen_shown(m->s, 0));
	return FLOW_SHOW;
}

static enum flow_next take_survey(struct move *m)
{
	const cJSON *survey = NULL;

	for (size_t i = 0; (survey = screen_shown(m->s, i)); i++) {
		if (strcmp(json_string(survey, "id"), m->value) == 0 && flow_offers_survey(m->v, m->s, survey)) {
			(void)snprintf(m->v->id, sizeof(m->v->id), "%s", m->fresh_id);
			begin(m->v, m->s, survey);
			return FLOW_SHOW;
		}
	}
	return FLOW_CHANGED;
}

static enum flow_next show_otherwise(struct move *m)
{
	if (strcmp(m->value, "larger") == 0 || strcmp(m->value, "smaller") == 0)
		m->v->larger = m->value[0] == 'l';
	else
		m->v->contrast = strcmp(m->value, "contrast") == 0;
	return FLOW_SHOW;
}

/* ---- forms ---- */

enum page {
	ON_LANGUAGE = 1,
	ON_ANSWERS = 2,
	ON_TEXT = 4,
	ON_PERSONAL = 8,
	ON_THANKS = 16,
	ON_UNKEPT = 32,
	ON_ANY = 63,
};

static const struct button {
	const char *name, *value; /* value NULL: any */
	unsigned pages;
	enum flow_next (*take)(struct move *m);
} buttons[] = {
	{"answer", NULL, ON_ANSWERS, take_answer},
	{"language", NULL, ON_LANGUAGE, take_language},
	{"survey", NULL, ON_THANKS, take_survey},
	{"go", "skip", ON_ANSWERS, take_skip},
	{"go", "send", ON_TEXT, take_comment},
	{"go", "without", ON_TEXT, take_no_comment},
	{"go", "keep", ON_PERSONAL, keep_personal},
	{"go", "change", ON_PERSONAL, change_personal},
	{"go", "back", ON_PERSONAL, change_personal},
	{"go", "again", ON_UNKEPT, keep_again},
	{"go", "back", ON_ANSWERS | ON_TEXT, go_back},
	{"go", "languages", ON_ANSWERS | ON_TEXT, go_languages},
	{"go", "larger", ON_ANY, show_otherwise},
	{"go", "smaller", ON_ANY, show_otherwise},
	{"go", "contrast", ON_ANY, show_otherwise},
	{"go", "colours", ON_ANY, show_otherwise},
};

static unsigned page_of(const struct move *m)
{
	switch (m->v->place) {
	case VISIT_LANGUAGE:
		return ON_LANGUAGE;
	case VISIT_QUESTION:
		return screen_is_kind(m->question, "text") ? ON_TEXT : ON_ANSWERS;
	case VISIT_PERSONAL:
		return ON_PERSONAL;
	case VISIT_UNKEPT:
		return ON_UNKEPT;
	case VISIT_THANKS:
		return ON_THANKS;
	}
	return 0;
}

static const struct button *find_button(const struct form_field *field, unsigned page)
{
	for (size_t i = 0; i < ARRAY_LEN(buttons); i++) {
		const struct button *b = &buttons[i];

		if ((b->pages & page) && strcmp(b->name, field->name) == 0 && (!b->value || strcmp(b->value, field->value) == 0))
			return b;
	}
	return NULL;
}

/* The one button that was touched; NULL unless the form is one of that page. Its value is noted, and what was typed. */
static const struct button *read_form(struct move *m, const struct form *f)
{
	const unsigned page = page_of(m);
	const struct button *touched = NULL;

	for (size_t i = 0; i < f->len; i++) {
		const struct form_field *field = &f->fields[i];
		const struct button *b = find_button(field, page);

		if (b && !touched) {
			touched = b;
			m->value = field->value;
		} else if (b || (strcmp(field->name, "state") != 0 &&
				 !(page == ON_TEXT && (strcmp(field->name, "comment") == 0 ||
						       (strcmp(field->name, "publish") == 0 && strcmp(field->value, "yes") == 0))))) {
			return NULL;
		}
	}
	return touched;
}

static bool find_place(struct move *m)
{
	struct visit *v = m->v;

	if (!v->survey[0])
		return v->place == VISIT_LANGUAGE || v->place == VISIT_THANKS;
	m->survey = flow_survey(v, m->s);
	m->question = m->survey ? survey_question(m->survey, v->question) : NULL;
	if (!v->answers)
		v->answers = cJSON_CreateObject();
	return m->question && v->answers;
}

enum flow_next flow_step(struct visit *v, enum flow_fault *fault, const struct screen *s, const struct form *f, const char *fresh_id)
{
	struct move m = {.v = v, .s = s, .fresh_id = fresh_id, .fault = fault};
	const struct button *touched = NULL;

	*fault = FLOW_FINE;
	if (!find_place(&m))
		return FLOW_CHANGED;
	touched = read_form(&m, f);
	if (!touched)
		return FLOW_REFUSED;
	if (page_of(&m) == ON_TEXT) {
		v->publish = form_get(f, "publish") != NULL;
		if (visit_set_comment(v, form_get(f, "comment")) != STATUS_OK)
			return FLOW_FAILED;
	}
	v->opening = v->opening && touched->take == show_otherwise;
	return touched->take(&m);
}
