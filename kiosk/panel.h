/* kiosk/panel.h - stage 1 of 9 at a panel of buttons: a press is a whole answer.
 *
 * Enters: which button. Leaves: an answer to the first question of the first survey, for the journal (stage 2). The other questions are left out.
 */
#ifndef QIP_KIOSK_PANEL_H
#define QIP_KIOSK_PANEL_H

#include "kiosk/capture.h"
#include "kiosk/screen.h"

/* STATUS_NOT_FOUND: there is no survey yet, or its first question has no option for that button. Else what `keep` says. */
enum status panel_answer(const struct screen *s, int button, const struct env *env, capture_keep keep, void *ctx, struct error *e) MUST_CHECK;

#endif
