/* client/cli/site.c - qip site add, list: the practice's surgeries. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/sites.h"
#include "client/cli/text.h"

const struct arg_option options_site_add[] = {
	{"name", "NAME", "what people call it (needed)", false},
	{"ods", "CODE", "the branch's ODS code", false},
	{"local-authority", "CODE", "the local authority it stands in, such as E10000018", false},
	{NULL, NULL, NULL, false},
};

static enum status apply_options(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	static const struct {
		const char *option, *slot;
	} texts[] = {{"name", "name"}, {"ods", "ods"}, {"local-authority", "local_authority"}};
	const struct args *args = ctx;
	enum status st = STATUS_OK;
	char what[32];

	for (size_t i = 0; i < ARRAY_LEN(texts) && st == STATUS_OK; i++) {
		const char *text = args_get(args, texts[i].option);

		if (!text)
			continue;
		(void)snprintf(what, sizeof(what), "--%s", texts[i].option);
		st = text_check(text, what, e);
		if (st == STATUS_OK)
			st = record_set(record, texts[i].slot, cJSON_CreateString(text), stamp, e);
	}
	return st;
}

static enum status check_id(struct cli *c, const char *id, const char *path, struct error *e)
{
	cJSON *there = NULL;
	enum status st;

	if (!name_valid(id) || sites_is_all(id, strlen(id)))
		return error_set(
			e, STATUS_USAGE,
			"\"%.60s\" cannot be a site's id; please use at most 40 small letters, digits and '-', such as "
			"great-glen",
			id);
	st = cli_open(c, e);
	if (st == STATUS_OK && qip_identity(c->q)->role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager's device adds sites");
	if (st == STATUS_OK)
		st = qip_read(&there, c->q, path, e);
	cJSON_Delete(there);
	if (st == STATUS_OK)
		return error_set(e, STATUS_EXISTS, "there is a site %s already", id);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status cmd_site_add(struct cli *c, struct error *e)
{
	const char *id = cli_word(c, 0);
	char path[TREE_PATH_MAX], subject[80];
	cJSON *record = NULL, *after = NULL;
	enum status st;

	if (!args_has(&c->args, "name"))
		return error_set(e, STATUS_USAGE, "a site needs a name: --name Kibworth");
	(void)snprintf(path, sizeof(path), "sites/%.60s.json", id);
	(void)snprintf(subject, sizeof(subject), "Add site %.60s", id);
	st = check_id(c, id, path, e);
	if (st != STATUS_OK)
		return st;
	record = cJSON_CreateObject();
	put_string(&record, "schema", "site/1");
	put_string(&record, "id", id);
	if (!record)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = change_record(c, path, record, NULL, subject, apply_options, &c->args, &after, e);
	if (st == STATUS_OK)
		st = change_tell(c, after, "site added", e);
	cJSON_Delete(record);
	cJSON_Delete(after);
	return st;
}

struct listing {
	struct table table;
	cJSON *json;
};

static enum status add_site(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;

	(void)path;
	(void)e;
	table_add(&l->table, (const char *const[]){json_string(record, "id"), json_string(record, "name"),
						   json_string(record, "ods"), json_string(record, "local_authority")});
	push_item(&l->json, cJSON_Duplicate(record, true));
	return STATUS_OK;
}

enum status cmd_site_list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Site"},
		{.title = "Name", .gives = 1},
		{.title = "ODS code"},
		{.title = "Local authority"},
	};
	struct listing l = {.json = cJSON_CreateArray()};
	enum status st = cli_open_log(c, e);

	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = qip_each(c->q, "sites/", add_site, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
	}
	if (st == STATUS_OK && !c->json && l.table.rows == 0)
		fprintf(c->out, "There are no sites yet. Add one: qip site add kibworth --name Kibworth\n");
	cJSON_Delete(l.json);
	table_clear(&l.table);
	return st;
}
