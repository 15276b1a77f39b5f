/* tests/support/strike/loss.h - what a power cut would take: bytes and names that the program wrote but did not fsync.
 * The journal of a file system may keep more; a program that relies on it is wrong. */
#ifndef QIP_TESTS_SUPPORT_STRIKE_LOSS_H
#define QIP_TESTS_SUPPORT_STRIKE_LOSS_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/support/strike/calls.h"

/* What is lost. Names are files made, moved and removed, in a directory that was not fsynced since. */
enum loss { LOSS_NONE, LOSS_BYTES, LOSS_BYTES_AND_NAMES };

struct losses;

/* Look after files below `dir`; what has to be kept for undoing lies in "<dir>.stash". NULL: out of memory or no such
 * folder can be made. */
struct losses *losses_open(const char *dir);
/* A thread begins a call that concerns such a file (`call` is kept by the caller until the exit), and ends it with
 * `result` (negative: -errno). */
void losses_entry(struct losses *l, pid_t tid, struct call *call);
void losses_exit(struct losses *l, pid_t tid, const struct call *call, long long result);
/* The program is dead: take from it what it might have lost. Returns how many files and names. */
unsigned losses_take(struct losses *l, enum loss loss);
void losses_close(struct losses *l);

#endif
