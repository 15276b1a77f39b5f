/* kiosk/capture.c - stage 1 of 9: what a patient chose and wrote.
 *
 * Enters: a visit that has come to its end (kiosk/flow.c takes it there, form by form). Leaves: an answer, for the journal (stage 2).
 */
#include "kiosk/capture.h"

#define MODE "kiosk"

enum status capture_pass_on(const struct visit *v, capture_keep keep, void *ctx, struct error *e)
{
	return keep(ctx, &(struct qip_answer){.id = v->id, .survey = v->survey, .survey_version = v->version, .language = v->language, .mode = MODE,
					      .answers = v->answers, .comment = v->comment, .publish = v->comment && v->publish}, e);
}
