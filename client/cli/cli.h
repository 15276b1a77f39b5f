/* client/cli/cli.h - what every subcommand of `qip` shares: its place in the dispatch table, the open home, output.
 *
 * A subcommand is one file with one `cmd_…` per command. It prints to stdout only what was asked for, and returns a
 * status with one sentence in *e; main prints that sentence, and makes the exit status of it: 0, 2 for STATUS_USAGE,
 * CLI_EXIT_CONTRADICTED for STATUS_CONTRADICTED, else 1 or what the command put into `failed`.
 */
#ifndef QIP_CLI_CLI_H
#define QIP_CLI_CLI_H

#include <stdio.h>

#include "client/cli/args.h"
#include "client/cli/table.h"
#include "qip/client.h"

#define CLI_EXIT_CONTRADICTED 5

/* Of commands whose texts are looked through for personal data, see typed.h. */
#define EVEN_SO_OPTION                                                                                                 \
	{                                                                                                              \
		"even-so", NULL, "enter it though it looks like personal data", false                                  \
	}

struct cli {
	FILE *out;
	bool json; /* --json */
	bool bold; /* out is a terminal and NO_COLOR is not set */
	const char *home;
	const char *person; /* who makes the change, if that was said: client/people.h */
	struct args args;
	int failed; /* exit status of a failure, from commands that tell failures apart; 0: 1 */
	struct qip *q; /* opened by cli_open, closed by main */
	cJSON *people; /* what they are called, by id: client/cli/persons.h; owned */
};

struct command {
	const char *name;		  /* "action list"; NULL ends the table */
	const char *words;		  /* what follows the name: "REF FIELD=VALUE…" */
	const char *summary;		  /* one line for `qip --help` */
	const char *help;		  /* paragraphs and examples for `qip CMD --help` */
	const struct arg_option *options; /* of this command alone; may be NULL */
	size_t min_words, max_words;
	enum status (*run)(struct cli *c, struct error *e);
};

/* Open the home. STATUS_USAGE when none was named. */
enum status cli_open(struct cli *c, struct error *e) MUST_CHECK;
/* Open the home for its copy of the practice's log. STATUS_DENIED in a kiosk's home, which has none. */
enum status cli_open_log(struct cli *c, struct error *e) MUST_CHECK;
/* For commands whose output is a file format of its own: STATUS_USAGE when --json was given. */
enum status cli_no_json(const struct cli *c, struct error *e) MUST_CHECK;
/* The home's folder, without opening it. STATUS_USAGE. */
enum status cli_options(struct qip_options *out, const struct cli *c, struct error *e) MUST_CHECK;
/* Append a file that a person named; more than max_bytes is cut to somewhat more than that, which its reader refuses. An empty file is STATUS_INVALID. */
enum status cli_read_file(struct buf *out, const char *path, size_t max_bytes, struct error *e) MUST_CHECK;
/* Print JSON, indented, with a line break; takes value over. NULL, also inside the building, is STATUS_NOMEM. */
enum status cli_print_json(struct cli *c, cJSON *value, struct error *e) MUST_CHECK;
/* The machine's present day, "YYYY-MM-DD". */
void cli_today(char out[11], const struct cli *c);
/* The i-th word behind the command's name, NULL past the end. */
const char *cli_word(const struct cli *c, size_t i);
/* The second word, a number above 0 of at most so many digits (9 or less), as "qip COMMAND list" shows it. STATUS_USAGE. */
enum status cli_number(int *out, const struct cli *c, const char *command, size_t digits_max, struct error *e) MUST_CHECK;
/* "5 minutes", "3 days". */
void cli_age(char *out, size_t size, int64_t ms);
/* "" for one, "s" otherwise. */
const char *plural(uint64_t n);

/* A text of a record, "" where it has none. */
const char *text_of(const cJSON *object, const char *key);

/* Building JSON for output: when memory runs out *object becomes NULL and stays so, and cli_print_json says it. */
void put_string(cJSON **object, const char *key, const char *value);
void put_number(cJSON **object, const char *key, int64_t value);
void put_bool(cJSON **object, const char *key, bool value);
void put_item(cJSON **object, const char *key, cJSON *item); /* item is taken over */
void push_item(cJSON **array, cJSON *item);		     /* item is taken over */

/* ---- the commands ---- */
enum status cmd_join(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_invite(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_retire(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_revoke(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_people_add(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_people_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_people_left(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_people_erase(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_people_me(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_keys_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_keys_grant(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_keys_revoke(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_keys_rotate(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_keys_recover(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_keys_protect(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_keys_unprotect(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_server_key_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_server_key_endorse(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_server_key_retire(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_devices(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_practice_show(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_practice_set(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_site_add(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_site_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_site_kiosk(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_import(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_action_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_action_show(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_action_add(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_action_set(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_action_note(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_action_evidence(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_evidence_get(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_evidence_erase(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_action_review(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_inspection_add(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_inspection_show(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_feedback_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_comments_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_comments_show(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_comments_triage(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_comments_release(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_comments_withdraw(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_comments_erase(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_feedback_stats(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_survey_list(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_survey_show(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_survey_check(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_survey_put(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_survey_end(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_report_summary(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_status(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_sync(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_erasure(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_refused(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_adopt(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_log(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_conflicts(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_resolve(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_checkpoint(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_audit(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_allowed_signers(struct cli *c, struct error *e) MUST_CHECK;
enum status cmd_git_config(struct cli *c, struct error *e) MUST_CHECK;

extern const struct arg_option options_common[], options_join[], options_invite[], options_end[], options_practice_set[], options_site_add[], options_site_kiosk[], options_people_add[], options_people_me[], options_keys_rotate[], options_keys_recover[], options_keys_protect[], options_server_key_endorse[], options_server_key_retire[], options_dated[],
	options_action_list[], options_action_show[], options_action_add[], options_evidence[], options_evidence_get[], options_erase[], options_review[],
	options_inspection_add[], options_feedback_stats[], options_feedback_list[], options_comments_list[], options_comments_triage[], options_comments_release[], options_comments_erase[], options_survey_show[], options_summary[], options_resolve[], options_refused[], options_adopt[], options_audit[], options_checkpoint[],
	options_git_config[];

#endif
