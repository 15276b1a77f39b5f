/* client/held.h - the ids of answers that copies of a kiosk have sent: one id is one answer, whoever sends it.
 *
 *     struct held h = {.q = q}; held_add_kin(&h, &remote, &refs, &e); held_sort(&h); held_has(&h, id); held_clear(&h);
 */
#ifndef QIP_CLIENT_HELD_H
#define QIP_CLIENT_HELD_H

#include "client/remote.h"

struct held {
	struct qip *q;       /* whose repository takes the copies' heads in */
	struct qip *judge;   /* whose registry says who the copies are: as new as the server's list (follow_config); NULL: q's */
	bool formers;        /* look at the names that q had itself, too */
	struct held_id *ids; /* owned */
	size_t len, cap;
};

/* What a head has beyond an earlier one; zero: all of it. Both are in the repository. STATUS_TOO_BIG: more than LIMIT_HELD_IDS. */
enum status held_add(struct held *h, const struct oid *from, const struct oid *to, struct error *e) MUST_CHECK;
/* What all kiosks have sent that the server lists as going on with the same answers: their heads are taken in. The names that q had itself were
 * looked at when it took the present one, and are again where what came of that could not all be noted, or `formers` asks for it. STATUS_UNTRUSTED: one is
 * not by who it is of. */
enum status held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e) MUST_CHECK;
/* After the last was added, before the first is asked for. */
void held_sort(struct held *h);
bool held_has(const struct held *h, const char *id);
/* As a capture wrote it into the journal. */
bool held_has_record(const struct held *h, const struct journal_record *r);
void held_clear(struct held *h);

#endif
