/* server/main.c - qip-server: which subcommand. */
#include <stdio.h>
#include <string.h>

#include "core/repo.h"
#include "server/cmd.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"init", cmd_init},
	{"practice", cmd_practice},
	{"add-auditor", cmd_add_auditor},
	{"serve", cmd_serve},
};

static const char help[] =
	"qip-server keeps practices' histories, merges what their devices push, and lets auditors fetch it all.\n\n"
	"  " CMD_INIT_USAGE "\n      make a server folder with its certificate authority\n"
	"  " CMD_PRACTICE_USAGE "\n      add a practice; prints the first manager's join code\n"
	"  " CMD_ADD_AUDITOR_USAGE "\n      invite an auditor to a practice; prints the join code\n"
	"  " CMD_SERVE_USAGE "\n      serve until SIGTERM; 127.0.0.1:8443 unless told otherwise\n"
	"  qip-server --help | --version\n";

static int run(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		struct error e = {STATUS_OK, ""};
		int code = 0;

		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (repo_init_library(&e) != STATUS_OK)
			return cmd_failed(&e);
		code = commands[i].run(argc - 1, argv + 1);
		repo_shutdown_library();
		return code;
	}
	(void)fprintf(stderr, "qip-server: there is no command \"%s\"\n\n%s", argv[1], help);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fputs(help, stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("qip-server %s\n", QIP_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		(void)fputs(help, stdout);
		return 0;
	}
	return run(argc, argv);
}
