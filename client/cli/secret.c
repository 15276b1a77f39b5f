/* client/cli/secret.c - reading a secret, without a buffer in between that would keep it. */
#include "client/cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/seal_key.h"

#define TRIES 3

static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static struct termios shown; /* the terminal as it was before it was asked to show nothing */

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

/* Whoever presses Ctrl-C gets a terminal back that shows what is typed. */
static void show_and_stop(int sig)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static enum status ask(char *out, size_t size, const char *what, struct error *e)
{
	struct sigaction before[ARRAY_LEN(stops)], stop = {.sa_handler = show_and_stop, .sa_flags = SA_NODEFER};
	struct termios quiet;
	enum status st;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return error_set_errno(e, errno, "the terminal cannot be kept from showing the %s", what);
	for (size_t i = 0; i < ARRAY_LEN(stops); i++)
		(void)sigaction(stops[i], &stop, &before[i]);
	quiet = shown;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "Please type the %s; it is not shown: ", what);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	st = read_all(out, size, STDIN_FILENO, true, what, e);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	for (size_t i = 0; i < ARRAY_LEN(stops); i++)
		(void)sigaction(stops[i], &before[i], NULL);
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

enum status cli_read_passphrase(char *out, size_t size, const char *what, const char *file, struct error *e)
{
	enum status st = cli_read_secret(out, size, what, file, e);
	size_t len = st == STATUS_OK ? strlen(out) : 0;

	if (len > 0 && out[len - 1] == '\n')
		out[--len] = '\0';
	if (len > 0 && out[len - 1] == '\r')
		out[--len] = '\0';
	return st;
}

static const char *passphrase_file(const struct cli *c)
{
	const char *file = args_get(&c->args, "passphrase-file");

	if (!file)
		file = getenv("QIP_PASSPHRASE_FILE");
	return file && file[0] ? file : NULL;
}

static enum status unlock(struct cli *c, const char *file, struct error *e)
{
	char passphrase[SEAL_KEY_PASSPHRASE_MAX + 2] = "";
	enum status st = STATUS_DENIED;

	for (int i = 0; st == STATUS_DENIED && i < (file ? 1 : TRIES); i++) {
		if (i > 0)
			fprintf(stderr, "That is not it. ");
		st = cli_read_passphrase(passphrase, sizeof(passphrase), "passphrase of this device's key", file, e);
		if (st == STATUS_OK)
			st = seal_key_unlock(c->q, passphrase, e);
	}
	explicit_bzero(passphrase, sizeof(passphrase));
	return st;
}

enum status cli_open_unasked(struct cli *c, struct error *e)
{
	const char *file = passphrase_file(c);
	bool is_protected = false;
	enum status st = cli_open(c, e);

	if (st != STATUS_OK || !file || seal_key_is_protected(&is_protected, c->q, NULL) != STATUS_OK || !is_protected)
		return st;
	return unlock(c, file, e);
}

enum status cli_open_sealed(struct cli *c, struct error *e)
{
	uint8_t key[SEAL_KEY_LEN];
	enum status st = cli_open_unasked(c, e);

	if (st != STATUS_OK)
		return st;
	st = seal_key_read(key, c->q, e);
	explicit_bzero(key, sizeof(key));
	if (st == STATUS_DENIED && isatty(STDIN_FILENO))
		return unlock(c, NULL, e);
	return st == STATUS_DENIED ? st : STATUS_OK; /* without a key all but the texts can still be shown */
}
