/* core/embed.c - files carried inside a program. */
#include "core/embed.h"

#include <string.h>

const struct embedded *embed_find(const struct embedded *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}
