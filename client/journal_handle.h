/* client/journal_handle.h - what an open journal is, shared by its writing and its reading half. */
#ifndef QIP_CLIENT_JOURNAL_HANDLE_H
#define QIP_CLIENT_JOURNAL_HANDLE_H

#include <pthread.h>
#include <time.h>

#include "client/journal_list.h"

struct journal {
	pthread_mutex_t lock; /* guards everything that changes after opening */
	const struct env *env;
	enum journal_mode mode;
	char *path;    /* owned */
	int dir;       /* -1: a reader came before the first writer */
	int lock_file; /* writer: holds the lock on the directory */
	char boot_id[ENV_BOOT_ID_MAX];

	int newest;        /* writer: the segment that is appended to */
	char *newest_path; /* owned */
	ino_t file;        /* which it is */
	dev_t disk;        /* and which folder: the path has to lead there still when an answer is acknowledged */
	ino_t folder;
	size_t end;        /* its durable bytes */
	size_t capacity;   /* its size */
	uint64_t last_seq; /* 0: no record yet */
	uint64_t next_seq;
	uint64_t masks;    /* the last mask; they follow from a secret */
	bool in_doubt;     /* a write whose fate is unknown: no appends until opened again */

	bool past_unreadable; /* reader: what the disk does not give is given up */
	struct segment_list list; /* as last looked at */
	struct timespec listed;   /* writer: when the directory had changed last by then */

	pthread_t preparer; /* makes the spare segment ready while nobody waits */
	bool preparing;
};

/* Open the directory if it is not yet; a reader finds an empty journal where there is none: *there says which. */
enum status journal_reach(bool *there, struct journal *j, struct error *e) MUST_CHECK;
/* The segments there are; empty where there is no directory. *out is the caller's, to be freed. */
enum status journal_list(struct segment_list **out, struct journal *j, struct error *e) MUST_CHECK;

#endif
