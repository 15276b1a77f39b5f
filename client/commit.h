/* client/commit.h - stage 3 of 9: signing what this device made into its own branch. */
#ifndef QIP_CLIENT_COMMIT_H
#define QIP_CLIENT_COMMIT_H

#include "client/home.h"

/* Stage a signed commit of `tree` on `parent` (zero: none) in this device's name. repo_flush() and home_move_ref() are the caller's. */
enum status commit_write(struct oid *out, struct qip *q, const struct oid *tree, const struct oid *parent, int64_t time_ms,
			 const char *subject, struct error *e) MUST_CHECK;
/* The same, naming a revoked device's commit that it makes again (zero: none). */
enum status commit_write_adopting(struct oid *out, struct qip *q, const struct oid *tree, const struct oid *parent, int64_t time_ms,
				  const char *subject, const struct oid *adopts, struct error *e) MUST_CHECK;
/* The edit makes again what a revoked device's commit had said: its own commit will name that one. */
void commit_adopts(struct qip_edit *edit, const struct oid *adopted);
/* A trial: the edit starts from `tree` instead. */
void commit_try_on(struct qip_edit *edit, const struct oid *tree);
/* Ends it, and *tree becomes what it comes to: staged, until repo_discard(). */
enum status commit_try(struct oid *tree, struct qip_edit *edit, struct error *e) MUST_CHECK;
/* Stage a record as a blob in canonical form. */
enum status commit_stage(struct oid *out, struct qip *q, const cJSON *record, struct error *e) MUST_CHECK;
/* One record of a kiosk's own, as a signed commit on its branch, durably. Nothing else may be staged. */
enum status commit_alone(struct qip *q, const char *path, const cJSON *record, int64_t time_ms, const char *subject, struct error *e) MUST_CHECK;

#endif
