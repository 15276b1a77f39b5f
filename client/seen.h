/* client/seen.h - what the server showed, signed by itself, that contradicts what it showed before or to others.
 *
 * seen.json of the home holds each in words until a person settles it; the log that contradicts is kept under refs/seen/<n> and never
 * followed. Statements of other devices that came by another way than the server wait there for the log to reach them.
 */
#ifndef QIP_CLIENT_SEEN_H
#define QIP_CLIENT_SEEN_H

#include "client/checkpoint.h"

#define REF_SEEN "refs/seen/"

struct seen {
	const char *kind;      /* "parted", "older", "gone", "dropped", "checkpoint", "forged", "stated", "held-back",
				* "not-taken" */
	char device[NAME_MAX_LEN + 1]; /* whose word says otherwise; "" for this home's own */
	struct oid shown;      /* the commit that contradicts, by which it is known again; zero: the server shows none */
	int64_t index;         /* of the merge that it is about */
	struct oid log;        /* what is kept under a ref: the end of the log that contradicts; zero: none is */
	struct repo_intake *in; /* borrowed; that log's objects, as they came; NULL: they are here */
	char text[ERROR_TEXT_MAX / 2]; /* what was found, in a sentence that names both commits */
};
#define SEEN_INIT {0}

/* The sentences. `known` and `shown` are ends of logs that were checked. */
enum status seen_parted(struct seen *out, struct qip *q, const struct oid *known, const struct oid *shown, const struct oid *parting,
			struct error *e) MUST_CHECK;
enum status seen_older(struct seen *out, struct qip *q, const struct oid *known, const struct oid *shown, struct error *e) MUST_CHECK;
enum status seen_gone(struct seen *out, struct qip *q, const struct oid *known, struct error *e) MUST_CHECK;
enum status seen_dropped(struct seen *out, struct qip *q, const struct oid *head, const struct oid *main, struct error *e) MUST_CHECK;
void seen_checkpoint(struct seen *out, const struct checkpoint_fault *fault, const struct oid *shown);
void seen_not_taken(struct seen *out, const struct oid *commit, const char *reason);

/* Keep it durably and say it: STATUS_CONTRADICTED, with what to do. Once, however often it is seen again and however far that log has grown; and
 * not without end: who makes a new fork for each visit fills no disk, LIMIT_SEEN_FORKS. Another status: it could not be kept, *e says both. */
enum status seen_contradiction(struct qip *q, const struct seen *s, struct error *e) MUST_CHECK;
/* Does one of that kind wait to be settled? */
enum status seen_waits(bool *out, struct qip *q, const char *kind, struct error *e) MUST_CHECK;

/* The server said that it was restored from a backup and is closed: until a sync went through, what it lacks is no contradiction. */
enum status seen_set_restored(struct qip *q, bool restored, struct error *e) MUST_CHECK;
enum status seen_is_restored(bool *out, struct qip *q, struct error *e) MUST_CHECK;

/* ---- what others state ---- */
struct stated {
	char device[NAME_MAX_LEN + 1];
	int64_t index;
	struct oid main;
	char at[TIME_TEXT_MAX]; /* by the other's clock */
};
/* It speaks of a merge that the log here has not reached: compare it at the next sync. STATUS_TOO_BIG: too many wait. */
enum status seen_wait_for(struct qip *q, const struct stated *s, struct error *e) MUST_CHECK;
/* After a sync: compare those that wait with the log that ends with `main`, which is all that the server shows. */
enum status seen_compare_stated(struct qip *q, const struct oid *main, struct error *e) MUST_CHECK;
/* One of them, with a log that has reached it. STATUS_NOT_FOUND: it has not; STATUS_CONTRADICTED. */
enum status seen_compare_one(struct qip *q, const struct stated *s, const struct oid *main, struct error *e) MUST_CHECK;

#endif
