/* server/cmd_serve.c - qip-server serve, qip-server serve-git. */
#include <stdbool.h>
#include <string.h>

#include "server/cmd.h"
#include "server/limits.h"
#include "server/serve.h"

struct arguments {
	struct serve_options options;
	const char *usage;
	struct address listen[LIMIT_LISTEN];
};

/* 0, or the exit status of a wrong call. */
static int read_arguments(struct arguments *a, int argc, char **argv)
{
	struct serve_options *o = &a->options;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--listen") == 0) {
			const char *text = cmd_value(argc, argv, &i);

			if (o->listen_len == LIMIT_LISTEN)
				return cmd_usage(a->usage, "more than %d addresses are not listened on", LIMIT_LISTEN);
			if (!text || !address_parse(&a->listen[o->listen_len++], text))
				return cmd_usage(a->usage, "\"%s\" is not HOST:PORT", text ? text : "");
			o->listen = a->listen;
		} else if (strcmp(argv[i], "--port-file") == 0) {
			o->port_file = cmd_value(argc, argv, &i);
			if (!o->port_file)
				return cmd_usage(a->usage, "--port-file needs a file");
		} else if (o->plain && strcmp(argv[i], "--plain-http") == 0) {
			o->plain_http = true;
		} else if (argv[i][0] == '-' || o->dir) {
			return cmd_usage(a->usage, "\"%s\" is not expected", argv[i]);
		} else {
			o->dir = argv[i];
		}
	}
	if (!o->dir)
		return cmd_usage(a->usage, "a folder is needed");
	if (o->plain && !o->listen)
		return cmd_usage(a->usage, "--listen HOST:PORT is needed");
	return 0;
}

static int run(struct arguments *a, int argc, char **argv)
{
	struct error e = {STATUS_OK, ""};
	int wrong = read_arguments(a, argc, argv);

	a->options.env = env_system();
	if (wrong)
		return wrong;
	return serve(&a->options, &e) == STATUS_OK ? 0 : cmd_failed(&e);
}

int cmd_serve(int argc, char **argv)
{
	struct arguments a = {.usage = CMD_SERVE_USAGE};

	return run(&a, argc, argv);
}

int cmd_serve_git(int argc, char **argv)
{
	struct arguments a = {.usage = CMD_SERVE_GIT_USAGE, .options = {.plain = true}};

	return run(&a, argc, argv);
}
