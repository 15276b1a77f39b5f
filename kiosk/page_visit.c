/* kiosk/page_visit.c - what a page says where a visit stands: languages, questions, the comment, the thanks. */
#include "kiosk/page_internal.h"

#include <stdio.h>
#include <string.h>

static const struct visit *visit_of(const struct sheet *s)
{
	return s->page->visit;
}

static const char *language_of(const struct sheet *s)
{
	return texts_language(s->setting.texts);
}

enum status page_languages(struct sheet *s, struct error *e)
{
	const struct screen *screen = s->page->screen;
	struct buf buttons = BUF_INIT;
	enum status st = STATUS_OK;

	s->title = texts_get(s->setting.texts, "language_heading");
	for (size_t i = 0; st == STATUS_OK && i < screen->languages_len; i++) {
		const struct texts *t = screen->languages[i];

		if (flow_offers_language(visit_of(s), screen, texts_language(t)))
			st = page_part(&buttons, s, "language_button.html", (struct texts_value[]){
				{"language", texts_language(t)},
				{"direction", texts_direction(t)},
				{"name", texts_name(t)},
				{NULL, NULL},
			}, e);
	}
	if (st == STATUS_OK)
		st = page_part(&s->body, s, "language.html", (struct texts_value[]){{"buttons", buf_text(&buttons)}, {NULL, NULL}}, e);
	buf_clear(&buttons);
	return st;
}

/* One thing to touch. */
static enum status add_option(struct buf *out, const struct sheet *s, const char *value, const char *text, bool chosen, struct error *e)
{
	return page_part(out, s, "option.html", (struct texts_value[]){
		{"value", value},
		{"text", text},
		{"chosen", chosen ? "yes" : ""},
		{NULL, NULL},
	}, e);
}

static enum status add_choices(struct buf *out, const struct sheet *s, const cJSON *question, const cJSON *answer, struct error *e)
{
	const cJSON *option = NULL;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(option, json_get(question, "options"))
	{
		const char *id = json_string(option, "id");

		if (st == STATUS_OK)
			st = add_option(out, s, id, screen_wording(s->page->screen, json_get(option, "text"), language_of(s)),
					cJSON_IsString(answer) && strcmp(answer->valuestring, id) == 0, e);
	}
	return st;
}

static enum status add_ratings(struct buf *out, const struct sheet *s, const cJSON *answer, struct error *e)
{
	enum status st = STATUS_OK;

	for (int i = SURVEY_RATING_MIN; st == STATUS_OK && i <= SURVEY_RATING_MAX; i++) {
		char number[12];

		(void)snprintf(number, sizeof(number), "%d", i);
		st = add_option(out, s, number, number, cJSON_IsNumber(answer) && answer->valueint == i, e);
	}
	return st;
}

static enum status add_yes_no(struct buf *out, const struct sheet *s, const cJSON *answer, struct error *e)
{
	enum status st = add_option(out, s, "yes", texts_get(s->setting.texts, "yes"), cJSON_IsTrue(answer), e);

	return st == STATUS_OK ? add_option(out, s, "no", texts_get(s->setting.texts, "no"), cJSON_IsFalse(answer), e) : st;
}

static enum status add_options(struct buf *out, const struct sheet *s, const cJSON *question, struct error *e)
{
	const cJSON *answer = json_get(visit_of(s)->answers, json_string(question, "id"));

	if (screen_is_kind(question, "rating"))
		return add_ratings(out, s, answer, e);
	if (screen_is_kind(question, "yes-no"))
		return add_yes_no(out, s, answer, e);
	return add_choices(out, s, question, answer, e);
}

static const char *template_of(const cJSON *question)
{
	if (screen_is_kind(question, "rating"))
		return "rating.html";
	return screen_is_kind(question, "yes-no") ? "yes-no.html" : "choice.html";
}

/* A rating's words at both ends: the survey's, else the screen's own. */
static const char *end_of(const struct sheet *s, const cJSON *question, const char *member, const char *key)
{
	const char *text = screen_wording(s->page->screen, json_get(question, member), language_of(s));

	return text[0] ? text : texts_get(s->setting.texts, key);
}

struct numbers {
	char at[12], count[12]; /* "" when there is only one question */
};

static struct numbers number_question(const struct sheet *s)
{
	struct flow_progress p = flow_progress(visit_of(s), s->page->screen);
	struct numbers n = {.at = ""};

	if (p.count > 1) {
		(void)snprintf(n.at, sizeof(n.at), "%u", (unsigned)p.at);
		(void)snprintf(n.count, sizeof(n.count), "%u", (unsigned)p.count);
	}
	return n;
}

