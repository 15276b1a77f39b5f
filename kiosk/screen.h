/* kiosk/screen.h - what the screen may show at this moment: the surveys in force, in the languages that are on. */
#ifndef QIP_KIOSK_SCREEN_H
#define QIP_KIOSK_SCREEN_H

#include "client/survey.h"
#include "kiosk/texts.h"

#define SCREEN_LANGUAGES_MAX 24
#define SCREEN_LANGUAGE_MAX 20
#define SCREEN_PRACTICE_MAX 1024 /* bytes of the practice's name */

/* What practice.json and sites/<site>.json say about the screen. */
struct screen_settings {
	char practice[SCREEN_PRACTICE_MAX]; /* its name */
	char languages[SCREEN_LANGUAGES_MAX][SCREEN_LANGUAGE_MAX + 1]; /* in the order of the buttons */
	size_t languages_len;                                          /* 0: all that may be on */
	bool drafts; /* the practice has turned on wordings that nobody has reviewed */
	bool silent; /* the practice has switched reading aloud off */
};

/* Either record may be NULL. */
void screen_settings_read(struct screen_settings *out, const cJSON *practice, const cJSON *site);

struct screen {
	char practice[SCREEN_PRACTICE_MAX];
	bool comments; /* a comment can be sealed, so free text may be asked for */
	bool drafts;
	const char *speaker; /* the program that reads aloud; NULL: none does */
	cJSON *surveys; /* owned; an array of survey records, the first one first */
	cJSON *earlier; /* owned; a version that is not shown any more, but that a patient has begun; or NULL */
	const struct texts *languages[SCREEN_LANGUAGES_MAX]; /* in the order of the buttons */
	size_t languages_len; /* 0: there is nothing to ask yet */
};

/* Takes `surveys` over, which may be NULL. A language is on when the program's own texts and the first survey have it, and none of it is a
 * draft unless drafts are on. Where none of those that the site names may be on, all are that may: a screen that asks is better than none. */
void screen_open(struct screen *out, const struct screen_settings *settings, cJSON *surveys, bool comments);
void screen_close(struct screen *s);

/* The record, shown now or begun earlier; NULL: neither. */
const cJSON *screen_survey(const struct screen *s, const char *id, int64_t version);
/* The i-th that is shown now; NULL past the end. */
const cJSON *screen_shown(const struct screen *s, size_t i);
bool screen_speaks(const struct screen *s, const cJSON *survey, const char *language);
/* The wording of a survey, question or option in that language; "" when it has none. */
const char *screen_wording(const struct screen *s, const cJSON *texts, const char *language);

/* Of what kind a question is: "choice", "rating", "yes-no", "text". */
bool screen_is_kind(const cJSON *question, const char *kind);
/* True if the i-th question is put to the patient after these answers. Free text is asked for once in a survey, and only if it can be sealed. */
bool screen_asks(const struct screen *s, const cJSON *survey, size_t i, const cJSON *answers);
/* As screen_asks, while the questions from `at` on are open. */
bool screen_may_ask(const struct screen *s, const cJSON *survey, size_t i, const cJSON *answers, size_t at);

#endif
