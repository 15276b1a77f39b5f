/* server/run_read.h - runs of an encrypted backup, the whole one first, put together in a folder as server/backup.h describes it.
 *
 *     struct run_reader r; run_reader_begin(&r, folder); run_read(&r, fd, &e) for each; run_reader_finish(&r, &e); run_reader_clear(&r);
 */
#ifndef QIP_SERVER_RUN_READ_H
#define QIP_SERVER_RUN_READ_H

#include "server/file.h"
#include "server/run_index.h"

struct run_reader {
	const char *root;
	struct run_index index; /* of the last run that was read */
	char name[RUN_NAME_MAX]; /* of the run before it; "": none */
	bool indexed;
	char ods[8]; /* whose pack is being read; "": none's */
	int parts;
	struct repo *repo;
	struct repo_intake *intake;
};

/* root: a new or empty folder, borrowed. */
void run_reader_begin(struct run_reader *r, const char *root);
/* The next run, plain. STATUS_CORRUPT: it is damaged, or does not follow the one before. */
enum status run_read(struct run_reader *r, int fd, struct error *e) MUST_CHECK;
/* All were read: what was erased before the last of them goes, and the folder is a backup. */
enum status run_reader_finish(struct run_reader *r, struct error *e) MUST_CHECK;
void run_reader_clear(struct run_reader *r);

#endif
