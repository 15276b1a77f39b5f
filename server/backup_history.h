/* server/backup_history.h - a practice's history into a backup and out of it: one bare repository, whatever the store is. */
#ifndef QIP_SERVER_BACKUP_HISTORY_H
#define QIP_SERVER_BACKUP_HISTORY_H

#include "server/store.h"

/* Of a history that is the server's own: none but the memory that one object takes. */
extern const struct repo_limits backup_history_limits;

/* Make the repository `path` with these refs and all that they reach; read it back and compare. STATUS_CORRUPT. */
enum status backup_history_write(const char *path, struct store_history *h, const struct store_refs *refs, struct error *e) MUST_CHECK;
/* Put the refs and what they reach from the repository `path` into an empty history. STATUS_CORRUPT when an object is missing or damaged. */
enum status backup_history_read(const char *path, struct store_history *h, const struct store_refs *refs, struct error *e) MUST_CHECK;

#endif
