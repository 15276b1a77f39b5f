/* client/refused.h - after a refusal: keep what was refused, go on with the rest, leave nobody stranded. */
#ifndef QIP_CLIENT_REFUSED_H
#define QIP_CLIENT_REFUSED_H

#include "client/chain.h"
#include "client/held.h"
#include "client/push.h"

/* The server refused a commit of the chain. The whole chain is kept as refs/refused/<n> beside refused/<n>.json; refs/qip/work becomes the
 * chain without the refused commit: earlier commits as they are, later ones made anew on top, each by merging what it changed, so that
 * only claims are removed that it saw. A kiosk's refused answers are replaced by void records of the same numbers, and with them all in that commit that
 * copies of it have `sent` (client/held.h, sorted).
 * STATUS_REFUSED: going on is not possible (a void record was refused, or the commit is not one of these). */
enum status refused_handle(struct qip *q, const struct chain *chain, const struct push_refusal *refusal, const struct held *sent,
			   struct error *e) MUST_CHECK;

#endif
