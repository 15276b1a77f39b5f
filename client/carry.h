/* client/carry.h - what a kiosk that is joined again has to send under its new name, and what not, because a copy of it has.
 *
 * Answers are told apart by their ids, which are made when a form is shown: two records with one id are one answer.
 */
#ifndef QIP_CLIENT_CARRY_H
#define QIP_CLIENT_CARRY_H

#include "client/remote.h"

struct carry {
	struct numbers numbers; /* of the new name */
	bool shared;            /* some of what waits may wait in another copy, too, which has not parted from this one yet */
};

/* q: the home under its old name. The server is asked over `r`, whose list is `refs`, which heads there are of copies: `head` is the one under
 * q's own name, zero where the log does not know that name: then nothing of it is there. What is taken in for that is kept in q's repository. Nothing else is written. STATUS_UNTRUSTED: a head is not by who it is of. */
enum status carry_look(struct carry *out, struct qip *q, struct remote *r, const struct remote_refs *refs, const struct oid *head,
		       struct error *e) MUST_CHECK;

/* At most so many answers, the first of the new name, have been in the journal before: whatever the look finds. */
enum status carry_most(uint64_t *out, struct qip *q, struct error *e) MUST_CHECK;

#endif
