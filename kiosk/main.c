/* kiosk/main.c - qip-kiosk: the patients' screen in a waiting room. One file per subcommand; here are the table and the options. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/no_dump.h"
#include "kiosk/command.h"
#include "kiosk/schedule.h"

#define LISTEN "127.0.0.1:8080"
#define SYNC_EVERY_MS (15 * 60 * 1000)

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct command commands[] = {
	{"join", 2, " home help ",
	 "usage: qip-kiosk join URL CODE --home DIR\n\n"
	 "Join the practice with the code that `qip invite NAME --role kiosk --site SITE` printed.\n"
	 "After an interruption the same command goes on where it stopped.\n\n"
	 "A kiosk that was copied, set back to an older state or put on another card is joined again in its home, with a code for a new name: its\n"
	 "answers stay, what waits is sent under the new name, and nothing that a copy of it has sent is sent again.\n\n"
	 "  qip-kiosk join https://qip.example.org:8443 3F7KQ-… --home /var/lib/qip-kiosk\n", command_join},
	{"run", 0, " home listen sync-every port-file buttons screen help ",
	 "usage: qip-kiosk run --home DIR [--listen 127.0.0.1:8080] [--sync-every SECONDS] [--port-file FILE]\n"
	 "                     [--buttons DEVICE] [--screen SECONDS]\n\n"
	 "Show the patients' page to a browser on this machine, and sync in the background (every 900 seconds unless told otherwise).\n"
	 "Ends at SIGTERM or SIGINT. /status is the page for staff. --port-file: write the port there once it listens.\n"
	 "--buttons: five keys of an input device answer the first question, also without a screen: 1 to 5, the first option first.\n"
	 "--screen: a browser of this machine shows the pages. Its first one asks for itself again so often; when nothing was asked for in two and a half\n"
	 "times as long, the browser hangs: the kiosk ends, for the service manager to start both anew.\n\n"
	 "  qip-kiosk run --home /var/lib/qip-kiosk\n"
	 "  qip-kiosk run --home /var/lib/qip-kiosk --buttons /dev/input/by-path/platform-buttons-event\n"
	 "  cog http://127.0.0.1:8080/                   (in the session of the screen)\n", command_run},
	{"status", 0, " home json help ",
	 "usage: qip-kiosk status --home DIR [--json]\n\n"
	 "Tell the last answer, what waits to be sent, and the last sync. Works while the kiosk runs.\n\n"
	 "  qip-kiosk status --home /var/lib/qip-kiosk --json\n", command_status},
	{"sync", 0, " home help ",
	 "usage: qip-kiosk sync --home DIR\n\n"
	 "Sync once, now, and say what was sent. Works while the kiosk runs.\n\n"
	 "  qip-kiosk sync --home /var/lib/qip-kiosk\n", command_sync},
	{"quiet-keys", 1, " help ",
	 "usage: qip-kiosk quiet-keys CONSOLE\n\n"
	 "Take the keyboard away from a console of Linux, as root: what is typed is neither shown there nor obeyed, be it another console's keys or\n"
	 "Ctrl-Alt-Del. The screen's service does so at its start. A login on that console gets the keyboard back.\n\n"
	 "  qip-kiosk quiet-keys /dev/tty0               (the one in front)\n", command_quiet_keys},
};

static const char usage[] =
	"usage: qip-kiosk COMMAND --home DIR …\n"
	"       qip-kiosk quiet-keys CONSOLE\n\n"
	"  join URL CODE   join a practice\n"
	"  run             show the patients' page, sync in the background\n"
	"  status          last answer, what waits, last sync\n"
	"  sync            sync once\n"
	"  quiet-keys      take the keyboard away from a console\n\n"
	"The home may also stand in QIP_HOME. Exit status: 0 done, 1 failed, 2 called wrongly.\n"
	"`qip-kiosk COMMAND --help` explains a command; `qip-kiosk --version` tells the version.\n";

enum { OPTION_HELP = 7 }; /* its place in the table */
static const struct option long_options[] = {
	{"home", required_argument, NULL, 'd'},
	{"listen", required_argument, NULL, 'l'},
	{"sync-every", required_argument, NULL, 's'},
	{"port-file", required_argument, NULL, 'p'},
	{"json", no_argument, NULL, 'j'},
	{"buttons", required_argument, NULL, 'b'},
	{"screen", required_argument, NULL, 'w'},
	[OPTION_HELP] = {"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static enum status parse_seconds(int64_t *out_ms, const char *option, const char *text, struct error *e)
{
	char *end = NULL;
	long seconds = strtol(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || seconds < 1 || seconds > SCHEDULE_EVERY_MAX_MS / 1000)
		return error_set(e, STATUS_USAGE, "--%s takes seconds, from 1 to %lld", option, SCHEDULE_EVERY_MAX_MS / 1000);
	*out_ms = (int64_t)seconds * 1000;
	return STATUS_OK;
}

static bool takes(const struct command *c, const char *option)
{
	char wanted[32];

	(void)snprintf(wanted, sizeof(wanted), " %s ", option);
	return strstr(c->takes, wanted) != NULL;
}

/* `word` is what was typed. */
static enum status set_option(struct command_options *o, bool *help, int option, const char *word, struct error *e)
{
	switch (option) {
	case 'd':
		o->home = optarg;
		return STATUS_OK;
	case 'l':
		o->listen = optarg;
		return STATUS_OK;
	case 's':
		return parse_seconds(&o->sync_every_ms, "sync-every", optarg, e);
	case 'w':
		return parse_seconds(&o->screen_ms, "screen", optarg, e);
	case 'p':
		o->port_file = optarg;
		return STATUS_OK;
	case 'b':
		o->buttons = optarg;
		return STATUS_OK;
	case 'j':
		o->json = true;
		return STATUS_OK;
	case 'h':
		*help = true;
		return STATUS_OK;
	case ':':
		return error_set(e, STATUS_USAGE, "%.40s is without its value", word);
	default:
		return error_set(e, STATUS_USAGE, "there is no option %.40s here", word);
	}
}

/* argv[0] is the command's name. */
static enum status parse_options(struct command_options *o, bool *help, const struct command *c, int argc, char **argv, struct error *e)
{
	int option = 0, which = OPTION_HELP;

	/* A short option leaves `which` alone, and there is only -h. */
	for (; (option = getopt_long(argc, argv, ":h", long_options, &which)) != -1; which = OPTION_HELP) {
		enum status st = set_option(o, help, option, argv[optind - 1], e);

		if (st != STATUS_OK)
			return st;
		if (!takes(c, long_options[which].name))
			return error_set(e, STATUS_USAGE, "`qip-kiosk %s` takes no --%s", c->name, long_options[which].name);
	}
	if (*help)
		return STATUS_OK;
	if (argc - optind != c->words)
		return error_set(e, STATUS_USAGE, "`qip-kiosk %s` takes %d words, not %d", c->name, c->words, argc - optind);
	for (; o->words_len < c->words; o->words_len++)
		o->words[o->words_len] = argv[optind + o->words_len];
	if (takes(c, "home") && (!o->home || !o->home[0]))
		return error_set(e, STATUS_USAGE, "name the kiosk's home: --home DIR, or QIP_HOME");
	return STATUS_OK;
}

static enum status run_command(const struct command *c, int argc, char **argv, struct error *e)
{
	struct command_options o = {.home = getenv("QIP_HOME"), .listen = LISTEN, .sync_every_ms = SYNC_EVERY_MS};
	bool help = false;
	enum status st = parse_options(&o, &help, c, argc, argv, e);

	if (st != STATUS_OK)
		return st;
	if (help) {
		(void)fputs(c->help, stdout);
		return STATUS_OK;
	}
	return c->run(&o, e);
}

int main(int argc, char **argv)
{
	const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;
	struct error e = {.text = ""};
	enum status st = STATUS_OK;

	no_dump_begin();
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(usage, stdout);
		return EXIT_DONE;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("qip-kiosk %s\n", QIP_VERSION);
		return EXIT_DONE;
	}
	if (!c && argc > 1) {
		(void)fprintf(stderr, "qip-kiosk: there is no command \"%.40s\"\nHelp: qip-kiosk --help\n", argv[1]);
		return EXIT_USAGE;
	}
	if (!c) {
		(void)fputs(usage, stderr);
		return EXIT_USAGE;
	}
	st = run_command(c, argc - 1, argv + 1, &e);
	if (st == STATUS_OK && fflush(stdout) != 0)
		st = error_set_errno(&e, errno, "cannot print");
	if (st == STATUS_OK)
		return EXIT_DONE;
	(void)fprintf(stderr, "qip-kiosk: %s\n", e.text[0] ? e.text : status_text(st));
	if (st == STATUS_USAGE)
		(void)fprintf(stderr, "Help: qip-kiosk %s --help\n", c->name);
	return st == STATUS_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
