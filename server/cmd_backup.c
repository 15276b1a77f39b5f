/* server/cmd_backup.c - qip-server backup, restore: a copy of the whole server, plain or encrypted, and a server out of it. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/backed_up.h"
#include "server/backup_folder.h"
#include "server/backup_runs.h"
#include "server/cmd.h"
#include "server/restore_runs.h"

#define KEEP_DAYS_MAX 36500
#define DAY_MS (24 * 60 * 60 * (int64_t)1000)

struct progress {
	const char *word;
	FILE *to;
};

static void print_practice(void *ctx, const char *ods, int64_t index)
{
	const struct progress *p = ctx;

	(void)fprintf(p->to, "%s %s up to merge %" PRId64 "\n", p->word, ods, index);
}

/* What the command line asks for: two paths, and options. */
struct wish {
	const char *from, *to;
	struct backup_runs runs; /* no recipient: not encrypted */
	size_t recipients_len;
	struct restore_runs restore; /* no identity: not encrypted */
};

static int take_path(struct wish *w, const char *path, const char *usage)
{
	if (w->from && w->to)
		return cmd_usage(usage, "there is one path too many: %s", path);
	*(w->from ? &w->to : &w->from) = path;
	return 0;
}

/* ---- backup ---- */

static int take_recipient(struct wish *w, const char *key)
{
	if (!key || strncmp(key, "age1", 4) != 0)
		return cmd_usage(CMD_BACKUP_USAGE, "--recipient needs a public key of age-keygen's, which begins with age1");
	if (w->recipients_len == AGE_RECIPIENTS)
		return cmd_usage(CMD_BACKUP_USAGE, "there are at most %d recipients", AGE_RECIPIENTS);
	w->runs.recipients[w->recipients_len++] = key;
	return 0;
}

static int take_keep(struct wish *w, const char *days)
{
	char *end = NULL;
	long n = days ? strtol(days, &end, 10) : 0;

	if (!days || *end || n < 1 || n > KEEP_DAYS_MAX)
		return cmd_usage(CMD_BACKUP_USAGE, "--keep needs a number of days, 1 to %d", KEEP_DAYS_MAX);
	w->runs.keep_ms = n * DAY_MS;
	return 0;
}

static int parse_backup(struct wish *w, int argc, char **argv)
{
	int code = 0;

	for (int i = 1; code == 0 && i < argc; i++) {
		if (strcmp(argv[i], "--recipient") == 0)
			code = take_recipient(w, cmd_value(argc, argv, &i));
		else if (strcmp(argv[i], "--keep") == 0)
			code = take_keep(w, cmd_value(argc, argv, &i));
		else if (strcmp(argv[i], "--full") == 0)
			w->runs.whole = true;
		else if (argv[i][0] == '-' && argv[i][1])
			code = cmd_usage(CMD_BACKUP_USAGE, "there is no option %s", argv[i]);
		else
			code = take_path(w, argv[i], CMD_BACKUP_USAGE);
	}
	if (code == 0 && (!w->to || strcmp(w->from, "-") == 0))
		code = cmd_usage(CMD_BACKUP_USAGE, "the server's folder and a folder for the backup are needed");
	if (code == 0 && w->recipients_len == 0 && (w->runs.whole || w->runs.keep_ms || strcmp(w->to, "-") == 0))
		code = cmd_usage(CMD_BACKUP_USAGE, "--full, --keep and - are of encrypted backups; please give a --recipient");
	if (code == 0 && strcmp(w->to, "-") == 0 && w->runs.keep_ms)
		code = cmd_usage(CMD_BACKUP_USAGE, "--keep is of a folder");
	return code;
}

/* The backup is whole all the same: its folder may be one that cannot be written to any more. */
static void note_backup(const struct wish *w)
{
	struct error e = {STATUS_OK, ""};

	if (backed_up_note(w->from, env_system()->now_ms(env_system()->ctx), &e) != STATUS_OK)
		(void)fprintf(stderr, "qip-server: the backup is whole, but what watches the server cannot be told: %s\n", e.text);
}

