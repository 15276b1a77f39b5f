/* client/cli/keys_list.c - qip keys list: the generations of the comment key, and who can open each. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/rotate.h"
#include "client/seal_key.h"

struct listing {
	struct cli *c;
	struct registry reg;
	cJSON *generations; /* array */
	int64_t newest;
	char recovery[64];  /* public half of the paper of the newest; "" for none */
};

/* The devices that can open it and have not ended; of all that may read, those that lack it. */
static void put_readers(struct listing *l, cJSON **item, const cJSON *record)
{
	cJSON *readers = cJSON_CreateArray(), *lacking = cJSON_CreateArray(), *without = cJSON_CreateArray();

	for (size_t i = 0; i < l->reg.devices_len; i++) {
		const struct device *d = &l->reg.devices[i];

		if (!comment_key_may_read(d))
			continue;
		if (json_get(json_get(record, "wrapped"), d->id))
			push_item(&readers, cJSON_CreateString(d->id));
		else if (rotate_leaves_out(record, d->id))
			push_item(&without, cJSON_CreateString(d->id));
		else
			push_item(&lacking, cJSON_CreateString(d->id));
	}
	put_item(item, "readers", readers);
	put_item(item, "lacking", lacking);
	put_item(item, "without", without);
}

static enum status list_one(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;
	const char *paper = json_string(json_get(record, "recovery"), "public_key");
	bool holds = registry_check_comment_key(&l->reg, record, NULL) == STATUS_OK;
	int64_t generation = 0;
	cJSON *item = cJSON_CreateObject();

	(void)path;
	(void)json_integer(record, "generation", &generation);
	put_number(&item, "generation", generation);
	put_string(&item, "at", text_of(record, "at"));
	put_string(&item, "by", text_of(record, "by"));
	put_bool(&item, "holds", holds);
	put_string(&item, "recovery", paper ? paper : "");
	put_readers(l, &item, record);
	if (holds && generation > l->newest) {
		l->newest = generation;
		(void)snprintf(l->recovery, sizeof(l->recovery), "%s", paper ? paper : "");
	}
	push_item(&l->generations, item);
	return l->generations ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static int by_generation(const void *a, const void *b)
{
	int64_t x = 0, y = 0;

	(void)json_integer(*(cJSON *const *)a, "generation", &x);
	(void)json_integer(*(cJSON *const *)b, "generation", &y);
	return (x > y) - (x < y);
}

/* keys/10.json stands before keys/2.json. */
static enum status sort(cJSON *list)
{
	size_t len = (size_t)cJSON_GetArraySize(list);
	cJSON **items = calloc(len + 1, sizeof(*items));

	if (!items)
		return STATUS_NOMEM;
	for (size_t i = 0; i < len; i++)
		items[i] = cJSON_DetachItemFromArray(list, 0);
	qsort(items, len, sizeof(*items), by_generation);
	for (size_t i = 0; i < len; i++)
		(void)cJSON_AddItemToArray(list, items[i]);
	free(items);
	return STATUS_OK;
}

static void join_names(struct buf *out, const cJSON *list)
{
	const cJSON *name;

	cJSON_ArrayForEach(name, list)
		buf_addf(out, "%s%s", out->len > 0 ? ", " : "", name->valuestring);
}

static const char *paper_words(const struct listing *l, const cJSON *item)
{
	const char *paper = text_of(item, "recovery");

	if (!paper[0])
		return "none";
	return strcmp(paper, l->recovery) == 0 ? "the newest" : "an older one";
}

static enum status print_table(struct listing *l, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Generation", .right = true}, {.title = "Since"}, {.title = "Made by", .gives = 1}, {.title = "Opened by", .gives = 2}, {.title = "Paper"},
	};
	const cJSON *item;
	struct table t;
	enum status st = STATUS_OK;

	table_init(&t, columns, ARRAY_LEN(columns));
	cJSON_ArrayForEach(item, l->generations)
	{
		char number[24], day[11];
		struct buf readers = BUF_INIT;
		int64_t generation = 0;

		(void)json_integer(item, "generation", &generation);
		(void)snprintf(number, sizeof(number), "%" PRId64, generation);
		(void)snprintf(day, sizeof(day), "%.10s", text_of(item, "at"));
		if (cJSON_IsTrue(json_get(item, "holds")))
			join_names(&readers, json_get(item, "readers"));
		else
			buf_adds(&readers, "(does not hold: nothing is sealed to it)");
		table_add(&t, (const char *const[]){number, day, text_of(item, "by"), buf_text(&readers), paper_words(l, item)});
		buf_clear(&readers);
	}
	st = table_print(l->c->out, &t, l->c->bold, e);
	table_clear(&t);
	return st;
}

/* What somebody has to do about it. */
static void print_advice(struct listing *l, bool is_protected)
{
	FILE *out = l->c->out;
	const cJSON *item;

	fprintf(out, "\nComments, names and evidence are sealed to generation %" PRId64 " of the comment key.\n", l->newest);
	cJSON_ArrayForEach(item, l->generations)
	{
		struct buf lacking = BUF_INIT, without = BUF_INIT;
		int64_t generation = 0;

		(void)json_integer(item, "generation", &generation);
		join_names(&lacking, json_get(item, "lacking"));
		join_names(&without, json_get(item, "without"));
		if (lacking.len > 0)
			fprintf(out, "Generation %" PRId64 " is not handed yet to: %s. A sync of a manager's device that can open it does so.\n", generation, buf_text(&lacking));
		if (without.len > 0 && generation == l->newest)
			fprintf(out, "Shut out on purpose: %s. Only \"qip keys grant DEVICE\" lets it read again.\n", buf_text(&without));
		buf_clear(&lacking);
		buf_clear(&without);
	}
	if (!l->recovery[0])
		fprintf(out, "There is no recovery key: where all devices are lost nothing can be read. Make one: qip keys rotate --new-paper\n");
	if (is_protected)
		fprintf(out, "This device's own key is under a passphrase.\n");
}

enum status cmd_keys_list(struct cli *c, struct error *e)
{
	struct listing l = {.c = c, .generations = cJSON_CreateArray()};
	bool is_protected = false;
	cJSON *json = NULL;
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = qip_registry(&l.reg, c->q, e);
	if (st == STATUS_OK)
		st = qip_each(c->q, "keys/", list_one, &l, e);
	if (st == STATUS_OK && sort(l.generations) != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && seal_key_is_protected(&is_protected, c->q, NULL) != STATUS_OK)
		is_protected = false; /* whoever lacks it is told when something is to be opened */
	if (st == STATUS_OK && c->json) {
		json = cJSON_CreateObject();
		put_number(&json, "in_use", l.newest);
		put_bool(&json, "protected", is_protected);
		put_item(&json, "generations", l.generations);
		l.generations = NULL;
		st = cli_print_json(c, json, e);
	} else if (st == STATUS_OK) {
		st = print_table(&l, e);
		if (st == STATUS_OK)
			print_advice(&l, is_protected);
	}
	cJSON_Delete(l.generations);
	registry_clear(&l.reg);
	return st;
}
