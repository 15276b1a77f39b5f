/* tests/support/strike/calls.h - which system call a thread makes, what kind of call that is, and which file it
 * concerns. */
#ifndef QIP_TESTS_SUPPORT_STRIKE_CALLS_H
#define QIP_TESTS_SUPPORT_STRIKE_CALLS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Kinds, for --only. */
enum call_kind {
	CALL_OTHER = 0, /* everything not named below */
	CALL_WRITE = 1 << 0,
	CALL_SYNC = 1 << 1,
	CALL_RENAME = 1 << 2, /* links as well */
	CALL_CREATE = 1 << 3, /* open for writing or making */
	CALL_OPEN = 1 << 4,   /* any other open */
	CALL_DIR = 1 << 5,    /* directories and names made and removed */
	CALL_MAP = 1 << 6,    /* a file mapped so that memory writes to it */
	CALL_READ = 1 << 7,   /* bytes and directories read, files mapped for reading */
	CALL_STAT = 1 << 8,
	CALL_SEND = 1 << 9,   /* bytes given to a socket */
};

struct call {
	const char *name; /* static; "call <number>" is left to the caller when NULL */
	uint64_t nr;
	uint64_t args[6];
	enum call_kind kind;
	char file[PATH_MAX];   /* "" when it concerns none that can be named */
	char target[PATH_MAX]; /* the new name of a rename or link; else "" */

	/* kept from entry to exit by loss.c */
	bool was_there, was_dir, in_place;
	char stash[PATH_MAX];
};

/* What thread `tid`, stopped at the entry of call `nr`, is about to do. */
void call_read(struct call *out, pid_t tid, uint64_t nr, const uint64_t args[6]);

/* "write,sync" and so on, or "changes" (all that may change a disk) or "all", where *everything is set. False: unknown
 * word. */
bool call_kinds_parse(unsigned *kinds, bool *everything, const char *words);

#endif
