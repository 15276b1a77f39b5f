/* client/anew.h - a kiosk's copy of the history that is damaged is put aside, and asked for anew.
 *
 * Nothing in it is the only one of its kind: it is at the server, but for commits that wait, and those are made of the journal. anew_begin()
 * leaves an empty history in its place, so that the home opens and answers are kept; the next sync takes the own branch as the server has it,
 * sees that the journal agrees with it, and goes on from there. Cut short anywhere, the next to open the home goes on.
 */
#ifndef QIP_CLIENT_ANEW_H
#define QIP_CLIENT_ANEW_H

#include "client/remote.h"

/* True if what a kiosk needs of its history cannot be read: the own branch as far as it is gone on from, and the configuration. */
bool anew_needed(struct qip *q);
/* Put the history aside, as history.damaged, for the reason given. When that fails the home is as it was. */
enum status anew_begin(struct qip *q, const struct error *why, struct error *e) MUST_CHECK;
/* A joined kiosk's history is empty. */
enum status anew_begun(bool *out, struct qip *q, struct error *e) MUST_CHECK;
/* Take the own branch from the server. STATUS_REFUSED: the server does not know it. STATUS_UNTRUSTED: it is not this kiosk's, or the journal holds
 * other answers under its numbers: then this is one of two copies, and in doubt from now on (client/incarnation.h). */
enum status anew_fetch(struct qip *q, struct remote *r, const struct remote_refs *refs, struct error *e) MUST_CHECK;
/* All that waited has its receipt: nobody wants the damaged copy any more. */
void anew_tidy(const struct qip *q);

#endif
