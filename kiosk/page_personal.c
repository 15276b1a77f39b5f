/* kiosk/page_personal.c - the page that shows a patient what in their comment may say who somebody is. */
#include <string.h>

#include "client/personal.h"
#include "kiosk/page_internal.h"

#define SHOWN_MAX 20

static const char *const names[PERSONAL_KINDS] = {
	[PERSONAL_NHS_NUMBER] = "personal_nhs_number",
	[PERSONAL_PHONE] = "personal_phone",
	[PERSONAL_EMAIL] = "personal_email",
	[PERSONAL_POSTCODE] = "personal_postcode",
	[PERSONAL_BIRTH_DATE] = "personal_birth_date",
	[PERSONAL_URL] = "personal_url",
};

static void add_escaped(struct buf *out, const char *text, size_t len)
{
	struct buf part = BUF_SECRET;

	buf_add(&part, text, len);
	template_escape(out, buf_text(&part));
	out->failed = out->failed || !buf_ok(&part);
	buf_wipe(&part);
}

/* The comment with each part marked. */
static void mark(struct buf *out, const char *comment, const struct personal_found *found, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		add_escaped(out, comment + at, found[i].at - at);
		buf_adds(out, "<mark>");
		add_escaped(out, comment + found[i].at, found[i].len);
		buf_adds(out, "</mark>");
		at = found[i].at + found[i].len;
	}
	add_escaped(out, comment + at, strlen(comment) - at);
}

static enum status add_part(struct buf *out, const struct sheet *s, const char *comment, const struct personal_found *found, struct error *e)
{
	struct buf part = BUF_SECRET;
	enum status st = STATUS_OK;

	buf_add(&part, comment + found->at, found->len);
	st = page_part(out, s, "found.html",
		       (struct texts_value[]){{"kind", texts_get(s->setting.texts, names[found->kind])}, {"part", buf_text(&part)}, {NULL, NULL}}, e);
	buf_wipe(&part);
	return st;
}

enum status page_personal(struct sheet *s, struct error *e)
{
	const char *comment = s->page->visit->comment ? s->page->visit->comment : "";
	struct personal_found found[SHOWN_MAX];
	size_t len = personal_find(found, SHOWN_MAX, comment);
	struct buf parts = BUF_SECRET, marked = BUF_SECRET;
	enum status st = STATUS_OK;

	s->title = texts_get(s->setting.texts, "personal_heading");
	for (size_t i = 0; st == STATUS_OK && i < len; i++)
		st = add_part(&parts, s, comment, &found[i], e);
	mark(&marked, comment, found, len);
	if (st == STATUS_OK && (!buf_ok(&parts) || !buf_ok(&marked)))
		st = error_set(e, STATUS_NOMEM, "no memory for the page");
	if (st == STATUS_OK)
		st = page_part(&s->body, s, "personal.html",
			       (struct texts_value[]){{"found", buf_text(&parts)}, {"marked", buf_text(&marked)}, {NULL, NULL}}, e);
	buf_wipe(&parts);
	buf_wipe(&marked);
	return st;
}
