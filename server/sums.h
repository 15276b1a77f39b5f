/* server/sums.h - the small files of a backup: copied with their hashes, and compared with them later.
 *
 *     <folder>/SHA256SUMS   as `sha256sum --check` reads it; covers what sums_copy copied and sums_add wrote
 */
#ifndef QIP_SERVER_SUMS_H
#define QIP_SERVER_SUMS_H

#include "server/backup_to.h"
#include "server/file.h"

#define SUMS_FILE "SHA256SUMS"

/* The small files of one folder of a backup. */
struct sums {
	const struct backup_to *to;
	const char *folder; /* "" for the backup's own */
	const char *const *besides; /* names that sums_copy leaves out, and NULL behind them; NULL: none */
	struct buf lines;   /* of SHA256SUMS; end with buf_clear */
};

/* Copy each configuration, key and certificate (*.json, *.key, *.crt), and what revoked devices sent and who takes it over (*.kept, *.taken), of
 * the folder from/<sub> ("" for itself) to <sub>. No folders below; a from/<sub> that is not there is
 * empty. One that cannot be read fails; among what revoked devices sent it is logged and left out: none of them stands in the way of all else. */
enum status sums_copy(struct sums *s, const char *from, const char *sub, struct error *e) MUST_CHECK;
/* Write one more file. */
enum status sums_add(struct sums *s, const char *name, const struct buf *content, struct error *e) MUST_CHECK;
/* Write the lines down. */
enum status sums_write(const struct sums *s, struct error *e) MUST_CHECK;
/* Visit each file with its content, once its hash was compared. STATUS_CORRUPT, naming the file, when it is missing or another one. */
typedef enum status (*sums_visit)(void *ctx, const char *name, const struct buf *content, struct error *e);
enum status sums_each(const char *folder, sums_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
