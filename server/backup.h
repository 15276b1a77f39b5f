/* server/backup.h - a whole server folder, read while it is served, and what a backup of it looks like:
 *
 *     TO/backup.json      {"schema":"backup/1","at":time,"practices":[ODS…]}
 *     TO/SHA256SUMS       of backup.json and the folder's own files, see server/sums.h
 *     TO/server.json ca.key ca.crt tls.key tls.crt …
 *     TO/<ODS>/snapshot.json   {"schema":"snapshot/1","at":time,"main":commit,"index":number}
 *     TO/<ODS>/refs       "<commit> <ref>" a line
 *     TO/<ODS>/SHA256SUMS of these and of practice.json server.key certificates/…
 *     TO/<ODS>/history.git     a bare repository with these refs and what they reach, whatever the store is
 *     TO/<ODS>/blobs/     see server/backup_blobs.h
 */
#ifndef QIP_SERVER_BACKUP_H
#define QIP_SERVER_BACKUP_H

#include "core/env.h"
#include "server/backup_to.h"

#define BACKUP_FILE "backup.json"
#define BACKUP_SNAPSHOT "snapshot.json"
#define BACKUP_REFS "refs"
#define BACKUP_HISTORY "history.git"
#define BACKUP_OFFERS "refs/offers/" /* refs that stay behind: who still holds more offers it again */

/* Called after each practice. */
typedef void (*backup_done)(void *ctx, const char *ods, int64_t index);

/* Write all of the server folder `dir`, each practice as of one moment. STATUS_CORRUPT when a practice is damaged. */
enum status backup_write(const struct backup_to *to, const char *dir, const struct env *env, backup_done done, void *ctx, struct error *e) MUST_CHECK;

#endif
