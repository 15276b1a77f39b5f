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

/* Where to look. */
struct carry_place {
	struct remote *remote;
	const struct remote_refs *refs; /* its list */
	const struct oid *head;         /* the one under the old name; zero where the log does not know that name: then nothing of it is there */
	struct qip *judge;              /* who the copies are, its registry says, which is brought up to the list first */
};

/* q: the home under its old name. What is taken in of copies' heads is kept in its repository; of the judge's, refs/kiosk/config moves. Nothing else is
 * written. STATUS_UNTRUSTED: a head is not by who it is of. */
enum status carry_look(struct carry *out, struct qip *q, const struct carry_place *at, struct error *e) MUST_CHECK;

/* At most so many answers, the first of the new name, have been in the journal before: whatever the look finds. */
enum status carry_most(uint64_t *out, struct qip *q, struct error *e) MUST_CHECK;

#endif
