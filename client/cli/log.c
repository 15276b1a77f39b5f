/* client/cli/log.c - qip log [REF]: who changed what, when the server had it; with REF the changes of one record, field
 * by field. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/fields.h"
#include "client/cli/plan.h"
#include "client/cli/text.h"
#include "client/timeline.h"

#define INDENT 26 /* the column of a change's values */

struct logging {
	struct cli *c;
	const char *path; /* one record; NULL: everything */
	cJSON *entries;	  /* oldest first */
};

/* ---- one record ---- */

static void add_change(cJSON **changes, const char *slot, bool settled, const cJSON *before, const cJSON *after)
{
	cJSON *change = cJSON_CreateObject();

	put_string(&change, "slot", slot);
	put_bool(&change, "settled", settled); /* it was in conflict and no longer is */
	put_item(&change, "before", before ? cJSON_Duplicate(before, true) : cJSON_CreateNull());
	put_item(&change, "after", after ? cJSON_Duplicate(after, true) : cJSON_CreateNull());
	push_item(changes, change);
}

static bool claims_differ(const cJSON *before, const cJSON *after, const char *slot)
{
	cJSON *old = record_claims(before, slot), *now = record_claims(after, slot);
	bool differ = !json_equal(old, now);

	cJSON_Delete(old);
	cJSON_Delete(now);
	return differ;
}

/* The effective day of the edit: that of any claim or entry that is new. */
static const char *effective_of(const cJSON *claims, const char *best)
{
	const cJSON *claim = claims ? claims->child : NULL;
	const char *day = json_string(claim, "effective");

	return day ? day : best;
}

static void compare_slots(cJSON **changes, char effective[11], const cJSON *before, const cJSON *after)
{
	cJSON *slots = record_slots(before, after);
	const cJSON *slot;

	cJSON_ArrayForEach(slot, slots)
	{
		bool settled = json_get(json_get(before, "conflicts"), slot->valuestring) &&
			       !json_get(json_get(after, "conflicts"), slot->valuestring);
		cJSON *claims;

		if (!claims_differ(before, after, slot->valuestring))
			continue;
		claims = record_claims(after, slot->valuestring);
		(void)snprintf(effective, 11, "%s", effective_of(claims, effective));
		add_change(changes, slot->valuestring, settled, slot_value(before, slot->valuestring),
			   slot_value(after, slot->valuestring));
		cJSON_Delete(claims);
	}
	cJSON_Delete(slots);
}

/* Entries of a log that are new: their main text. */
static void compare_log(cJSON **changes, char effective[11], const cJSON *before, const cJSON *after, const char *field)
{
	static const char *const mains[] = {"outcome", "title", "text"}; /* of a review the outcome */
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_get(after, field))
	{
		const char *day = json_string(entry, "effective");
		const cJSON *text = NULL;

		if (json_get(json_get(before, field), entry->string))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(mains) && !text; i++)
			text = json_get(entry, mains[i]);
		(void)snprintf(effective, 11, "%s", day ? day : "");
		add_change(changes, field, false, NULL, text);
	}
}

static enum status read_record(cJSON **out, struct repo *r, const struct oid *tree, const char *path, struct error *e)
{
	struct buf bytes = BUF_INIT;
	enum status st = STATUS_NOT_FOUND;

	if (!oid_is_zero(tree))
		st = tree_read_path(&bytes, r, tree, path, RECORD_MAX_BYTES, e);
	if (st == STATUS_OK)
		st = json_parse(out, buf_text(&bytes), bytes.len, e);
	buf_clear(&bytes);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* The changes of the record in a step; *out stays NULL when the step leaves it alone. */
static enum status find_changes(cJSON **out, char effective[11], struct logging *l, const struct timeline_step *step,
				struct error *e)
{
	static const char *const logs[] = {"notes", "evidence", "reviews", "findings"};
	struct repo *r = qip_repo(l->c->q);
	cJSON *before = NULL, *after = NULL, *changes = NULL;
	enum status st = read_record(&before, r, &step->before, l->path, e);

	if (st == STATUS_OK)
		st = read_record(&after, r, &step->commit->tree, l->path, e);
	if (st == STATUS_OK && !json_equal(before, after)) {
		changes = cJSON_CreateArray();
		compare_slots(&changes, effective, before, after);
		for (size_t i = 0; i < ARRAY_LEN(logs); i++)
			compare_log(&changes, effective, before, after, logs[i]);
		st = changes ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	}
	if (st == STATUS_OK)
		*out = changes;
	cJSON_Delete(before);
	cJSON_Delete(after);
	return st;
}

/* ---- gathering ---- */

static enum status add_step(void *ctx, const struct timeline_step *step, struct error *e)
{
	struct logging *l = ctx;
	const char *message = step->commit->message;
	char hex[OID_HEX_LEN + 1], subject[128], effective[11] = "";
	cJSON *entry, *changes = NULL;

