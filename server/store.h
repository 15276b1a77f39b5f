/* server/store.h - where practices' histories are kept: refs that move one at a time by compare-and-swap, and objects
 * that arrive as packs and become visible together. Nothing above knows how; store_fs.c keeps bare repositories on
 * local disk.
 *
 *     store_open(); store_history_open();
 *     reading:  store_refs(); store_reader_open() ... struct repo ... store_reader_close()
 *     writing:  store_lock(); store_txn_begin(); store_txn_feed()...; store_txn_received(); read and stage in
 * store_txn_repo(); store_txn_commit() - the one durable point -; store_ref_move() for what derives from it;
 * store_txn_end(); store_unlock()
 *
 * A store and a history may be used by several threads at once; a reader, a transaction and a lock belong to one at a
 * time.
 */
#ifndef QIP_SERVER_STORE_H
#define QIP_SERVER_STORE_H

#include "core/repo.h"
#include "server/limits.h"

struct store;
struct store_history;
struct store_txn;
struct store_lock;

/* Opens nothing yet; `dir` must be a directory. */
enum status store_open(struct store **out, const char *dir, struct error *e) MUST_CHECK;
void store_close(struct store *s);

/* Make a practice's empty history (its folder is there). STATUS_EXISTS. */
enum status store_create(struct store *s, const char *ods, struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND: no such practice. */
enum status store_history_open(struct store_history **out, struct store *s, const char *ods,
			       struct error *e) MUST_CHECK;
void store_history_close(struct store_history *h);

/* The practice's lock, against other threads and other programs alike. Waits at most wait_ms, then STATUS_BUSY. */
enum status store_lock(struct store_lock **out, struct store_history *h, int wait_ms, struct error *e) MUST_CHECK;
void store_unlock(struct store_lock *lock);

/* Remove what a killed server left half-done. Needs the lock, and that no other server serves this store. */
enum status store_recover(struct store_history *h, struct error *e) MUST_CHECK;

/* Join small packs if there are many; *joined: how many, or 0. Needs no lock: readers and transactions go on meanwhile.
 * One at a time; ends with STATUS_BUSY soon after *stop became true. */
enum status store_consolidate(size_t *joined, struct store_history *h, const atomic_bool *stop,
			      struct error *e) MUST_CHECK;

/* ---- refs ---- */
struct store_ref {
	char name[LIMIT_REF_BYTES];
	struct oid id;
};
struct store_refs {
	struct store_ref *refs; /* sorted by name */
	size_t len;
};
#define STORE_REFS_INIT                                                                                                \
	{                                                                                                              \
		0                                                                                                      \
	}

/* All refs as they stand. STATUS_TOO_BIG over LIMIT_REFS. */
enum status store_refs(struct store_refs *out, struct store_history *h, struct error *e) MUST_CHECK;
void store_refs_clear(struct store_refs *refs);
/* STATUS_NOT_FOUND when absent. */
enum status store_ref_get(struct oid *out, struct store_history *h, const char *name, struct error *e) MUST_CHECK;
/* Move a derived ref, durably and without comparing; needs the practice's lock. */
enum status store_ref_move(struct store_history *h, const char *name, const struct oid *id, struct error *e) MUST_CHECK;

/* ---- reading objects ---- */
enum status store_reader_open(struct repo **out, struct store_history *h, struct error *e) MUST_CHECK;
void store_reader_close(struct repo *reader);

/* ---- writing ---- */
/* May begin, and take its pack in, before the lock is held; commit needs the lock. */
enum status store_txn_begin(struct store_txn **out, struct store_history *h, struct error *e) MUST_CHECK;
/* The pack as it arrives, and its end: from then on this transaction sees its objects, nobody else does.
 * STATUS_MALFORMED, STATUS_TOO_BIG. */
enum status store_txn_feed(struct store_txn *t, const void *bytes, size_t len, struct error *e) MUST_CHECK;
enum status store_txn_received(struct store_txn *t, struct error *e) MUST_CHECK;
/* STATUS_INVALID when more was received than `head` needs. */
enum status store_txn_only(struct store_txn *t, const struct oid *head, struct error *e) MUST_CHECK;
/* See what others committed since the transaction began. */
enum status store_txn_refresh(struct store_txn *t, struct error *e) MUST_CHECK;
/* The objects that the transaction sees; what is staged here is its own. */
struct repo *store_txn_repo(struct store_txn *t);
/* Make all objects durable, then move one ref from `old_id` (NULL: not there). STATUS_STALE when it is not `old_id` any
 * more. */
enum status store_txn_commit(struct store_txn *t, const char *ref, const struct oid *new_id, const struct oid *old_id,
			     struct error *e) MUST_CHECK;
/* Make staged objects durable for store_ref_move. */
enum status store_txn_flush(struct store_txn *t, struct error *e) MUST_CHECK;
/* Ends it in every case; without a commit it leaves nothing behind. NULL is allowed. */
void store_txn_end(struct store_txn *t);

#endif
