/* kiosk/turn.c - one patient's turn: a form and the visit in it enter; the next page, or the thanks, leave. */
#include "kiosk/turn.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"

#define HTML "text/html; charset=utf-8"
/* Who touches a page twice does so within this time. */
#define DOUBLE_TOUCH_MS 10000

/* Where no page can be made, nobody would touch an empty one: it has to go by itself. */
static const char no_page[] = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"30; url=/\">"
			      "<title>Sorry</title><h1>Sorry</h1><p>This screen has a problem. It tries again by itself. Please tell reception.</p>"
			      "<p><a href=\"/\">Try again</a></p></html>";

void turn_finish(struct turn *t, unsigned status, enum status made, const struct error *e)
{
	t->response->status = status;
	if (made == STATUS_OK)
		return;
	log_line(LOG_LEVEL_ERROR, "a page could not be made", "error", e->text, NULL);
	buf_wipe(&t->response->body);
	t->response->fixed = no_page;
	t->response->type = HTML;
	t->response->status = 503;
}

void turn_message(struct turn *t, unsigned status, const char *heading, const char *text)
{
	struct error e = {.text = ""};
	struct page page = {.screen = &t->screen, .assets = &t->desk->assets, .visit = &t->visit, .token = ""};

	turn_finish(t, status, page_message(&t->response->body, &page, heading, text, &e), &e);
}

static unsigned status_of(enum flow_fault fault)
{
	switch (fault) {
	case FLOW_FINE:
		break;
	case FLOW_NO_COMMENT:
	case FLOW_TOO_LONG:
		return 400;
	case FLOW_NOT_KEPT:
	case FLOW_NO_ROOM:
		return 503;
	}
	return 200;
}

void turn_show(struct turn *t, enum flow_fault fault)
{
	struct error e = {.text = ""};
	struct buf token = BUF_INIT;
	struct page page = {.screen = &t->screen, .assets = &t->desk->assets, .visit = &t->visit};
	enum status st = STATUS_OK;

	visit_stamp(&t->visit, t->desk->env);
	t->visit.writing = t->visit.comment || flow_is_text(&t->visit, &t->screen);
	st = visit_write(&token, &t->visit, !flow_is_text(&t->visit, &t->screen), &t->desk->secret);
	if (st != STATUS_OK)
		(void)error_set(&e, st, "the state of a page cannot be sealed: %s", status_text(st));
	page.token = buf_text(&token);
	if (st == STATUS_OK)
		st = page_visit(&t->response->body, &page, fault, &e);
	buf_clear(&token);
	turn_finish(t, status_of(fault), st, &e);
}

static bool not_ready(struct turn *t)
{
	if (t->screen.languages_len > 0)
		return false;
	turn_message(t, 503, "error_sorry", "error_not_ready");
	return true;
}

static bool new_id(struct turn *t, char id[ID_TEXT_LEN + 1])
{
	struct error e = {.text = ""};

	if (id_make(id, t->desk->env) == STATUS_OK)
		return true;
	turn_finish(t, 503, error_set(&e, STATUS_IO, "the system gives no randomness"), &e);
	return false;
}

void turn_start(struct turn *t)
{
	char id[ID_TEXT_LEN + 1];

	if (not_ready(t) || !new_id(t, id))
		return;
	flow_start(&t->visit, &t->screen, id);
	turn_show(t, FLOW_FINE);
}

/* ---- the thanks ---- */

/* To the thanks, which have an address of their own: asking for them again sends no form again. */
static void thank(struct turn *t)
{
	struct error e = {.text = ""};
	struct response *r = t->response;
	enum status st = STATUS_OK;

	flow_finish(&t->visit);
	visit_stamp(&t->visit, t->desk->env);
	buf_adds(&r->location, "/thanks?state=");
	st = visit_write(&r->location, &t->visit, false, &t->desk->secret);
	if (st != STATUS_OK || !buf_ok(&r->location)) { /* the answer is kept, so there are thanks */
		buf_clear(&r->location);
		buf_adds(&r->location, "/thanks");
	}
	turn_finish(t, 303, STATUS_OK, &e);
}

void turn_thanks(struct turn *t)
{
	struct error e = {.text = ""};
	struct page page = {.screen = &t->screen, .assets = &t->desk->assets, .visit = &t->visit, .token = ""};
	struct visit v = VISIT_INIT;

	if (t->request->state && visit_read(&v, &t->desk->secret, t->request->state) == STATUS_OK && v.place == VISIT_THANKS &&
	    visit_is_fresh(&v, t->desk->env)) {
		t->visit = v;
		turn_show(t, FLOW_FINE);
		return;
	}
	visit_clear(&v);
	t->visit.place = VISIT_THANKS;
	turn_finish(t, 200, page_visit(&t->response->body, &page, FLOW_FINE, &e), &e);
}

