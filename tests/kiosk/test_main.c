/* tests/kiosk/test_main.c - the program as a person calls it: exit status, words, help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/kd.h>
#include <sys/ioctl.h>

#include "core/status.h"

static char program[512], home[64];
static char out[8192]; /* what the last call printed, on either stream */

/* Run with these words behind the program's name; the exit status. */
static int run(const char *const *words)
{
	const char *argv[12] = {"qip-kiosk"};
	size_t len = 0;
	int pipes[2], status = 0;
	ssize_t n = 0;
	pid_t child = 0;

	for (size_t i = 0; words[i]; i++)
		argv[i + 1] = words[i];
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		(void)dup2(pipes[1], STDOUT_FILENO);
		(void)dup2(pipes[1], STDERR_FILENO);
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(pipes[1]);
	while (len < sizeof(out) - 1 && (n = read(pipes[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	(void)close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static int set_up(void **state)
{
	char self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (n <= 0)
		return -1;
	self[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0'; /* the program's name, then its folder */
	(void)snprintf(program, sizeof(program), "%s/bin/qip-kiosk", self);
	strcpy(home, "/tmp/qip-main-XXXXXX");
	(void)unsetenv("QIP_HOME");
	return mkdtemp(home) && access(program, X_OK) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char path[96];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/lock", home);
	(void)unlink(path);
	return rmdir(home);
}

static void explains_itself(void **state)
{
	(void)state;
	assert_int_equal(RUN("--help"), 0);
	assert_non_null(strstr(out, "join URL CODE"));
	assert_int_equal(RUN("run", "--help"), 0);
	assert_non_null(strstr(out, "  qip-kiosk run --home /var/lib/qip-kiosk\n")); /* an example */
	assert_int_equal(RUN("join", "-h"), 0);
	assert_non_null(strstr(out, "usage: qip-kiosk join"));
	assert_int_equal(RUN("--version"), 0);
	assert_memory_equal(out, "qip-kiosk ", 10);
}

static void wrong_calls_end_with_two_and_say_why(void **state)
{
	static const struct {
		const char *words[6];
		const char *why;
	} calls[] = {
		{{"frobnicate"}, "no command \"frobnicate\""},
		{{"status"}, "QIP_HOME"},
		{{"join", "https://127.0.0.1:1", "--home", "/x"}, "2 words, not 1"},
		{{"sync", "now", "--home", "/x"}, "0 words, not 1"},
		{{"status", "--home"}, "--home is without its value"},
		{{"status", "--colour", "--home", "/x"}, "no option --colour"},
		{{"sync", "--json", "--home", "/x"}, "takes no --json"},
		{{"run", "--sync-every", "0", "--home", "/x"}, "seconds"},
		{{"run", "--sync-every", "9e9", "--home", "/x"}, "seconds"},
		{{"quiet-keys"}, "1 words, not 0"},
		{{"quiet-keys", "/dev/tty0", "--home", "/x"}, "takes no --home"},
	};

	(void)state;
	assert_int_equal(run((const char *const[]){NULL}), 2);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		assert_int_equal(run(calls[i].words), 2);
		assert_non_null(strstr(out, calls[i].why));
	}
}

static void a_home_that_is_none_fails_with_words(void **state)
{
	static const char *const commands[] = {"status", "sync", "run"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		assert_int_equal(RUN(commands[i], "--home", home), 1);
		assert_non_null(strstr(out, "join"));
	}
	assert_int_equal(RUN("join", "https://127.0.0.1:1", "ABCDE-FGHJK", "--home", home), 1);
	assert_non_null(strstr(out, "code"));
}

static void the_home_may_stand_in_the_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("QIP_HOME", home, 1), 0);
	assert_int_equal(RUN("status"), 1);
	assert_non_null(strstr(out, home));
	assert_int_equal(unsetenv("QIP_HOME"), 0);
}

#define UNUSED_CONSOLE "/dev/tty61"

static void a_console_loses_its_keyboard_and_nothing_else_is_taken_for_one(void **state)
{
	int fd = open(UNUSED_CONSOLE, O_RDWR | O_NOCTTY | O_CLOEXEC), mode = 0;

	(void)state;
	assert_int_equal(RUN("quiet-keys", "/dev/null"), 1);
	assert_non_null(strstr(out, "/dev/null is no console"));
	assert_int_equal(RUN("quiet-keys", "/dev/ptmx"), 1);
	assert_non_null(strstr(out, "/dev/ptmx is no console"));
	assert_int_equal(RUN("quiet-keys", home), 1);
	assert_non_null(strstr(out, home));
	if (fd < 0)
		return; /* containers, and whoever is not root */
	assert_int_equal(RUN("quiet-keys", UNUSED_CONSOLE), 0);
	assert_int_equal(ioctl(fd, KDGKBMODE, &mode), 0);
	assert_int_equal(mode, K_OFF);
	assert_int_equal(ioctl(fd, KDSKBMODE, K_UNICODE), 0);
	(void)close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(explains_itself),
		TEST(wrong_calls_end_with_two_and_say_why),
		TEST(a_home_that_is_none_fails_with_words),
		TEST(the_home_may_stand_in_the_environment),
		TEST(a_console_loses_its_keyboard_and_nothing_else_is_taken_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
