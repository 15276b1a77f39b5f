/* server/file.h - the server folder's small files: read whole, replaced whole and durably. */
#ifndef QIP_SERVER_FILE_H
#define QIP_SERVER_FILE_H

#include <sys/types.h>

#include "core/json.h"

#define FILE_PATH_MAX 1024

/* "<dir>/<name>" into out. STATUS_TOO_BIG. */
enum status file_path(char out[FILE_PATH_MAX], const char *dir, const char *name, struct error *e) MUST_CHECK;
/* Append the content. STATUS_NOT_FOUND; STATUS_TOO_BIG over LIMIT_FILE_BYTES; STATUS_IO. */
enum status file_read(struct buf *out, const char *path, struct error *e) MUST_CHECK;
enum status file_read_max(struct buf *out, const char *path, size_t max_bytes, struct error *e) MUST_CHECK;
/* Read and parse strict JSON; the caller's. STATUS_UNSUPPORTED of a form that a newer program wrote. */
enum status file_read_json(cJSON **out, const char *path, struct error *e) MUST_CHECK;
/* Put the content in place: temporary file, fsync, rename, fsync of the directory. */
enum status file_write(const char *path, const void *bytes, size_t len, mode_t mode, struct error *e) MUST_CHECK;
/* The same in canonical JSON, mode 0644. */
enum status file_write_json(const char *path, const cJSON *value, struct error *e) MUST_CHECK;
/* Remove and make that durable; a file that is not there is no error. */
enum status file_remove(const char *path, struct error *e) MUST_CHECK;
bool file_exists(const char *path);
/* All of the bytes at the file's end; false with errno. Nothing is durable yet. */
bool file_append(int fd, const void *bytes, size_t len) MUST_CHECK;
/* Open a file to flock, made if it is not there; on a file system that is read-only one that is there will do. -1 with errno. */
int file_open_lock(const char *path) MUST_CHECK;
/* Make what happened to the names in a directory durable. */
enum status file_sync_dir(const char *dir, struct error *e) MUST_CHECK;
/* Make a directory, durably; one that is there is no error. */
enum status file_mkdir(const char *path, mode_t mode, struct error *e) MUST_CHECK;
/* Remove a folder with all that is in it; one that is not there is no error. */
enum status file_remove_tree(const char *path, struct error *e) MUST_CHECK;
/* Make what happened to the names in the path's directory durable. */
enum status file_sync_parent(const char *path, struct error *e) MUST_CHECK;
/* Visit the names in a folder, without "." and "..", sorted. STATUS_NOT_FOUND. */
typedef enum status (*file_visit)(void *ctx, const char *name, struct error *e);
enum status file_each(const char *dir, file_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
