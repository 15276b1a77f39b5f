/* client/cli/comments_erase.c - qip comments erase: a comment and all that was released of it, gone for good wherever the practice's copies are. */
#include "client/cli/inbox.h"
#include "client/cli/text.h"
#include "client/cli/typed.h"
#include "client/erase.h"

const struct arg_option options_comments_erase[] = {
	{"reason", "TEXT", "why (needed); it stays for ever: no personal data", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};

static enum status tell_erased(struct cli *c, const char *feedback, const char *erasure, struct error *e)
{
	cJSON *json = NULL;

	if (!c->json) {
		fprintf(c->out, "%.*s: erased here, and everywhere else with each device's next sync. Next: qip sync\n", INBOX_SHORT_ID, feedback);
		return STATUS_OK;
	}
	json = cJSON_CreateObject();
	put_string(&json, "id", feedback);
	put_string(&json, "erasure", erasure);
	return cli_print_json(c, json, e);
}

enum status cmd_comments_erase(struct cli *c, struct error *e)
{
	const char *reason = args_get(&c->args, "reason");
	char erasure[ID_TEXT_LEN + 1];
	struct comment m = {0};
	enum status st = reason ? text_check(reason, "--reason", e) : error_set(e, STATUS_USAGE, "please say why: --reason TEXT");

	if (st == STATUS_OK && text_width(reason) > ERASE_REASON_MAX)
		st = error_set(e, STATUS_INVALID, "--reason has more than %d characters", ERASE_REASON_MAX);
	if (st == STATUS_OK)
		st = inbox_find(&m, c, e);
	if (st == STATUS_OK)
		st = typed_check_text(c, "--reason", reason, e);
	if (st == STATUS_OK)
		st = erase_feedback(erasure, c->q, text_of(m.feedback, "id"), reason, e);
	if (st == STATUS_OK)
		st = tell_erased(c, text_of(m.feedback, "id"), erasure, e);
	comment_clear(&m);
	return st;
}
