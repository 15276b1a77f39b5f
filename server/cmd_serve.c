/* server/cmd_serve.c - qip-server serve, qip-server serve-git. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cmd.h"
#include "server/serve.h"

#define DEFAULT_LISTEN "127.0.0.1:8443"
#define HOST_MAX 256

/* "host:port", "[address]:port" */
static bool split_address(char host[HOST_MAX], const char **port, const char *text)
{
	const char *colon = strrchr(text, ':'), *end = colon;
	size_t len = 0;

	if (!colon || colon[1] == 0 || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
	    strtol(colon + 1, NULL, 10) > 65535)
		return false;
	if (*text == '[' && colon > text + 1 && colon[-1] == ']') {
		text++;
		end--;
	}
	len = (size_t)(end - text);
	if (len == 0 || len >= HOST_MAX)
		return false;
	memcpy(host, text, len);
	host[len] = 0;
	*port = colon + 1;
	return true;
}

struct arguments {
	struct serve_options options;
	const char *usage, *listen;
	char host[HOST_MAX];
};

/* 0, or the exit status of a wrong call. */
static int read_arguments(struct arguments *a, int argc, char **argv)
{
	struct serve_options *o = &a->options;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--listen") == 0) {
			a->listen = cmd_value(argc, argv, &i);
			if (!a->listen)
				return cmd_usage(a->usage, "--listen needs HOST:PORT");
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
	if (!a->listen)
		return cmd_usage(a->usage, "--listen HOST:PORT is needed");
	if (!split_address(a->host, &o->port, a->listen))
		return cmd_usage(a->usage, "\"%s\" is not HOST:PORT", a->listen);
	o->host = a->host;
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
	struct arguments a = {.usage = CMD_SERVE_USAGE, .listen = DEFAULT_LISTEN};

	return run(&a, argc, argv);
}

int cmd_serve_git(int argc, char **argv)
{
	struct arguments a = {.usage = CMD_SERVE_GIT_USAGE, .options = {.plain = true}};

	return run(&a, argc, argv);
}
