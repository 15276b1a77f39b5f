/* server/cmd_practice.c - qip-server practice add: a new practice and its first manager's join code. */
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"
#include "server/cmd.h"
#include "server/config.h"
#include "server/invite.h"
#include "server/practice.h"

#define FIRST_MANAGER "manager"
#define NAME_MAX_CODE_POINTS 200

struct arguments {
	const char *dir, *ods, *name, *manager;
};

static int read_arguments(struct arguments *a, int argc, char **argv)
{
	const char **places[] = {&a->dir, &a->ods};
	size_t place = 0, letters = 0;

	if (argc < 2 || strcmp(argv[1], "add") != 0)
		return cmd_usage(CMD_PRACTICE_USAGE, "\"practice\" is followed by \"add\"");
	for (int i = 2; i < argc; i++) {
		bool is_name = strcmp(argv[i], "--name") == 0;

		if (is_name || strcmp(argv[i], "--manager") == 0) {
			const char *value = cmd_value(argc, argv, &i);

			if (!value)
				return cmd_usage(CMD_PRACTICE_USAGE, "%s needs a value", argv[i]);
			*(is_name ? &a->name : &a->manager) = value;
		} else if (argv[i][0] == '-' || place == ARRAY_LEN(places)) {
			return cmd_usage(CMD_PRACTICE_USAGE, "\"%s\" is not expected", argv[i]);
		} else {
			*places[place++] = argv[i];
		}
	}
	if (place < ARRAY_LEN(places) || !a->name)
		return cmd_usage(CMD_PRACTICE_USAGE, "a folder, an ODS code and the practice's name are needed");
	if (!ods_valid(a->ods))
		return cmd_usage(CMD_PRACTICE_USAGE,
				 "\"%s\" is no ODS code of a practice: a capital letter and five digits", a->ods);
	if (!utf8_valid(&letters, a->name, strlen(a->name)) || letters == 0 || strlen(a->name) > NAME_MAX_CODE_POINTS)
		return cmd_usage(CMD_PRACTICE_USAGE, "the name must have 1 to %d letters", NAME_MAX_CODE_POINTS);
	if (!name_valid(a->manager))
		return cmd_usage(CMD_PRACTICE_USAGE, "\"%s\" is no device's name: a-z, 0-9 and '-', at most 40",
				 a->manager);
	return 0;
}

static enum status add(char text[CODE_TEXT_MAX], const struct arguments *a, struct error *e)
{
	struct config config = CONFIG_INIT;
	struct invite invite = {.key = NULL};
	struct store *store = NULL;
	struct first first = {{0}, {0}};
	enum status st = config_load(&config, a->dir, e);

	if (st == STATUS_OK)
		st = store_open(&store, a->dir, e);
	if (st == STATUS_OK)
		st = invite_make(&invite, a->ods, config.authority->ca_fingerprint, NULL, env_system(), e);
	if (st == STATUS_OK) {
		(void)snprintf(first.device, sizeof(first.device), "%s", a->manager);
		memcpy(first.invite_key, invite.key_ssh, sizeof(first.invite_key));
		st = practice_create(a->dir, store, a->ods, a->name, &first, env_system(), e);
	}
	if (st == STATUS_OK)
		code_format(text, &invite.code);
	invite_clear(&invite);
	store_close(store);
	config_clear(&config);
	return st;
}

int cmd_practice(int argc, char **argv)
{
	struct arguments a = {.manager = FIRST_MANAGER};
	struct error e = {STATUS_OK, ""};
	char text[CODE_TEXT_MAX];
	int code = read_arguments(&a, argc, argv);

	if (code)
		return code;
	if (add(text, &a, &e) != STATUS_OK)
		return cmd_failed(&e);
	(void)printf(
		"added %s\njoin code of the first manager's device, \"%s\" (once, and for that person only):\n%s\n",
		a.ods, a.manager, text);
	return 0;
}
