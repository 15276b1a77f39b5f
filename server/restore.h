/* server/restore.h - a server folder made from a backup; every practice of it is closed, see server/closed.h. */
#ifndef QIP_SERVER_RESTORE_H
#define QIP_SERVER_RESTORE_H

#include "server/backup.h"

/* Make the server folder `dir`, which must be new or empty, from the backup `from`. It is a server folder once it is whole. STATUS_CORRUPT:
 * the backup is damaged; STATUS_EXISTS. What is left after a failure is removed. */
enum status restore_make(const char *from, const char *dir, const struct env *env, backup_done done, void *ctx, struct error *e) MUST_CHECK;

#endif
