/* kiosk/capture.h - stage 1 of 9: what a patient chose and wrote.
 *
 * Enters: a form as a browser posted it. Leaves: an answer to the survey on the screen, for the journal (stage 2), or the reason why it is none.
 */
#ifndef QIP_KIOSK_CAPTURE_H
#define QIP_KIOSK_CAPTURE_H

#include "client/include/qip/client.h"
#include "kiosk/question.h"
#include "kiosk/token.h"

enum capture_fault {
	CAPTURE_GOOD,
	CAPTURE_NO_FORM,      /* not a form of this kiosk: start again */
	CAPTURE_NO_CHOICE,    /* nothing chosen: ask again */
	CAPTURE_CHANGED,      /* the question has changed since the form was shown: ask again */
	CAPTURE_LONG_COMMENT, /* more than QIP_COMMENT_MAX characters: ask again */
};

struct captured {
	char id[ID_TEXT_LEN + 1];
	const char *token; /* borrowed from the body, as all texts here */
	const char *choice;
	const char *comment; /* NULL: none, or only spaces */
	bool publish;
};

/* Read a body in place; it must have room for a NUL at body[len]. `comments` says whether the form asked for one.
 * *out is filled as far as it was read: a form that has to be shown again keeps what the patient typed. */
enum capture_fault capture_read(struct captured *out, char *body, size_t len, const struct question *q, bool comments,
				const struct token_secret *secret) MUST_CHECK;

/* Give the answer to `keep`, which makes it durable. `keep` gets it for the call only. */
typedef enum status (*capture_keep)(void *ctx, const struct qip_answer *a, struct error *e);
enum status capture_pass_on(const struct captured *c, const struct question *q, capture_keep keep, void *ctx, struct error *e) MUST_CHECK;

#endif
