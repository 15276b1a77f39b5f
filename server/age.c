/* server/age.c - see age.h. */
#include "server/age.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static enum status spawn(pid_t *out, char *const *argv, int in, int to, struct error *e)
{
	posix_spawn_file_actions_t actions;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed)
		return error_set(e, STATUS_NOMEM, "out of memory");
	failed = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawnp(out, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (failed == ENOENT)
		return error_set(e, STATUS_NOT_FOUND, "the program age is needed for encrypted backups; install the package age");
	return failed ? error_set_errno(e, failed, "cannot start age") : STATUS_OK;
}

/* mine: 1 where this process writes, 0 where it reads. */
static enum status begin(struct age *out, char *const *argv, int other, int mine, struct error *e)
{
	int ends[2];
	pid_t pid = 0;
	enum status st = STATUS_OK;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(e, errno, "cannot make a pipe");
	st = mine == 1 ? spawn(&pid, argv, ends[0], other, e) : spawn(&pid, argv, other, ends[1], e);
	(void)close(ends[!mine]);
	if (st != STATUS_OK) {
		(void)close(ends[mine]);
		return st;
	}
	*out = (struct age){.fd = ends[mine], .pid = pid};
	return STATUS_OK;
}

enum status age_encrypt(struct age *out, const char *const *recipients, int to, struct error *e)
{
	char *argv[2 + 2 * AGE_RECIPIENTS + 1] = {"age", "--encrypt"};
	size_t n = 2;

	for (size_t i = 0; recipients[i] && i < AGE_RECIPIENTS; i++) {
		argv[n++] = "--recipient";
		argv[n++] = (char *)recipients[i];
	}
	return begin(out, argv, to, 1, e);
}

enum status age_decrypt(struct age *out, const char *identity, int from, struct error *e)
{
	char *argv[] = {"age", "--decrypt", "--identity", (char *)identity, NULL};

	return begin(out, argv, from, 0, e);
}

enum status age_finish(struct age *a, struct error *e)
{
	int status = 0;
	pid_t pid = a->pid, got = 0;

	if (a->fd >= 0)
		(void)close(a->fd);
	*a = (struct age)AGE_INIT;
	if (pid == 0)
		return STATUS_OK;
	do {
		got = waitpid(pid, &status, 0);
	} while (got < 0 && errno == EINTR);
	if (got != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(e, STATUS_IO, "age did not do its work; what it said stands above");
	return STATUS_OK;
}
