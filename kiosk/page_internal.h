/* kiosk/page_internal.h - what the files of the pages share: one page while it is made. */
#ifndef QIP_KIOSK_PAGE_INTERNAL_H
#define QIP_KIOSK_PAGE_INTERNAL_H

#include "kiosk/page.h"

struct sheet {
	const struct page *page;
	struct template_setting setting; /* in the language of the page */
	const char *title;
	bool faulty; /* it is shown again, and says what is wrong */
	int stays_s; /* it gives way to the first page by itself after this long; 0: it does not */
	struct buf body;
};

/* Begin a page with a title of its own, and end it inside the layout, or without one when `made` is a failure. refresh_s 0: it stays. */
struct sheet page_sheet(const struct page *p, const char *title);
enum status page_end(struct buf *out, struct sheet *s, enum status made, const char *kind, int refresh_s, struct error *e) MUST_CHECK;

/* Append a template to a part of the page. */
enum status page_part(struct buf *out, const struct sheet *s, const char *name, const struct texts_value *values, struct error *e) MUST_CHECK;

/* The body of each kind of page; `title` is set. */
enum status page_languages(struct sheet *s, struct error *e) MUST_CHECK;
enum status page_question(struct sheet *s, enum flow_fault fault, struct error *e) MUST_CHECK;
enum status page_personal(struct sheet *s, struct error *e) MUST_CHECK;
enum status page_unkept(struct sheet *s, enum flow_fault fault, struct error *e) MUST_CHECK;
enum status page_thanks(struct sheet *s, struct error *e) MUST_CHECK;

#endif
