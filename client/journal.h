/* client/journal.h - stage 2 of 9: an answer becomes durable.
 *
 * Enters: one captured answer (JSON and, sealed, its comment). Leaves: a numbered record on disk, after one fdatasync.
 *
 * Append-only segments in one directory, preallocated and overwritten, so that an append changes no file size. A record carries length, CRC32C, number, boot id,
 * monotonic and wall time. On opening, a torn tail is cut: only what was never acknowledged can be torn. A damaged record costs itself alone: its
 * number is not given again, whether or not it is the last, and is missing among those that are visited.
 * One writer (a lock on the directory) and any number of readers, in this or other processes. A struct journal may be used by several threads.
 */
#ifndef QIP_CLIENT_JOURNAL_H
#define QIP_CLIENT_JOURNAL_H

#include <stdbool.h>

#include "core/env.h"
#include "core/buf.h"

#define JOURNAL_MAX_RECORD (64 * 1024)        /* bytes of JSON and attachment together */
#define JOURNAL_SEGMENT_BYTES (1024 * 1024)
#define JOURNAL_MAX_BYTES (64 * 1024 * 1024)  /* of all segments: beyond, appending says STATUS_NO_SPACE */

struct journal;

struct journal_record {
	uint64_t seq;              /* from 1, without gaps */
	int64_t wall_ms;           /* wall clock as it stood */
	int64_t monotonic_ms;      /* since boot */
	enum clock_quality quality;
	char boot_id[ENV_BOOT_ID_MAX];
	const char *json;          /* borrowed */
	size_t json_len;
	const void *attachment;    /* borrowed; sealed bytes or NULL */
	size_t attachment_len;
};

enum journal_mode { JOURNAL_READ, JOURNAL_WRITE };

/* The directory is made if absent (writer). first_seq: number of the first record if the journal is empty, at least 1; a later sequence than
 * the journal's own end moves it on (the journal was lost while the history was not).
 * STATUS_BUSY another writer; STATUS_CORRUPT, files in it that nobody can judge; STATUS_IO, STATUS_NO_SPACE (also read-only file systems, told in words). */
enum status journal_open(struct journal **out, const char *dir, enum journal_mode mode, uint64_t first_seq, const struct env *env,
			 struct error *e) MUST_CHECK;
void journal_close(struct journal *j);

/* Append and make durable: times and number are filled in; *seq is the record's. After a failure nothing was acknowledged and the
 * journal is as before, or refuses further appends until it is opened again (STATUS_IO) when that cannot be known. STATUS_STALE: the folder is not
 * where it was (deleted, or another disk is mounted there); opened again, it goes on there. STATUS_NO_SPACE: the journal or the disk is full. */
enum status journal_append(uint64_t *seq, struct journal *j, const void *json, size_t json_len, const void *attachment,
			   size_t attachment_len, struct error *e) MUST_CHECK;

/* Visit records from `from` on, oldest first; visit returns non-OK to stop. Sees what was durable when called. */
typedef enum status (*journal_visit)(void *ctx, const struct journal_record *record, struct error *e);
enum status journal_each(struct journal *j, uint64_t from, journal_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* Whether there are files of which the disk gives nothing at all: journal_each fails at one (STATUS_IO, STATUS_CORRUPT), for it may come back. */
bool journal_has_unreadable(struct journal *j);
/* Do not wait for those any more: their records are missing from now on among those that are visited. */
void journal_pass_unreadable(struct journal *j);

/* Number of the last record, 0 when there is none yet. */
uint64_t journal_last(struct journal *j);
/* Bytes on disk of all segments. */
uint64_t journal_size(struct journal *j);
/* How full it is, of what its own limit and the disk leave room for: 100 when there may be no room for an answer, else 0 to 99. */
unsigned journal_percent(struct journal *j);
/* How many places in it are damaged, as far as they can be told apart. Release lets go of them with their segments. */
unsigned journal_damaged(struct journal *j);
/* Whether a record, and so all before it, was given long enough ago. */
typedef bool (*journal_old)(void *ctx, uint64_t seq);
/* Delete segments, oldest first and never the newest, in which every record is numbered at most `seq`: while all of them take more than `bytes`, any;
 * then those whose last record is old. Readers may, too: a sync works beside the writer. */
enum status journal_release(struct journal *j, uint64_t seq, uint64_t bytes, journal_old is_old, void *ctx, struct error *e) MUST_CHECK;

#endif
