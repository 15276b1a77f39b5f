/* server/main.c - qip-server: which subcommand. */
#include <stdio.h>
#include <string.h>

#include "core/no_dump.h"
#include "core/repo.h"
#include "server/cmd.h"
#include "server/heap.h"

static const struct command {
	const char *name;
	const char *usage, *summary;
	const char *details; /* what --help says beyond that */
	int (*run)(int argc, char **argv);
	bool stays; /* runs until it is told to end */
} commands[] = {
	{"init", CMD_INIT_USAGE, "make a server folder with its certificate authority",
	 "The certificate holds for localhost, for this machine's own name, and for each --host. Name every name and\n"
	 "address by which devices will reach the server.\n\n"
	 "  qip-server init /srv/qip --host qip.example.org\n",
	 cmd_init, false},
	{"check-config", CMD_CHECK_CONFIG_USAGE, "check server.json, keys and certificates, and show what is set; changes nothing",
	 "The exit status is 1 if a server would not start with it, or not take it over. Warnings do not count. With\n"
	 "--quiet only those and what is wrong are said.\n\n"
	 "  qip-server check-config /srv/qip --quiet && systemctl reload qip-server\n",
	 cmd_check_config, false},
	{"certificates", CMD_CERTIFICATES_USAGE, "show the authority and the server's certificate; renew them",
	 "--renew makes a new certificate for the names it had and each --host. --new-authority puts a new authority in place:\n"
	 "devices notice at their next sync, and need nothing; what the old one issued holds until --forget-old. Safe while\n"
	 "serving; a server that runs takes it over at SIGHUP.\n\n"
	 "  qip-server certificates /srv/qip --renew --host qip.example.org\n",
	 cmd_certificates, false},
	{"practice", CMD_PRACTICE_USAGE, "add a practice; prints the first manager's join code",
	 "ODS is the practice's code, a capital letter and five digits. DEVICE is what the first manager's device is\n"
	 "called, \"manager\" unless given. Safe while serving.\n\n"
	 "  qip-server practice add /srv/qip C82999 --name 'Our practice'\n",
	 cmd_practice, false},
	{"server-key", CMD_SERVER_KEY_USAGE, "show the key that the server signs a practice's log with; make the next one",
	 "--new makes the next key, and prints its fingerprint. It signs nothing until a manager has endorsed it with the\n"
	 "practice's root key, by qip server-key endorse: read the fingerprint to them by telephone. Then the server goes over\n"
	 "to it by itself, and the present key is deleted. If that was lost, the same is done without it; if it was stolen, the\n"
	 "practice retires it after that. Again, --new tells of the key that waits. Safe while serving.\n\n"
	 "  qip-server server-key /srv/qip C82999\n"
	 "  qip-server server-key /srv/qip C82999 --new\n",
	 cmd_server_key, false},
	{"add-auditor", CMD_ADD_AUDITOR_USAGE, "invite an auditor to a practice; prints the join code",
	 "The first manager must have joined. Safe while serving.\n\n"
	 "  qip-server add-auditor /srv/qip C82999 nhse-audit\n",
	 cmd_add_auditor, false},
	{"serve", CMD_SERVE_USAGE, "serve until SIGTERM; 127.0.0.1:8443 unless told otherwise",
	 "Without --listen the addresses of server.json are listened on. SIGHUP: limits and certificates are read again.\nPort 0 takes a free one. --port-file: write the port there once it listens. What happens is logged to the\n"
	 "standard error output, one line a request.\n\n"
	 "  qip-server serve /srv/qip --listen 0.0.0.0:8443\n",
	 cmd_serve, true},
	{"serve-git", CMD_SERVE_GIT_USAGE, "serve the ordinary git repositories below DIR, without policy, until SIGTERM",
	 "For tests and for hosting. Repositories are found at each request: DIR/a/b.git answers to /a/b.git and /a/b.\n"
	 "Anybody who can connect may fetch. Over plain HTTP only this machine can connect, and may push unless the\n"
	 "repository's http.receivepack is false. TLS needs a DIR made by qip-server init; there a repository takes pushes\n"
	 "from other machines if its http.receivepack is true. Practices' histories are never served.\n\n"
	 "  qip-server serve-git /srv/git --listen 127.0.0.1:8080 --plain-http\n",
	 cmd_serve_git, true},
	{"backup", CMD_BACKUP_USAGE, "copy the whole server; safe while serving",
	 "The copy is of one moment of each practice. Without --recipient it is a new folder TO, read back and compared,\n"
	 "which holds the server's keys unencrypted: whoever has it can be this server.\n"
	 "With --recipient it is encrypted by the program age to each KEY (age1..., of age-keygen, whose file stays off this\n"
	 "machine). The folder TO gets one more run, <time>.tar.age: what came since the run before, and everything with\n"
	 "--full, every 30 days, and where nothing can be followed. --keep deletes runs that are older and that nothing\n"
	 "newer needs, never the last two whole ones. If TO is -, everything goes to the standard output.\n\n"
	 "  qip-server backup /srv/qip /backup/qip --recipient age1... --keep 90\n"
	 "  qip-server backup /srv/qip - --recipient age1... | ssh elsewhere 'cat >qip.tar.age'\n"
	 "  qip-server backup /srv/qip /backup/plain-2026-11-22\n",
	 cmd_backup, false},
	{"restore", CMD_RESTORE_USAGE, "make the server folder DIR, new or empty, out of a backup",
	 "Every practice of it is closed: it serves nothing until \"reconcile\" opens it, and meanwhile takes from devices\n"
	 "what was merged after the backup. One that was cut short is begun anew by the same command.\n"
	 "With --identity, the file of age-keygen's, FROM is the folder of runs, restored as of the newest or of --run, or one\n"
	 "run that holds everything, or - for the standard input. It is opened beside DIR for that time, and takes its space.\n\n"
	 "  qip-server restore /backup/qip /srv/qip --identity /media/safe/qip-backup.key\n"
	 "  qip-server restore /backup/qip-2026-11-22 /srv/qip\n",
	 cmd_restore, false},
	{"reconcile", CMD_RECONCILE_USAGE, "after a restore: show what devices offer; take the best of it and open",
	 "Without --open it only shows. Safe while serving, which it has to be for devices to offer anything.\n\n"
	 "  qip-server reconcile /srv/qip\n"
	 "  qip-server reconcile /srv/qip --open\n",
	 cmd_reconcile, false},
	{"fsck", CMD_FSCK_USAGE, "look for damage; changes nothing, safe while serving",
	 "Every file, pack and object is compared with its hash, every merge with the server's signature, and all refs with\n"
	 "the log. The exit status is 1 if anything is damaged.\n\n"
	 "  qip-server fsck /srv/qip C82999\n",
	 cmd_fsck, false},
};

