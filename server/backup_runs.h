/* server/backup_runs.h - encrypted backups (age-encryption.org/v1, by the program age): the server holds the public keys alone, and cannot read
 * what it has written. Into a folder of runs, server/runs.h, each with what came since the one before; or whole, into a stream. */
#ifndef QIP_SERVER_BACKUP_RUNS_H
#define QIP_SERVER_BACKUP_RUNS_H

#include "server/age.h"
#include "server/backup.h"
#include "server/run_index.h"

struct backup_runs {
	const char *recipients[AGE_RECIPIENTS + 1]; /* public keys, "age1…"; any one's private key opens it. NULL behind the last */
	bool whole;                                 /* hold everything, whatever is there */
	int64_t keep_ms;                            /* delete what is older; 0: nothing */
};

struct backup_runs_made {
	char name[RUN_NAME_MAX], after[RUN_NAME_MAX]; /* after "": it holds everything */
	size_t gone;                                  /* runs that were deleted */
};

/* A run into the folder `to`, made if it is not there; durable, or not there. STATUS_BUSY: another one is on its way. */
enum status backup_runs_add(struct backup_runs_made *out, const struct backup_runs *b, const char *dir, const char *to, const struct env *env,
			    backup_done done, void *ctx, struct error *e) MUST_CHECK;
/* Everything, into a descriptor. Whole is what ends without an error. */
enum status backup_runs_stream(const struct backup_runs *b, const char *dir, int fd, const struct env *env, backup_done done, void *ctx,
			       struct error *e) MUST_CHECK;

#endif
