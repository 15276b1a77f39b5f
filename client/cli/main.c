/* client/cli/main.c - qip: finds the command, runs it, and says in one sentence what went wrong.
 *
 * Exit status: 0 done, 1 failed, 2 called wrongly, 5 the server contradicts what it showed before or to others; an audit has more, see
 * client/cli/audit.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/help.h"
#include "core/no_dump.h"

static enum status cmd_version(struct cli *c, struct error *e)
{
	enum status st = cli_no_json(c, e);

	if (st == STATUS_OK)
		fprintf(c->out, "qip %s\n", QIP_VERSION);
	return st;
}

static const struct command commands[] = {
	{"join", "URL CODE", "make this folder a device of a practice", help_join, options_join, 1, 2, cmd_join},
	{"status", "", "who this device is, how fresh its copy is, what waits", help_status, NULL, 0, 0, cmd_status},
	{"sync", "", "send what waits and fetch what is new", help_sync, NULL, 0, 0, cmd_sync},
	{"action list", "", "the improvement plan", help_action_list, options_action_list, 0, 0, cmd_action_list},
	{"action show", "REF", "one action point, with notes, evidence and conflicts", help_action_show,
	 options_action_show, 1, 1, cmd_action_show},
	{"show", "REF", "short for action show", help_action_show, options_action_show, 1, 1, cmd_action_show},
	{"action add", "--ref LABEL", "add an action point", help_action_add, options_action_add, 0, 0, cmd_action_add},
	{"action set", "REF FIELD=VALUE…", "change fields of an action point", help_action_set, options_dated, 2,
	 ARGS_MAX_WORDS, cmd_action_set},
	{"action note", "REF TEXT", "add a progress note", help_action_note, options_dated, 2, 2, cmd_action_note},
	{"action evidence", "REF TITLE", "add evidence", help_action_evidence, options_evidence, 2, 2,
	 cmd_action_evidence},
	{"action review", "REF OUTCOME", "add the outcome of a review", help_action_review, options_review, 2, 2,
	 cmd_action_review},
	{"evidence get", "REF ENTRY", "open a file that is kept as evidence", help_evidence_get, options_evidence_get, 2, 2,
	 cmd_evidence_get},
	{"evidence erase", "REF ENTRY", "erase such a file for good", help_evidence_erase, options_erase, 2, 2, cmd_evidence_erase},
	{"import", "FILE.csv", "take over a plan that was kept as a sheet", help_import, options_dated, 1, 1,
	 cmd_import},
	{"report summary", "", "how many are red, amber, green, blue and overdue", help_summary, options_summary, 0, 0,
	 cmd_report_summary},
	{"conflicts", "[REF]", "fields that two places set differently", help_conflicts, NULL, 0, 1, cmd_conflicts},
	{"resolve", "[REF FIELD]", "settle a conflict, or all as one site has it", help_resolve, options_resolve, 0, 2, cmd_resolve},
	{"log", "[REF]", "who changed what, and when the server had it", help_log, NULL, 0, 1, cmd_log},
	{"refused", "[list|retry N|drop N]", "what the server did not take, and what becomes of it", help_refused, options_refused, 0, 2,
	 cmd_refused},
	{"adopt", "[list|show N|take N|drop N]", "what a revoked device still sent, for a manager to take over", help_adopt, options_adopt, 0, 2, cmd_adopt},
	{"inspection add", "--inspected-on DAY", "record an inspection", help_inspection_add, options_inspection_add, 0,
	 0, cmd_inspection_add},
	{"inspection show", "", "the inspections, the latest first", help_inspection_show, options_action_show, 0, 0,
	 cmd_inspection_show},
	{"feedback stats", "", "what patients answered, and whether every answer is there", help_feedback_stats,
	 options_feedback_stats, 0, 0, cmd_feedback_stats},
	{"feedback list", "", "the answers one by one", help_feedback_list, options_feedback_list, 0, 0,
	 cmd_feedback_list},
	{"comments list", "", "what patients wrote, and what waits for somebody", help_comments_list, options_comments_list, 0, 0, cmd_comments_list},
	{"comments show", "ID", "one comment, and what was made of it", help_comments_show, NULL, 1, 1, cmd_comments_show},
	{"erasure", "[list|ID]", "what was erased for good, and who has said that its copies are gone", help_erasure, NULL, 0, 1, cmd_erasure},
	{"comments triage", "ID", "say what is made of a comment, and who sees to it", help_comments_triage, options_comments_triage, 1, 1, cmd_comments_triage},
	{"comments release", "ID", "let a text of a comment be shown", help_comments_release, options_comments_release, 1, 1, cmd_comments_release},
	{"comments withdraw", "ID", "no longer show it", help_comments_withdraw, NULL, 1, 1, cmd_comments_withdraw},
	{"comments erase", "ID --reason TEXT", "delete a comment for good, everywhere", help_comments_erase, options_comments_erase, 1, 1, cmd_comments_erase},
	{"survey list", "", "what patients are asked, where and when", help_survey_list, NULL, 0, 0, cmd_survey_list},
	{"survey show", "ID", "one survey, question by question", help_survey_show, options_survey_show, 1, 1, cmd_survey_show},
	{"survey check", "FILE", "is a survey as it should be?", help_survey_check, NULL, 1, 1, cmd_survey_check},
	{"survey put", "FILE", "add a survey, or its next version", help_survey_put, NULL, 1, 1, cmd_survey_put},
	{"survey end", "ID [DAY]", "say on which day a survey is asked last", help_survey_end, NULL, 1, 2, cmd_survey_end},
	{"practice show", "", "what holds for the whole practice", help_practice_show, NULL, 0, 0, cmd_practice_show},
	{"practice set", "--retention-months N", "say how long comments are kept", help_practice_set, options_practice_set, 0, 0, cmd_practice_set},
	{"site add", "ID --name NAME", "add a site", help_site_add, options_site_add, 1, 1, cmd_site_add},
	{"site list", "", "the practice's sites", help_site_list, NULL, 0, 0, cmd_site_list},
	{"site kiosk", "SITE", "how the kiosks of a site are set up", help_site_kiosk, options_site_kiosk, 1, 1, cmd_site_kiosk},
	{"people add", "NAME --job JOB", "add a member of staff, the name sealed", help_people_add, options_people_add, 1, 1, cmd_people_add},
	{"people list", "", "the members of staff", help_people_list, NULL, 0, 0, cmd_people_list},
	{"people left", "ID [DAY]", "say on which day somebody left", help_people_left, NULL, 1, 2, cmd_people_left},
	{"people erase", "ID --reason TEXT", "erase somebody's name for good", help_people_erase, options_erase, 1, 1, cmd_people_erase},
	{"people me", "[ID]", "say whose device this is", help_people_me, options_people_me, 0, 1, cmd_people_me},
	{"keys list", "", "who can read what patients write", help_keys_list, NULL, 0, 0, cmd_keys_list},
	{"keys grant", "DEVICE", "let a device read what was written before it joined", help_keys_grant, NULL, 1, 1, cmd_keys_grant},
	{"keys revoke", "DEVICE", "let a device read nothing that comes from now on", help_keys_revoke, NULL, 1, 1, cmd_keys_revoke},
	{"keys rotate", "", "a new generation of the comment key", help_keys_rotate, options_keys_rotate, 0, 0, cmd_keys_rotate},
	{"keys recover", "", "open what is there by the recovery key's paper", help_keys_recover, options_keys_recover, 0, 0, cmd_keys_recover},
	{"keys protect", "", "put this device's key under a passphrase", help_keys_protect, options_keys_protect, 0, 0, cmd_keys_protect},
	{"keys unprotect", "", "take that passphrase away", help_keys_unprotect, NULL, 0, 0, cmd_keys_unprotect},
	{"server-key list", "", "the keys that the server signs with, and the one that waits", help_server_key_list, NULL, 0, 0, cmd_server_key_list},
	{"server-key endorse", "FINGERPRINT", "let the server sign with its next key", help_server_key_endorse, options_server_key_endorse, 1, 1,
	 cmd_server_key_endorse},
	{"server-key retire", "FINGERPRINT", "let a key of the server sign nothing more", help_server_key_retire, options_server_key_retire, 1, 1,
	 cmd_server_key_retire},
	{"devices", "", "who belongs to the practice", help_devices, NULL, 0, 0, cmd_devices},
	{"invite", "DEVICE --role ROLE", "let a new device join", help_invite, options_invite, 1, 1, cmd_invite},
	{"retire", "DEVICE", "let a device hand in what it has, and end", help_retire, options_end, 1, 1, cmd_retire},
	{"revoke", "DEVICE", "shut a lost or stolen device out", help_revoke, options_end, 1, 1, cmd_revoke},
	{"audit", "", "check the history again: what is new, or all", help_audit, options_audit, 0, 0, cmd_audit},
	{"checkpoint", "", "is it the same history that others are shown?", help_checkpoint, options_checkpoint, 0, 0, cmd_checkpoint},
	{"allowed-signers", "", "the keys behind the history, for git and ssh-keygen", help_signers, NULL, 0, 0,
	 cmd_allowed_signers},
	{"git-config", "", "what stock git needs to read the history", help_git_config, options_git_config, 0, 0,
	 cmd_git_config},
	{"version", "", "the program's version", help_version, NULL, 0, 0, cmd_version},
	{NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};

/* The command at argv[at], of one word or two; *words says how many. */
static const struct command *find_command(int argc, const char *const *argv, int at, int *words)
{
	for (const struct command *cmd = commands; cmd->name; cmd++) {
		size_t len = strcspn(cmd->name, " ");

		if (strncmp(cmd->name, argv[at], len) != 0 || argv[at][len] != '\0')
			continue;
		*words = cmd->name[len] ? 2 : 1;
		if (*words == 1 || (at + 1 < argc && strcmp(cmd->name + len + 1, argv[at + 1]) == 0))
			return cmd;
	}
	return NULL;
}

