/* core/json_pool.c - memory that is taken bit by bit and given back at once. */
#include "core/json_pool.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST_BYTES ((size_t)16 << 10)
#define MOST_BYTES ((size_t)1 << 20) /* of one block, unless one piece is larger */
#define ALIGNMENT sizeof(union { double number; void *pointer; })

struct json_block {
	struct json_block *before;
	size_t used, size;
	double bytes[]; /* for its alignment */
};

static struct json_block *add_block(struct json_pool *p, size_t least)
{
	size_t size = p->last && p->last->size < MOST_BYTES ? p->last->size * 2 : p->last ? MOST_BYTES : FIRST_BYTES;
	struct json_block *b;

	if (least > SIZE_MAX / 2)
		return NULL;
	size = size < least ? least : size;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	*b = (struct json_block){.before = p->last, .size = size};
	p->last = b;
	return b;
}

void *json_pool_take(struct json_pool *p, size_t size)
{
	struct json_block *b = p->last;
	size_t at = b ? (b->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : 0;

	if (!b || at > b->size || size > b->size - at) {
		b = add_block(p, size);
		at = 0;
	}
	if (!b)
		return NULL;
	b->used = at + size;
	return (char *)b->bytes + at;
}

void json_pool_reset(struct json_pool *p)
{
	struct json_block *b = p->last;

	if (!b)
		return;
	while (b->before) {
		struct json_block *before = b->before;

		b->before = before->before;
		free(before);
	}
	b->used = 0;
}

void json_pool_clear(struct json_pool *p)
{
	json_pool_reset(p);
	free(p->last);
	p->last = NULL;
}
