/* server/cmd_backup.c - qip-server backup, restore: a copy of the whole server, and a server out of it. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "server/cmd.h"
#include "server/restore.h"

static void print_practice(void *ctx, const char *ods, int64_t index)
{
	(void)printf("%s %s up to merge %" PRId64 "\n", (const char *)ctx, ods, index);
}

/* True if the words are two paths. */
static bool two_paths(int argc, char **argv)
{
	return argc == 3 && argv[1][0] != '-' && argv[2][0] != '-';
}

int cmd_backup(int argc, char **argv)
{
	struct error e = {STATUS_OK, ""};
	char word[] = "copied";

	if (!two_paths(argc, argv))
		return cmd_usage(CMD_BACKUP_USAGE, "the server's folder and a new folder are needed");
	(void)umask(077); /* keys are in it */
	if (backup_make(argv[1], argv[2], env_system(), print_practice, word, &e) != STATUS_OK)
		return cmd_failed(&e);
	(void)printf("%s is whole; it holds the server's keys: keep it as safe as the server itself\n", argv[2]);
	return 0;
}

int cmd_restore(int argc, char **argv)
{
	struct error e = {STATUS_OK, ""};
	char word[] = "restored";

	if (!two_paths(argc, argv))
		return cmd_usage(CMD_RESTORE_USAGE, "a backup and a new folder are needed");
	(void)umask(077);
	if (restore_make(argv[1], argv[2], env_system(), print_practice, word, &e) != STATUS_OK)
		return cmd_failed(&e);
	(void)printf("%s is restored and closed. Serve it, let devices sync and offer what they hold, then: qip-server reconcile %s\n", argv[2],
		     argv[2]);
	return 0;
}
