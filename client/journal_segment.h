/* client/journal_segment.h - the files of a journal, and one spare that is ready to become the next.
 *
 * A file is named after the number of its first record, "<20 digits>.qj", when it is made. What counts is what the records say: a file whose
 * name was damaged is found all the same.
 * Every function takes the journal's directory as an open descriptor. A segment has its full size, all zeros, and is fsynced together with
 * its directory before it gets its name: an append changes neither size nor blocks.
 */
#ifndef QIP_CLIENT_JOURNAL_SEGMENT_H
#define QIP_CLIENT_JOURNAL_SEGMENT_H

#include "client/journal_record.h"

#define SEGMENT_NAME_MAX 32
#define SEGMENT_LIST_MAX 256

void segment_name(char out[SEGMENT_NAME_MAX], uint64_t first);
/* True if a file of that name was made by segment_begin, or might have been; *first is 0 where it says nothing. */
bool segment_name_parse(uint64_t *first, const char *name);

/* The bytes of a segment, at most JOURNAL_SEGMENT_BYTES; replaces what *out held. Places that the disk does not give are filled with what is neither a
 * record nor empty. What looks damaged is read twice, past the kernel's memory the second time. STATUS_IO when nothing can be read. */
enum status segment_load(struct buf *out, int fd, struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND when it is not there; STATUS_CORRUPT when the disk does not give this one file. */
enum status segment_open(int *fd, int dir, const char *name, int flags, struct error *e) MUST_CHECK;
bool segment_spare_ready(int dir);
/* Make the spare if there is none. */
enum status segment_prepare(int dir, struct error *e) MUST_CHECK;
/* Turn the spare (made now if need be) into the segment that starts at `first`, open for writing. */
enum status segment_begin(int *fd, char name[SEGMENT_NAME_MAX], int dir, uint64_t first, struct error *e) MUST_CHECK;
/* All bytes or an error; *done says how many were written either way. */
enum status segment_write(size_t *done, int fd, const void *bytes, size_t len, size_t at, struct error *e) MUST_CHECK;
/* Overwrite with zeros, durably. */
enum status segment_erase(int fd, size_t at, size_t len, struct error *e) MUST_CHECK;

#endif
