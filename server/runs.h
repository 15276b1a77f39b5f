/* server/runs.h - a folder of encrypted backups:
 *
 *     <name>.tar.age      one run, server/run_write.h, encrypted
 *     <name>.index        its index, plain: server/run_index.h. A run counts once both are there
 *     <name>.tar.age.tmp  one on its way
 *
 * A run without "after" holds everything, each that follows what came since; a chain is such a run with all that follow it.
 */
#ifndef QIP_SERVER_RUNS_H
#define QIP_SERVER_RUNS_H

#include "server/file.h"
#include "server/run_index.h"

#define RUNS_MAX 20000

struct run {
	char name[RUN_NAME_MAX], after[RUN_NAME_MAX];
	int64_t at_ms;
};

struct runs {
	char dir[FILE_PATH_MAX];
	struct run *list; /* owned; by name */
	size_t len, cap;
};
#define RUNS_INIT {.list = NULL}

/* Look which are there. Changes nothing. */
enum status runs_load(struct runs *out, const char *dir, struct error *e) MUST_CHECK;
void runs_clear(struct runs *r);
/* What a power cut left is put right, or removed. Call it with the folder locked, before runs_load. */
enum status runs_recover(const char *dir, struct error *e) MUST_CHECK;

/* NULL: none. */
const struct run *runs_find(const struct runs *r, const char *name);
/* The one that was made last; NULL: none. */
const struct run *runs_newest(const struct runs *r);
/* The run that this one's chain begins with; NULL: one in between is missing. *len (may be NULL): how many runs it takes. */
const struct run *runs_root(const struct runs *r, const struct run *run, size_t *len);
/* The one before; NULL: it holds everything, or that one is missing. */
const struct run *runs_before(const struct runs *r, const struct run *run);

/* "<dir>/<name><end>" */
enum status runs_path(char out[FILE_PATH_MAX], const char *dir, const char *name, const char *end, struct error *e) MUST_CHECK;
#define RUNS_SEALED ".tar.age"
#define RUNS_INDEX ".index"
#define RUNS_TEMPORARY ".tar.age.tmp"

enum status runs_index(struct run_index *out, const char *dir, const char *name, struct error *e) MUST_CHECK;
/* The temporary file is whole and durable: from now on it counts. */
enum status runs_commit(const char *dir, const struct run_index *ix, struct error *e) MUST_CHECK;
/* Delete chains all of which is older than `keep_ms` and that nothing within it needs; never the last two. *gone: how many runs went. */
enum status runs_expire(size_t *gone, const struct runs *r, int64_t now_ms, int64_t keep_ms, struct error *e) MUST_CHECK;

#endif
