/* tests/support/strike/main.c - run a program until its N-th system call of a kind, then strike: kill it before or
 * after that call, or let the call fail. Calls are counted over all threads, in the order in which they begin.
 *
 *     strike [OPTION]... COMMAND [ARGUMENT]...
 *       --only KINDS   what counts: write sync rename create open dir map read stat send, "changes" (those that may change a
 * disk), "all"
 *       --under DIR    only calls that concern a file below DIR
 *       --wait         count from SIGUSR1 on, not from the start
 *       --nth N        strike at the N-th; without it they are only counted
 *       --do ACTION    kill-before, kill-after (the default), or the name of an errno: the call is not made and fails
 * with it
 *       --lose WHAT    after a kill, as if by a power cut: "bytes" that were not fsynced, or "names" as well; below DIR
 *       --on           from the N-th on each one fails, until SIGUSR2
 *       --report FILE  written when struck and at the end: "struck <n> <call> <file>" and "counted <n>"
 *       --log FILE     a line for each call that counted
 *
 * SIGHUP strikes at once. SIGTERM goes to the command, which is let go of first, so that a sanitizer may look for
 * leaks. The status is the command's, 128 + signal when it was killed, 2 for bad usage, 77 when this machine cannot do
 * it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/strike/calls.h"
#include "tests/support/strike/loss.h"
#include "tests/support/strike/tracee.h"

#define THREADS 256

enum action { KILL_BEFORE, KILL_AFTER, FAIL };

struct thread {
	pid_t tid;    /* 0: slot is free */
	int error;    /* the call it is in was skipped and shall have failed so */
	bool kill;    /* when the call it is in is over */
	bool watched; /* `call` is the one it is in, and concerns a file that might be lost */
	struct call call;
};

struct strike {
	unsigned kinds;
	bool everything, wait, on;
	char under[PATH_MAX];
	unsigned long nth; /* 0: only count */
	enum action action;
	int error; /* of FAIL */
	enum loss loss;
	const char *report;
	FILE *log;

	pid_t pid;
	struct losses *losses; /* NULL unless something is to be lost */
	struct thread threads[THREADS];
	unsigned long counted;
	bool armed, over; /* as told by signals */
	bool struck, leaving;
	char what[PATH_MAX * 2 + 64]; /* was struck */
	unsigned lost;
	int status; /* of the command, once it ended */
	bool ended;
};

static struct thread *thread_of(struct strike *s, pid_t tid)
{
	struct thread *spare = NULL;

	for (size_t i = 0; i < THREADS; i++) {
		if (s->threads[i].tid == tid)
			return &s->threads[i];
		if (!spare && !s->threads[i].tid)
			spare = &s->threads[i];
	}
	if (spare)
		*spare = (struct thread){.tid = tid};
	return spare;
}

/* Whole or not at all: whoever waits for it reads it as soon as it is there. */
static void write_report(const struct strike *s)
{
	char part[PATH_MAX];
	FILE *f = NULL;

	if (!s->report || snprintf(part, sizeof(part), "%s.part", s->report) >= (int)sizeof(part))
		return;
	f = fopen(part, "w");
	if (!f)
		return;
	if (s->struck)
		(void)fprintf(f, "struck %s\n", s->what);
	(void)fprintf(f, "counted %lu\n", s->counted);
	if (s->losses)
		(void)fprintf(f, "lost %u\n", s->lost);
	if (fclose(f) == 0)
		(void)rename(part, s->report);
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == 0);
}

static bool counts(const struct strike *s, const struct call *c)
{
	if (!s->everything && !(s->kinds & (unsigned)c->kind))
		return false;
	return !s->under[0] || is_below(c->file, s->under) || is_below(c->target, s->under);
}

static void describe(char *out, size_t size, unsigned long n, const struct call *c)
{
	char number[32];

	(void)snprintf(number, sizeof(number), "call-%lu", (unsigned long)c->nr);
	(void)snprintf(out, size, "%lu %s %s%s%s", n, c->name ? c->name : number, c->file, c->target[0] ? " -> " : "",
		       c->target);
}

