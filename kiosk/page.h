/* kiosk/page.h - the pages: kiosk/web's templates with their values, inside the layout. Each appends a whole HTML document. */
#ifndef QIP_KIOSK_PAGE_H
#define QIP_KIOSK_PAGE_H

#include "kiosk/flow.h"
#include "kiosk/standing.h"
#include "kiosk/template.h"

#define PAGE_THANKS_S 8  /* the thanks give way to the next patient after this long */
#define PAGE_IDLE_S 120  /* and any page that asks something, where no script watches over it */
#define PAGE_IDLE_WRITING_S 1200 /* but one on which somebody may be writing */

/* What a page stands on. */
struct page {
	const struct screen *screen;
	const struct assets *assets;
	const struct visit *visit;
	const char *token; /* the visit's; "" for pages that lead nowhere */
};

/* Where the visit stands. `fault` says why it is shown again. */
enum status page_visit(struct buf *out, const struct page *p, enum flow_fault fault, struct error *e) MUST_CHECK;
/* Heading and text by their keys in kiosk/texts, in the visit's language. */
enum status page_message(struct buf *out, const struct page *p, const char *heading, const char *text, struct error *e) MUST_CHECK;
/* For staff, in English (kiosk/page_staff.c): what anybody may see; the keypad, with what was entered and why it is shown again; all. */
enum status page_status(struct buf *out, const struct page *p, const struct standing *s, bool has_pin, struct error *e) MUST_CHECK;
enum status page_pin(struct buf *out, const struct page *p, const char *digits, const char *fault, struct error *e) MUST_CHECK;
enum status page_staff(struct buf *out, const struct page *p, const struct standing *s, struct error *e) MUST_CHECK;

#endif
