/* kiosk/capture.h - stage 1 of 9: what a patient chose and wrote.
 *
 * Enters: a form as a browser posted it, with the visit that its hidden field holds. Leaves: the next page's visit, and once all is answered the
 * answer, for the journal (stage 2).
 */
#ifndef QIP_KIOSK_CAPTURE_H
#define QIP_KIOSK_CAPTURE_H

#include "client/include/qip/client.h"
#include "kiosk/visit.h"

/* Give the answer to `keep`, which makes it durable. `keep` gets it for the call only. */
typedef enum status (*capture_keep)(void *ctx, const struct qip_answer *a, struct error *e);
enum status capture_pass_on(const struct visit *v, capture_keep keep, void *ctx, struct error *e) MUST_CHECK;

#endif
