/* server/kept.h - what revoked devices went on sending, set aside for a practice's managers: never part of the log, never a ref, and gone when
 * a manager drops it or after LIMIT_KEPT_DAYS.
 *
 *     DIR/<ODS>/quarantine/<number>.kept   a line of canonical JSON {"schema":"kept/1","device","head","received","commits"}, then the pack
 */
#ifndef QIP_SERVER_KEPT_H
#define QIP_SERVER_KEPT_H

#include "server/practice.h"

#define KEPT_DIR "quarantine"
#define KEPT_END ".kept"

struct kept {
	int64_t number;
	char device[NAME_MAX_LEN + 1];
	struct oid head;
	char received[TIME_TEXT_MAX];
	int64_t commits;
};

/* Visit each, by number. One that cannot be read is passed over. A visit may remove what it is shown. */
typedef enum status (*kept_visit)(void *ctx, const struct kept *k, struct error *e);
enum status kept_each(struct practice *p, kept_visit visit, void *ctx, struct error *e) MUST_CHECK;

/* Keep it durably under a new number, which is set in *k. `replaces`: so many of the device's will be removed next. STATUS_TOO_BIG: as much
 * of this device, or of the practice, is kept already. */
enum status kept_add(struct kept *k, struct practice *p, const void *pack, size_t len, int replaces, struct error *e) MUST_CHECK;
/* Append the whole file. STATUS_NOT_FOUND. */
enum status kept_read(struct buf *out, struct practice *p, int64_t number, struct error *e) MUST_CHECK;
enum status kept_remove(struct practice *p, int64_t number, struct error *e) MUST_CHECK;
/* Remove what is too old. */
enum status kept_expire(struct practice *p, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
