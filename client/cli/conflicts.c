/* client/cli/conflicts.c - qip conflicts [REF]: fields that two edits set differently, in sentences. */
#include <string.h>

#include "client/cli/claims.h"
#include "client/cli/tell.h"
#include "client/cli/text.h"

#define ABOUT_MAX 70 /* characters of what a record is about, in its heading */

struct listing {
	struct claims_view view;
	cJSON *paths; /* owned; of the records in conflict */
	cJSON *json;
	uint64_t conflicts;
};

static enum status note_record(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;

	l->conflicts += record_conflicts(record);
	push_item(&l->paths, cJSON_CreateString(path));
	if (!l->paths)
		return error_set(e, STATUS_NOMEM, "out of memory");
	return claims_note_received(&l->view, path, record, e);
}

static enum status find_records(struct listing *l, const char *ref, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st;

	if (!ref)
		return qip_conflicts_each(l->view.c->q, note_record, l, e);
	st = plan_find_any(path, &record, l->view.c, ref, e);
	if (st == STATUS_OK && record_conflicts(record) > 0)
		st = note_record(l, path, record, e);
	cJSON_Delete(record);
	return st;
}

static void print_heading(struct listing *l, const cJSON *record)
{
	FILE *out = l->view.c->out;
	const char *about = plan_about(record);
	struct buf text = BUF_INIT;
	char label[80];

	plan_label(label, sizeof(label), record);
	fprintf(out, l->view.c->bold ? "\n\033[1m%s\033[0m" : "\n%s", label);
	text_clean(&text, about, ABOUT_MAX - strlen(label));
	fprintf(out, about[0] ? "  %s\n" : "%s\n", buf_text(&text));
	buf_clear(&text);
}

static enum status tell_record(struct listing *l, const char *path, struct error *e)
{
	cJSON *record = NULL;
	const char *slot;
	enum status st = qip_read(&record, l->view.c->q, path, e);

	if (st == STATUS_OK && !l->view.c->json)
		print_heading(l, record);
	for (size_t i = 0; st == STATUS_OK && (slot = record_conflict(record, i)) != NULL; i++) {
		if (l->view.c->json) {
			push_item(&l->json, claims_json(&l->view, path, record, slot));
			continue;
		}
		fputc('\n', l->view.c->out);
		st = claims_print(&l->view, path, record, slot, e);
	}
	cJSON_Delete(record);
	return st;
}

static void print_summary(struct listing *l, const char *ref)
{
	FILE *out = l->view.c->out;
	uint64_t records = (uint64_t)cJSON_GetArraySize(l->paths);
	struct buf text = BUF_INIT;

	buf_addf(&text, "%llu conflict%s", (unsigned long long)l->conflicts, plural(l->conflicts));
	if (!ref)
		buf_addf(&text, " in %llu record%s", (unsigned long long)records, plural(records));
	buf_addf(&text, ". %s kept until somebody chooses, and nothing else waits for that.",
		 l->conflicts == 1 ? "Both values are" : "All values are");
	tell_line(out, buf_text(&text), 0, 0);
	if (!ref && l->conflicts > 1)
		fprintf(out, "To settle all of them as one site has it: qip resolve --all-of SITE\n");
	buf_clear(&text);
}

enum status cmd_conflicts(struct cli *c, struct error *e)
{
	const char *ref = cli_word(c, 0);
	struct listing l = {.paths = cJSON_CreateArray(), .json = cJSON_CreateArray()};
	const cJSON *path;
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = claims_view_open(&l.view, c, e);
	l.view.whole = ref != NULL;
	if (st == STATUS_OK)
		st = find_records(&l, ref, e);
	if (st == STATUS_OK)
		st = claims_find_received(&l.view, e);
	if (st == STATUS_OK && !c->json && l.conflicts > 0)
		print_summary(&l, ref);
	cJSON_ArrayForEach(path, l.paths)
	{
		if (st == STATUS_OK)
			st = tell_record(&l, path->valuestring, e);
	}
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK && l.conflicts == 0) {
		fprintf(c->out, "No conflicts.\n");
	}
	cJSON_Delete(l.json);
	cJSON_Delete(l.paths);
	claims_view_close(&l.view);
	return st;
}
