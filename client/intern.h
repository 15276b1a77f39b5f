/* client/intern.h - numbers for keys: the first key that comes is 0, the next new one 1, and so on. What belongs to a
 * key stands in the caller's own array under its number. */
#ifndef QIP_CLIENT_INTERN_H
#define QIP_CLIENT_INTERN_H

#include <stdbool.h>

#include "core/buf.h"

#define INTERN_MAX_KEYS (16u * 1024 * 1024)

struct intern_key {
	size_t at, len; /* in `bytes` */
	uint64_t hash;
};

struct intern {
	struct buf bytes;	 /* all keys, each followed by a NUL */
	struct intern_key *keys; /* owned; by number */
	size_t len, cap;
	uint32_t *buckets; /* owned; number + 1, or 0; buckets_len is a power of two */
	size_t buckets_len;
};
#define INTERN_INIT                                                                                                    \
	{                                                                                                              \
		0                                                                                                      \
	}

/* The key's number; *is_new (may be NULL) says that it came just now. STATUS_NOMEM, STATUS_TOO_BIG. */
enum status intern_add(struct intern *in, const void *key, size_t len, size_t *number, bool *is_new,
		       struct error *e) MUST_CHECK;
bool intern_find(const struct intern *in, const void *key, size_t len, size_t *number);
/* The key of a number, borrowed until the next intern_add; a C string if it has no NUL inside. */
const char *intern_key(const struct intern *in, size_t number);
void intern_clear(struct intern *in);

#endif
