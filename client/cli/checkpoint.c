/* client/cli/checkpoint.c - qip checkpoint: is it the same history that others are shown? */
#include <string.h>
#include <sys/stat.h>

#include "client/cli/cli.h"
#include "client/cli/text.h"

#define TEXT_MAX 8192

const struct arg_option options_checkpoint[] = {
	{"signed", NULL, "print the signed text alone, to be sent to others", false},
	{"check", "TEXT|FILE", "compare what another device printed, or what was read out (\"120 4f3a 9c01 …\"), with the log here", false},
	{"settle", "N", "what was found under this number is explained", false},
	{"reason", "TEXT", "settle: how", false},
	{NULL, NULL, NULL, false},
};

/* ---- this home's, everybody's, and what was found ---- */

static void print_groups(FILE *out, const char *hex)
{
	for (size_t i = 0; hex[i]; i++)
		fprintf(out, "%s%c", i > 0 && i % 4 == 0 ? " " : "", hex[i]);
}

struct listing {
	struct table table;
	cJSON *json;
};

static enum status add_other(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;
	const char *device = json_string(record, "device"), *at = json_string(record, "at");
	char number[24], day[TIME_TEXT_MAX];
	int64_t index = 0;

	(void)path;
	(void)e;
	(void)json_integer(record, "index", &index);
	(void)snprintf(number, sizeof(number), "%lld", (long long)index);
	(void)snprintf(day, sizeof(day), "%.10s", at ? at : "");
	table_add(&l->table, (const char *const[]){device ? device : "", number, day});
	push_item(&l->json, cJSON_Duplicate(record, true));
	return STATUS_OK;
}

static enum status add_found(void *ctx, const struct qip_seen *s, struct error *e)
{
	struct listing *l = ctx;
	cJSON *json = cJSON_CreateObject();
	char number[16];

	(void)e;
	(void)snprintf(number, sizeof(number), "%d", s->number);
	table_add(&l->table, (const char *const[]){number, s->at, s->text, s->ref, s->settled[0] ? s->settled : "open"});
	put_number(&json, "number", s->number);
	put_string(&json, "kind", s->kind);
	put_string(&json, "device", s->device);
	put_string(&json, "commit", s->commit);
	put_string(&json, "ref", s->ref);
	put_string(&json, "text", s->text);
	put_string(&json, "at", s->at);
	put_string(&json, "settled", s->settled);
	put_string(&json, "settled_at", s->settled_at);
	push_item(&l->json, json);
	return STATUS_OK;
}

static enum status print_text(struct cli *c, const struct qip_checkpoint *own, struct listing *others, struct listing *found, struct error *e)
{
	FILE *out = c->out;
	enum status st = STATUS_OK;

	fprintf(out, "This home has followed the log to merge %lld", (long long)own->index);
	if (own->received[0])
		fprintf(out, ", received %.10s %.5s UTC", own->received, own->received + 11);
	fprintf(out, ":\n  ");
	print_groups(out, own->main);
	fprintf(out, "\nWhoever has followed it as far must read the same. To compare by mail: qip checkpoint --signed\n");
	if (others->table.rows > 0) {
		fprintf(out, "\nWhat devices said of themselves in the history:\n\n");
		st = table_print(out, &others->table, c->bold, e);
	}
	if (st == STATUS_OK && found->table.rows > 0) {
		fprintf(out, "\nFound:\n\n");
		st = table_print(out, &found->table, c->bold, e);
	}
	return st;
}

static enum status print_json(struct cli *c, const struct qip_checkpoint *own, struct listing *others, struct listing *found, struct error *e)
{
	cJSON *json = cJSON_CreateObject();

	put_string(&json, "device", qip_identity(c->q)->device);
	put_number(&json, "index", own->index);
	put_string(&json, "main", own->main);
	put_string(&json, "received", own->received);
	put_string(&json, "text", buf_text(&own->text));
	put_item(&json, "checkpoints", others->json);
	put_item(&json, "found", found->json);
	others->json = found->json = NULL;
	return cli_print_json(c, json, e);
}

static enum status show(struct cli *c, const struct qip_checkpoint *own, struct error *e)
{
	static const struct table_column other_columns[] = {{.title = "Device", .gives = 1}, {.title = "Followed to", .right = true}, {.title = "On"}};
	static const struct table_column found_columns[] = {
		{.title = "No", .right = true}, {.title = "At", .gives = 1}, {.title = "What", .gives = 2}, {.title = "Kept as", .gives = 1}, {.title = "State", .gives = 1},
	};
	struct listing others = {.json = cJSON_CreateArray()}, found = {.json = cJSON_CreateArray()};
	enum status st;

