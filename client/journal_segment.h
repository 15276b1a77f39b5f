/* client/journal_segment.h - the files of a journal: "<first number, 20 digits>.qj", and one spare that is ready to become the next.
 *
 * Every function takes the journal's directory as an open descriptor. A segment has its full size, all zeros, and is fsynced together with
 * its directory before it gets its name: an append changes neither size nor blocks.
 */
#ifndef QIP_CLIENT_JOURNAL_SEGMENT_H
#define QIP_CLIENT_JOURNAL_SEGMENT_H

#include "client/journal_record.h"

#define SEGMENT_NAME_MAX 24
#define SEGMENT_LIST_MAX 256

struct segment_list {
	uint64_t first[SEGMENT_LIST_MAX]; /* rising */
	size_t len;
};

void segment_name(char out[SEGMENT_NAME_MAX], uint64_t first);
/* The segments there are, oldest first. */
enum status segment_each(struct segment_list *out, int dir, struct error *e) MUST_CHECK;
/* The bytes of a segment, at most JOURNAL_SEGMENT_BYTES; replaces what *out held. */
enum status segment_load(struct buf *out, int fd, struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND when it is not there. */
enum status segment_open(int *fd, int dir, uint64_t first, int flags, struct error *e) MUST_CHECK;
/* Make the spare if there is none. */
enum status segment_prepare(int dir, struct error *e) MUST_CHECK;
/* Turn the spare (made now if need be) into the segment that starts at `first`, open for writing. */
enum status segment_begin(int *fd, int dir, uint64_t first, struct error *e) MUST_CHECK;
/* All bytes or an error; *done says how many were written either way. */
enum status segment_write(size_t *done, int fd, const void *bytes, size_t len, size_t at, struct error *e) MUST_CHECK;
/* Overwrite with zeros, durably. */
enum status segment_erase(int fd, size_t at, size_t len, struct error *e) MUST_CHECK;

#endif
