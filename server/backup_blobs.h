/* server/backup_blobs.h - a practice's blobs into a backup, TO/<ODS>/blobs/<first two digits>/<sha256>, and out of it. */
#ifndef QIP_SERVER_BACKUP_BLOBS_H
#define QIP_SERVER_BACKUP_BLOBS_H

#include "server/backup_to.h"

/* Every blob, each compared with its name. One that is erased meanwhile stays behind. */
enum status backup_blobs_write(const struct backup_to *to, const char *ods, struct store_history *h, struct error *e) MUST_CHECK;
/* A backup without blobs is none the worse. STATUS_CORRUPT when one is not what its name says. */
enum status backup_blobs_read(const char *from, struct store_history *h, struct error *e) MUST_CHECK;

#endif
