/* server/store_fs.h - what the files of the store on local disk share: store_fs.c (folders, locks, refs), store_fs_txn.c
 * (objects), store_fs_derived.c (refs that follow from main) and store_fs_handles.c. */
#ifndef QIP_SERVER_STORE_FS_H
#define QIP_SERVER_STORE_FS_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/file.h"
#include "server/store.h"

/* Derived refs moved since they were last made durable; more than these are made so at once. */
#define STORE_FS_LAZY_MAX 256

/* A handle on a repository, kept from one transaction to the next. core/repo.h: one thread at a time may use it. */
struct store_handle {
	struct store_history *history; /* borrowed */
	struct repo *repo;
	unsigned joins; /* how often packs had been joined when it was opened */
};

/* Those that nobody uses just now, the oldest first. */
#define STORE_FS_IDLE_MAX 8

struct store_idle {
	pthread_mutex_t mutex;
	struct store_handle list[STORE_FS_IDLE_MAX]; /* their repos are owned */
	size_t len;
};

/* A ref that derives from main, moved since all were durable. */
struct store_lazy {
	struct store_ref ref;
	bool waits; /* its file holds another value */
};

struct store {
	char dir[FILE_PATH_MAX];
	const struct limits *limits; /* borrowed */
	atomic_size_t memory_bytes; /* that transactions hold */
	atomic_size_t disk_bytes;   /* and of those that are large, as they came */
	struct store_idle idle;
};

struct store_history {
	struct store *store;	  /* borrowed */
	char git[FILE_PATH_MAX];  /* the bare repository */
	char lock[FILE_PATH_MAX]; /* the lock file */
	pthread_mutex_t mutex;	  /* guards refs */
	struct repo *refs;	  /* for refs alone (repo_open_refs): they are read anew at every call */
	struct store_lazy *lazy;  /* owned; guarded by the mutex, too */
	size_t lazy_len;
	struct store_blobs *blobs; /* owned */
	atomic_uint joins;	   /* how often packs were joined */
};

/* ---- store_fs_derived.c ---- */
/* Move a ref whose value follows from main; in its file once store_derived_write was, durable once store_derived_sync was. */
enum status store_fs_put_lazily(struct store_history *h, const struct store_ref *ref, struct error *e) MUST_CHECK;
/* What is not in the ref's file yet, or NULL; with the mutex held. */
const struct store_ref *store_fs_waiting(const struct store_history *h, const char *name);
/* The ref's file was written otherwise; with the mutex held. */
void store_fs_written(struct store_history *h, const char *name);

/* ---- store_fs_handles.c ---- */
/* One that sees all that is there now; the caller's, to give back or to repo_close. */
enum status store_fs_handle_take(struct store_handle *out, struct store_history *h, struct error *e) MUST_CHECK;
/* Back after all went well with it; nothing is in quarantine. What it has staged is dropped. */
void store_fs_handle_give(const struct store_handle *handle);
/* Let go of all that nobody uses: something went wrong, which they may have been part of; or the history is closed. */
void store_fs_handles_drop(struct store_history *h);
/* Packs were joined: those that are open now are used no more once they are given back. */
void store_fs_packs_joined(struct store_history *h);

#endif
