/* confined NUMBER,NUMBER,… [PROGRAM ARGUMENT…] - run a program that may make these system calls alone; any other fails with EPERM, as under a
 * service's SystemCallFilter. Without a program: ask the kernel's clock whether it is kept right, and exit with 0 if that may be asked. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/timex.h>
#include <unistd.h>

#define CALLS_MAX 1000 /* of a program of the kernel's, 4096 instructions */

enum { EXIT_REFUSED = 1, EXIT_CALLED_WRONGLY = 2, EXIT_NO_FILTER = 77 };

static size_t read_calls(unsigned calls[CALLS_MAX], const char *text)
{
	size_t n = 0;

	while (*text && n < CALLS_MAX) {
		char *end = NULL;

		calls[n] = (unsigned)strtoul(text, &end, 10);
		if (end == text)
			return 0;
		n++;
		text = *end == ',' ? end + 1 : end;
	}
	return *text ? 0 : n;
}

/* Two instructions a call, since jumps reach no further than 255. */
static int confine(const unsigned *calls, size_t n)
{
	static struct sock_filter program[2 + 2 * CALLS_MAX];
	struct sock_fprog prog = {.filter = program};
	size_t len = 0;

	program[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < n; i++) {
		program[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		program[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	program[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	prog.len = (unsigned short)len;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

int main(int argc, char **argv)
{
	unsigned calls[CALLS_MAX];
	struct timex tx = {0};
	size_t n = argc > 1 ? read_calls(calls, argv[1]) : 0;

	if (n == 0) {
		(void)fprintf(stderr, "usage: confined NUMBER,… [PROGRAM ARGUMENT…]\n");
		return EXIT_CALLED_WRONGLY;
	}
	if (confine(calls, n) != 0) {
		perror("confined");
		return EXIT_NO_FILTER;
	}
	if (argc == 2)
		return adjtimex(&tx) < 0 ? EXIT_REFUSED : 0;
	(void)execvp(argv[2], argv + 2);
	perror(argv[2]);
	return EXIT_CALLED_WRONGLY;
}
