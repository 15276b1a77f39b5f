/* kiosk/texts.c - what the screen itself says. A language and a key enter; text leaves. */
#include "kiosk/texts.h"

#include <stdlib.h>
#include <string.h>

#include "kiosk/texts_table.h"

size_t texts_count(void)
{
	return texts_table_len;
}

const struct texts *texts_at(size_t i)
{
	return &texts_table[i];
}

const struct texts *texts_find(const char *language)
{
	for (size_t i = 0; i < texts_table_len; i++) {
		if (strcmp(texts_table[i].language, language) == 0)
			return &texts_table[i];
	}
	return NULL;
}

static int compare_keys(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

const char *texts_get(const struct texts *t, const char *key)
{
	const char *const *found = bsearch(key, texts_keys, texts_keys_len, sizeof(*texts_keys), compare_keys);
	size_t i = 0;

	if (!found)
		return NULL;
	i = (size_t)(found - texts_keys);
	return t->text[i] ? t->text[i] : texts_table[0].text[i];
}

const char *texts_language(const struct texts *t)
{
	return t->language;
}

const char *texts_name(const struct texts *t)
{
	return t->name;
}

const char *texts_direction(const struct texts *t)
{
	return t->direction;
}

bool texts_is_draft(const struct texts *t)
{
	return t->draft;
}

static const struct texts_value *find_value(const struct texts_value *values, const char *name, size_t len)
{
	for (; values->name; values++) {
		if (strlen(values->name) == len && memcmp(values->name, name, len) == 0)
			return values;
	}
	return NULL;
}

void texts_fill(struct buf *out, const struct texts *t, const char *key, const struct texts_value *values)
{
	const char *p = texts_get(t, key);

	while (p && *p) {
		const char *open = strchr(p, '{');
		const char *close = open ? strchr(open, '}') : NULL;
		const struct texts_value *value = NULL;

		if (!close) {
			buf_adds(out, p);
			return;
		}
		value = find_value(values, open + 1, (size_t)(close - open - 1));
		buf_add(out, p, (size_t)((value ? open : close + 1) - p));
		if (value)
			buf_adds(out, value->text);
		p = close + 1;
	}
}
