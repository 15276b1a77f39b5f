/* core/json.c - members of JSON objects by name. Reading is in json_scan.c, canonical writing in json_canonical.c. */
#include "core/json.h"

#include <string.h>

const cJSON *json_get(const cJSON *object, const char *key)
{
	if (!cJSON_IsObject(object))
		return NULL;
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *json_string(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(json_get(object, key));
}

bool json_integer(const cJSON *object, const char *key, int64_t *out)
{
	const cJSON *item = json_get(object, key);
	double d = 0;

	if (!cJSON_IsNumber(item))
		return false;
	d = item->valuedouble;
	if (!(d >= -(double)JSON_MAX_INTEGER && d <= (double)JSON_MAX_INTEGER) || (double)(int64_t)d != d)
		return false;
	*out = (int64_t)d;
	return true;
}

bool json_equal(const cJSON *a, const cJSON *b)
{
	struct buf left = BUF_INIT, right = BUF_INIT;
	bool equal = false;

	if (!a || !b)
		return a == b;
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (json_canonical(&left, a) == STATUS_OK && json_canonical(&right, b) == STATUS_OK)
		equal = left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
	buf_clear(&left);
	buf_clear(&right);
	return equal;
}

enum status json_set(cJSON *object, const char *key, cJSON *value)
{
	cJSON *old = NULL;

	if (!value)
		return STATUS_NOMEM;
	if (!cJSON_IsObject(object)) {
		cJSON_Delete(value);
		return STATUS_USAGE;
	}
	old = cJSON_GetObjectItemCaseSensitive(object, key);
	/* Added before the old one goes, so that running out of memory loses nothing. */
	if (!cJSON_AddItemToObject(object, key, value)) {
		cJSON_Delete(value);
		return STATUS_NOMEM;
	}
	if (old)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, old));
	return STATUS_OK;
}

enum status json_set_string(cJSON *object, const char *key, const char *value)
{
	return json_set(object, key, cJSON_CreateString(value));
}

enum status json_set_integer(cJSON *object, const char *key, int64_t value)
{
	if (value < -JSON_MAX_INTEGER || value > JSON_MAX_INTEGER)
		return STATUS_FORBIDDEN_FORM;
	return json_set(object, key, cJSON_CreateNumber((double)value));
}
