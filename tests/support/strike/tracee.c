/* tests/support/strike/tracee.c - ptrace. All that depends on the processor is in this file. */
#include "tests/support/strike/tracee.h"

#include <elf.h>
#include <signal.h>
#include <stdlib.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

static long options(void)
{
	return PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
	       PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
}

pid_t tracee_start(char *const argv[])
{
	int go[2];
	char byte = 0;
	sigset_t none;
	pid_t pid = -1;

	if (pipe(go))
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(126);
		(void)close(go[0]);
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)setenv("QIP_CORE_DUMPS", "1", 1); /* else its memory cannot be read: paths, and what it writes */
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	(void)close(go[0]);
	if (pid > 0 && ptrace(PTRACE_SEIZE, pid, NULL, options()))
		pid = -1;
	if (pid > 0 && write(go[1], &byte, 1) != 1)
		pid = -1;
	(void)close(go[1]);
	return pid;
}

struct tracee_stop tracee_where(pid_t tid)
{
	struct __ptrace_syscall_info info = {0};
	struct tracee_stop s = {.at = TRACEE_ELSEWHERE};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return s;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		s.at = TRACEE_EXIT;
		s.result = info.exit.rval;
	} else if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		s.at = TRACEE_ENTRY;
		s.nr = info.entry.nr;
		for (int i = 0; i < 6; i++)
			s.args[i] = info.entry.args[i];
	}
	return s;
}

#if defined(__x86_64__)

const bool tracee_can_fail_calls = true;

bool tracee_skip(pid_t tid)
{
	return ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.orig_rax), -1L) == 0;
}

bool tracee_return(pid_t tid, int error)
{
	return ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.rax), -(long)error) == 0;
}

#elif defined(__i386__)

const bool tracee_can_fail_calls = true;

bool tracee_skip(pid_t tid)
{
	return ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.orig_eax), -1L) == 0;
}

bool tracee_return(pid_t tid, int error)
{
	return ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.eax), -(long)error) == 0;
}

#elif defined(__aarch64__)

const bool tracee_can_fail_calls = true;

bool tracee_skip(pid_t tid)
{
	int nr = -1;
	struct iovec number = {&nr, sizeof(nr)};

	return ptrace(PTRACE_SETREGSET, tid, (unsigned long)NT_ARM_SYSTEM_CALL, &number) == 0;
}

bool tracee_return(pid_t tid, int error)
{
	struct user_regs_struct registers;
	struct iovec all = {&registers, sizeof(registers)};

	if (ptrace(PTRACE_GETREGSET, tid, (unsigned long)NT_PRSTATUS, &all))
		return false;
	registers.regs[0] = (unsigned long long)-(long long)error;
	return ptrace(PTRACE_SETREGSET, tid, (unsigned long)NT_PRSTATUS, &all) == 0;
}

#else

const bool tracee_can_fail_calls = false;

bool tracee_skip(pid_t tid)
{
	(void)tid;
	return false;
}

bool tracee_return(pid_t tid, int error)
{
	(void)tid;
	(void)error;
	return false;
}

#endif
