/* client/cli/help.h - the texts of --help. */
#ifndef QIP_CLI_HELP_H
#define QIP_CLI_HELP_H

#include "client/cli/cli.h"

/* All commands, or those of a group ("action"). */
void help_all(FILE *f, const struct command *commands, const char *group);
void help_command(FILE *f, const struct command *cmd, const struct arg_option *common);

extern const char help_join[], help_status[], help_sync[], help_action_list[], help_action_show[], help_action_add[],
	help_action_set[], help_action_note[], help_action_evidence[], help_action_review[], help_import[],
	help_summary[], help_conflicts[], help_resolve[], help_log[], help_refused[], help_adopt[], help_inspection_add[],
	help_inspection_show[], help_feedback_stats[], help_feedback_list[],
	help_comments_list[], help_comments_show[], help_comments_triage[], help_comments_release[], help_comments_withdraw[], help_comments_erase[], help_erasure[],
	help_practice_show[], help_practice_set[], help_site_add[], help_site_list[], help_site_kiosk[],
	help_survey_list[], help_survey_show[], help_survey_check[], help_survey_put[], help_survey_end[],
	help_evidence_get[], help_evidence_erase[], help_people_erase[], help_people_add[], help_people_list[], help_people_left[], help_people_me[],
	help_keys_list[], help_keys_grant[], help_keys_revoke[], help_keys_rotate[], help_keys_recover[], help_keys_protect[], help_keys_unprotect[],
	help_server_key_list[], help_server_key_endorse[], help_server_key_retire[],
	help_devices[], help_invite[], help_retire[], help_revoke[], help_checkpoint[], help_audit[], help_signers[], help_git_config[],
	help_version[];

#endif
