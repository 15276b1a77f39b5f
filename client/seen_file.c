/* client/seen_file.c - see seen_file.h. */
#include "client/seen_file.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"


/* A list whose items have all these texts, or none. */
static bool is_list(const cJSON *list, const char *const *texts, size_t len)
{
	const cJSON *item;

	if (list && !cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list)
	{
		for (size_t i = 0; i < len; i++) {
			if (!json_string(item, texts[i]))
				return false;
		}
	}
	return true;
}

static bool is_well_formed(const cJSON *file)
{
	static const char *const found[] = {"kind", "device", "commit", "ref", "text", "at"}, *const stated[] = {"device", "main", "at"};

	return cJSON_IsObject(file) && is_list(json_get(file, "found"), found, ARRAY_LEN(found)) &&
	       is_list(json_get(file, "stated"), stated, ARRAY_LEN(stated));
}

enum status seen_file_load(cJSON **out, struct qip *q, struct error *e)
{
	cJSON *file = NULL;
	enum status st = files_read_json(&file, q->dir, SEEN_FILE, NULL);

	if (st == STATUS_NOT_FOUND) {
		st = STATUS_OK;
		file = build_object(&st);
		build_string(&st, file, "schema", "seen/1");
		if (st != STATUS_OK)
			st = error_set(e, st, "out of memory");
	} else if (st != STATUS_OK || !is_well_formed(file)) {
		st = error_set(e, st == STATUS_OK ? STATUS_CORRUPT : st,
			       "%s/" SEEN_FILE " cannot be read; it may hold evidence: give a copy of it to the ICB, then remove it", q->path);
	}
	if (st == STATUS_OK)
		*out = file;
	else
		cJSON_Delete(file);
	return st;
}

enum status seen_file_save(struct qip *q, const cJSON *file, enum status st, struct error *e)
{
	return st == STATUS_OK ? files_write_json(q->dir, SEEN_FILE, file, 0600, e) : error_set(e, st, "out of memory");
}

cJSON *seen_file_list(cJSON *file, const char *name)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(file, name);

	return cJSON_IsArray(list) ? list : cJSON_AddArrayToObject(file, name);
}

bool seen_item_is(const cJSON *item, const char *key, const char *text)
{
	const char *value = json_string(item, key);

	return value && strcmp(value, text) == 0;
}

void seen_item_text(char *out, size_t size, const cJSON *item, const char *key)
{
	const char *text = json_string(item, key);

	(void)snprintf(out, size, "%s", text ? text : "");
}
