/* tests/client/test_secret.c - client/cli/secret.c on a terminal: what is typed is not shown, and whoever gives up gets the terminal back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "client/cli/secret.h"

#define TYPED "three words apart"
#define RIGHT 7
#define WRONG 8
#define WAIT_MS 20000

struct terminal {
	int master, slave; /* the slave stays open here, so that its settings outlive the child */
	pid_t child;
	char out[4096];    /* all that was shown */
	size_t len;
};

/* Asks as the program does, and says by its exit status whether it got what was typed. */
static void ask(void)
{
	char got[64];
	struct error e = {.text = ""};

	_exit(cli_read_passphrase(got, sizeof(got), "passphrase", NULL, &e) == STATUS_OK && strcmp(got, TYPED) == 0 ? RIGHT : WRONG);
}

static bool echoes(const struct terminal *t)
{
	struct termios now;

	assert_int_equal(tcgetattr(t->slave, &now), 0);
	return now.c_lflag & ECHO;
}

/* Read what is shown until the words are there, or the child has gone. */
static void wait_for(struct terminal *t, const char *words)
{
	struct pollfd p = {.fd = t->master, .events = POLLIN};

	while (!strstr(t->out, words)) {
		ssize_t n;

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		n = read(t->master, t->out + t->len, sizeof(t->out) - 1 - t->len);
		assert_true(n > 0);
		t->len += (size_t)n;
	}
}

static void start(struct terminal *t)
{
	*t = (struct terminal){.master = -1};
	assert_int_equal(openpty(&t->master, &t->slave, NULL, NULL, NULL), 0);
	assert_true(echoes(t));
	t->child = fork();
	assert_true(t->child >= 0);
	if (t->child == 0) {
		if (login_tty(dup(t->slave)) != 0)
			_exit(WRONG);
		ask();
	}
	wait_for(t, "it is not shown: ");
	for (int ms = 0; echoes(t); ms++) {
		assert_true(ms < WAIT_MS);
		(void)poll(NULL, 0, 1);
	}
}

static void type(const struct terminal *t, const char *text)
{
	assert_int_equal(write(t->master, text, strlen(text)), (ssize_t)strlen(text));
}

static int end(struct terminal *t)
{
	int status = 0;

	assert_int_equal(waitpid(t->child, &status, 0), t->child);
	return status;
}

static void finish(const struct terminal *t)
{
	assert_true(echoes(t));
	(void)close(t->master);
	(void)close(t->slave);
}

static void what_is_typed_is_read_and_not_shown(void **state)
{
	struct terminal t;
	int status;

	(void)state;
	start(&t);
	type(&t, TYPED "\n");
	wait_for(&t, "it is not shown: \r\n");
	status = end(&t);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), RIGHT);
	assert_null(strstr(t.out, "three"));
	finish(&t);
}

static void whoever_gives_up_gets_the_terminal_back(void **state)
{
	static const struct {
		const char *key;
		int signal;
	} ways[] = {{"\003", SIGINT}, {"\034", SIGQUIT}};
	struct terminal t;
	int status;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		start(&t);
		type(&t, "three wor");
		type(&t, ways[i].key);
		status = end(&t);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), ways[i].signal);
		finish(&t);
	}
}

static void an_end_of_input_is_told(void **state)
{
	struct terminal t;
	int status;

	(void)state;
	start(&t);
	type(&t, "\004");
	status = end(&t);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), WRONG);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed_is_read_and_not_shown),
		cmocka_unit_test(whoever_gives_up_gets_the_terminal_back),
		cmocka_unit_test(an_end_of_input_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
