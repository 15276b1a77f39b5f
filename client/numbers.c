/* client/numbers.c - see numbers.h. */
#include "client/numbers.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "core/id.h"

uint64_t numbers_record(const struct numbers *n, uint64_t number)
{
	uint64_t record = n->after + number;

	if (number == 0)
		return n->after;
	for (size_t i = 0; i < n->left_out_len && n->left_out[i].first <= record; i++)
		record += n->left_out[i].last - n->left_out[i].first + 1;
	return record;
}

uint64_t numbers_number(const struct numbers *n, uint64_t record)
{
	uint64_t number = record > n->after ? record - n->after : 0;

	for (size_t i = 0; i < n->left_out_len && n->left_out[i].first <= record; i++)
		number -= (n->left_out[i].last < record ? n->left_out[i].last : record) - n->left_out[i].first + 1;
	return number;
}

bool numbers_left_out(const struct numbers *n, uint64_t record)
{
	if (record <= n->after)
		return true;
	for (size_t i = 0; i < n->left_out_len; i++)
		if (record >= n->left_out[i].first && record <= n->left_out[i].last)
			return true;
	return false;
}

enum status numbers_leave_out_range(struct numbers *n, uint64_t first, uint64_t last)
{
	struct numbers_range *end = n->left_out_len ? &n->left_out[n->left_out_len - 1] : NULL;

	if (end && end->last + 1 == first) {
		end->last = last;
		return STATUS_OK;
	}
	if (n->left_out_len == LIMIT_LEFT_OUT)
		return STATUS_TOO_BIG;
	n->left_out[n->left_out_len++] = (struct numbers_range){first, last};
	return STATUS_OK;
}

enum status numbers_leave_out(struct numbers *n, uint64_t record)
{
	return numbers_leave_out_range(n, record, record);
}

static void add(enum status *st, cJSON *list, cJSON *item)
{
	if (*st == STATUS_OK && item && cJSON_AddItemToArray(list, item))
		return;
	cJSON_Delete(item);
	if (*st == STATUS_OK)
		*st = STATUS_NOMEM;
}

cJSON *numbers_json(const struct numbers *n)
{
	enum status st = STATUS_OK;
	cJSON *json = build_object(&st), *left_out = cJSON_CreateArray(), *former = cJSON_CreateArray();

	for (size_t i = 0; i < n->left_out_len; i++) {
		cJSON *range = build_object(&st);

		build_integer(&st, range, "first", (int64_t)n->left_out[i].first);
		build_integer(&st, range, "last", (int64_t)n->left_out[i].last);
		add(&st, left_out, range);
	}
	for (size_t i = 0; i < n->former_len; i++)
		add(&st, former, cJSON_CreateString(n->former[i]));
	build_integer(&st, json, "after", (int64_t)n->after);
	build_item(&st, json, "left_out", left_out);
	build_integer(&st, json, "carried", (int64_t)n->carried);
	build_string(&st, json, "carried_site", n->carried_site);
	build_item(&st, json, "former", former);
	if (st != STATUS_OK) {
		cJSON_Delete(json);
		return NULL;
	}
	return json;
}

static bool read_count(uint64_t *out, const cJSON *json, const char *name)
{
	int64_t value = 0;

	if (!json_integer(json, name, &value) || value < 0)
		return false;
	*out = (uint64_t)value;
	return true;
}

static bool read_left_out(struct numbers *n, const cJSON *list)
{
	const cJSON *item = NULL;
	uint64_t before = n->after;

	cJSON_ArrayForEach(item, list)
	{
		struct numbers_range r;

		if (n->left_out_len == LIMIT_LEFT_OUT || !read_count(&r.first, item, "first") || !read_count(&r.last, item, "last") ||
		    r.first <= before || r.last < r.first)
			return false;
		n->left_out[n->left_out_len++] = r;
		before = r.last;
	}
	return cJSON_IsArray(list);
}

static bool read_former(struct numbers *n, const cJSON *list)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, list)
	{
		if (n->former_len == LIMIT_FORMER || !cJSON_IsString(item) || !name_valid(item->valuestring))
			return false;
		(void)snprintf(n->former[n->former_len++], sizeof(n->former[0]), "%s", item->valuestring);
	}
	return cJSON_IsArray(list);
}

enum status numbers_read(struct numbers *out, const cJSON *json)
{
	struct numbers n = {.after = 0};
	const char *site = json_string(json, "carried_site");

	if (json) {
		if (!read_count(&n.after, json, "after") || !read_count(&n.carried, json, "carried") || !site ||
		    (site[0] && !name_valid(site)) || !read_left_out(&n, json_get(json, "left_out")) || !read_former(&n, json_get(json, "former")))
			return STATUS_MALFORMED;
		(void)snprintf(n.carried_site, sizeof(n.carried_site), "%s", site);
	}
	*out = n;
	return STATUS_OK;
}
