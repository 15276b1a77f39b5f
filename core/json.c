/* core/json.c - members of JSON objects by name. Reading is in json_scan.c, canonical writing in json_canonical.c. */
#include "core/json.h"

#include <string.h>

const cJSON *json_get(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_IsObject(object) && key ? object->child : NULL;

	while (item && item->string && (item->string[0] != key[0] || strcmp(item->string, key) != 0))
		item = item->next;
	return item && item->string ? item : NULL;
}

const char *json_string(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(json_get(object, key));
}

bool json_is_later(const cJSON *object)
{
	const char *schema = json_string(object, "schema"), *slash = schema ? strrchr(schema, '/') : NULL;

	return slash && strcmp(slash, "/1") != 0;
}

static bool is_integer(double d)
{
	return d >= -(double)JSON_MAX_INTEGER && d <= (double)JSON_MAX_INTEGER && (double)(int64_t)d == d;
}

bool json_integer(const cJSON *object, const char *key, int64_t *out)
{
	const cJSON *item = json_get(object, key);

	if (!cJSON_IsNumber(item) || !is_integer(item->valuedouble))
		return false;
	*out = (int64_t)item->valuedouble;
	return true;
}

enum likeness {
	ALIKE,
	UNLIKE,
	UNSURE, /* the members' order differs */
};

static enum likeness compare_children(const cJSON *a, const cJSON *b, int depth);

/* Without making any bytes. */
static enum likeness compare(const cJSON *a, const cJSON *b, int depth)
{
	int kind = a->type & 0xFF;

	if (kind != (b->type & 0xFF))
		return UNLIKE;
	switch (kind) {
	case cJSON_String:
		return strcmp(a->valuestring, b->valuestring) == 0 ? ALIKE : UNLIKE;
	case cJSON_Number:
		return is_integer(a->valuedouble) && a->valuedouble == b->valuedouble ? ALIKE : UNLIKE;
	case cJSON_True:
	case cJSON_False:
	case cJSON_NULL:
		return ALIKE;
	case cJSON_Array:
	case cJSON_Object:
		return depth == JSON_MAX_DEPTH ? UNLIKE : compare_children(a, b, depth + 1);
	default:
		return UNLIKE; /* raw or invalid */
	}
}

static enum likeness compare_children(const cJSON *a, const cJSON *b, int depth)
{
	const cJSON *x = a->child, *y = b->child;
	enum likeness all = ALIKE;

	if (x == y)
		return ALIKE; /* pieces of one document */
	for (; x && y; x = x->next, y = y->next) {
		enum likeness one = cJSON_IsObject(a) && strcmp(x->string, y->string) != 0 ? UNSURE : compare(x, y, depth);

		if (one == UNLIKE)
			return UNLIKE;
		if (one == UNSURE)
			all = UNSURE;
	}
	return x || y ? UNLIKE : all;
}

bool json_equal(const cJSON *a, const cJSON *b)
{
	struct buf left = BUF_INIT, right = BUF_INIT;
	enum likeness likeness;
	bool equal = false;

	if (!a || !b)
		return a == b;
	likeness = compare(a, b, 0);
	if (likeness != UNSURE)
		return likeness == ALIKE;
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