static enum status ask(struct sheet *s, const cJSON *survey, const cJSON *question, struct error *e)
{
	struct numbers n = number_question(s);
	struct buf options = BUF_INIT;
	enum status st = add_options(&options, s, question, e);

	if (st == STATUS_OK)
		st = page_part(&s->body, s, template_of(question), (struct texts_value[]){
			{"n", n.at},
			{"count", n.count},
			{"question", s->title},
			{"options", buf_text(&options)},
			{"low", end_of(s, question, "low", "rating_low")},
			{"high", end_of(s, question, "high", "rating_high")},
			{"skip", survey_may_skip(survey, visit_of(s)->question) ? "yes" : ""},
			{NULL, NULL},
		}, e);
	buf_clear(&options);
	return st;
}

static const char *fault_text(const struct sheet *s, enum flow_fault fault)
{
	if (fault == FLOW_FINE)
		return "";
	return texts_get(s->setting.texts, fault == FLOW_TOO_LONG ? "error_too_long" : "error_no_comment");
}

/* The address of the keyboard's layout in the page's language; "": there is none. */
static const char *layout_of(const struct sheet *s)
{
	char name[sizeof("keyboard-.js") + SCREEN_LANGUAGE_MAX];
	const struct asset *asset = NULL;

	(void)snprintf(name, sizeof(name), "keyboard-%.*s.js", SCREEN_LANGUAGE_MAX, language_of(s));
	asset = assets_named(s->setting.assets, name);
	return asset ? asset->path : "";
}

static enum status ask_text(struct sheet *s, const cJSON *survey, enum flow_fault fault, struct error *e)
{
	const struct visit *v = visit_of(s);
	struct numbers n = number_question(s);
	struct flow_progress p = flow_progress(v, s->page->screen);

	return page_part(&s->body, s, "text.html", (struct texts_value[]){
		{"n", n.at},
		{"count", n.count},
		{"question", s->title},
		{"error", fault_text(s, fault)},
		{"fine", fault == FLOW_FINE ? "yes" : ""},
		{"comment", v->comment ? v->comment : ""},
		{"layout", layout_of(s)},
		{"publish", v->publish ? "yes" : ""},
		{"last", p.at == p.count ? "yes" : ""},
		{"more", p.at == p.count ? "" : "yes"},
		{"skip", survey_may_skip(survey, v->question) ? "yes" : ""},
		{NULL, NULL},
	}, e);
}

enum status page_question(struct sheet *s, enum flow_fault fault, struct error *e)
{
	const cJSON *survey = flow_survey(visit_of(s), s->page->screen);
	const cJSON *question = survey_question(survey, visit_of(s)->question);

	s->title = screen_wording(s->page->screen, json_get(question, "text"), language_of(s));
	s->faulty = fault != FLOW_FINE;
	return screen_is_kind(question, "text") ? ask_text(s, survey, fault, e) : ask(s, survey, question, e);
}

enum status page_unkept(struct sheet *s, enum flow_fault fault, struct error *e)
{
	s->title = texts_get(s->setting.texts, "error_sorry");
	return page_part(&s->body, s, "message.html", (struct texts_value[]){
		{"heading", s->title},
		{"text", texts_get(s->setting.texts, fault == FLOW_NO_ROOM ? "error_disk_full" : "error_disk")},
		{"again", "yes"},
		{NULL, NULL},
	}, e);
}

/* What a survey is called: its title, or its first question. */
static const char *name_of(const struct sheet *s, const cJSON *survey)
{
	const struct screen *screen = s->page->screen;
	const char *title = screen_wording(screen, json_get(survey, "title"), language_of(s));

	return title[0] ? title : screen_wording(screen, json_get(survey_question(survey, 0), "text"), language_of(s));
}

enum status page_thanks(struct sheet *s, struct error *e)
{
	const struct page *p = s->page;
	const cJSON *survey = NULL;
	struct buf more = BUF_INIT;
	enum status st = STATUS_OK;

	s->title = texts_get(s->setting.texts, "thanks_heading");
	for (size_t i = 0; p->token[0] && st == STATUS_OK && (survey = screen_shown(p->screen, i)); i++) {
		if (flow_offers_survey(p->visit, p->screen, survey))
			st = page_part(&more, s, "more.html", (struct texts_value[]){
				{"survey", json_string(survey, "id")},
				{"name", name_of(s, survey)},
				{NULL, NULL},
			}, e);
	}
	if (st == STATUS_OK)
		st = page_part(&s->body, s, "thanks.html", (struct texts_value[]){
			{"more", buf_text(&more)},
			{"alone", more.len > 0 ? "" : "yes"},
			{NULL, NULL},
		}, e);
	s->stays_s = more.len > 0 ? 0 : PAGE_THANKS_S; /* a choice goes with a warning alone */
	buf_clear(&more);
	return st;
}
