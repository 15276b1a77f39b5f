/* kiosk/question.h - what the screen asks, out of the practice's survey record. */
#ifndef QIP_KIOSK_QUESTION_H
#define QIP_KIOSK_QUESTION_H

#include "core/json.h"

#define QUESTION_MAX_OPTIONS 10
#define QUESTION_ID_MAX 40
#define QUESTION_TEXT_MAX 1024

struct question {
	char practice[QUESTION_TEXT_MAX]; /* its name */
	char survey[QUESTION_ID_MAX + 1];
	int64_t version;
	char language[16];
	char id[QUESTION_ID_MAX + 1]; /* of the choice */
	char text[QUESTION_TEXT_MAX];
	struct question_option {
		char id[QUESTION_ID_MAX + 1];
		char text[QUESTION_TEXT_MAX];
	} options[QUESTION_MAX_OPTIONS];
	size_t options_len;
	char comment_id[QUESTION_ID_MAX + 1]; /* "" when the survey asks for no text */
	char comment_text[QUESTION_TEXT_MAX];
};

/* The first choice question of the survey, and its first question for text. A text that is a draft is never shown.
 * STATUS_INVALID with words when the screen cannot show the survey. */
enum status question_read(struct question *out, const cJSON *survey, const cJSON *practice, const char *language, struct error *e) MUST_CHECK;
/* The option, or NULL. */
const struct question_option *question_option(const struct question *q, const char *id);

#endif
