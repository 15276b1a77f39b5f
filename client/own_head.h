/* client/own_head.h - a kiosk's own branch as the server shows it: is it this device's, and does the journal agree with it?
 *
 * The server's word alone proves neither. A head that bears the device's signature and whose answers are the journal's is gone on from, wherever the
 * own refs stand (a card may take back what it was told to keep). One with other answers under these numbers was made by a copy of this home.
 */
#ifndef QIP_CLIENT_OWN_HEAD_H
#define QIP_CLIENT_OWN_HEAD_H

#include "client/remote.h"

/* Is a commit that is here by this device and key? STATUS_UNTRUSTED. */
enum status own_head_signed(struct qip *q, const struct oid *head, const struct key *key, const char *device, struct error *e) MUST_CHECK;
/* Take this device's head in, which must be by its own key. STATUS_UNTRUSTED. */
enum status own_head_fetch(struct qip *q, struct remote *r, const struct oid *head, struct error *e) MUST_CHECK;
/* Every answer of it that the journal still has must be the journal's, and it has none beyond the journal's end. STATUS_UNTRUSTED: a copy of this home
 * made it, and the home is in doubt from now on (client/incarnation.h). */
enum status own_head_match(struct qip *q, const struct oid *head, struct error *e) MUST_CHECK;
/* Go on from a head that is not on the own branch as it is here. STATUS_UNTRUSTED: it is not this device's, and nothing changed; or the journal does not
 * agree, and the home is in doubt from now on (client/incarnation.h). STATUS_REFUSED: it is older than all that is here. */
enum status own_head_adopt(struct qip *q, struct remote *r, const struct oid *head, struct error *e) MUST_CHECK;

#endif
