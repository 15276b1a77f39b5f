/* server/store_blobs_fs.h - what the files of the store on local disk share of a practice's blobs. Only store_*fs.c
 * include it.
 *
 *     <dir>/<xx>/<sha256>          a blob; xx are its first two digits
 *     <dir>/<xx>/<sha256>.erased   empty: it was erased for good
 *     <dir>/new/                   what is on its way
 *     <dir>/erasures               the note of store_blob_set_erasures
 */
#ifndef QIP_SERVER_STORE_BLOBS_FS_H
#define QIP_SERVER_STORE_BLOBS_FS_H

#include <pthread.h>

#include "server/file.h"
#include "server/store.h"

#define BLOBS_ERASED ".erased"
#define BLOBS_PREFIXES 256

struct store_blobs {
	char dir[FILE_PATH_MAX];
	pthread_mutex_t mutex;					  /* guards the rest */
	bool root_known, new_known, prefix_known[BLOBS_PREFIXES]; /* folders that are there for certain, durably */
	size_t puts;						  /* on their way */
	uint64_t pending_bytes;					  /* of those */
};

/* Of a practice's folder. Touches no disk: blobs/ is made with the first blob. */
enum status store_blobs_open(struct store_blobs **out, const char *practice_dir, struct error *e) MUST_CHECK;
void store_blobs_close(struct store_blobs *b);
/* Remove what was on its way when a server was killed. */
enum status store_blobs_sweep(struct store_blobs *b, struct error *e) MUST_CHECK;

/* A history's, borrowed. */
struct store_blobs *store_fs_blobs(struct store_history *h);

enum status blobs_path(char out[FILE_PATH_MAX], const struct store_blobs *b, const struct blob_id *id,
		       const char *suffix, struct error *e) MUST_CHECK;
enum status blobs_prefix_path(char out[FILE_PATH_MAX], const struct store_blobs *b, unsigned prefix,
			      struct error *e) MUST_CHECK;
/* The folder of what is on its way; durable. */
enum status blobs_make_new(char out[FILE_PATH_MAX], struct store_blobs *b, struct error *e) MUST_CHECK;
/* The folders that blobs and marks of erasures with these first bytes belong into; durable. */
enum status blobs_make_prefixes(struct store_blobs *b, const bool wanted[BLOBS_PREFIXES], struct error *e) MUST_CHECK;
/* The folder's flock; close *fd to let go. blobs_make_prefixes comes first. */
enum status blobs_guard(int *fd, const struct store_blobs *b, struct error *e) MUST_CHECK;
enum status blobs_erased(bool *out, const struct store_blobs *b, const struct blob_id *id, struct error *e) MUST_CHECK;
/* Where a blob stands if it is there, and whether it was erased: then nobody is to look. */
enum status blobs_find(char path[FILE_PATH_MAX], bool *erased, const struct store_blobs *b, const struct blob_id *id,
		       struct error *e) MUST_CHECK;

#endif
