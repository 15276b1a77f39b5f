/* client/survey_check.h - can a survey be asked at all? What its schema cannot say. Pure. */
#ifndef QIP_CLIENT_SURVEY_CHECK_H
#define QIP_CLIENT_SURVEY_CHECK_H

#include "core/json.h"

/* The survey keeps to its schema; its ids are its own; every wording is there in English; it asks for text once at most; a condition names an
 * earlier question and answers that it can have; its days are days, in order; and the Friends and Family Test asks what that test asks, at
 * every site and at all times. STATUS_INVALID with the JSON pointer and the reason in words. */
enum status survey_check(const cJSON *survey, struct error *e) MUST_CHECK;

#endif
