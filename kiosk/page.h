/* kiosk/page.h - the pages: kiosk/web's templates with their values, inside the layout. Each appends a whole HTML document. */
#ifndef QIP_KIOSK_PAGE_H
#define QIP_KIOSK_PAGE_H

#include "kiosk/question.h"
#include "kiosk/standing.h"

#define PAGE_THANKS_S 8 /* the thanks give way to the question after this long */

struct page_form {
	const struct question *question;
	bool comments;       /* ask for a comment */
	const char *token;
	const char *choice;  /* what was chosen before, or NULL */
	const char *comment; /* what was written before, or NULL */
	bool publish;
	const char *fault;       /* why the form is shown again, or NULL */
	const char *fault_field; /* id of the element to go to */
};

enum status page_question(struct buf *out, const struct page_form *f, struct error *e) MUST_CHECK;
enum status page_thanks(struct buf *out, const struct question *q, struct error *e) MUST_CHECK;
enum status page_status(struct buf *out, const struct question *q, const struct standing *s, struct error *e) MUST_CHECK;
enum status page_message(struct buf *out, const struct question *q, const char *heading, const char *text, struct error *e) MUST_CHECK;
/* Element id of the i-th option. */
#define PAGE_FIRST_OPTION "option-1"

#endif
