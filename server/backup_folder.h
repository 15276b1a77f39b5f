/* server/backup_folder.h - a backup as a folder, unencrypted, that can be looked at and compared with stock tools. Its layout: server/backup.h. */
#ifndef QIP_SERVER_BACKUP_FOLDER_H
#define QIP_SERVER_BACKUP_FOLDER_H

#include "server/backup.h"
#include "server/file.h"

/* A folder in the making: it stands under "<to>.tmp" until it is whole. */
struct backup_folder {
	char to[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
	int mark; /* the marker, locked */
};

/* An empty temporary folder, of mode 0700; what one that was cut short left is removed. STATUS_EXISTS; STATUS_BUSY. */
enum status backup_folder_begin(struct backup_folder *f, const char *to, struct error *e) MUST_CHECK;
/* It is whole: from now on it stands at `to`. */
enum status backup_folder_finish(struct backup_folder *f, struct error *e) MUST_CHECK;
/* What was not finished goes. */
void backup_folder_end(struct backup_folder *f);

/* Copy the server folder `dir` to the new folder `to`, durably; every object is read back and compared. It stands under "<to>.tmp" until
 * it is whole. STATUS_EXISTS; STATUS_CORRUPT when a practice is damaged. */
enum status backup_make(const char *dir, const char *to, const struct env *env, backup_done done, void *ctx, struct error *e) MUST_CHECK;
/* One file, for who fills such a folder: folders on the way are made, too. */
enum status backup_folder_file(const char *root, const char *path, const void *bytes, size_t len, struct error *e) MUST_CHECK;
/* A backup_to of a folder that is there. */
struct backup_to backup_folder_to(char *root);

#endif
