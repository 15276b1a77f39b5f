/* client/cli/dangling.c - see dangling.h. */
#include "client/cli/dangling.h"

#include <string.h>

#include "client/cli/fields.h"

/* What could not be typed today is not there. */
static bool is_known(const struct field *f, const char *text, const struct sites *sites)
{
	cJSON *value = NULL;
	enum status st = field_parse(&value, f, text, sites, NULL);

	cJSON_Delete(value);
	return st != STATUS_INVALID;
}

bool dangling_names(struct buf *out, const cJSON *action, const struct sites *sites)
{
	bool any = false;
	const cJSON *item;

	for (const struct field *f = fields_action; f->name; f++) {
		if (f->form != FORM_SITES && f->form != FORM_NUMBERS)
			continue;
		cJSON_ArrayForEach(item, json_get(action, f->name))
		{
			if (!cJSON_IsString(item) || is_known(f, item->valuestring, sites))
				continue;
			if (out)
				buf_addf(out, "%s%s: %s", any ? ", " : "", f->name, item->valuestring);
			any = true;
		}
	}
	return any;
}
