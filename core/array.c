/* core/array.c - arrays that grow by doubling. */
#include "core/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_FIRST 16

bool array_grow(void *items, size_t *cap, size_t len, size_t element_bytes)
{
	size_t wanted = *cap ? *cap * 2 : ARRAY_FIRST;
	void *now, *more;

	if (len < *cap)
		return true;
	if (*cap > SIZE_MAX / 2 / element_bytes)
		return false;
	memcpy(&now, items, sizeof(now)); /* whatever it points to */
	more = realloc(now, wanted * element_bytes);
	if (!more)
		return false;
	memcpy(items, &more, sizeof(more));
	*cap = wanted;
	return true;
}
