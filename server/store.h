/* server/store.h - where practices' histories are kept: refs that move one at a time by compare-and-swap, and objects
 * that arrive as packs and become visible together; and their blobs, which can be erased. Nothing above knows how;
 * store_fs.c and store_blobs_fs.c keep bare repositories and plain files on local disk.
 *
 *     store_open(); store_history_open();
 *     reading:  store_refs(); store_reader_open() ... struct repo ... store_reader_close()
 *     writing:  store_txn_begin(); store_txn_feed()...; store_txn_received(); then under store_lock(): read and stage in
 * store_txn_repo(), take other transactions in by store_txn_join(), store_txn_commit() - the one durable point -;
 * store_txn_end(); store_unlock()
 *     blobs:    store_blob_put_begin(); store_blob_put_feed()...; store_blob_put_finish(); store_blob_put_end();
 * store_blob_get_many(); store_blob_erase()
 *
 * A store and a history may be used by several threads at once; a reader, a transaction and a lock belong to one at a
 * time.
 */
#ifndef QIP_SERVER_STORE_H
#define QIP_SERVER_STORE_H

#include "core/digest.h"
#include "core/repo.h"
#include "server/limits.h"

struct store;
struct store_history;
struct store_txn;
struct store_lock;

/* Opens nothing yet; `dir` must be a directory. */
enum status store_open(struct store **out, const char *dir, struct error *e) MUST_CHECK;
void store_close(struct store *s);
/* What pushes may bring from now on; borrowed. limits_default until then. */
void store_limit(struct store *s, const struct limits *limits);
/* Of large pushes, as they came, that have no outcome yet. */
size_t store_disk_bytes(const struct store *s);

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

/* How many packs there are. */
size_t store_packs(const struct store_history *h);
/* Join small packs if there are many; *joined: how many, or 0. Needs no lock: readers and transactions go on meanwhile.
 * One at a time; ends with STATUS_BUSY soon after *stop became true. */
enum status store_consolidate(size_t *joined, struct store_history *h, const atomic_bool *stop,
			      struct error *e) MUST_CHECK;

/* Let go of what is kept for the next transaction, of all histories of h's store. */
void store_rest(struct store_history *h);

/* Compare all that is stored with its hashes and tell of each damage; *leftovers: what killed servers left half-done. Needs no lock.
 * STATUS_OK: it ran, whatever was found. */