/* ---- forms ---- */

/* It may be durable all the same: the page goes on with the same id, so that another try counts it once. */
static void hold(struct turn *t, enum flow_fault fault)
{
	flow_hold(&t->visit);
	turn_show(t, fault);
}

/* Durable, or said to be not. */
static void keep(struct turn *t)
{
	struct error e = {.text = ""};

	switch (capture_pass_on(&t->visit, t->desk->keep, t->desk->ctx, &e)) {
	case STATUS_OK:
	case STATUS_EXISTS:
		thank(t);
		return;
	case STATUS_INVALID:
	case STATUS_TOO_BIG:
	case STATUS_MALFORMED:
		turn_message(t, 400, "error_heading", "error_form");
		break;
	case STATUS_NO_SPACE:
		hold(t, FLOW_NO_ROOM);
		break;
	default:
		hold(t, FLOW_NOT_KEPT);
	}
	log_line(LOG_LEVEL_ERROR, "an answer could not be kept", "error", e.text, NULL);
}

static bool renew(struct turn *t)
{
	struct desk_renewal *r = &t->desk->renewal;
	int64_t now_ms = t->desk->env->monotonic_ms(t->desk->env->ctx);
	bool is_used = now_ms - r->at_ms > DOUBLE_TOUCH_MS && t->desk->kept(t->desk->ctx, r->fresh); /* by somebody else, then */

	if (is_used || strcmp(r->old, t->visit.id) != 0) {
		char fresh[ID_TEXT_LEN + 1];

		if (!new_id(t, fresh))
			return false;
		memcpy(r->old, t->visit.id, sizeof(r->old));
		memcpy(r->fresh, fresh, sizeof(r->fresh));
		r->at_ms = now_ms;
	}
	memcpy(t->visit.id, r->fresh, sizeof(t->visit.id));
	return true;
}

/* True if the visit can go on; otherwise the patient has been told. */
static bool admit(struct turn *t)
{
	struct visit *v = &t->visit;
	bool is_fresh = visit_is_fresh(v, t->desk->env);

	if (!is_fresh) {
		if (v->opening && !t->desk->kept(t->desk->ctx, v->id)) {
			if (!renew(t))
				return false;
			is_fresh = true;
		}
		if (v->place == VISIT_THANKS) {
			buf_adds(&t->response->location, "/");
			t->response->status = 303;
			return false;
		}
	}
	if (v->id[0] && t->desk->kept(t->desk->ctx, v->id)) {
		thank(t); /* and not a word of what was kept */
		return false;
	}
	if (is_fresh)
		return true;
	turn_message(t, 400, "error_sorry", "error_expired");
	return false;
}

/* A survey or a language that went off the screen meanwhile is not taken from somebody who has begun with it. */
static void keep_showing(struct turn *t)
{
	const struct visit *v = &t->visit;
	bool is_on = false;

	if (!v->survey[0])
		return;
	if (!flow_survey(v, &t->screen))
		t->screen.earlier = t->desk->survey(t->desk->ctx, v->survey, v->version);
	for (size_t i = 0; i < t->screen.languages_len; i++)
		is_on = is_on || strcmp(texts_language(t->screen.languages[i]), v->language) == 0;
	t->screen.drafts = t->screen.drafts || !is_on;
}

static void go_on(struct turn *t, const struct form *f)
{
	enum flow_fault fault = FLOW_FINE;
	struct visit *v = &t->visit;
	char fresh_id[ID_TEXT_LEN + 1];

	if (!new_id(t, fresh_id))
		return;
	keep_showing(t);
	switch (flow_step(v, &fault, &t->screen, f, fresh_id)) {
	case FLOW_SHOW:
		turn_show(t, fault);
		break;
	case FLOW_KEEP:
		keep(t);
		break;
	case FLOW_REFUSED:
		turn_message(t, 400, "error_heading", "error_form");
		break;
	case FLOW_CHANGED:
		turn_message(t, 400, "error_sorry", "error_changed");
		break;
	case FLOW_FAILED:
		turn_message(t, 503, "error_sorry", "error_disk");
		break;
	}
}

void turn_step(struct turn *t)
{
	struct form form;
	const char *state = NULL;
	bool is_read = false;

	if (form_parse(&form, t->request->body, t->request->body_len, NULL) == STATUS_OK)
		state = form_get(&form, "state");
	is_read = state && visit_read(&t->visit, &t->desk->secret, state) == STATUS_OK;
	if ((t->visit.opening || !t->visit.survey[0]) && not_ready(t))
		return;
	if (!is_read)
		turn_message(t, 400, "error_heading", "error_form");
	else if (admit(t))
		go_on(t, &form);
}
