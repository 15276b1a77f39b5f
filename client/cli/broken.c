/* client/cli/broken.c - see broken.h. */
#include "client/cli/broken.h"

#include <string.h>

#include "client/cli/dangling.h"
#include "client/cli/tell.h"
#include "client/cli/text.h"
#include "client/report.h"

void broken_count(struct broken *out, const struct plan *p)
{
	for (size_t i = 0; i < p->len; i++) {
		const cJSON *record = p->items[i].record;

		out->without_evidence += report_lacks_evidence(record);
		out->labels += plan_label_twice(p, &p->items[i]);
		out->dangling += dangling_names(NULL, record, p->sites);
	}
}

/* ---- other records ---- */

struct looking {
	struct broken *out;
	struct qip *q;
	const struct plan *plan;
};

static bool is_action(const struct plan *p, const char *id)
{
	char path[TREE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "qip/%s.json", id);
	for (size_t i = 0; i < p->len; i++)
		if (strcmp(p->items[i].path, path) == 0)
			return true;
	return false;
}

static bool is_theme(struct qip *q, const char *id)
{
	char path[TREE_PATH_MAX];
	cJSON *theme = NULL;
	struct error ignored;
	bool there = false;

	(void)snprintf(path, sizeof(path), "themes/%s.json", id);
	there = qip_read(&theme, q, path, &ignored) != STATUS_NOT_FOUND;
	cJSON_Delete(theme);
	return there;
}

/* sites: a set, or a map by site */
static bool is_known(const struct looking *l, const char *field, const char *name)
{
	if (strcmp(field, "sites") == 0)
		return sites_find(l->plan->sites, name, strlen(name)) || sites_is_all(name, strlen(name));
	return strcmp(field, "themes") == 0 ? is_theme(l->q, name) : is_action(l->plan, name);
}

static enum status look_at(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	static const char *const fields[] = {"sites", "actions", "themes"};
	struct looking *l = ctx;
	const cJSON *item;

	(void)e;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		cJSON_ArrayForEach(item, json_get(record, fields[i]))
		{
			const char *name = item->string ? item->string : cJSON_IsString(item) ? item->valuestring : "";

			if (!name[0] || is_known(l, fields[i], name))
				continue;
			if (l->out->elsewhere < BROKEN_MAX_NAMED)
				(void)snprintf(l->out->named[l->out->elsewhere], sizeof(l->out->named[0]), "%s (%s: %.40s)", path, fields[i], name);
			l->out->elsewhere++;
			return STATUS_OK;
		}
	}
	return STATUS_OK;
}

enum status broken_elsewhere(struct broken *out, struct qip *q, const struct plan *p, struct error *e)
{
	static const char *const folders[] = {"triage/", "themes/", "ppg/", "access/", "toolkit-answers/"};
	struct looking l = {.out = out, .q = q, .plan = p};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(folders) && st == STATUS_OK; i++)
		st = qip_each(q, folders[i], look_at, &l, e);
	return st;
}

/* ---- told ---- */

void broken_put(cJSON **object, const struct broken *b)
{
	put_number(object, "green_without_evidence", (int64_t)b->without_evidence);
	put_number(object, "equal_labels", (int64_t)b->labels);
	put_number(object, "dangling", (int64_t)(b->dangling + b->elsewhere));
}

static void print_one(FILE *f, const char **title, uint64_t n, const char *one, const char *many)
{
	static const char blank[] = "                    ";
	struct buf line = BUF_INIT;
	size_t indent = strlen(*title);

	if (n == 0)
		return;
	buf_addf(&line, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
	fprintf(f, "%s", *title);
	tell_line(f, buf_text(&line), indent, indent);
	*title = blank + (strlen(blank) > indent ? strlen(blank) - indent : 0);
	buf_clear(&line);
}

void broken_print(FILE *f, const struct broken *b, const char *title)
{
	static const char evidence[] = "complete without evidence. Add it: qip action evidence REF TITLE (\"qip action list\" marks such with ?)";
	static const char labels[] = "action points whose label another has, too. Change one of them: qip action set ID ref=LABEL (\"qip action list\" marks such with =)";

	print_one(f, &title, b->without_evidence, evidence, evidence);
	print_one(f, &title, b->labels, labels, labels);
	print_one(f, &title, b->dangling, "action point names a site or regulation that there is not. See what: qip show REF (\"qip action list\" marks such with ~)",
		  "action points name a site or regulation that there is not. See what: qip show REF (\"qip action list\" marks such with ~)");
	print_one(f, &title, b->elsewhere, "other record names something that there is not:", "other records name something that there is not, as:");
	for (size_t i = 0; i < b->elsewhere && i < BROKEN_MAX_NAMED; i++) {
		fprintf(f, "%s  ", title);
		text_wrap_at(f, b->named[i], 0, 0, sizeof(b->named[i]));
	}
}
