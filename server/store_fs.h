/* server/store_fs.h - what the two files of the store on local disk share: store_fs.c (folders, locks, refs) and
 * store_fs_txn.c (objects). */
#ifndef QIP_SERVER_STORE_FS_H
#define QIP_SERVER_STORE_FS_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/file.h"
#include "server/store.h"

/* Derived refs moved since they were last made durable; more than these are made so at once. */
#define STORE_FS_LAZY_MAX 256

struct store {
	char dir[FILE_PATH_MAX];
	const struct limits *limits; /* borrowed */
	atomic_size_t memory_bytes; /* that transactions hold */
};

struct store_history {
	struct store *store;	  /* borrowed */
	char git[FILE_PATH_MAX];  /* the bare repository */
	char lock[FILE_PATH_MAX]; /* the lock file */
	pthread_mutex_t mutex;	  /* guards refs */
	struct repo *refs;	  /* handle for refs alone: they are read anew at every call */
	char (*lazy)[LIMIT_REF_BYTES]; /* owned; names, guarded by the practice's lock */
	size_t lazy_len;
	struct store_blobs *blobs; /* owned */
};

/* Move a ref whose value follows from main; durable once store_derived_sync was. */
enum status store_fs_put_lazily(struct store_history *h, const char *name, const struct oid *id,
				struct error *e) MUST_CHECK;

#endif
