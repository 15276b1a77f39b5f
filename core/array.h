/* core/array.h - arrays that grow by doubling. */
#ifndef QIP_CORE_ARRAY_H
#define QIP_CORE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

/* Room for one more behind `len` elements. items: the address of the array's pointer, which is NULL at first and ends with free(); *cap
 * counts elements, 0 at first. False without memory, and all is as it was. */
#define array_room(items, cap, len) array_grow((items), (cap), (len), sizeof(**(items)))
bool array_grow(void *items, size_t *cap, size_t len, size_t element_bytes) MUST_CHECK;

#endif
