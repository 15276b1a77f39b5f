/* kiosk/page.c - the pages. Visits, faults and standings enter; HTML documents leave. */
#include "kiosk/page_internal.h"

#include <stdio.h>
#include <string.h>

#include "kiosk/say.h"

/* The language of the page: the patient's, or the first that is on. */
static const struct texts *texts_of(const struct page *p)
{
	const struct texts *t = p->visit->language[0] ? texts_find(p->visit->language) : NULL;

	if (!t && p->screen->languages_len > 0)
		t = p->screen->languages[0];
	return t ? t : texts_at(0);
}

static struct sheet new_sheet(const struct page *p)
{
	return (struct sheet){.page = p, .setting = {.texts = texts_of(p), .assets = p->assets}, .title = "", .body = BUF_SECRET};
}

enum status page_part(struct buf *out, const struct sheet *s, const char *name, const struct texts_value *values, struct error *e)
{
	return template_render(out, &s->setting, name, values, e);
}

/* Put the body into the layout, and end the sheet. */
static enum status wrap(struct buf *out, struct sheet *s, const char *kind, struct error *e)
{
	const struct page *p = s->page;
	const struct visit *v = p->visit;
	const bool acts = p->token[0];
	char refresh[16] = "", idle[16] = "", say[SAY_PATH_MAX] = "";
	enum status st = STATUS_OK;

	if (s->stays_s > 0)
		(void)snprintf(refresh, sizeof(refresh), "%d", s->stays_s);
	else if (!v->opening)
		(void)snprintf(idle, sizeof(idle), "%d", v->writing ? PAGE_IDLE_WRITING_S : PAGE_IDLE_S);
	if (acts)
		say_path(say, v, p->screen);
	if (buf_ok(&s->body))
		st = page_part(out, s, "layout.html", (struct texts_value[]){
			{"language", texts_language(s->setting.texts)},
			{"direction", texts_direction(s->setting.texts)},
			{"title", s->title},
			{"fault", s->faulty ? "yes" : ""},
			{"kind", kind},
			{"refresh", refresh},
			{"idle", idle},
			{"practice", p->screen->practice},
			{"state", p->token},
			{"body", buf_text(&s->body)},
			{"begun", v->place == VISIT_THANKS ? "" : "yes"},
			{"kept", v->place == VISIT_THANKS ? "yes" : ""},
			{"opening", v->opening ? "yes" : ""},
			{"larger", v->larger ? "yes" : ""},
			{"smaller", v->larger ? "" : "yes"},
			{"contrast", v->contrast ? "yes" : ""},
			{"colours", v->contrast ? "" : "yes"},
			{"say", say},
			{"back", acts && flow_can_go_back(v, p->screen) ? "yes" : ""},
			{"languages", acts && v->place == VISIT_QUESTION && p->screen->languages_len > 1 ? "yes" : ""},
			{NULL, NULL},
		}, e);
	else
		st = error_set(e, STATUS_NOMEM, "no memory for the page");
	buf_wipe(&s->body); /* what the patient wrote */
	return st;
}

struct sheet page_sheet(const struct page *p, const char *title)
{
	struct sheet s = new_sheet(p);

	s.title = title;
	return s;
}

enum status page_end(struct buf *out, struct sheet *s, enum status made, const char *kind, int refresh_s, struct error *e)
{
	s->stays_s = refresh_s;
	if (made == STATUS_OK)
		return wrap(out, s, kind, e);
	buf_wipe(&s->body);
	return made;
}

enum status page_visit(struct buf *out, const struct page *p, enum flow_fault fault, struct error *e)
{
	struct sheet s = new_sheet(p);
	const char *kind = "thanks";
	enum status st = STATUS_OK;

	switch (p->visit->place) {
	case VISIT_LANGUAGE:
		kind = "language";
		st = page_languages(&s, e);
		break;
	case VISIT_QUESTION:
		kind = json_string(survey_question(flow_survey(p->visit, p->screen), p->visit->question), "kind");
		st = page_question(&s, fault, e);
		break;
	case VISIT_PERSONAL:
		kind = "personal";
		st = page_personal(&s, e);
		break;
	case VISIT_UNKEPT:
		kind = "message";
		st = page_unkept(&s, fault, e);
		break;
	case VISIT_THANKS:
		st = page_thanks(&s, e);
		break;
	}
	if (st == STATUS_OK)
		return wrap(out, &s, kind, e);
	buf_wipe(&s.body);
	return st;
}

enum status page_message(struct buf *out, const struct page *p, const char *heading, const char *text, struct error *e)
{
	struct sheet s = new_sheet(p);
	enum status st = STATUS_OK;

	s.title = texts_get(s.setting.texts, heading);
	st = page_part(&s.body, &s, "message.html",
		       (struct texts_value[]){{"heading", s.title}, {"text", texts_get(s.setting.texts, text)}, {"again", ""}, {NULL, NULL}}, e);
	if (st == STATUS_OK)
		return wrap(out, &s, "message", e);
	buf_wipe(&s.body);
	return st;
}
