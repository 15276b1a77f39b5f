/* server/cmd_serve.c - qip-server serve. */
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

int cmd_serve(int argc, char **argv)
{
	struct serve_options o = {.env = env_system()};
	struct error e = {STATUS_OK, ""};
	const char *listen = DEFAULT_LISTEN;
	char host[HOST_MAX];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--listen") == 0) {
			listen = cmd_value(argc, argv, &i);
			if (!listen)
				return cmd_usage(CMD_SERVE_USAGE, "--listen needs HOST:PORT");
		} else if (strcmp(argv[i], "--port-file") == 0) {
			o.port_file = cmd_value(argc, argv, &i);
			if (!o.port_file)
				return cmd_usage(CMD_SERVE_USAGE, "--port-file needs a file");
		} else if (argv[i][0] == '-' || o.dir) {
			return cmd_usage(CMD_SERVE_USAGE, "\"%s\" is not expected", argv[i]);
		} else {
			o.dir = argv[i];
		}
	}
	if (!o.dir)
		return cmd_usage(CMD_SERVE_USAGE, "a folder is needed");
	if (!split_address(host, &o.port, listen))
		return cmd_usage(CMD_SERVE_USAGE, "\"%s\" is not HOST:PORT", listen);
	o.host = host;
	return serve(&o, &e) == STATUS_OK ? 0 : cmd_failed(&e);
}
