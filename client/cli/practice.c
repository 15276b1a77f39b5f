/* client/cli/practice.c - qip practice show, set: what holds for the whole practice. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/change.h"
#include "client/retention.h"

#define PRACTICE_PATH_IN_TREE "practice.json"

const struct arg_option options_practice_set[] = {
	{"retention-months", "NUMBER", "so many months after the server had them, comments are erased", false},
	{NULL, NULL, NULL, false},
};

static enum status show(struct cli *c, const cJSON *record, struct error *e)
{
	const struct qip_identity *id = qip_identity(c->q);
	int64_t months = 0;
	cJSON *json = NULL;
	enum status st = retention_months(&months, c->q, e);

	if (st != STATUS_OK)
		return st;
	if (c->json) {
		json = cJSON_CreateObject();
		put_string(&json, "ods", id->ods);
		put_string(&json, "name", text_of(record, "name"));
		put_string(&json, "root_key", id->root_fingerprint);
		put_number(&json, "retention_months", months);
		put_bool(&json, "retention_set", json_get(record, "retention_months") != NULL);
		return cli_print_json(c, json, e);
	}
	fprintf(c->out, "Practice   %s, %s\nRoot key   %s\nComments   are erased by themselves %lld month%s after they arrived%s\n", id->ods, text_of(record, "name"),
		id->root_fingerprint, (long long)months, plural((uint64_t)months), json_get(record, "retention_months") ? "" : " (nobody has set another time)");
	return STATUS_OK;
}

static enum status open_practice(cJSON **out, struct cli *c, struct error *e)
{
	enum status st = cli_open_log(c, e);

	return st == STATUS_OK ? qip_read(out, c->q, PRACTICE_PATH_IN_TREE, e) : st;
}

enum status cmd_practice_show(struct cli *c, struct error *e)
{
	cJSON *record = NULL;
	enum status st = open_practice(&record, c, e);

	if (st == STATUS_OK)
		st = show(c, record, e);
	cJSON_Delete(record);
	return st;
}

static enum status apply_months(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	return record_set(record, "retention_months", cJSON_CreateNumber(*(const int *)ctx), stamp, e);
}

static enum status read_months(int *out, const char *text, struct error *e)
{
	size_t len = text ? strspn(text, "0123456789") : 0;

	if (!text)
		return error_set(e, STATUS_USAGE, "please say what is to be set: --retention-months 12");
	*out = len > 0 && len <= 4 && text[len] == '\0' ? (int)strtol(text, NULL, 10) : 0;
	if (*out < 1 || *out > RETENTION_MONTHS_MAX)
		return error_set(e, STATUS_USAGE, "--retention-months is a number of months, 1 to %d", RETENTION_MONTHS_MAX);
	return STATUS_OK;
}

enum status cmd_practice_set(struct cli *c, struct error *e)
{
	int months = 0;
	cJSON *record = NULL, *after = NULL;
	enum status st = read_months(&months, args_get(&c->args, "retention-months"), e);

	if (st == STATUS_OK)
		st = open_practice(&record, c, e);
	if (st == STATUS_OK && qip_identity(c->q)->role != ROLE_MANAGER)
		st = error_set(e, STATUS_DENIED, "only a manager's device says what holds for the whole practice");
	if (st == STATUS_OK)
		st = change_record(c, PRACTICE_PATH_IN_TREE, record, NULL, "Set how long comments are kept", apply_months, &months, &after, e);
	if (st == STATUS_OK)
		st = show(c, after, e);
	cJSON_Delete(record);
	cJSON_Delete(after);
	return st;
}
