/* client/survey.h - what a survey asks, in which order, and which answers belong to it. Pure: a survey record (survey/1) enters.
 *
 *     for (int i = survey_next(s, 0, answers); i >= 0; i = survey_next(s, (size_t)i + 1, answers)) ... ask survey_question(s, (size_t)i)
 *     survey_forget_unasked(s, answers); survey_check_answers(s, answers, has_comment, &e)
 *
 * Answers are an object by question: a choice's is the id of an option, a rating's a number from 1 to 5, a yes-no question's true or false; a
 * question that was left out has no member. Free text is the comment, and never among them. Questions are counted from 0.
 */
#ifndef QIP_CLIENT_SURVEY_H
#define QIP_CLIENT_SURVEY_H

#include "core/json.h"

#define SURVEY_FFT "fft" /* id of the Friends and Family Test: shown before any other */
#define SURVEY_RATING_MIN 1
#define SURVEY_RATING_MAX 5

/* True if the survey is for the site and is in force on that day ("YYYY-MM-DD"; its first and last day count). With the day NULL, nobody
 * knows it, a survey that begins or ends on some day is not shown. */
bool survey_shows(const cJSON *survey, const char *site, const char *day);

size_t survey_count(const cJSON *survey);
/* The i-th question; borrowed. NULL past the end. */
const cJSON *survey_question(const cJSON *survey, size_t i);
/* True if the i-th question is to be asked after these answers: it names no condition, or the question that it names is itself asked and
 * has one of the answers named. */
bool survey_asks(const cJSON *survey, size_t i, const cJSON *answers);
/* As survey_asks, while the questions from `at` on are still open: true if some answers to them would have it asked. */
bool survey_may_ask(const cJSON *survey, size_t i, const cJSON *answers, size_t at);
/* The first question to be asked from the one at `from` on; -1: no more. */
int survey_next(const cJSON *survey, size_t from, const cJSON *answers);
/* True if a person may leave the question out: any that is optional, and any but the first ("prefer not to say"). */
bool survey_may_skip(const cJSON *survey, size_t i);

/* The wording in a language, out of {"en": {"text", "status"}}; borrowed. NULL: there is none, or it is a draft and `drafts` is false. */
const char *survey_text(const cJSON *texts, const char *language, bool drafts);
/* True if survey_text has every wording of the survey in that language. */
bool survey_speaks(const cJSON *survey, const char *language, bool drafts);

/* True if the question can have this answer; a question for text has none. */
bool survey_fits(const cJSON *question, const cJSON *answer);
/* Remove the answers to questions that are not asked, as when somebody went back and answered an earlier one otherwise. */
void survey_forget_unasked(const cJSON *survey, cJSON *answers);
/* Each answer is to a question that was to be asked, and of its kind; each that may not be left out has one; and a comment is only there if the
 * survey asked for free text. STATUS_INVALID naming the question. */
enum status survey_check_answers(const cJSON *survey, const cJSON *answers, bool has_comment, struct error *e) MUST_CHECK;

#endif
