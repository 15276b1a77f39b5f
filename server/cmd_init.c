/* server/cmd_init.c - qip-server init: a new server folder. */
#include <stdio.h>
#include <string.h>

#include "server/cmd.h"
#include "server/config.h"

int cmd_init(int argc, char **argv)
{
	const char *hosts[CERT_NAMES_MAX], *dir = NULL;
	struct error e = {STATUS_OK, ""};
	size_t hosts_len = 0;
	enum status st = STATUS_OK;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--host") == 0) {
			const char *host = cmd_value(argc, argv, &i);

			if (!host || !*host)
				return cmd_usage(CMD_INIT_USAGE, "--host needs a name or address");
			if (hosts_len == ARRAY_LEN(hosts))
				return cmd_usage(CMD_INIT_USAGE, "there are too many names");
			hosts[hosts_len++] = host;
		} else if (argv[i][0] == '-' || dir) {
			return cmd_usage(CMD_INIT_USAGE, "\"%s\" is not expected", argv[i]);
		} else {
			dir = argv[i];
		}
	}
	if (!dir)
		return cmd_usage(CMD_INIT_USAGE, "a folder is needed");
	st = config_create(dir, hosts, hosts_len, env_system(), &e);
	if (st == STATUS_USAGE)
		return cmd_usage(CMD_INIT_USAGE, "%s", e.text);
	if (st != STATUS_OK)
		return cmd_failed(&e);
	(void)printf("made %s\nnext: qip-server practice add %s ODS --name NAME\n", dir, dir);
	return 0;
}