	if (l->path) {
		enum status st = find_changes(&changes, effective, l, step, e);

		if (st != STATUS_OK || !changes)
			return st;
	}
	entry = cJSON_CreateObject();
	oid_hex(hex, &step->id);
	(void)snprintf(subject, sizeof(subject), "%.*s", (int)strcspn(message, "\n"), message);
	put_string(&entry, "commit", hex);
	put_string(&entry, "device", step->commit->author_name);
	put_string(&entry, "subject", subject);
	put_string(&entry, "received", step->merge ? step->merge->received : "");
	if (step->merge)
		put_number(&entry, "index", step->merge->index);
	if (effective[0])
		put_string(&entry, "effective", effective);
	if (changes)
		put_item(&entry, "changes", changes);
	push_item(&l->entries, entry);
	return l->entries ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status gather(struct logging *l, struct error *e)
{
	struct timeline_options o = {0};
	struct oid main, tip;
	enum status st = qip_main(&main, l->c->q, e);

	if (st == STATUS_OK)
		o.main = &main;
	else if (st != STATUS_NOT_FOUND)
		return st;
	st = qip_tip(&tip, l->c->q, e);
	if (st == STATUS_OK)
		o.tip = &tip;
	else if (st != STATUS_NOT_FOUND)
		return st;
	return timeline_walk(qip_repo(l->c->q), &o, add_step, l, e);
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

/* "red → green", "settled: amber"; an element of a set was added or removed. */
static void show_change(struct buf *out, const cJSON *change)
{
	const cJSON *before = json_get(change, "before"), *after = json_get(change, "after");
	const char *key = strchr(json_string(change, "slot"), '/');
	bool element = key && (cJSON_IsString(before) || cJSON_IsString(after));

	if (cJSON_IsTrue(json_get(change, "settled")))
		buf_adds(out, "settled: ");
	else if (!element && !cJSON_IsNull(before)) {
		field_show(out, before);
		buf_adds(out, " → ");
	}
	if (element)
		buf_adds(out, cJSON_IsNull(after) ? "removed" : "added");
	else
		field_show(out, after);
}

/* One record's history: a line for each edit, and below it what it changed. */
static void print_entries(struct logging *l)
{
	FILE *out = l->c->out;
	int device_width = 0;

	for (const cJSON *entry = l->entries->child; entry; entry = entry->next)
		if ((int)strlen(json_string(entry, "device")) > device_width)
			device_width = (int)strlen(json_string(entry, "device"));
	for (const cJSON *entry = l->entries->child; entry; entry = entry->next) {
		const char *day = json_string(entry, "effective");
		char when[24], title[RECORD_SLOT_MAX + 80];
		const cJSON *change;

		fprintf(out, l->c->bold ? "\033[1m%-16s  %-*s  %s\033[0m" : "%-16s  %-*s  %s", when_of(when, entry),
			device_width, json_string(entry, "device"), json_string(entry, "subject"));
		fprintf(out, day ? ", for %s\n" : "\n", day);
		cJSON_ArrayForEach(change, json_get(entry, "changes"))
		{
			struct buf text = BUF_INIT;

			slot_title(title, sizeof(title), json_string(change, "slot"));
			show_change(&text, change);
			fprintf(out, "    %-*s ", INDENT - 5, title);
			text_wrap(out, buf_text(&text), INDENT);
			buf_clear(&text);
		}
	}
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

enum status cmd_log(struct cli *c, struct error *e)
{
	struct logging l = {.c = c, .entries = cJSON_CreateArray()};
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK && cli_word(c, 0)) {
		st = plan_find_any(path, &record, c, cli_word(c, 0), e);
		l.path = path;
	}
	if (st == STATUS_OK)
		st = gather(&l, e);
	if (st == STATUS_OK)
		reverse(l.entries);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.entries, e);
		l.entries = NULL;
	} else if (st == STATUS_OK && l.path) {
		print_entries(&l);
	} else if (st == STATUS_OK) {
		st = print_table(&l, e);
	}
	cJSON_Delete(record);
	cJSON_Delete(l.entries);
	return st;
}
