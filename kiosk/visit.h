/* kiosk/visit.h - where one patient stands on the screen. It travels in the hidden field of each page (kiosk/token.h) and nowhere else: the process
 * forgets it with the page.
 *
 *     struct visit v = VISIT_INIT;
 *     visit_read(&v, secret, token)      from the form
 *     flow_step(&v, …)                   kiosk/flow.h
 *     visit_write(&token, &v, secret)    into the next page
 *     visit_clear(&v)
 */
#ifndef QIP_KIOSK_VISIT_H
#define QIP_KIOSK_VISIT_H

#include "core/id.h"
#include "core/json.h"
#include "kiosk/token.h"

#define VISIT_NAME_MAX 40      /* bytes of a survey's id */
#define VISIT_LANGUAGE_MAX 20
#define VISIT_DONE_MAX 8       /* surveys answered by one patient in a row */
#define VISIT_AGE_MAX_MS (10 * 60 * 1000)
#define VISIT_AGE_WRITING_MS (60 * 60 * 1000) /* of a page with a comment on it, or a place for one */

enum visit_place {
	VISIT_LANGUAGE, /* chooses a language */
	VISIT_QUESTION, /* is asked */
	VISIT_PERSONAL, /* is shown what of the comment may say who somebody is */
	VISIT_UNKEPT,   /* has answered all, but it could not be kept: may try again */
	VISIT_THANKS,   /* has been thanked, and may go on with another survey */
};

struct visit {
	enum visit_place place;
	bool opening;                      /* the page that waits for the next patient: nothing has been touched */
	bool writing;                      /* there is a comment on the page, or a place for one */
	char id[ID_TEXT_LEN + 1];          /* of the answer; "" on the thanks */
	char survey[VISIT_NAME_MAX + 1];   /* "" before the first question, and on the thanks */
	int64_t version;
	char language[VISIT_LANGUAGE_MAX + 1]; /* "" before it is chosen */
	bool larger, contrast;             /* how the patient wants to see it */
	size_t question;                   /* index in the survey */
	cJSON *answers;                    /* owned; by question; NULL: none */
	char *comment;                     /* owned; or NULL */
	bool publish;
	char done[VISIT_DONE_MAX][VISIT_NAME_MAX + 1]; /* surveys that are kept */
	size_t done_len;
	char boot[ENV_BOOT_ID_MAX];        /* when the page was made: boot, and ms since */
	int64_t at_ms;
};

#define VISIT_INIT {.place = VISIT_LANGUAGE}

/* Append the token. `with_comment` false: the page shows the comment itself. */
enum status visit_write(struct buf *out, const struct visit *v, bool with_comment, const struct token_secret *secret) MUST_CHECK;
/* STATUS_OK: *out is the caller's, to end with visit_clear. STATUS_UNTRUSTED: not a token of this kiosk and this version of the program. */
enum status visit_read(struct visit *out, const struct token_secret *secret, const char *token) MUST_CHECK;

/* Note that the page is made now; false if it was made in another boot, or longer ago than a page of that kind may stand. */
void visit_stamp(struct visit *v, const struct env *env);
bool visit_is_fresh(const struct visit *v, const struct env *env);

/* NULL for none. STATUS_NOMEM. */
enum status visit_set_comment(struct visit *v, const char *comment) MUST_CHECK;
void visit_forget_comment(struct visit *v);
/* Forget the answers and the comment. */
void visit_forget(struct visit *v);
void visit_clear(struct visit *v);

#endif
