/* server/sums.h - the small files of a backup: copied with their hashes, and compared with them later.
 *
 *     <folder>/SHA256SUMS   as `sha256sum --check` reads it; covers what sums_copy copied and sums_add wrote
 */
#ifndef QIP_SERVER_SUMS_H
#define QIP_SERVER_SUMS_H

#include "server/file.h"

#define SUMS_FILE "SHA256SUMS"

/* Copy each configuration, key and certificate (*.json, *.key, *.crt), and what revoked devices sent and who takes it over (*.kept, *.taken), of
 * the folder from/<sub> ("" for itself) to to/<sub>, durably, and append its line to *lines. No folders below; a from/<sub> that is not there is
 * empty. One that cannot be read fails; among what revoked devices sent it is logged and left out: none of them stands in the way of all else. */
enum status sums_copy(struct buf *lines, const char *from, const char *to, const char *sub, struct error *e) MUST_CHECK;
/* Write one more file, <folder>/<name>, and append its line. */
enum status sums_add(struct buf *lines, const char *folder, const char *name, const struct buf *content, struct error *e) MUST_CHECK;
/* Write the lines down. */
enum status sums_write(const struct buf *lines, const char *folder, struct error *e) MUST_CHECK;
/* Visit each file with its content, once its hash was compared. STATUS_CORRUPT, naming the file, when it is missing or another one. */
typedef enum status (*sums_visit)(void *ctx, const char *name, const struct buf *content, struct error *e);
enum status sums_each(const char *folder, sums_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
