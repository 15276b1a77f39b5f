/* server/kept.h - what revoked devices went on sending, set aside for a practice's managers: never part of the log, never a ref, and gone when
 * a manager drops it or after LIMIT_KEPT_DAYS.
 *
 *     DIR/<ODS>/quarantine/<number>.kept   a line of canonical JSON {"schema":"kept/1","device","head","received","commits","sha256"}, then the pack
 *                                          that the hash is of
 *     DIR/<ODS>/quarantine/<number>.taken  {"schema":"kept-taken/1","by","last","since","through","at"}: the manager's device that takes it over,
 *                                          see kept_taken.c
 *     DIR/<ODS>/quarantine/next.json       {"schema":"kept-next/1","next"}: no number is given twice
 *     DIR/<ODS>/quarantine/age.json        {"schema":"kept-age/1","at","seconds":{number: age}}, while something is kept, see kept_age.c
 */
#ifndef QIP_SERVER_KEPT_H
#define QIP_SERVER_KEPT_H

#include "server/view.h"

#define KEPT_DIR "quarantine"
#define KEPT_END ".kept"
#define KEPT_TAKEN_END ".taken"
#define KEPT_NEXT "next.json"
#define KEPT_AGE "age.json"
#define KEPT_LINE_MAX_BYTES 512

struct kept {
	int64_t number;
	char device[NAME_MAX_LEN + 1];
	struct oid head;
	char received[TIME_TEXT_MAX];
	int64_t commits;
	char sha256[SHA256_HEX_LEN + 1]; /* of the pack */
};

struct kept_taken {
	char by[NAME_MAX_LEN + 1]; /* a manager's device */
	struct oid last;           /* its accepted head at that time: once it has another, it has synced something */
	struct oid through;        /* the commit that it makes again last: once the log holds that, it has synced all; zero: it did not say */
	int64_t since;             /* the log's last merge at that time */
	char at[TIME_TEXT_MAX];
};

/* Visit each. A visit may remove what it is shown. One that cannot be read is told to `damaged` (NULL: passed over) and keeps nobody from the rest. */
typedef enum status (*kept_visit)(void *ctx, const struct kept *k, struct error *e);
typedef enum status (*kept_damaged)(void *ctx, int64_t number, const char *why, struct error *e);
enum status kept_each(struct practice *p, kept_visit visit, kept_damaged damaged, void *ctx, struct error *e) MUST_CHECK;

/* Append the whole file, whose pack is what its line says. STATUS_NOT_FOUND, STATUS_CORRUPT. */
enum status kept_read(struct buf *out, struct practice *p, int64_t number, struct error *e) MUST_CHECK;
enum status kept_remove(struct practice *p, int64_t number, struct error *e) MUST_CHECK;
/* Remove what a killed server left half-done. */
enum status kept_recover(struct practice *p, struct error *e) MUST_CHECK;

/* ---- server/kept_age.c ---- */

/* A look: remove what is too old, and log what cannot be read, and a look that fails, which keeps nobody from anything. Thread-safe. */
void kept_expire(struct practice *p, int64_t now_ms);

/* ---- server/kept_add.c ---- */

/* STATUS_TOO_BIG: so much is kept of the practice, and nothing of the device that could make room, that no more of it can be kept. */
enum status kept_check_room(struct practice *p, const char *device, struct error *e) MUST_CHECK;
/* What of the device's will be removed next. */
struct kept_parts {
	int len;
	struct kept_taken taken; /* whoever takes it over, takes over what comes in its place; by is "" for nobody */
};
/* Keep it durably under a new number, which is set in *k. STATUS_TOO_BIG: as much of this device, or of the practice, is kept already. */
enum status kept_add(struct kept *k, struct practice *p, const void *pack, size_t len, const struct kept_parts *replaces, struct error *e) MUST_CHECK;
/* What is there is durable from here on: whoever wrote it may not have got to know. */
enum status kept_sync(struct practice *p, struct error *e) MUST_CHECK;
/* The number that is given next at the earliest; 1 before the first. STATUS_CORRUPT. */
enum status kept_next(int64_t *out, const struct practice *p, struct error *e) MUST_CHECK;

/* ---- server/kept_places.c ---- */

/* A place for one body: one of a device, few of a practice, so that none keeps others out, and not too many of all. STATUS_BUSY. Thread-safe. */
enum status kept_place_take(char **out, struct practice *p, const char *device, struct error *e) MUST_CHECK;
/* NULL is allowed. */
void kept_place_leave(char *place);

/* ---- server/kept_taken.c ---- */

/* STATUS_NOT_FOUND: nobody takes it over. */
enum status kept_taken_read(struct kept_taken *out, const struct practice *p, int64_t number, struct error *e) MUST_CHECK;
/* Durable. */
enum status kept_taken_write(const struct kept_taken *t, const struct practice *p, int64_t number, struct error *e) MUST_CHECK;

/* ---- server/kept_free.c ---- */

struct kept_asker {
	struct practice *practice;
	struct view *view;   /* the log as it stands now */
	const char *device;  /* a manager's */
	struct oid main;     /* how far it knows the log */
	int64_t push_commits; /* at most in a push */
};

/* May it take this over? STATUS_STALE, in words: another device does, or what may hold the same; or it does not know all that managers have sent. */
enum status kept_check_free(const struct kept_asker *a, const struct kept *k, struct error *e) MUST_CHECK;
/* May it be dropped? STATUS_STALE: what somebody made of it is on their device alone, and nothing else would tell that they did. */
enum status kept_check_idle(const struct kept_asker *a, const struct kept *k, struct error *e) MUST_CHECK;
/* The device's last accepted head, zero before its first. */
enum status kept_last_head(struct oid *out, struct practice *p, const char *device, struct error *e) MUST_CHECK;

#endif
