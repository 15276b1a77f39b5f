/* client/cli/refused.c - qip refused list, retry, drop: what the server did not take, and a person's choice of what becomes of it. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/text.h"

const struct arg_option options_refused[] = {
	{"reason", "TEXT", "drop: why nobody wants it; it is kept beside what is dropped", false},
	{"yes", NULL, "drop: without a reason", false},
	{NULL, NULL, NULL, false},
};

/* ---- list ---- */

struct listing {
	struct table table;
	cJSON *json;
	uint64_t open;
};

static void say_state(char *out, size_t size, const struct qip_refusal *r)
{
	static const char *const said[] = {"open", "open", "made again, waits for: qip sync", "made again and accepted", "", "dropped: "};

	if (r->state == QIP_REFUSAL_AGAIN)
		(void)snprintf(out, size, "refused again, as No %d", r->again);
	else
		(void)snprintf(out, size, "%s%s", said[r->state], r->state == QIP_REFUSAL_DROPPED ? r->why : "");
}

static bool is_open(const struct qip_refusal *r)
{
	return r->state == QIP_REFUSAL_OPEN || r->state == QIP_REFUSAL_MAKING;
}

static enum status add_refusal(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct listing *l = ctx;
	cJSON *json = cJSON_CreateObject();
	char number[16], state[320];

	(void)e;
	l->open += is_open(r);
	(void)snprintf(number, sizeof(number), "%d", r->number);
	say_state(state, sizeof(state), r);
	table_add(&l->table, (const char *const[]){number, r->subject, r->path, r->reason, state});
	put_number(&json, "number", r->number);
	put_string(&json, "commit", r->commit);
	put_string(&json, "path", r->path);
	put_string(&json, "subject", r->subject);
	put_string(&json, "reason", r->reason);
	put_string(&json, "at", r->at);
	put_string(&json, "state", qip_refusal_state_text(r->state));
	if (r->state == QIP_REFUSAL_AGAIN)
		put_number(&json, "again", r->again);
	if (r->state == QIP_REFUSAL_DROPPED)
		put_string(&json, "why", r->why);
	push_item(&l->json, json);
	return STATUS_OK;
}

static enum status list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "No", .right = true},
		{.title = "Edit", .gives = 1},
		{.title = "Path", .gives = 1},
		{.title = "Reason", .gives = 2},
		{.title = "State", .gives = 1},
	};
	struct listing l = {.json = cJSON_CreateArray()};
	enum status st;

	table_init(&l.table, columns, ARRAY_LEN(columns));
	st = qip_refused_each(c->q, add_refusal, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
		if (st == STATUS_OK && l.table.rows == 0)
			fprintf(c->out, "Nothing was refused.\n");
		if (st == STATUS_OK && l.open > 0)
			fprintf(c->out, "\nOnce the reason is gone: qip refused retry N. If nobody wants it: qip refused drop N --reason TEXT\n");
	}
	cJSON_Delete(l.json);
	table_clear(&l.table);
	return st;
}

/* ---- retry, drop ---- */

static enum status tell(struct cli *c, int number, const char *state, const char *text, struct error *e)
{
	cJSON *json = NULL;

	if (!c->json) {
		text_wrap(c->out, text, 0);
		return STATUS_OK;
	}
	json = cJSON_CreateObject();
	put_number(&json, "number", number);
	put_string(&json, "state", state);
	return cli_print_json(c, json, e);
}

static enum status retry(struct cli *c, struct error *e)
{
	struct qip_retried r;
	char text[400 + ERROR_TEXT_MAX], left[160] = "";
	int number = 0;
	enum status st = cli_number(&number, c, "refused", 7, e);

	if (st == STATUS_OK)
		st = qip_refused_retry(&r, c->q, number, e);
	if (st != STATUS_OK)
		return st;
	if (r.overtaken > 0)
		(void)snprintf(left, sizeof(left), " %llu field%s left as %s now: set anew since.", (unsigned long long)r.overtaken,
			       plural(r.overtaken), r.overtaken == 1 ? "it is" : "they are");
	if (r.state == QIP_REFUSAL_DONE)
		(void)snprintf(text, sizeof(text), "No %d is settled: %s.%s", number,
			       r.already ? "it was made again, and the server took it" : "nothing of it is left to make again", left);
	else if (r.left > 0)
		(void)snprintf(text, sizeof(text), "Of No %d %llu change%s made again.%s Next: qip sync. %llu record%s left, and No %d stays open for %s: %s.", number,
			       (unsigned long long)r.changes, r.changes == 1 ? " is" : "s are", left, (unsigned long long)r.left,
			       r.left == 1 ? " is" : "s are", number, r.left == 1 ? "it" : "them", r.why);
	else if (r.already)
		(void)snprintf(text, sizeof(text), "No %d is made again already and waits to be sent. Next: qip sync", number);
	else
		(void)snprintf(text, sizeof(text), "No %d is made again: %llu change%s.%s Next: qip sync", number, (unsigned long long)r.changes,
			       plural(r.changes), left);
	return tell(c, number, qip_refusal_state_text(r.state), text, e);
}

static enum status drop(struct cli *c, struct error *e)
{
	const char *reason = args_get(&c->args, "reason");
	char text[200];
	int number = 0;
	enum status st = cli_number(&number, c, "refused", 7, e);

	if (st == STATUS_OK && !args_has(&c->args, "yes") && !(reason && reason[0]))
		st = error_set(e, STATUS_USAGE, "please say why nobody wants No %d: --reason TEXT, or --yes without one", number);
	if (st == STATUS_OK && reason && strlen(reason) > 200)
		st = error_set(e, STATUS_USAGE, "the reason is longer than 200 bytes");
	if (st == STATUS_OK)
		st = qip_refused_drop(c->q, number, reason && reason[0] ? reason : "no reason given", e);
	if (st != STATUS_OK)
		return st;
	(void)snprintf(text, sizeof(text), "No %d is dropped. What it would have changed is kept in words in refused/%d.json of this home.", number, number);
	return tell(c, number, "dropped", text, e);
}

enum status cmd_refused(struct cli *c, struct error *e)
{
	const char *word = cli_word(c, 0) ? cli_word(c, 0) : "list";
	bool is_list = strcmp(word, "list") == 0, is_drop = strcmp(word, "drop") == 0;
	enum status st = STATUS_OK;

	if (!is_list && !is_drop && strcmp(word, "retry") != 0)
		return error_set(e, STATUS_USAGE, "there is \"qip refused list\", \"retry N\" and \"drop N\"; \"%.40s\" is none of them", word);
	if (is_list && cli_word(c, 1))
		return error_set(e, STATUS_USAGE, "\"qip refused list\" takes no number");
	if (!is_drop && (args_has(&c->args, "reason") || args_has(&c->args, "yes")))
		return error_set(e, STATUS_USAGE, "--reason and --yes are for \"qip refused drop N\"");
	st = cli_open(c, e);
	if (st != STATUS_OK)
		return st;
	return is_list ? list(c, e) : is_drop ? drop(c, e) : retry(c, e);
}
