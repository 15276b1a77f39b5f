/* kiosk/page.c - the pages. Questions, faults and standings enter; HTML documents leave. */
#include "kiosk/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kiosk/template.h"

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* Put the body into the layout. refresh_s 0: the page stays. */
static enum status wrap(struct buf *out, const struct question *q, const char *title, int refresh_s, const struct buf *body, struct error *e)
{
	char refresh[32] = "";

	if (!buf_ok(body))
		return error_set(e, STATUS_NOMEM, "no memory for the page");
	if (refresh_s > 0)
		(void)snprintf(refresh, sizeof(refresh), "%d; url=/", refresh_s);
	return template_render(out, "layout.html", (struct template_value[]){
		{"language", q->language},
		{"title", title},
		{"refresh", refresh},
		{"practice", q->practice},
		{"body", buf_text(body)},
		{NULL, NULL},
	}, e);
}

static enum status options(struct buf *out, const struct page_form *f, struct error *e)
{
	const struct question *q = f->question;

	for (size_t i = 0; i < q->options_len; i++) {
		const struct question_option *o = &q->options[i];
		char id[32];
		enum status st = STATUS_OK;

		(void)snprintf(id, sizeof(id), "option-%zu", i + 1);
		st = template_render(out, "option.html", (struct template_value[]){
			{"id", id},
			{"name", q->id},
			{"value", o->id},
			{"text", o->text},
			{"checked", f->choice && strcmp(f->choice, o->id) == 0 ? "yes" : ""},
			{NULL, NULL},
		}, e);
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}

enum status page_question(struct buf *out, const struct page_form *f, struct error *e)
{
	const struct question *q = f->question;
	struct buf body = BUF_INIT, tiles = BUF_INIT;
	char version[24];
	enum status st = options(&tiles, f, e);

	(void)snprintf(version, sizeof(version), "%" PRId64, q->version);
	if (st == STATUS_OK)
		st = template_render(&body, "question.html", (struct template_value[]){
			{"error", or_empty(f->fault)},
			{"error_field", or_empty(f->fault_field)},
			{"token", f->token},
			{"version", version},
			{"question", q->text},
			{"options", buf_text(&tiles)},
			{"comment_question", f->comments ? q->comment_text : ""},
			{"no_comment", f->comments ? "" : "yes"},
			{"comment_name", q->comment_id},
			{"comment", or_empty(f->comment)},
			{"publish", f->publish ? "yes" : ""},
			{NULL, NULL},
		}, e);
	if (st == STATUS_OK)
		st = wrap(out, q, q->text, 0, &body, e);
	buf_wipe(&body); /* what the patient wrote */
	buf_clear(&tiles);
	return st;
}

static enum status simple(struct buf *out, const struct question *q, const char *name, const char *title, int refresh_s,
			  const struct template_value *values, struct error *e)
{
	struct buf body = BUF_INIT;
	enum status st = template_render(&body, name, values, e);

	if (st == STATUS_OK)
		st = wrap(out, q, title, refresh_s, &body, e);
	buf_clear(&body);
	return st;
}

enum status page_thanks(struct buf *out, const struct question *q, struct error *e)
{
	return simple(out, q, "thanks.html", "Thank you", PAGE_THANKS_S, (struct template_value[]){{NULL, NULL}}, e);
}

enum status page_message(struct buf *out, const struct question *q, const char *heading, const char *text, struct error *e)
{
	return simple(out, q, "message.html", heading, 0,
		      (struct template_value[]){{"heading", heading}, {"text", text}, {NULL, NULL}}, e);
}

enum status page_status(struct buf *out, const struct question *q, const struct standing *s, struct error *e)
{
	char last[128], waiting[64], sync[64];

	standing_last_text(last, sizeof(last), s);
	standing_waiting_text(waiting, sizeof(waiting), s);
	standing_sync_text(sync, sizeof(sync), s);
	return simple(out, q, "status.html", "This kiosk", 0, (struct template_value[]){
		{"device", s->device},
		{"site", s->site},
		{"last_answer", last},
		{"waiting", waiting},
		{"last_sync", sync},
		{"sync_error", s->sync_error},
		{"comments", s->comments ? "asked for, and sealed at once" : "not asked for: there is no key to seal them with yet"},
		{NULL, NULL},
	}, e);
}
