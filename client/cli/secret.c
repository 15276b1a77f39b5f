/* client/cli/secret.c - reading a secret, without a buffer in between that would keep it. */
#include "client/cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One line of a terminal, or all that there is. */
static enum status read_all(char *out, size_t size, int fd, bool line, const char *what, struct error *e)
{
	size_t len = 0;
	ssize_t n = 0;

	do {
		n = read(fd, out + len, size - len);
		if (n < 0 && errno != EINTR)
			return error_set_errno(e, errno, "the %s cannot be read", what);
		len += n > 0 ? (size_t)n : 0;
	} while (len < size && n != 0 && !(line && len > 0 && out[len - 1] == '\n'));
	if (len == size)
		return error_set(e, STATUS_USAGE, "that is too long for the %s", what);
	out[len] = '\0';
	if (strspn(out, " \t\r\n") == len || strlen(out) != len)
		return error_set(e, STATUS_USAGE, "there is no %s: it is asked for, or read from a file or the standard input", what);
	return STATUS_OK;
}

static enum status ask(char *out, size_t size, const char *what, struct error *e)
{
	struct termios before = {0}, quiet;
	enum status st;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return error_set_errno(e, errno, "the terminal cannot be kept from showing the %s", what);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "Please type the %s; it is not shown: ", what);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	st = read_all(out, size, STDIN_FILENO, true, what, e);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fprintf(stderr, "\n");
	return st;
}

enum status cli_read_secret(char *out, size_t size, const char *what, const char *file, struct error *e)
{
	int fd = STDIN_FILENO;
	enum status st;

	if (!file && isatty(STDIN_FILENO))
		return ask(out, size, what, e);
	if (file && strcmp(file, "-") != 0)
		fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot read %.200s", file);
	st = read_all(out, size, fd, false, what, e);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return st;
}
