/* client/cli/sync.c - qip sync, refused: send what waits, fetch what is new, and see what the server did not take. */
#include <string.h>

#include "client/cli/cli.h"

static enum status print_json(struct cli *c, const struct qip_sync_report *r, struct error *e)
{
	cJSON *json = cJSON_CreateObject();

	put_number(&json, "commits_sent", (int64_t)r->commits_sent);
	put_number(&json, "records_sent", (int64_t)r->records_sent);
	put_number(&json, "merges_received", (int64_t)r->merges_received);
	put_number(&json, "refused", (int64_t)r->refused);
	put_number(&json, "waiting", (int64_t)r->waiting);
	put_number(&json, "main_index", r->main_index);
	return cli_print_json(c, json, e);
}

enum status cmd_sync(struct cli *c, struct error *e)
{
	struct qip_sync_report r = {0};
	enum status st = cli_open(c, e);

	if (st == STATUS_OK)
		st = qip_sync(c->q, &r, e);
	if (st == STATUS_OK && c->json)
		st = print_json(c, &r, e);
	else if (st == STATUS_OK)
		fprintf(c->out, "Sent %llu edit%s, received %llu change%s. The log is at %lld.\n",
			(unsigned long long)r.commits_sent, plural(r.commits_sent),
			(unsigned long long)r.merges_received, plural(r.merges_received), (long long)r.main_index);
	if (st == STATUS_OK && r.refused > 0)
		st = error_set(e, STATUS_REFUSED,
			       "the server refused %llu edit%s; all else is sent, and \"qip refused\" says why",
			       (unsigned long long)r.refused, plural(r.refused));
	return st;
}

struct listing {
	struct table table;
	cJSON *json;
};

static enum status add_refusal(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct listing *l = ctx;
	cJSON *json = cJSON_CreateObject();
	char number[16];

	(void)e;
	(void)snprintf(number, sizeof(number), "%d", r->number);
	table_add(&l->table, (const char *const[]){number, r->subject, r->path, r->reason});
	put_number(&json, "number", r->number);
	put_string(&json, "commit", r->commit);
	put_string(&json, "path", r->path);
	put_string(&json, "subject", r->subject);
	put_string(&json, "reason", r->reason);
	put_string(&json, "at", r->at);
	push_item(&l->json, json);
	return STATUS_OK;
}

enum status cmd_refused(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "No", .right = true},
		{.title = "Edit", .gives = 1},
		{.title = "Path", .gives = 1},
		{.title = "Reason", .gives = 2},
	};
	struct listing l = {.json = cJSON_CreateArray()};
	const char *word = cli_word(c, 0);
	enum status st;

	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (word && strcmp(word, "list") != 0)
		st = error_set(e, STATUS_USAGE, "there is only \"qip refused list\"");
	else
		st = cli_open(c, e);
	if (st == STATUS_OK)
		st = qip_refused_each(c->q, add_refusal, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
		if (st == STATUS_OK && l.table.rows == 0)
			fprintf(c->out, "Nothing was refused.\n");
	}
	cJSON_Delete(l.json);
	table_clear(&l.table);
	return st;
}