	table_init(&others.table, other_columns, ARRAY_LEN(other_columns));
	table_init(&found.table, found_columns, ARRAY_LEN(found_columns));
	st = qip_each(c->q, "checkpoints/", add_other, &others, e);
	if (st == STATUS_OK)
		st = qip_seen_each(c->q, add_found, &found, e);
	if (st == STATUS_OK)
		st = c->json ? print_json(c, own, &others, &found, e) : print_text(c, own, &others, &found, e);
	cJSON_Delete(others.json);
	cJSON_Delete(found.json);
	table_clear(&others.table);
	table_clear(&found.table);
	return st;
}

/* ---- comparing, settling ---- */

/* A file's content if there is such a file, else the word itself. */
static enum status read_text(struct buf *out, const char *word, struct error *e)
{
	char bytes[TEXT_MAX + 1];
	struct stat info;
	FILE *f = NULL;

	if (strlen(word) > 1000 || stat(word, &info) != 0 || !S_ISREG(info.st_mode)) {
		buf_adds(out, word);
	} else {
		f = fopen(word, "rb");
		if (!f)
			return error_set(e, STATUS_IO, "%s cannot be opened", word);
		buf_add(out, bytes, fread(bytes, 1, sizeof(bytes), f));
		(void)fclose(f);
	}
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status tell_checked(struct cli *c, const struct qip_checked *k, struct error *e)
{
	char text[400];
	const char *who = k->device[0] ? k->device : "the other device";
	cJSON *json = NULL;

	if (!c->json) {
		if (!k->waits)
			(void)snprintf(text, sizeof(text), "It agrees: merge %lld of the log is the same here as %s saw it.", (long long)k->index, who);
		else if (k->device[0])
			(void)snprintf(text, sizeof(text), "This home has not followed the log to merge %lld yet. The next sync compares it. Next: qip sync",
				       (long long)k->index);
		else
			(void)snprintf(text, sizeof(text),
				       "This home has not followed the log to merge %lld yet. Sync, then check it again; if the server shows no more "
				       "then, check the other's signed text.",
				       (long long)k->index);
		text_wrap(c->out, text, 0);
		return STATUS_OK;
	}
	json = cJSON_CreateObject();
	put_string(&json, "device", k->device);
	put_number(&json, "index", k->index);
	put_string(&json, "state", k->waits ? "waits" : "agrees");
	return cli_print_json(c, json, e);
}

static enum status check(struct cli *c, const char *word, struct error *e)
{
	struct buf text = BUF_INIT;
	struct qip_checked checked;
	enum status st = read_text(&text, word, e);

	if (st == STATUS_OK)
		st = qip_checkpoint_check(&checked, c->q, buf_text(&text), text.len, e);
	if (st == STATUS_OK)
		st = tell_checked(c, &checked, e);
	buf_clear(&text);
	return st;
}

static enum status settle(struct cli *c, const char *word, struct error *e)
{
	const char *reason = args_get(&c->args, "reason");
	size_t digits = strspn(word, "0123456789");
	cJSON *json = NULL;
	int number = 0;
	enum status st;

	if (digits == 0 || digits > 4 || word[digits])
		return error_set(e, STATUS_USAGE, "\"%.20s\" is not a number that \"qip checkpoint\" lists", word);
	if (!reason || !reason[0] || strlen(reason) > 200)
		return error_set(e, STATUS_USAGE, "please say how it is explained, in at most 200 bytes: --reason TEXT");
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (word[i] - '0');
	st = qip_seen_settle(c->q, number, reason, e);
	if (st != STATUS_OK)
		return st;
	if (c->json) {
		json = cJSON_CreateObject();
		put_number(&json, "number", number);
		put_string(&json, "settled", reason);
		return cli_print_json(c, json, e);
	}
	fprintf(c->out, "No %d is settled. What was kept of it stays.\n", number);
	return STATUS_OK;
}

enum status cmd_checkpoint(struct cli *c, struct error *e)
{
	struct qip_checkpoint own = {.text = BUF_INIT};
	const char *other = args_get(&c->args, "check"), *number = args_get(&c->args, "settle");
	bool alone = args_has(&c->args, "signed");
	enum status st;

	if ((other != NULL) + (number != NULL) + alone > 1)
		return error_set(e, STATUS_USAGE, "please choose one of --signed, --check and --settle");
	if (args_has(&c->args, "reason") && !number)
		return error_set(e, STATUS_USAGE, "--reason goes with --settle N");
	st = alone ? cli_no_json(c, e) : STATUS_OK;
	if (st == STATUS_OK)
		st = cli_open_log(c, e);
	if (st == STATUS_OK && other)
		return check(c, other, e);
	if (st == STATUS_OK && number)
		return settle(c, number, e);
	if (st == STATUS_OK)
		st = qip_checkpoint(&own, c->q, e);
	if (st == STATUS_NOT_FOUND)
		return error_set(e, st, "there is no history here yet; please run \"qip sync\" first");
	if (st == STATUS_OK && alone)
		fputs(buf_text(&own.text), c->out);
	else if (st == STATUS_OK)
		st = show(c, &own, e);
	buf_clear(&own.text);
	return st;
}