/* True if commands begin with this word: "action". */
static bool is_group(const char *word)
{
	size_t len = strlen(word);

	for (const struct command *cmd = commands; cmd->name; cmd++)
		if (len > 0 && strncmp(cmd->name, word, len) == 0 && cmd->name[len] == ' ')
			return true;
	return false;
}

/* Of the options that may stand in front of the command. */
static bool takes_value(const char *option)
{
	for (const struct arg_option *o = options_common; o->name; o++)
		if (o->value && strncmp(option, "--", 2) == 0 && strcmp(option + 2, o->name) == 0)
			return true;
	return false;
}

/* Where the command's name stands: behind options that may stand in front. argc when there is none. */
static int skip_common(int argc, const char *const *argv)
{
	int at = 1;

	while (at < argc && argv[at][0] == '-')
		at += takes_value(argv[at]) ? 2 : 1;
	return at < argc ? at : argc;
}

static int usage(const char *text, const char *command)
{
	fprintf(stderr, "qip: %s\n", text);
	fprintf(stderr, "Help: qip %s%s--help\n", command, command[0] ? " " : "");
	return 2;
}

/* No command was found: help was asked for, the version, or something is wrong. */
static int no_command(int argc, const char *const *argv, int at)
{
	char text[160];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "help") == 0) {
			help_all(stdout, commands, at < argc && is_group(argv[at]) ? argv[at] : NULL);
			return 0;
		}
	}
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			printf("qip %s\n", QIP_VERSION);
			return 0;
		}
	}
	for (int i = 1; i < at && i < argc; i++) {
		if (takes_value(argv[i])) {
			i++;
		} else if (strcmp(argv[i], "--json") != 0) {
			(void)snprintf(text, sizeof(text), "there is no option %.40s here", argv[i]);
			return usage(text, "");
		}
	}
	if (at >= argc)
		return usage("please name a command", "");
	if (is_group(argv[at]))
		(void)snprintf(text, sizeof(text), "please say what to do with \"%.40s\"", argv[at]);
	else
		(void)snprintf(text, sizeof(text), "there is no command \"%.40s\"", argv[at]);
	return usage(text, is_group(argv[at]) ? argv[at] : "");
}

