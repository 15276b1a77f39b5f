/* server/backup_to.h - where a backup is written: a folder (server/backup_folder.h), or one run of an encrypted one (server/run_write.h). */
#ifndef QIP_SERVER_BACKUP_TO_H
#define QIP_SERVER_BACKUP_TO_H

#include "server/store.h"

/* Paths are relative to the backup: "backup.json", "C82999/practice.json". Every call may fail; then the backup does. */
struct backup_to {
	enum status (*file)(void *ctx, const char *path, const void *bytes, size_t len, struct error *e);
	/* The refs and what they reach. */
	enum status (*history)(void *ctx, const char *ods, struct store_history *h, const struct store_refs *refs, struct error *e);
	/* There is such a blob. *has: it was written before, and is not to be written again. */
	enum status (*blob)(void *ctx, const char *hex, bool *has, struct error *e);
	void *ctx;
};

#endif
