/* client/cli/fields_show.c - values and slots as people read them; see fields.h. */
#include "client/cli/fields.h"

#include <stdio.h>
#include <string.h>

static void show_list(struct buf *out, const cJSON *array)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
	{
		field_show(out, item);
		if (item->next)
			buf_adds(out, ", ");
	}
}

void field_show(struct buf *out, const cJSON *value)
{
	int64_t likelihood, consequence;

	if (cJSON_IsString(value)) {
		buf_adds(out, value->valuestring);
	} else if (json_integer(value, "likelihood", &likelihood) && json_integer(value, "consequence", &consequence)) {
		buf_addf(out, "%dx%d = %d", (int)likelihood, (int)consequence, (int)(likelihood * consequence));
	} else if (json_string(value, "rating")) {
		buf_adds(out, json_string(value, "rating"));
		if (cJSON_IsTrue(json_get(value, "carried_forward")))
			buf_adds(out, " (carried forward)");
	} else if (cJSON_IsArray(value)) {
		show_list(out, value);
	} else if (cJSON_IsBool(value)) {
		buf_adds(out, cJSON_IsTrue(value) ? "yes" : "no");
	} else {
		buf_adds(out, "(none)");
	}
}

const cJSON *slot_value(const cJSON *record, const char *slot)
{
	char field[RECORD_SLOT_MAX];
	size_t len = strcspn(slot, "/");
	const cJSON *value, *item;

	(void)snprintf(field, sizeof(field), "%.*s", (int)len, slot);
	value = json_get(record, field);
	if (!slot[len])
		return value;
	if (!cJSON_IsArray(value))
		return json_get(value, slot + len + 1);
	cJSON_ArrayForEach(item, value)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, slot + len + 1) == 0)
			return item;
	}
	return NULL;
}

void slot_title(char *out, size_t size, const char *slot)
{
	static const char *const logs[][2] = {
		{"notes", "Note"}, {"evidence", "Evidence"}, {"reviews", "Review"}, {"findings", "Finding"},
		{"meetings", "Meeting"}, {"outreach", "Outreach"}};
	int len = (int)strcspn(slot, "/");
	const struct field *f = field_find(fields_action, slot, (size_t)len);

	if (!f)
		f = field_find(fields_inspection, slot, (size_t)len);
	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		if (strcmp(slot, logs[i][0]) == 0) {
			(void)snprintf(out, size, "%s", logs[i][1]);
			return;
		}
	}
	(void)snprintf(out, size, "%.*s%s%s", f ? 80 : len, f ? f->title : slot, slot[len] ? ": " : "",
		       slot[len] ? slot + len + 1 : "");
	for (int i = 0; !f && i < len && out[i]; i++) /* a member's name as a title */
		out[i] = i == 0 && out[i] >= 'a' && out[i] <= 'z' ? (char)(out[i] - 'a' + 'A') : out[i] == '_' ? ' ' : out[i];
}
