/* server/run_index.h - what one run of an encrypted backup holds together with those before it, so that the next one need not hold it again. Text:
 *
 *     qip-backup-index/1
 *     name 2026-11-23T215500.123Z
 *     after 2026-11-22T215500.456Z     or "-": it holds everything
 *     at 2026-11-23T21:55:00.123Z
 *     practice C82999
 *     ref <commit>                     all that the practice's refs reach is held
 *     blob <sha256>                    sorted
 *
 * It names no person and shows no text; it stands beside the run, and in it as its last file but one.
 */
#ifndef QIP_SERVER_RUN_INDEX_H
#define QIP_SERVER_RUN_INDEX_H

#include "core/digest.h"
#include "core/json.h"
#include "core/repo.h"

#define RUN_NAME_MAX 32
#define RUN_INDEX_BYTES (64 * 1024 * 1024) /* at most: 900,000 blobs */
#define RUN_PRACTICES 10000

struct run_blob {
	char hex[SHA256_HEX_LEN + 1];
};

struct run_practice {
	char ods[8];
	struct oid *refs; /* owned, as is the next */
	struct run_blob *blobs;
	size_t refs_len, refs_cap, blobs_len, blobs_cap;
};

struct run_index {
	char name[RUN_NAME_MAX], after[RUN_NAME_MAX]; /* after "": none */
	int64_t at_ms;
	struct run_practice *practices; /* owned */
	size_t len, cap;
};
#define RUN_INDEX_INIT {.practices = NULL}

/* The name of a run that begins now. */
void run_name(char out[RUN_NAME_MAX], int64_t now_ms);
bool run_name_valid(const char *name);

/* Begin a practice; what follows is of it. */
enum status run_index_practice(struct run_index *ix, const char *ods, struct error *e) MUST_CHECK;
enum status run_index_ref(struct run_index *ix, const struct oid *id, struct error *e) MUST_CHECK;
enum status run_index_blob(struct run_index *ix, const char *hex, struct error *e) MUST_CHECK;

const struct run_practice *run_index_find(const struct run_index *ix, const char *ods);
bool run_practice_has(const struct run_practice *p, const char *hex);

/* Append the text. */
enum status run_index_text(struct buf *out, const struct run_index *ix, struct error *e) MUST_CHECK;
/* STATUS_CORRUPT. End with run_index_clear. */
enum status run_index_parse(struct run_index *out, const struct buf *text, struct error *e) MUST_CHECK;
void run_index_clear(struct run_index *ix);

#endif
