/* server/run_write.h - one run of an encrypted backup, as a stream of server/archive.h:
 *
 *     what server/backup.h says, but of <ODS>/history.git
 *     <ODS>/history.pack/<number>   a git pack in parts, of what the refs reach now and not after the run before; none if that is nothing
 *     and but those of <ODS>/blobs/ that the run before has
 *     index                         see server/run_index.h
 *     end
 */
#ifndef QIP_SERVER_RUN_WRITE_H
#define QIP_SERVER_RUN_WRITE_H

#include "server/backup.h"
#include "server/run_index.h"

#define RUN_INDEX_FILE "index"
#define RUN_PACK_DIR "history.pack"

/* Write it to a descriptor, plain. `ix` has its name, time and whom it follows, and is filled; before: NULL, or of the one that it follows. */
enum status run_write(int fd, struct run_index *ix, const struct run_index *before, const char *dir, const struct env *env, backup_done done, void *ctx,
		      struct error *e) MUST_CHECK;

#endif
