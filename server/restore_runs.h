/* server/restore_runs.h - an encrypted backup, server/backup_runs.h, opened with a private key and made a server folder again. */
#ifndef QIP_SERVER_RESTORE_RUNS_H
#define QIP_SERVER_RESTORE_RUNS_H

#include "server/restore.h"

struct restore_runs {
	const char *from;     /* a folder of runs, one whole run as a file, or "-" for the standard input */
	const char *run;      /* of a folder: up to which; NULL: the newest */
	const char *identity; /* the file with the private key, as age-keygen writes it */
};

/* As restore_make, out of the runs, which are opened beside `dir` and put together there first; what was opened is deleted, whatever happens. */
enum status restore_runs_make(const struct restore_runs *r, const char *dir, const struct env *env, backup_done done, void *ctx, struct error *e) MUST_CHECK;

#endif