enum status store_check(uint64_t *objects, size_t *leftovers, struct store_history *h, repo_damage damage, void *ctx,
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
/* Move a derived ref, durably and without comparing, whatever it holds; needs the practice's lock. */
enum status store_ref_move(struct store_history *h, const char *name, const struct oid *id, struct error *e) MUST_CHECK;
/* Derived refs that were moved with commits may still be in memory: who else reads the store sees them from here on. To be called when no
 * commit follows at once. */
enum status store_derived_write(struct store_history *h, struct error *e) MUST_CHECK;
/* What derived refs were moved with commits until now is durable from here on; needs the practice's lock. */
enum status store_derived_sync(struct store_history *h, struct error *e) MUST_CHECK;
/* What became of a commit? `id`, what `ref` was to be moved to, names it: does `ref` hold it, durably? STATUS_NOT_FOUND: it holds another or none; STATUS_UNKNOWN: still not to be said.
 * Needs the practice's lock. */
enum status store_settle(struct store_history *h, const char *ref, const struct oid *id, struct error *e) MUST_CHECK;

/* ---- reading objects ---- */
enum status store_reader_open(struct repo **out, struct store_history *h, struct error *e) MUST_CHECK;
void store_reader_close(struct repo *reader);

/* ---- writing ---- */
/* May begin, and take its pack in, before the lock is held; commit needs the lock. */
enum status store_txn_begin(struct store_txn **out, struct store_history *h, struct error *e) MUST_CHECK;
/* The pack as it arrives, and its end: from then on this transaction sees its objects, nobody else does.
 * STATUS_MALFORMED, STATUS_TOO_BIG; STATUS_BUSY when large ones fill the room that they have on the disk. */
enum status store_txn_feed(struct store_txn *t, const void *bytes, size_t len, struct error *e) MUST_CHECK;
enum status store_txn_received(struct store_txn *t, struct error *e) MUST_CHECK;
/* Before it, by whoever has others wait: a small pack is unpacked, and costs as little as it is. A large one is left as it came:
 * store_txn_received() may take its time. */
enum status store_txn_unpack(struct store_txn *t, struct error *e) MUST_CHECK;
/* It waits on disk, or turned out to be no small one when it was unpacked. */
bool store_txn_is_large(const struct store_txn *t);
/* Before anything is fed: it is the server's own, out of a backup, and may be larger than any push. */
enum status store_txn_trust(struct store_txn *t, struct error *e) MUST_CHECK;
/* STATUS_INVALID when more was received than `head` needs. */
enum status store_txn_only(struct store_txn *t, const struct oid *head, struct error *e) MUST_CHECK;
/* See what others committed since the transaction began. */
enum status store_txn_refresh(struct store_txn *t, struct error *e) MUST_CHECK;
/* An object is missing: STATUS_IO when that is the store's fault; else asking once more tells whether it is. */
enum status store_txn_look_again(struct store_txn *t, struct error *e) MUST_CHECK;
/* The objects that the transaction sees; what is staged here is its own. */
struct repo *store_txn_repo(struct store_txn *t);
/* Take over what another transaction received, which is left empty; all or nothing. Only if store_txn_joins(from). */
enum status store_txn_join(struct store_txn *to, struct store_txn *from, struct error *e) MUST_CHECK;
/* False for one that is too large to share a commit with others. */
bool store_txn_joins(const struct store_txn *t);
/* Bytes of what was received and staged, and waits in memory. */
size_t store_txn_bytes(const struct store_txn *t);
/* How far staging and joining are, and going back to there. */
size_t store_txn_mark(struct store_txn *t);
void store_txn_rollback(struct store_txn *t, size_t mark);

struct store_move {
	const char *ref;
	struct oid id;
	const struct oid *old_id;	  /* NULL: it is not there */
	const struct store_ref *derived; /* refs that follow from it */
	size_t derived_len;
};
/* Make all objects durable, then move one ref from `old_id`: the commit point. STATUS_STALE when it is not `old_id` any
 * more. STATUS_UNKNOWN: the store cannot say whether it was moved: ask store_settle before anything else. The derived
 * refs move with it or right after it: they may lag behind, now (*derived_moved is false) or after a power cut, and are
 * found anew from `ref`. */
enum status store_txn_commit(struct store_txn *t, const struct store_move *move, bool *derived_moved,
			     struct error *e) MUST_CHECK;
/* Make staged objects durable for store_ref_move. */
enum status store_txn_flush(struct store_txn *t, struct error *e) MUST_CHECK;
/* Ends it in every case; without a commit it leaves nothing behind. NULL is allowed. */
void store_txn_end(struct store_txn *t);

/* ---- blobs: sealed bytes outside the history, named by their SHA-256; they need no lock ---- */
struct blob_id {
	uint8_t sha256[SHA256_LEN];
};

struct store_blob_put;

/* A blob as it arrives. STATUS_GONE: it was erased; STATUS_BUSY while as many as may be are on their way already. */
enum status store_blob_put_begin(struct store_blob_put **out, struct store_history *h, const struct blob_id *id,
				 struct error *e) MUST_CHECK;
/* STATUS_TOO_BIG over LIMIT_BLOB_BYTES; STATUS_BUSY; STATUS_NO_SPACE. */
enum status store_blob_put_feed(struct store_blob_put *p, const void *bytes, size_t len, struct error *e) MUST_CHECK;
/* The blob's end: it is durable on STATUS_OK, also when it was there before (*was_there; may be NULL). STATUS_INVALID:
 * the bytes are others than its name says; STATUS_GONE: it was erased meanwhile. */
enum status store_blob_put_finish(struct store_blob_put *p, bool *was_there, struct error *e) MUST_CHECK;
/* Ends it in every case; unless it was finished it leaves nothing behind. NULL is allowed. */
void store_blob_put_end(struct store_blob_put *p);

enum store_blob_state {
	STORE_BLOB_HERE,   /* its bytes follow, `size` of them in pieces */
	STORE_BLOB_ABSENT, /* not there: never was, or erased */
	STORE_BLOB_OVER,   /* there, but its size goes beyond what is left of max_bytes */
};
struct store_blob_sink {
	enum status (*blob)(void *ctx, const struct blob_id *id, enum store_blob_state state, uint64_t size,
			    struct error *e);
	enum status (*bytes)(void *ctx, const void *bytes, size_t len, struct error *e);
	void *ctx;
};
/* Several blobs in the order of ids, of max_bytes together. STATUS_CORRUPT when one is shorter than it was. Whether the
 * bytes are those that its name says is for the reader to check. */
enum status store_blob_get_many(struct store_history *h, const struct blob_id *ids, size_t len, uint64_t max_bytes,
				const struct store_blob_sink *sink, struct error *e) MUST_CHECK;

/* Delete blobs for good, durably: none of them is taken again, not even one that never was there. */
enum status store_blob_erase(struct store_history *h, const struct blob_id *ids, size_t len,
			     struct error *e) MUST_CHECK;
/* Which erasures/ of the log (a tree) store_blob_erase has been carried out for; zero for none. Kept with the blobs, so
 * that blobs which come back from a backup are erased again. */
enum status store_blob_erasures(struct oid *out, struct store_history *h, struct error *e) MUST_CHECK;
enum status store_blob_set_erasures(struct store_history *h, const struct oid *tree, struct error *e) MUST_CHECK;
/* Delete what was erased and has come back beside the mark that says so: somebody copied an old folder over this one. Nobody was given it. Looks at every
 * name of a blob. */
enum status store_blob_erase_again(struct store_history *h, struct error *e) MUST_CHECK;

/* Every blob, sorted by id; those that come or go meanwhile may be left out. A visit that is not STATUS_OK ends it. */
typedef enum status (*store_blob_visit)(void *ctx, const struct blob_id *id, uint64_t size, struct error *e);
enum status store_blob_each(struct store_history *h, store_blob_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
