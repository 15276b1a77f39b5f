/* core/record_slot.c - a slot's name taken apart, and what stands under it. */
#include "core/record_slot.h"

#include <string.h>

bool slot_parse(struct slot *out, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len == 0 || len >= sizeof(out->field) || strlen(text) >= RECORD_SLOT_MAX || (slash && !slash[1]))
		return false;
	memcpy(out->field, text, len);
	out->field[len] = '\0';
	out->key = slash ? slash + 1 : NULL;
	return true;
}

enum status slot_resolve(struct slot *s, enum field_kind *kind, const char *type, const char *slot, const struct rules *rules,
			 struct error *e)
{
	if (!slot_parse(s, slot))
		return error_set(e, STATUS_INVALID, "\"%.100s\" is not the name of a field", slot);
	*kind = rules_field_kind(rules, type, s->field);
	if (*kind == FIELD_NONE || *kind == FIELD_LOG || (s->key != NULL) != (*kind == FIELD_SET || *kind == FIELD_MAP))
		return error_set(e, STATUS_INVALID, "\"%.100s\" is not a field of a record of type %s", slot, type);
	return STATUS_OK;
}

static const cJSON *element(const cJSON *array, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
			return item;
	}
	return NULL;
}

const cJSON *slot_plain(const cJSON *record, const struct slot *s)
{
	const cJSON *field = json_get(record, s->field);

	if (!s->key)
		return field;
	return cJSON_IsArray(field) ? element(field, s->key) : json_get(field, s->key);
}

bool slot_is_lone(const cJSON *stamps)
{
	return cJSON_IsArray(stamps) && stamps->child && !stamps->child->next && cJSON_IsObject(stamps->child) &&
	       !json_get(stamps->child, "value");
}
