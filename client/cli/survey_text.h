/* client/cli/survey_text.h - a survey in words. */
#ifndef QIP_CLI_SURVEY_TEXT_H
#define QIP_CLI_SURVEY_TEXT_H

#include <stdio.h>

#include "core/json.h"

/* "en, gu (draft), so (incomplete)". */
void survey_text_languages(struct buf *out, const cJSON *survey);
/* "all", or its sites. */
void survey_text_sites(struct buf *out, const cJSON *survey);
/* "always", "from 1 Dec 2026", "ended 3 May 2026", as it stands on the day. */
void survey_text_days(struct buf *out, const cJSON *survey, const char *day);
/* The wording in the language or, where it has none, in English; "(draft)" behind what is a draft; "" when there is none. */
void survey_text_wording(struct buf *out, const cJSON *texts, const char *language);
/* Each question with its options, numbered. */
void survey_text_questions(FILE *f, const cJSON *survey, const char *language);

#endif
