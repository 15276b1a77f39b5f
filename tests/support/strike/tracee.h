/* tests/support/strike/tracee.h - the threads of a traced program, and what ptrace lets one do to a stopped one. */
#ifndef QIP_TESTS_SUPPORT_STRIKE_TRACEE_H
#define QIP_TESTS_SUPPORT_STRIKE_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether tracee_skip and tracee_return know this processor. */
extern const bool tracee_can_fail_calls;

/* Start a program so that it and all that it starts are traced from its first instruction on, and end with us. -1: no.
 */
pid_t tracee_start(char *const argv[]);

enum tracee_at { TRACEE_ELSEWHERE, TRACEE_ENTRY, TRACEE_EXIT };
struct tracee_stop {
	enum tracee_at at;
	uint64_t nr, args[6]; /* at an entry */
	long long result;     /* at an exit; -errno */
};
/* Where thread `tid` stopped. */
struct tracee_stop tracee_where(pid_t tid);

/* At an entry: the call shall not happen. At its exit: it shall have failed with `error` (an errno). */
bool tracee_skip(pid_t tid);
bool tracee_return(pid_t tid, int error);

#endif