static int backup_plain(const struct wish *w)
{
	struct progress progress = {"copied", stdout};
	struct error e = {STATUS_OK, ""};

	if (backup_make(w->from, w->to, env_system(), print_practice, &progress, &e) != STATUS_OK)
		return cmd_failed(&e);
	note_backup(w);
	(void)printf("%s is whole; it holds the server's keys: keep it as safe as the server itself\n", w->to);
	return 0;
}

static int backup_stream(const struct wish *w)
{
	struct progress progress = {"copied", stderr};
	struct error e = {STATUS_OK, ""};

	if (backup_runs_stream(&w->runs, w->from, STDOUT_FILENO, env_system(), print_practice, &progress, &e) != STATUS_OK)
		return cmd_failed(&e);
	note_backup(w);
	return 0;
}

static int backup_run(const struct wish *w)
{
	struct progress progress = {"copied", stdout};
	struct backup_runs_made made;
	struct error e = {STATUS_OK, ""};

	if (backup_runs_add(&made, &w->runs, w->from, w->to, env_system(), print_practice, &progress, &e) != STATUS_OK)
		return cmd_failed(&e);
	note_backup(w);
	if (made.after[0])
		(void)printf("%s/%s.tar.age is whole; it follows %s\n", w->to, made.name, made.after);
	else
		(void)printf("%s/%s.tar.age is whole; it holds everything\n", w->to, made.name);
	if (made.gone > 0)
		(void)printf("%zu older run%s deleted\n", made.gone, made.gone == 1 ? " was" : "s were");
	return 0;
}

int cmd_backup(int argc, char **argv)
{
	struct wish w = {.from = NULL};
	int code = parse_backup(&w, argc, argv);

	if (code != 0)
		return code;
	(void)umask(077);		/* keys are in it */
	(void)signal(SIGPIPE, SIG_IGN); /* who encrypts or takes it may end early: that is said in words */
	if (w.recipients_len == 0)
		return backup_plain(&w);
	return strcmp(w.to, "-") == 0 ? backup_stream(&w) : backup_run(&w);
}

/* ---- restore ---- */

static int parse_restore(struct wish *w, int argc, char **argv)
{
	int code = 0;

	for (int i = 1; code == 0 && i < argc; i++) {
		const char **value = strcmp(argv[i], "--identity") == 0 ? &w->restore.identity : strcmp(argv[i], "--run") == 0 ? &w->restore.run : NULL;

		if (value) {
			*value = cmd_value(argc, argv, &i);
			if (!*value)
				code = cmd_usage(CMD_RESTORE_USAGE, "--identity needs a file, and --run a run's name");
		} else if (argv[i][0] == '-' && argv[i][1]) {
			code = cmd_usage(CMD_RESTORE_USAGE, "there is no option %s", argv[i]);
		} else {
			code = take_path(w, argv[i], CMD_RESTORE_USAGE);
		}
	}
	if (code == 0 && (!w->to || strcmp(w->to, "-") == 0))
		code = cmd_usage(CMD_RESTORE_USAGE, "a backup and a new folder are needed");
	if (code == 0 && !w->restore.identity && (w->restore.run || strcmp(w->from, "-") == 0))
		code = cmd_usage(CMD_RESTORE_USAGE, "--run and - are of encrypted backups; please give the --identity");
	return code;
}

int cmd_restore(int argc, char **argv)
{
	struct wish w = {.from = NULL};
	struct progress progress = {"restored", stdout};
	struct error e = {STATUS_OK, ""};
	enum status st = STATUS_OK;
	int code = parse_restore(&w, argc, argv);

	if (code != 0)
		return code;
	(void)umask(077);
	w.restore.from = w.from;
	if (w.restore.identity)
		st = restore_runs_make(&w.restore, w.to, env_system(), print_practice, &progress, &e);
	else
		st = restore_make(w.from, w.to, env_system(), print_practice, &progress, &e);
	if (st != STATUS_OK)
		return cmd_failed(&e);
	(void)printf("%s is restored and closed. Serve it, let devices sync and offer what they hold, then: qip-server reconcile %s\n", w.to, w.to);
	return 0;
}
