/* client/answers.h - stage 3 of 9 for kiosks: the journal's records become signed commits on the own branch. */
#ifndef QIP_CLIENT_ANSWERS_H
#define QIP_CLIENT_ANSWERS_H

#include "client/home.h"
#include "client/recorded.h"

/* Takes the journal commit by commit:
 *
 *     answers_open(&a, q, now_ms, &e); while (answers_next(&n, a, &e) == STATUS_OK && n > 0) ...; answers_close(a);
 */
struct answers;

/* now_ms: the server's clock. The home must outlive it. */
enum status answers_open(struct answers **out, struct qip *q, int64_t now_ms, struct error *e) MUST_CHECK;
/* Commit the next of what the journal holds beyond the own branch, durably, and at most LIMIT_ANSWERS_PER_COMMIT where no number is missing.
 * *committed: how many records; 0: there are no more, and what is captured from then on is not looked for. */
enum status answers_next(uint64_t *committed, struct answers *a, struct error *e) MUST_CHECK;
#define ANSWERS_SENT_BY_COPY "Another copy of this kiosk has sent this answer."
/* Of what was taken over from a former name, another copy has sent these: void records stand for them here. `h` is borrowed for as long. */
struct held;
void answers_held_elsewhere(struct answers *a, const struct held *h);
/* Borrowed: the home's, open for reading, its files looked through already. */
struct journal *answers_journal(struct answers *a);
/* NULL is allowed. */
void answers_close(struct answers *a);

/* The feedback record out of what a capture wrote into the journal:
 * {"id","survey","mode","language","answers","flags"?,"comment"?}; members go over as they are, and "clock-unsure" joins the flags when `when`
 * leaves the month open. */
enum status answers_record(cJSON **out, const cJSON *captured, const char *device, const char *site, uint64_t seq, const struct recorded *when) MUST_CHECK;

/* A record in the place of an answer: type "void" (refused) or "lost" (the journal does not have it). */
enum status answers_stand_in(cJSON **out, const char *type, const char *id, const char *device, uint64_t seq, const char *reason) MUST_CHECK;

/* Number of the last record on a branch, 0 for none. */
enum status answers_last(uint64_t *out, struct qip *q, const struct oid *commit, struct error *e) MUST_CHECK;

#endif
