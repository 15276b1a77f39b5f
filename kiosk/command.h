/* kiosk/command.h - what the subcommands of qip-kiosk share: their options, and their place in main.c's table. */
#ifndef QIP_KIOSK_COMMAND_H
#define QIP_KIOSK_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

#define COMMAND_WORDS_MAX 2

struct command_options {
	const char *words[COMMAND_WORDS_MAX]; /* behind the command's name */
	int words_len;
	const char *home;      /* --home, or QIP_HOME */
	const char *listen;    /* --listen */
	const char *port_file; /* --port-file, or NULL */
	const char *buttons;   /* --buttons, or NULL */
	int64_t sync_every_ms; /* --sync-every */
	int64_t screen_ms;     /* --screen; 0: nobody knows whether a browser shows the pages */
	bool json;             /* --json */
};

struct command {
	const char *name;
	int words;          /* how many it takes */
	const char *takes;  /* names of the long options it takes, space-separated, with a space at each end */
	const char *help;   /* usage, what it does, examples */
	enum status (*run)(const struct command_options *o, struct error *e);
};

enum status command_join(const struct command_options *o, struct error *e) MUST_CHECK;
enum status command_quiet_keys(const struct command_options *o, struct error *e) MUST_CHECK;
enum status command_run(const struct command_options *o, struct error *e) MUST_CHECK;
enum status command_status(const struct command_options *o, struct error *e) MUST_CHECK;
enum status command_sync(const struct command_options *o, struct error *e) MUST_CHECK;

#endif
