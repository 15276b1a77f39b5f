/* client/cli/log.c - qip log [REF]: who changed what, and when the server had it; with REF the story of one record, see story.h. */
#include <string.h>

#include "client/cli/plan.h"
#include "client/cli/steps.h"
#include "client/cli/story.h"

struct logging {
	struct cli *c;
	cJSON *entries; /* oldest first */
};

static enum status add_step(void *ctx, const struct timeline_step *step, struct error *e)
{
	struct logging *l = ctx;

	push_item(&l->entries, steps_entry(step));
	return l->entries ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

/* ---- output, the newest first ---- */

static const char *when_of(char out[24], const cJSON *entry)
{
	const char *received = json_string(entry, "received");

	if (!received || strlen(received) < 16)
		return "not sent yet";
	(void)snprintf(out, 24, "%.10s %.5s", received, received + 11);
	return out;
}

static enum status print_table(struct logging *l, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Received"},
		{.title = "Device", .gives = 1},
		{.title = "Commit"},
		{.title = "What", .gives = 2},
	};
	struct table t;
	enum status st;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const cJSON *entry = l->entries->child; entry; entry = entry->next) {
		char when[24], commit[11];

		(void)snprintf(commit, sizeof(commit), "%.10s", json_string(entry, "commit"));
		table_add(&t, (const char *const[]){when_of(when, entry), json_string(entry, "device"), commit,
						    json_string(entry, "subject")});
	}
	st = table_print(l->c->out, &t, l->c->bold, e);
	table_clear(&t);
	return st;
}

static void reverse(cJSON *array)
{
	cJSON *reversed = NULL, *item, *last = array->child;

	while ((item = array->child) != NULL) {
		array->child = item->next;
		item->prev = NULL;
		item->next = reversed;
		if (reversed)
			reversed->prev = item;
		reversed = item;
	}
	array->child = reversed;
	if (reversed)
		reversed->prev = last; /* cJSON keeps the end of a list there */
}

static enum status log_of_record(struct cli *c, const char *ref, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = plan_find_any(path, &record, c, ref, e);

	if (st == STATUS_OK)
		st = story_tell(c, path, record, e);
	cJSON_Delete(record);
	return st;
}

enum status cmd_log(struct cli *c, struct error *e)
{
	struct logging l = {.c = c};
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK && cli_word(c, 0))
		return log_of_record(c, cli_word(c, 0), e);
	l.entries = cJSON_CreateArray();
	if (st == STATUS_OK)
		st = steps_walk(c, add_step, &l, e);
	if (st == STATUS_OK)
		reverse(l.entries);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.entries, e);
		l.entries = NULL;
	} else if (st == STATUS_OK) {
		st = print_table(&l, e);
	}
	cJSON_Delete(l.entries);
	return st;
}
