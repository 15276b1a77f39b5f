/* client/doubles.c - see doubles.h. */
#include "client/doubles.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 1024 /* a power of two, as all that follow */

/* FNV-1a, 64 bits. Who makes ids so that many fall together makes a count slow, and nothing else. */
static size_t hash(const char *id)
{
	uint64_t h = 14695981039346656037u;

	for (; *id; id++)
		h = (h ^ (uint8_t)*id) * 1099511628211u;
	return (size_t)(h ^ (h >> 32));
}

/* Where it stands, or the free place for it. */
static struct doubles_answer *place_of(const struct doubles *d, const struct device *line, const char *id)
{
	size_t at = hash(id) & (d->cap - 1);

	while (d->table[at].id[0] && (d->table[at].line != line || strcmp(d->table[at].id, id) != 0))
		at = (at + 1) & (d->cap - 1);
	return &d->table[at];
}

static bool grow(struct doubles *d)
{
	struct doubles more = {.len = d->len, .cap = d->cap ? d->cap * 2 : FIRST_CAP};

	more.table = calloc(more.cap, sizeof(*more.table));
	if (!more.table)
		return false;
	for (size_t i = 0; i < d->cap; i++)
		if (d->table[i].id[0])
			*place_of(&more, d->table[i].line, d->table[i].id) = d->table[i];
	free(d->table);
	*d = more;
	return true;
}

enum status doubles_note(bool *again, struct doubles *d, const struct device *line, const cJSON *record, struct error *e)
{
	const char *schema = json_string(record, "schema"), *id = json_string(record, "id");
	struct doubles_answer *a = NULL;

	*again = false;
	if (!line || !schema || strncmp(schema, "feedback/", strlen("feedback/")) != 0 || !id || strlen(id) != ID_TEXT_LEN)
		return STATUS_OK;
	if (d->len * 2 >= d->cap && !grow(d))
		return error_set(e, STATUS_NOMEM, "out of memory");
	a = place_of(d, line, id);
	*again = a->id[0] != '\0';
	if (!*again) {
		memcpy(a->id, id, sizeof(a->id));
		a->line = line;
		d->len++;
	}
	return STATUS_OK;
}

void doubles_clear(struct doubles *d)
{
	free(d->table);
	*d = (struct doubles)DOUBLES_INIT;
}