/* All arguments but the command's name. */
static enum status parse(struct cli *c, const struct command *cmd, int argc, const char *const *argv, int at, int words,
			 struct error *e)
{
	const char **rest = calloc((size_t)argc + 1, sizeof(*rest));
	int n = 0;
	enum status st;

	if (!rest)
		return error_set(e, STATUS_NOMEM, "out of memory");
	for (int i = 1; i < argc; i++)
		if (i < at || i >= at + words)
			rest[n++] = argv[i];
	st = args_parse(&c->args, n, rest, options_common, cmd->options, e);
	free(rest); /* the words themselves are argv's */
	if (st != STATUS_OK || args_has(&c->args, "help"))
		return st;
	if (c->args.words_len < cmd->min_words)
		return error_set(e, STATUS_USAGE, "\"%s\" needs more: qip %s %s", cmd->name, cmd->name, cmd->words);
	if (c->args.words_len > cmd->max_words)
		return error_set(e, STATUS_USAGE, "\"%.60s\" is too much; texts with spaces need quotation marks",
				 c->args.words[cmd->max_words]);
	return STATUS_OK;
}

static void set_up(struct cli *c)
{
	const char *no_color = getenv("NO_COLOR");

	c->json = args_has(&c->args, "json");
	c->home = args_has(&c->args, "home") ? args_get(&c->args, "home") : getenv("QIP_HOME");
	c->person = args_has(&c->args, "person") ? args_get(&c->args, "person") : getenv("QIP_PERSON");
	c->bold = isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
}

int main(int argc, char **argv)
{
	const char *const *words_in = (const char *const *)argv;
	int at = skip_common(argc, words_in), words = 0;
	const struct command *cmd = at < argc ? find_command(argc, words_in, at, &words) : NULL;
	struct cli c = {.out = stdout};
	struct error e = {0};
	enum status st;

	no_dump_begin();
	(void)signal(SIGPIPE, SIG_IGN); /* a peer that goes is an error of the call, not the end of the program */
	if (!cmd)
		return no_command(argc, words_in, at);
	st = parse(&c, cmd, argc, words_in, at, words, &e);
	if (st == STATUS_OK && args_has(&c.args, "help")) {
		help_command(stdout, cmd, options_common);
		return 0;
	}
	if (st == STATUS_OK) {
		set_up(&c);
		st = cmd->run(&c, &e);
	}
	if (c.q)
		qip_close(c.q);
	cJSON_Delete(c.people);
	if (fflush(stdout) != 0 && errno != EPIPE && st == STATUS_OK) /* "qip log | head" has read enough */
		st = error_set(&e, STATUS_IO, "the output could not be written");
	if (st == STATUS_OK)
		return 0;
	if (st == STATUS_USAGE)
		return usage(e.text[0] ? e.text : status_text(st), cmd->name);
	fprintf(stderr, "qip: %s\n", e.text[0] ? e.text : status_text(st));
	if (st == STATUS_CONTRADICTED)
		return CLI_EXIT_CONTRADICTED;
	return c.failed ? c.failed : 1;
}
