/* kiosk/flow.h - from one page to the next: a pure step. Where the patient stands and the form that came enter; where they stand then leaves.
 *
 *        (language) ──▶ question ──▶ question … ──▶ comment ──▶ (personal) ──▶ kept ──▶ thanks ──▶ question of a further survey …
 *
 * A form has the field `state` (kiosk/visit.h), the button that was touched, and on the page for a comment `comment` and `publish`=yes:
 *
 *     answer=VALUE     an option's id, 1 to 5, yes or no       language=TAG   survey=ID
 *     go=skip          prefer not to say                       go=back        go=languages
 *     go=send          the comment; go=without: none           go=change      go=keep     what personal parts it has
 *     go=again                                         once more, what could not be kept
 *     go=larger        go=smaller   go=contrast   go=colours   how the page is shown; what was typed stays
 */
#ifndef QIP_KIOSK_FLOW_H
#define QIP_KIOSK_FLOW_H

#include "kiosk/form.h"
#include "kiosk/screen.h"
#include "kiosk/visit.h"

enum flow_next {
	FLOW_SHOW,    /* the page where the visit stands now */
	FLOW_KEEP,    /* all is answered: keep it, then flow_finish() */
	FLOW_REFUSED, /* none of the forms of that page */
	FLOW_CHANGED, /* its survey is not known any more, or its comment cannot be sealed any more: start again */
	FLOW_FAILED,  /* no memory */
};

enum flow_fault {
	FLOW_FINE,
	FLOW_NO_COMMENT, /* one is asked for */
	FLOW_TOO_LONG,
	FLOW_NOT_KEPT, /* the disk failed */
	FLOW_NO_ROOM,  /* it is full */
};

/* The visit of the next patient: the languages if there are several, else the first question. `id` is the answer's. The screen has something to ask. */
void flow_start(struct visit *v, const struct screen *s, const char *id);

/* One form. `fresh_id` is there for the answer to a further survey. *fault says why the same page is shown again. Unless the result is FLOW_SHOW or
 * FLOW_KEEP nothing of *v is to be used further. */
enum flow_next flow_step(struct visit *v, enum flow_fault *fault, const struct screen *s, const struct form *f, const char *fresh_id) MUST_CHECK;

/* The answer could not be kept: all of it waits on the page for another try, under the same id. */
void flow_hold(struct visit *v);
/* The answer is kept: on to the thanks, with nothing of it left. */
void flow_finish(struct visit *v);

/* The survey that the visit is at; NULL: none, or not known any more. */
const cJSON *flow_survey(const struct visit *v, const struct screen *s);
/* True if the visit stands at the question for free text. */
bool flow_is_text(const struct visit *v, const struct screen *s);
/* Which question it is, counted from 1, of how many that can still come. */
struct flow_progress {
	size_t at, count;
};
struct flow_progress flow_progress(const struct visit *v, const struct screen *s);
bool flow_can_go_back(const struct visit *v, const struct screen *s);
/* True if this page offers the language. */
bool flow_offers_language(const struct visit *v, const struct screen *s, const char *language);
/* True if the thanks offer the survey. */
bool flow_offers_survey(const struct visit *v, const struct screen *s, const cJSON *survey);

#endif