static void strike_at_entry(struct strike *s, struct thread *t, const struct call *c)
{
	if (!s->struck)
		describe(s->what, sizeof(s->what), s->counted, c);
	s->struck = true;
	switch (s->action) {
	case KILL_BEFORE:
		(void)kill(s->pid, SIGKILL);
		break;
	case KILL_AFTER:
		t->kill = true;
		break;
	case FAIL:
		if (tracee_skip(t->tid))
			t->error = s->error;
		write_report(s);
		break;
	}
}

static void at_entry(struct strike *s, struct thread *t, const struct tracee_stop *at)
{
	struct call *c = &t->call;
	bool now = false, waits = (s->wait && !s->armed) || s->over;

	t->error = 0;
	t->kill = t->watched = false;
	if (waits && !s->losses)
		return;
	call_read(c, t->tid, at->nr, at->args);
	t->watched = s->losses && (is_below(c->file, s->under) || is_below(c->target, s->under));
	if (t->watched)
		losses_entry(s->losses, t->tid, c);
	if (waits || !counts(s, c))
		return;
	s->counted++;
	if (s->log) {
		char line[sizeof(s->what)];

		describe(line, sizeof(line), s->counted, c);
		(void)fprintf(s->log, "%d %s\n", (int)t->tid, line);
	}
	now = s->on ? s->counted >= s->nth : s->counted == s->nth;
	if (s->nth && now)
		strike_at_entry(s, t, c);
}

static void at_exit(struct strike *s, struct thread *t, const struct tracee_stop *at)
{
	if (t->watched)
		losses_exit(s->losses, t->tid, &t->call, t->error ? -t->error : at->result);
	if (t->error)
		(void)tracee_return(t->tid, t->error);
	if (t->kill)
		(void)kill(s->pid, SIGKILL);
	t->error = 0;
	t->kill = t->watched = false;
}

static void forget(struct strike *s, pid_t tid)
{
	bool any = false;

	for (size_t i = 0; i < THREADS; i++) {
		if (s->threads[i].tid == tid)
			s->threads[i] = (struct thread){.tid = 0};
		any |= s->threads[i].tid != 0;
	}
	if (s->leaving && !any && !s->ended)
		(void)kill(s->pid, SIGTERM);
}

/* One stop of one thread, until it goes on. */
static void stopped(struct strike *s, pid_t tid, int status)
{
	struct thread *t = thread_of(s, tid);
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		struct tracee_stop at = tracee_where(tid);

		if (t && at.at == TRACEE_ENTRY)
			at_entry(s, t, &at);
		else if (t && at.at == TRACEE_EXIT)
			at_exit(s, t, &at);
		sig = 0;
	} else if (event == PTRACE_EVENT_STOP &&
		   (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)) {
		(void)ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		return;
	} else if (event) {
		sig = 0;
	}
	/* a thread that is in a call which was skipped has to be seen at its exit */
	if (s->leaving && !(t && t->error)) {
		(void)ptrace(PTRACE_DETACH, tid, NULL, (long)sig);
		forget(s, tid);
	} else {
		(void)ptrace(PTRACE_SYSCALL, tid, NULL, (long)sig);
	}
}

/* Let go of every thread; forget() then ends the command as it asks to be ended. */
static void leave(struct strike *s)
{
	s->leaving = true;
	for (size_t i = 0; i < THREADS; i++) {
		if (s->threads[i].tid)
			(void)ptrace(PTRACE_INTERRUPT, s->threads[i].tid, NULL, NULL);
	}
}

static void obey(struct strike *s, int sig)
{
	if (sig == SIGUSR1)
		s->armed = true;
	else if (sig == SIGUSR2)
		s->over = true;
	else if (sig == SIGHUP)
		(void)kill(s->pid, SIGKILL);
	else if (sig == SIGTERM)
		leave(s);
}

static void order_set(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGUSR1);
	(void)sigaddset(set, SIGUSR2);
	(void)sigaddset(set, SIGHUP);
	(void)sigaddset(set, SIGTERM);
}

/* What we are told is looked at before every stop: who has told it can rely on what begins afterwards. */
static void follow(struct strike *s)
{
	const struct timespec now = {.tv_sec = 0};
	sigset_t orders, all;

	order_set(&orders);
	all = orders;
	(void)sigaddset(&all, SIGCHLD);
	while (!s->ended) {
		int status = 0;
		pid_t tid = 0;

		obey(s, sigtimedwait(&orders, NULL, &now));
		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid < 0)
			break;
		if (tid == 0) {
			obey(s, sigwaitinfo(&all, NULL));
		} else if (WIFSTOPPED(status)) {
			stopped(s, tid, status);
		} else {
			if (tid == s->pid) {
				s->status = status;
				s->ended = true;
			}
			forget(s, tid);
		}
	}
}

