/* core/json_path.c - JSON pointers for error messages. */
#include "core/json_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/utf8.h"

struct writer {
	char *out;
	size_t len;
	bool cut;
};

/* All or nothing; room for the dots stays free. */
static void put(struct writer *w, const char *bytes, size_t len)
{
	if (w->cut || len > JSON_POINTER_MAX - sizeof("...") - w->len) {
		w->cut = true;
		return;
	}
	memcpy(w->out + w->len, bytes, len);
	w->len += len;
}

static void put_key(struct writer *w, const char *key)
{
	size_t left = strlen(key);

	while (left > 0 && !w->cut) {
		char escape[8];
		uint32_t cp = 0;
		size_t n = utf8_decode(&cp, key, left);

		if (n == 0) {
			put(w, "?", 1);
			n = 1;
		} else if (cp == '~') {
			put(w, "~0", 2);
		} else if (cp == '/') {
			put(w, "~1", 2);
		} else if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
			(void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)cp & 0xFFFF);
			put(w, escape, strlen(escape));
		} else {
			put(w, key, n);
		}
		key += n;
		left -= n;
	}
}

void json_path_text(char out[JSON_POINTER_MAX], const struct json_path *path)
{
	const struct json_path *levels[2 * JSON_MAX_DEPTH];
	struct writer w = {.out = out};
	size_t depth = 0;

	for (; path && depth < ARRAY_LEN(levels); path = path->parent)
		levels[depth++] = path;
	if (depth == 0)
		put(&w, "top level", strlen("top level"));
	while (depth-- > 0) {
		char index[24];

		put(&w, "/", 1);
		if (levels[depth]->key) {
			put_key(&w, levels[depth]->key);
		} else {
			(void)snprintf(index, sizeof(index), "%zu", levels[depth]->index);
			put(&w, index, strlen(index));
		}
	}
	if (w.cut) {
		memcpy(w.out + w.len, "...", 3);
		w.len += 3;
	}
	out[w.len] = '\0';
}
