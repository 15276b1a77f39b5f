/* client/survey_shelf.c - survey records by id and version; those that may be shown leave as copies. */
#include "client/survey_shelf.h"

#include <string.h>

#include "client/survey.h"
#include "core/schema.h"

static bool has_id(const cJSON *record, const char *id)
{
	const char *text = json_string(record, "id");

	return text && id && strcmp(text, id) == 0;
}

const cJSON *survey_shelf_find(const struct survey_shelf *s, const char *id, int64_t version)
{
	int64_t number = 0;

	for (size_t i = 0; i < s->len; i++) {
		const cJSON *record = s->items[i].record;

		if (has_id(record, id) && json_integer(record, "version", &number) && number == version)
			return record;
	}
	return NULL;
}

static bool holds(const struct survey_shelf *s, const cJSON *record)
{
	int64_t version = 0;

	return !json_integer(record, "version", &version) || survey_shelf_find(s, json_string(record, "id"), version);
}

enum status survey_shelf_put(struct survey_shelf *s, const cJSON *record, struct error *e)
{
	cJSON *copy = NULL;

	if (s->len == LIMIT_SURVEYS || schema_check(record, NULL) != STATUS_OK || holds(s, record))
		return STATUS_OK;
	copy = cJSON_Duplicate(record, true);
	if (!copy)
		return error_set(e, STATUS_NOMEM, "out of memory");
	s->items[s->len++] = (struct shelved){.record = copy, .in_force = true};
	return STATUS_OK;
}

static size_t count_versions(const struct survey_shelf *s, const char *id)
{
	size_t count = 0;

	for (size_t i = 0; i < s->len; i++)
		count += has_id(s->items[i].record, id);
	return count;
}

void survey_shelf_add_earlier(struct survey_shelf *s, const cJSON *record)
{
	cJSON *copy = NULL;

	if (s->len == ARRAY_LEN(s->items) || schema_check(record, NULL) != STATUS_OK || holds(s, record) ||
	    count_versions(s, json_string(record, "id")) >= LIMIT_SURVEY_VERSIONS)
		return;
	copy = cJSON_Duplicate(record, true);
	if (copy)
		s->items[s->len++] = (struct shelved){.record = copy, .in_force = false};
}

void survey_shelf_replace(struct survey_shelf *s, struct survey_shelf *next)
{
	for (size_t i = 0; i < s->len; i++) {
		cJSON *record = s->items[i].record;

		if (next->len == ARRAY_LEN(next->items) || holds(next, record) ||
		    count_versions(next, json_string(record, "id")) >= LIMIT_SURVEY_VERSIONS)
			cJSON_Delete(record);
		else
			next->items[next->len++] = (struct shelved){.record = record, .in_force = false};
	}
	*s = *next;
	next->len = 0;
}

enum status survey_shelf_shown(cJSON **out, const struct survey_shelf *s, const char *site, const char *day, struct error *e)
{
	cJSON *list = cJSON_CreateArray(), *copy = NULL;
	bool good = list != NULL;

	for (size_t i = 0; good && i < s->len; i++) {
		const struct shelved *item = &s->items[i];

		if (!item->in_force || !survey_shows(item->record, site, day))
			continue;
		copy = cJSON_Duplicate(item->record, true);
		if (copy && has_id(copy, SURVEY_FFT))
			good = cJSON_InsertItemInArray(list, 0, copy);
		else
			good = copy && cJSON_AddItemToArray(list, copy);
		if (!good)
			cJSON_Delete(copy);
	}
	if (!good) {
		cJSON_Delete(list);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	*out = list;
	return STATUS_OK;
}

void survey_shelf_clear(struct survey_shelf *s)
{
	for (size_t i = 0; i < s->len; i++)
		cJSON_Delete(s->items[i].record);
	s->len = 0;
}
