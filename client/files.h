/* client/files.h - small files of a home, read whole and written so that a power cut leaves the old or the new one.
 *
 * Names are relative to an open directory; "blobs/<name>" names a file of a folder in it.
 */
#ifndef QIP_CLIENT_FILES_H
#define QIP_CLIENT_FILES_H

#include <sys/types.h>

#include "core/json.h"

/* Append the content. STATUS_NOT_FOUND; STATUS_TOO_BIG over max_bytes. */
enum status files_read(struct buf *out, int dir, const char *name, size_t max_bytes, struct error *e) MUST_CHECK;
/* Temporary file, fsync, rename, fsync of the folder. */
enum status files_write(int dir, const char *name, const void *bytes, size_t len, mode_t mode, struct error *e) MUST_CHECK;
/* The same with a JSON object. Reading: STATUS_CORRUPT; STATUS_UNSUPPORTED of a form that a newer program wrote. */
enum status files_read_json(cJSON **out, int dir, const char *name, struct error *e) MUST_CHECK;
enum status files_write_json(int dir, const char *name, const cJSON *value, mode_t mode, struct error *e) MUST_CHECK;
/* The same, on the disk when the system gets to it: after a power cut the file may be the old one, the new one, or damaged. For what can be learnt
 * again, and is written so often that it would wear a card. */
enum status files_write_json_soon(int dir, const char *name, const cJSON *value, mode_t mode, struct error *e) MUST_CHECK;

/* Make a folder (0700), durably; one that is there is no error. */
enum status files_make_dir(int dir, const char *name, struct error *e) MUST_CHECK;
/* Remove a file, durably; one that is not there is no error. */
enum status files_remove(int dir, const char *name, struct error *e) MUST_CHECK;
/* Make what happened to the names in a folder durable. */
enum status files_sync_folder(int dir, const char *folder, struct error *e) MUST_CHECK;
/* Remove a folder with all that is in it, as far as that goes. */
void files_remove_tree(int dir, const char *name);
/* Remove what interrupted writes left behind in a folder ("." for dir itself). */
void files_sweep(int dir, const char *folder);

#endif