static void help_all(FILE *f)
{
	(void)fputs("qip-server keeps practices' histories, merges what their devices push, and lets auditors fetch it all.\n\n", f);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		(void)fprintf(f, "  %s\n      %s\n", commands[i].usage, commands[i].summary);
	(void)fputs("  qip-server COMMAND --help | --help | --version\n\n"
		    "Exit status: 0 done, 1 failed, 2 called wrongly.\n",
		    f);
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

static int run(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];
		struct error e = {STATUS_OK, ""};
		int code = 0;

		if (strcmp(argv[1], c->name) != 0)
			continue;
		if (asks_for_help(argc, argv)) {
			(void)printf("usage: %s\n\n%s.\n%s", c->usage, c->summary, c->details);
			return 0;
		}
		if (c->stays)
			heap_begin(argv);
		if (repo_init_library(&e) != STATUS_OK)
			return cmd_failed(&e);
		code = c->run(argc - 1, argv + 1);
		repo_shutdown_library();
		return code;
	}
	(void)fprintf(stderr, "qip-server: there is no command \"%s\"\nHelp: qip-server --help\n", argv[1]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	no_dump_begin();
	if (argc < 2) {
		help_all(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("qip-server %s\n", QIP_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		help_all(stdout);
		return 0;
	}
	return run(argc, argv);
}
