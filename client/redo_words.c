/* client/redo_words.c - see redo.h: a change in words, for who looks at what was refused. */
#include <stdio.h>
#include <string.h>

#include "client/redo.h"
#include "core/utf8.h"

#define WORDS_MAX 100 /* lines */
#define WORD_MAX 80   /* bytes of each of the four parts of a line */

/* Cut to fit, never inside a character. */
static void put_word(char out[WORD_MAX], const char *text)
{
	size_t len = strnlen(text, WORD_MAX - 1);

	while (len > 0 && !utf8_valid(NULL, text, len))
		len--;
	(void)snprintf(out, WORD_MAX, "%.*s", (int)len, text);
}

static void put_value(char out[WORD_MAX], const cJSON *value)
{
	char *text = value && !cJSON_IsNull(value) ? cJSON_PrintUnformatted(value) : NULL;

	put_word(out, text ? text : "nothing");
	cJSON_free(text);
}

enum status redo_add_words(cJSON *words, const char *path, const char *what, const cJSON *before, const cJSON *after, struct error *e)
{
	char line[4 * WORD_MAX + 16], place[WORD_MAX], slot[WORD_MAX], from[WORD_MAX], to[WORD_MAX];
	cJSON *text = NULL;

	if (cJSON_GetArraySize(words) >= WORDS_MAX)
		return STATUS_OK;
	put_word(place, path);
	put_word(slot, what);
	put_value(from, before);
	put_value(to, after);
	(void)snprintf(line, sizeof(line), "%s%s%s: %s -> %s", place, slot[0] ? " " : "", slot, from, to);
	text = cJSON_CreateString(line);
	if (text && cJSON_AddItemToArray(words, text))
		return STATUS_OK;
	cJSON_Delete(text);
	return error_set(e, STATUS_NOMEM, "out of memory");
}
