/* client/cli/plan.c - see plan.h. */
#include "client/cli/plan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/asof.h"
#include "client/cli/steps.h"
#include "core/array.h"

#define MIN_ID_PREFIX 8

void plan_clear(struct plan *p)
{
	for (size_t i = 0; i < p->len; i++)
		cJSON_Delete(p->items[i].record);
	free(p->items);
	p->items = NULL;
	p->len = p->cap = 0;
}

static enum status add_item(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct plan *p = ctx;
	struct plan_item *item;

	if (p->len == PLAN_MAX_RECORDS)
		return error_set(e, STATUS_TOO_BIG, "there are more than %d records", PLAN_MAX_RECORDS);
	if (!array_room(&p->items, &p->cap, p->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	item = &p->items[p->len];
	(void)snprintf(item->path, sizeof(item->path), "%s", path);
	item->record = cJSON_Duplicate(record, true);
	if (!item->record)
		return error_set(e, STATUS_NOMEM, "out of memory");
	p->len++;
	return STATUS_OK;
}

static int by_label(const void *a, const void *b)
{
	const struct plan_item *x = a, *y = b;
	int order = strverscmp(text_of(x->record, "ref"), text_of(y->record, "ref"));

	if (order == 0)
		order = strcmp(text_of(x->record, "inspected_on"), text_of(y->record, "inspected_on"));
	return order != 0 ? order : strcmp(x->path, y->path);
}

/* The records as of the days asked for. */
static enum status read_past(struct plan *p, struct cli *c, const char *folder, const char *as_of,
			     const char *received_by, struct error *e)
{
	struct asof_options o = {.range = {.received_by = received_by}, .as_of = as_of, .folder = folder};
	struct steps_ends ends;
	enum status st = steps_range(&o.range, &ends, c, e);

	if (st != STATUS_OK)
		return st;
	if (received_by && !o.range.main)
		return error_set(e, STATUS_NOT_FOUND, "nothing was known then: this device has not synced yet");
	return asof_each(qip_repo(c->q), &o, add_item, p, e);
}

enum status plan_read(struct plan *out, struct cli *c, const char *folder, struct error *e)
{
	struct plan p = PLAN_INIT;
	const char *as_of = NULL, *received_by = NULL;
	char below[TREE_PATH_MAX];
	enum status st = args_day(&as_of, &c->args, "as-of", e);

	if (st == STATUS_OK)
		st = args_day(&received_by, &c->args, "received-by", e);
	if (st == STATUS_OK)
		st = cli_open_log(c, e);
	if (st != STATUS_OK)
		return st;
	cli_today(p.day, c);
	if (as_of || received_by)
		(void)snprintf(p.day, sizeof(p.day), "%s", as_of ? as_of : received_by);
	(void)snprintf(below, sizeof(below), "%s/", folder);
	if (as_of || received_by)
		st = read_past(&p, c, folder, as_of, received_by, e);
	else
		st = qip_each(c->q, below, add_item, &p, e);
	if (st != STATUS_OK)
		plan_clear(&p);
	if (p.len > 0)
		qsort(p.items, p.len, sizeof(*p.items), by_label);
	*out = p;
	return st;
}

bool plan_label_twice(const struct plan *p, const struct plan_item *item)
{
	for (size_t i = 0; i < p->len; i++)
		if (&p->items[i] != item &&
		    strcasecmp(text_of(p->items[i].record, "ref"), text_of(item->record, "ref")) == 0)
			return true;
	return false;
}

static bool names(const struct plan_item *item, const char *ref)
{
	size_t len = strlen(ref);

	return strcasecmp(text_of(item->record, "ref"), ref) == 0 ||
	       (len >= MIN_ID_PREFIX && strncasecmp(text_of(item->record, "id"), ref, len) == 0);
}

static enum status tell_candidates(const struct plan *p, const char *ref, struct error *e)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < p->len && list.len < 600; i++)
		if (names(&p->items[i], ref))
			buf_addf(&list, "%s %s (%.60s)", list.len ? "," : "", text_of(p->items[i].record, "id"),
				 text_of(p->items[i].record, "action"));
	(void)error_set(e, STATUS_INVALID, "\"%.60s\" means several action points; please name one by its id:%s", ref,
			buf_text(&list));
	buf_clear(&list);
	return STATUS_INVALID;
}

enum status plan_find(const struct plan_item **out, const struct plan *p, const char *ref, struct error *e)
{
	const struct plan_item *found = NULL;

	for (size_t i = 0; i < p->len; i++) {
		if (!names(&p->items[i], ref))
			continue;
		if (found)
			return tell_candidates(p, ref, e);
		found = &p->items[i];
	}
	if (!found)
		return error_set(e, STATUS_NOT_FOUND,
				 "there is no action point \"%.60s\"; \"qip action list\" shows all", ref);
	*out = found;
	return STATUS_OK;
}
