/* server/archive.h - many small files as one stream: tar (POSIX.1-2001 pax interchange), as stock tar reads it. */
#ifndef QIP_SERVER_ARCHIVE_H
#define QIP_SERVER_ARCHIVE_H

#include "core/buf.h"
#include "core/status.h"

#define ARCHIVE_FILE_BYTES (64 * 1024 * 1024) /* of one file, at most */

struct archive_out;

/* To a descriptor, which stays the caller's. */
enum status archive_out_open(struct archive_out **out, int fd, struct error *e) MUST_CHECK;
/* A file of mode 0600 without time or owner: the same files always give the same bytes. */
enum status archive_out_add(struct archive_out *a, const char *path, const void *bytes, size_t len, struct error *e) MUST_CHECK;
/* What marks the end is written: without it a stream was cut short. */
enum status archive_out_finish(struct archive_out *a, struct error *e) MUST_CHECK;
/* NULL is allowed. */
void archive_out_close(struct archive_out *a);

/* Visit each file, in the stream's order. Paths are relative, of letters, digits, '.', '-', '_' and '/', and lead nowhere up. STATUS_CORRUPT: it is no such
 * stream, holds anything but files, or was cut short. Non-OK of a visit stops. */
typedef enum status (*archive_visit)(void *ctx, const char *path, const struct buf *content, struct error *e);
enum status archive_in_each(int fd, archive_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
