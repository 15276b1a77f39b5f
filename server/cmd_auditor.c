/* server/cmd_auditor.c - qip-server add-auditor: an auditor's join code, without asking the practice; the audit names
 * it. */
#include <stdio.h>

#include "server/auditor.h"
#include "server/closed.h"
#include "server/cmd.h"
#include "server/config.h"

static enum status add(char text[CODE_TEXT_MAX], const char *dir, const char *ods, const char *device, struct error *e)
{
	struct config config = CONFIG_INIT;
	struct invite invite = {.key = NULL};
	struct store *store = NULL;
	struct practice *practice = NULL;
	enum status st = config_load(&config, dir, e);

	if (st == STATUS_OK)
		st = store_open(&store, dir, e);
	if (st == STATUS_OK)
		st = practice_open(&practice, dir, store, ods, e);
	if (st == STATUS_OK)
		st = closed_check(practice, e);
	if (st == STATUS_OK)
		st = auditor_add(&invite, practice, device, config.authority->ca_fingerprint, env_system(), e);
	if (st == STATUS_OK)
		code_format(text, &invite.code);
	invite_clear(&invite);
	practice_close(practice);
	store_close(store);
	config_clear(&config);
	return st;
}

int cmd_add_auditor(int argc, char **argv)
{
	struct error e = {STATUS_OK, ""};
	char text[CODE_TEXT_MAX];

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			return cmd_usage(CMD_ADD_AUDITOR_USAGE, "\"%s\" is not expected", argv[i]);
	}
	if (argc != 4)
		return cmd_usage(CMD_ADD_AUDITOR_USAGE, "a folder, an ODS code and a device's name are needed");
	if (!name_valid(argv[3]))
		return cmd_usage(CMD_ADD_AUDITOR_USAGE, "\"%s\" is no device's name: a-z, 0-9 and '-', at most 40",
				 argv[3]);
	if (add(text, argv[1], argv[2], argv[3], &e) != STATUS_OK)
		return cmd_failed(&e);
	(void)printf("invited the auditor %s to %s\njoin code (once, and for that auditor only):\n%s\n", argv[3],
		     argv[2], text);
	return 0;
}