static int number_of_error(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} table[] = {{"EIO", EIO},	 {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS},  {"ENOMEM", ENOMEM},
		     {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"EINTR", EINTR},	 {"ENFILE", ENFILE}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].name, name) == 0)
			return table[i].number;
	}
	return 0;
}

static bool take_action(struct strike *s, const char *name)
{
	if (strcmp(name, "kill-before") == 0) {
		s->action = KILL_BEFORE;
	} else if (strcmp(name, "kill-after") == 0) {
		s->action = KILL_AFTER;
	} else {
		s->action = FAIL;
		s->error = number_of_error(name);
	}
	return s->action != FAIL || s->error;
}

static bool take_options(struct strike *s, int argc, char **argv)
{
	static const struct option table[] = {
		{"only", required_argument, NULL, 'o'},	  {"under", required_argument, NULL, 'u'},
		{"wait", no_argument, NULL, 'w'},	  {"nth", required_argument, NULL, 'n'},
		{"do", required_argument, NULL, 'd'},	  {"on", no_argument, NULL, 'c'},
		{"report", required_argument, NULL, 'r'}, {"log", required_argument, NULL, 'l'},
		{"lose", required_argument, NULL, 'x'},	  {NULL, 0, NULL, 0}};
	int option = 0;
	bool good = true;

	while (good && (option = getopt_long(argc, argv, "+", table, NULL)) != -1) {
		switch (option) {
		case 'o':
			good = call_kinds_parse(&s->kinds, &s->everything, optarg);
			break;
		case 'u':
			good = realpath(optarg, s->under) != NULL;
			break;
		case 'w':
			s->wait = true;
			break;
		case 'n':
			s->nth = strtoul(optarg, NULL, 10);
			good = s->nth > 0;
			break;
		case 'd':
			good = take_action(s, optarg);
			break;
		case 'c':
			s->on = true;
			break;
		case 'r':
			s->report = optarg;
			break;
		case 'l':
			s->log = fopen(optarg, "we");
			good = s->log != NULL;
			break;
		case 'x':
			s->loss = strcmp(optarg, "names") == 0	 ? LOSS_BYTES_AND_NAMES
				  : strcmp(optarg, "bytes") == 0 ? LOSS_BYTES
								 : LOSS_NONE;
			good = s->loss != LOSS_NONE;
			break;
		default:
			good = false;
		}
	}
	if (!s->kinds && !s->everything)
		s->everything = true;
	return good && optind < argc && (s->loss == LOSS_NONE || s->under[0]);
}

int main(int argc, char **argv)
{
	static struct strike s = {.action = KILL_AFTER};
	sigset_t blocked;

	if (!take_options(&s, argc, argv)) {
		(void)fprintf(stderr,
			      "usage: strike [OPTION]... COMMAND [ARGUMENT]... (see tests/support/strike/main.c)\n");
		return 2;
	}
	if (s.action == FAIL && !tracee_can_fail_calls) {
		(void)fprintf(stderr, "strike: cannot let calls fail on this processor\n");
		return 77;
	}
	order_set(&blocked);
	(void)sigaddset(&blocked, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL); /* for good; the command unblocks its own */
	if (s.loss != LOSS_NONE && !(s.losses = losses_open(s.under))) {
		(void)fprintf(stderr, "strike: no folder can be made beside %s\n", s.under);
		return 2;
	}
	s.pid = tracee_start(argv + optind);
	if (s.pid < 0) {
		(void)fprintf(stderr, "strike: cannot trace a program here: %s\n", strerror(errno));
		return 77;
	}
	(void)thread_of(&s, s.pid);
	follow(&s);
	if (s.losses && WIFSIGNALED(s.status))
		s.lost = losses_take(s.losses, s.loss);
	write_report(&s);
	losses_close(s.losses);
	if (s.log)
		(void)fclose(s.log);
	return WIFEXITED(s.status) ? WEXITSTATUS(s.status) : 128 + WTERMSIG(s.status);
}
