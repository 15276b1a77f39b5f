/* client/survey.h - do answers belong to a survey? */
#ifndef QIP_CLIENT_SURVEY_H
#define QIP_CLIENT_SURVEY_H

#include "core/json.h"

/* Each answer is to a question of the survey and of its kind, each question that is not optional has one, and a comment is only there if the
 * survey asks for free text. STATUS_INVALID naming the question. */
enum status survey_check_answers(const cJSON *survey, const cJSON *answers, bool has_comment, struct error *e) MUST_CHECK;

#endif
