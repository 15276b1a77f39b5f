/* client/journal_list.h - which segments a journal has, in the order of their records, and what each holds. */
#ifndef QIP_CLIENT_JOURNAL_LIST_H
#define QIP_CLIENT_JOURNAL_LIST_H

#include <sys/types.h>

#include "client/journal_segment.h"

struct segment {
	char name[SEGMENT_NAME_MAX];
	ino_t file;
	uint64_t first;   /* number of its first whole record; without one, what its name says */
	uint64_t last;    /* number of its last whole record, 0 when it has none */
	size_t end;       /* bytes up to there, and of what is damaged behind it */
	size_t size;      /* bytes of the file */
	unsigned damaged; /* places in it */
	bool unreadable;  /* the disk gives nothing of it */
};

struct segment_list {
	struct segment segments[SEGMENT_LIST_MAX]; /* by `first` */
	size_t len;
};

/* Bring the list up to date. Segments that were listed before and are not the newest are not read again: nothing is written to them any more. */
enum status segment_list_update(struct segment_list *list, int dir, struct error *e) MUST_CHECK;
/* Number of the last whole record, 0 when there is none. */
uint64_t segment_list_last(const struct segment_list *list);

#endif
