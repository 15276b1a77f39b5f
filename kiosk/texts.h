/* kiosk/texts.h - what the screen itself says (buttons, hints, faults), in each language that the program carries.
 *
 * Made at build time from kiosk/texts/<language>.json, where every text has a status: official (published as such, with its source), reviewed
 * (read by somebody who speaks the language) or draft. English defines the keys, and is the first language. All of it is constant: nothing is
 * read, allocated or freed.
 *
 *     texts_fill(&line, t, "progress", (struct texts_value[]){{"n", "1"}, {"count", "3"}, {NULL, NULL}});
 */
#ifndef QIP_KIOSK_TEXTS_H
#define QIP_KIOSK_TEXTS_H

#include <stdbool.h>

#include "core/buf.h"

struct texts; /* of one language */

size_t texts_count(void);
const struct texts *texts_at(size_t i);               /* i < texts_count(); 0 is English */
const struct texts *texts_find(const char *language); /* as in "gu"; NULL: none */

/* The text of that key; English where the language has none. NULL for a key that English has not. */
const char *texts_get(const struct texts *t, const char *key);
const char *texts_language(const struct texts *t);  /* as in lang="…" */
const char *texts_name(const struct texts *t);      /* in its own language and script */
const char *texts_direction(const struct texts *t); /* "ltr" or "rtl" */
bool texts_is_draft(const struct texts *t);         /* at least one text is neither official nor reviewed */

struct texts_value {
	const char *name; /* NULL in the last entry */
	const char *text;
};

/* Append the text of that key with each {name} replaced; not escaped for HTML. What no value names stays as it is. */
void texts_fill(struct buf *out, const struct texts *t, const char *key, const struct texts_value *values);

#endif
